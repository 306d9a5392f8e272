//! A forgotten password at the counter, on pages.

use identity::events::{PasswordResetFiled, PeopleSearched, PersonOpened};
use records::testing;

use super::*;
use crate::kit::links::percent_encode;

const SECOND: Member = Member { name: "陈静", number: "11010519900303003", username: "second", ..COUNTER };
pub(super) const CITIZEN: Member =
    Member { name: "张伟", number: "11010519491231002", username: "zhangwei", ..COUNTER };

impl Desk {
    pub(super) async fn post(&self, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(cookie, "/sign-in").await.text;
        let csrf = page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        let mut pairs = vec![format!("csrf={}", percent_encode(&csrf))];
        pairs.extend(fields.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))));
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let response = self.router.clone().oneshot(request.body(Body::from(pairs.join("&"))).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let answer =
            Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into() };
        let to = location(&answer);
        // As a browser does: what a form asks for is at an address of its own.
        if to.contains("?form=") { self.get(cookie, &to).await } else { answer }
    }
}

fn location(answer: &Answer) -> String {
    answer.headers.get(header::LOCATION).map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

pub(super) fn between<'t>(text: &'t str, before: &str, after: char) -> &'t str {
    text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1.split(after).next().unwrap()
}

/// The account that was found by a number, and that the number was typed, as the form has them.
async fn found(desk: &Desk, number: &str) -> (String, String) {
    found_by(desk, &desk.cookie, number).await
}

async fn found_by(desk: &Desk, cookie: &str, number: &str) -> (String, String) {
    let page = desk.post(cookie, "/desk/resets/find", &[("number", number)]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let account = format!("acc_{}", between(&page.text, "value=\"acc_", '"'));
    (account, between(&page.text, "name=\"searched\" value=\"", '"').to_owned())
}

/// The form that files a reset, filled in.
fn filled((account, searched): &(String, String)) -> [(&'static str, &str); 4] {
    [("account", account), ("searched", searched), ("document", "identity_card"), ("compared", "yes")]
}

#[tokio::test]
async fn a_forgotten_password_is_reset_on_two_pages_and_shown_once() {
    let desk = desk(&[Role::Counter]).await;
    let citizen = sign_in(&desk.app, &CITIZEN, 81, &[]).await;
    let second = sign_in(&desk.app, &SECOND, 82, &[Role::Counter]).await;
    assert!(desk.get(&desk.cookie, "/desk").await.text.contains("href=\"/desk/resets\""));
    // Found however the number is typed, and never shown whole.
    let number = IdentityNumber::complete(CITIZEN.number).unwrap();
    let spaced = format!(" {} {}", &number.as_str()[..6], &number.as_str()[6..].to_lowercase());
    let page = desk.post(&desk.cookie, "/desk/resets/find", &[("number", &spaced)]).await;
    assert!(page.text.contains("张伟") && page.text.contains(&number.masked()) && page.text.contains("zhangwei"));
    assert!(!page.text.contains(number.as_str()));
    let form = found(&desk, number.as_str()).await;
    let (account, searched) = (("account", form.0.as_str()), ("searched", form.1.as_str()));
    // Without the check in front of the person nothing is filed.
    for fields in [
        vec![account, searched],
        vec![account, searched, ("document", "identity_card")],
        vec![account, searched, ("document", "passport"), ("compared", "yes")],
    ] {
        let refused = desk.post(&desk.cookie, "/desk/resets", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(refused.text.contains("id=\"found\"") && refused.text.contains("id=\"error\""));
    }
    let reset = location(&desk.post(&desk.cookie, "/desk/resets", &filled(&form)).await);
    assert!(reset.starts_with("/desk/resets/rst_"), "{reset}");
    let own = desk.get(&desk.cookie, &reset).await;
    assert!(own.text.contains("id=\"withdraw\"") && !own.text.contains("id=\"approve\""));
    let approve = format!("{reset}/approve");
    let compared = [("compared", "yes")];
    assert_eq!(desk.post(&desk.cookie, &approve, &compared).await.status, StatusCode::FORBIDDEN);
    // The second member of staff sees it in the list, and decides.
    assert!(desk.get(&second, "/desk/resets").await.text.contains(&reset));
    assert!(desk.get(&second, &reset).await.text.contains("id=\"approve\""));
    assert_eq!(desk.post(&second, &approve, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = desk.post(&second, &approve, &compared).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(done.headers[header::CACHE_CONTROL], "no-store");
    let first = between(&done.text, "id=\"first-password\">", '<').to_owned();
    let again = desk.post(&second, &approve, &compared).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "it is shown once");
    assert!(again.text.contains("id=\"was-shown\"") && again.text.contains("重新受理一件"), "{}", again.text);
    let url = format!("{}/sign-in", desk.app.settings.public_url);
    assert!(done.text.contains(&url), "where its owner signs in: {}", done.text);
    for page in ["/desk/resets", &reset] {
        assert!(!desk.get(&second, page).await.text.contains(&first), "{page}");
    }
    // Who looked for the person, and at the reset, is written down.
    let looks = testing::told::<PeopleSearched>(&desk.app.database).await.unwrap();
    assert!(looks.iter().all(|look| (look.by.as_str(), look.count) == ("identity_number", 1)));
    let opened = testing::told::<PersonOpened>(&desk.app.database).await.unwrap();
    assert_eq!((looks.len(), opened.len()), (2, 3 + 1 + 1 + 1 + 1 + 1), "each page that names the person");
    assert!(opened.iter().all(|look| look.person.as_str() == looks[0].about && look.what == "password_reset"));
    // What the person had is over; with what was handed over another password is chosen.
    assert_eq!(location(&desk.get(&citizen, "/me").await), "/sign-in?to=%2Fme");
    let signed_in = desk.post("guosuo-b=other", "/sign-in", &[("username", "zhangwei"), ("password", &first)]).await;
    assert_eq!(signed_in.status, StatusCode::OK);
    assert!(signed_in.text.contains("action=\"/sign-in/choose\""), "{}", signed_in.text);
}

#[tokio::test]
async fn a_reset_is_refused_with_a_reason_that_whoever_filed_it_reads() {
    let desk = desk(&[Role::Counter]).await;
    sign_in(&desk.app, &CITIZEN, 81, &[]).await;
    let second = sign_in(&desk.app, &SECOND, 82, &[Role::Counter]).await;
    let form = found(&desk, IdentityNumber::complete(CITIZEN.number).unwrap().as_str()).await;
    let reset = location(&desk.post(&desk.cookie, "/desk/resets", &filled(&form)).await);
    let refuse = format!("{reset}/refuse");
    let without = desk.post(&second, &refuse, &[]).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        without.text.contains("href=\"#refuse-reason\"") && without.text.contains("id=\"approve\""),
        "{}",
        without.text
    );
    assert_eq!(location(&desk.post(&second, &refuse, &[("reason", "相貌与照片不符")]).await), reset);
    let page = desk.get(&desk.cookie, &reset).await.text;
    assert!(page.contains("id=\"refusal\">相貌与照片不符") && page.contains("未批准"), "{page}");
}

#[tokio::test]
async fn a_reset_is_filed_only_for_somebody_whose_number_was_typed_in_this_session_a_little_while_ago() {
    let desk = desk(&[Role::Counter]).await;
    sign_in(&desk.app, &CITIZEN, 81, &[]).await;
    let second = sign_in(&desk.app, &SECOND, 82, &[Role::Counter]).await;
    let number = |member: &Member| IdentityNumber::complete(member.number).unwrap();
    let mine = found(&desk, number(&CITIZEN).as_str()).await;
    let of_another = found(&desk, number(&SECOND).as_str()).await.1;
    let in_another = found_by(&desk, &second, number(&CITIZEN).as_str()).await.1;
    let (micros, code) = mine.1.split_once('.').unwrap();
    let later = format!("{}.{code}", micros.parse::<i64>().unwrap() + 1);
    let never = format!("{}.{code}", i64::MAX);
    let filed = async || testing::told::<PasswordResetFiled>(&desk.app.database).await.unwrap().len();
    for said in ["", "x", micros, &later, &never, &of_another, &in_another] {
        let refused = desk.post(&desk.cookie, "/desk/resets", &filled(&(mine.0.clone(), said.to_owned()))).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}: {}", refused.text);
        assert!(refused.text.contains("重新查找本人") && !refused.text.contains("id=\"found\""), "{}", refused.text);
        assert!(
            !refused.text.contains(CITIZEN.name) && filed().await == 0,
            "nobody is shown, nothing is filed: {said}"
        );
    }
    assert_eq!(desk.post(&desk.cookie, "/desk/resets", &filled(&mine)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(filed().await, 1);
}

#[tokio::test]
async fn the_counter_is_told_why_a_reset_cannot_be_filed() {
    let desk = desk(&[Role::Counter]).await;
    sign_in(&desk.app, &CITIZEN, 81, &[]).await;
    let elsewhere = sign_in(&desk.app, &ELSEWHERE, 83, &[Role::Reviewer]).await;
    let nobody = IdentityNumber::complete("11010519900909009").unwrap();
    for (number, words) in [
        ("11010519491231002", "号码格式不正确"),
        ("110105194912310029", "校验码不正确"),
        ("一", "号码格式不正确"),
        (nobody.as_str(), "没有找到这个号码的登记信息"),
    ] {
        let refused = desk.post(&desk.cookie, "/desk/resets/find", &[("number", number)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{number}");
        assert!(refused.text.contains(words), "{number}: {}", refused.text);
        assert!(refused.text.contains(&format!("value=\"{number}\"")), "what was typed stays: {}", refused.text);
    }
    let file = async |member: &Member| {
        let form = found(&desk, IdentityNumber::complete(member.number).unwrap().as_str()).await;
        desk.post(&desk.cookie, "/desk/resets", &filled(&form)).await
    };
    assert_eq!(file(&CITIZEN).await.status, StatusCode::SEE_OTHER);
    // Whoever finds the person again is told who filed it, and has no form.
    let number = IdentityNumber::complete(CITIZEN.number).unwrap();
    let twice = desk.post(&desk.cookie, "/desk/resets/find", &[("number", number.as_str())]).await;
    assert!(twice.text.contains("由您在") && !twice.text.contains("id=\"file\""), "{}", twice.text);
    // Others have no such page.
    for path in ["/desk/resets", "/desk/resets/rst_01K9Q3ZV5T8M2C4N6R7S9W0XYZ"] {
        assert_eq!(desk.get(&elsewhere, path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(!desk.get(&elsewhere, "/desk").await.text.contains("/desk/resets"));
    for path in ["/desk/resets/x", "/desk/resets/rst_01K9Q3ZV5T8M2C4N6R7S9W0XYZ"] {
        assert_eq!(desk.get(&desk.cookie, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

async fn account_of(desk: &Desk, member: &Member) -> AccountId {
    let mut tx = desk.app.database.read().await.unwrap();
    account::find_by_username(&mut tx, member.username).await.unwrap().unwrap().account_id
}

#[tokio::test]
async fn a_second_counter_is_told_who_filed_the_reset_first_and_goes_there() {
    let desk = desk(&[Role::Counter]).await;
    sign_in(&desk.app, &CITIZEN, 81, &[]).await;
    let second = sign_in(&desk.app, &SECOND, 82, &[Role::Counter]).await;
    let number = IdentityNumber::complete(CITIZEN.number).unwrap();
    let (mine, theirs) = (found(&desk, number.as_str()).await, found_by(&desk, &second, number.as_str()).await);
    let reset = location(&desk.post(&desk.cookie, "/desk/resets", &filled(&mine)).await);
    let late = desk.post(&second, "/desk/resets", &filled(&theirs)).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    for words in ["已由 李窗 在", "打开这件申请", reset.as_str(), "已有一件重置申请", "张伟"] {
        assert!(late.text.contains(&words.replace("李窗", COUNTER.name)), "{words}: {}", late.text);
    }
    assert!(!late.text.contains("id=\"file\""), "{}", late.text);
    // One search is good for one reset: after it was taken back the number is typed again.
    desk.post(&desk.cookie, &format!("{reset}/withdraw"), &[]).await;
    let again = desk.post(&desk.cookie, "/desk/resets", &filled(&mine)).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("每次查找只能受理一件") && !again.text.contains("张伟"), "{}", again.text);
    // What went stale is shown as it is now, with what happened.
    let late = desk.post(&second, &format!("{reset}/approve"), &[("compared", "yes")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("已撤回") && late.text.contains("id=\"error\""), "{}", late.text);
    assert!(!late.text.contains("id=\"approve\""), "{}", late.text);
}

#[tokio::test]
async fn a_grown_up_shows_a_card_and_no_household_register_and_what_was_chosen_stays() {
    let desk = desk(&[Role::Counter]).await;
    sign_in(&desk.app, &CITIZEN, 81, &[]).await;
    let number = IdentityNumber::complete(CITIZEN.number).unwrap();
    let page = desk.post(&desk.cookie, "/desk/resets/find", &[("number", number.as_str())]).await;
    assert!(!page.text.contains("value=\"household_register\""), "{}", page.text);
    let form = found(&desk, number.as_str()).await;
    let fields =
        filled(&form).map(|(name, value)| (name, if name == "document" { "household_register" } else { value }));
    let refused = desk.post(&desk.cookie, "/desk/resets", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("未满 16 周岁") && refused.text.contains("href=\"#document\""), "{}", refused.text);
    assert!(refused.text.contains("value=\"yes\" checked"), "what was ticked stays: {}", refused.text);
    let kept = between(&refused.text, "name=\"searched\" value=\"", '"').to_owned();
    let filed = desk.post(&desk.cookie, "/desk/resets", &filled(&(form.0, kept))).await;
    assert_eq!(filed.status, StatusCode::SEE_OTHER, "{}", filed.text);
}

#[tokio::test]
async fn what_no_counter_can_file_for_somebody_is_said_when_the_person_is_found() {
    let desk = desk(&[Role::Counter]).await;
    sign_in(&desk.app, &CITIZEN, 81, &[]).await;
    sign_in(&desk.app, &ELSEWHERE, 83, &[Role::Reviewer]).await;
    let find = async |member: &Member| {
        let number = IdentityNumber::complete(member.number).unwrap();
        desk.post(&desk.cookie, "/desk/resets/find", &[("number", number.as_str())]).await
    };
    assert!(find(&CITIZEN).await.text.contains("id=\"file\""));
    let mut work = desk.app.database.begin(testing::context(crate::testing::NOW, 84)).await.unwrap();
    account::close(&mut work, &account_of(&desk, &CITIZEN).await).await.unwrap();
    work.commit().await.unwrap();
    for (member, words) in [
        (&COUNTER, "本部门另外两名窗口人员办理"),
        (&ELSEWHERE, "不能在窗口重置密码，须由两名运维人员"),
        (&CITIZEN, "联系运维人员处理"),
    ] {
        let page = find(member).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(page.text.contains(words) && !page.text.contains("id=\"file\""), "{words}: {}", page.text);
    }
}

#[tokio::test]
async fn the_sign_in_page_says_where_a_forgotten_password_is_reset_and_what_to_bring() {
    let desk = desk(&[Role::Counter]).await;
    let page = desk.get("guosuo-b=other", "/sign-in").await.text;
    for words in ["居民身份证", "政务服务大厅的窗口", "两名工作人员", "12345"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[tokio::test]
async fn a_first_password_is_read_in_another_language_and_size_on_the_page_that_shows_it_once() {
    let desk = desk(&[Role::Counter]).await;
    sign_in(&desk.app, &CITIZEN, 81, &[]).await;
    let second = sign_in(&desk.app, &SECOND, 82, &[Role::Counter]).await;
    let form = found(&desk, IdentityNumber::complete(CITIZEN.number).unwrap().as_str()).await;
    let reset = location(&desk.post(&desk.cookie, "/desk/resets", &filled(&form)).await);
    let done = desk.post(&second, &format!("{reset}/approve"), &[("compared", "yes")]).await;
    assert!(done.text.contains("form=\"shown\" name=\"switch\" value=\"en\""), "{}", done.text);
    let first = between(&done.text, "id=\"first-password\">", '<');
    let sealed = between(&done.text, "name=\"sealed\" value=\"", '"');
    for (switch, mark) in [("en", "<html lang=\"en\""), ("elder", "data-ui=\"elder\"")] {
        let again = desk.post(&second, "/console/shown", &[("sealed", sealed), ("switch", switch)]).await;
        assert_eq!(again.status, StatusCode::OK, "{}", again.text);
        assert!(again.text.contains(mark) && again.text.contains(&format!(">{first}<")), "{switch}: {}", again.text);
        assert_eq!(again.headers[header::CACHE_CONTROL], "no-store");
    }
    // In nobody else's session, and made up or later, it is nothing.
    let others = desk.post(&desk.cookie, "/console/shown", &[("sealed", sealed)]).await;
    let made_up = desk.post(&second, "/console/shown", &[("sealed", "x")]).await;
    assert_eq!((location(&others), location(&made_up)), ("/console".to_owned(), "/console".to_owned()));
}

#[tokio::test]
async fn what_is_wrong_with_a_reset_is_read_in_another_language_with_what_was_typed_and_nothing_is_done() {
    let desk = desk(&[Role::Counter]).await;
    sign_in(&desk.app, &CITIZEN, 81, &[]).await;
    let second = sign_in(&desk.app, &SECOND, 82, &[Role::Counter]).await;
    let number = IdentityNumber::complete(CITIZEN.number).unwrap();
    let back = |page: &str| {
        let back = between(page, "back=", '"').to_owned();
        percent_encoding::percent_decode_str(&back).decode_utf8().unwrap().into_owned()
    };
    let form = found(&desk, number.as_str()).await;
    let fields = [("account", form.0.as_str()), ("searched", form.1.as_str()), ("document", "identity_card")];
    let wrong = desk.post(&desk.cookie, "/desk/resets", &fields).await;
    let again = desk.get(&format!("{}; guosuo-lang=en", desk.cookie), &back(&wrong.text)).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.text);
    assert!(again.text.contains("<html lang=\"en\"") && again.text.contains("href=\"#compared\""), "{}", again.text);
    assert!(again.text.contains("value=\"identity_card\" selected"), "{}", again.text);
    let reset = location(&desk.post(&desk.cookie, "/desk/resets", &filled(&form)).await);
    let long = "长".repeat(300);
    let refused = desk.post(&second, &format!("{reset}/refuse"), &[("reason", &long)]).await;
    let again = desk.get(&format!("{second}; guosuo-lang=en"), &back(&refused.text)).await;
    assert!(again.text.contains("<html lang=\"en\"") && again.text.contains(&long), "{}", again.text);
    let state = desk.get(&second, &reset).await.text;
    assert!(state.contains("id=\"approve\""), "nobody refused it: {state}");
}
