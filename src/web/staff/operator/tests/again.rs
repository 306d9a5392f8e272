//! What an operator asks for and cannot be done is said on the page on which it was asked for, with what was typed.

use identity::{account, password};

use super::{clients::Two, *};
use crate::kit::links::percent_encode;

const SURE: (&str, &str) = ("confirmed", "yes");
const WHY: (&str, &str) = ("reason", "本人来函〔2026〕3 号");

/// What the page that is shown again says: at which field, why, and with what was typed into another one.
struct Said<'a> {
    at: &'a str,
    why: &'a str,
    typed: &'a str,
}

impl Said<'_> {
    fn check(&self, answer: &Answer, what: &str) {
        let page = &answer.text;
        assert!(answer.status.is_client_error(), "{what}: {}", answer.status);
        assert!(!page.contains("id=\"confirm\""), "{what} was to be confirmed: {page}");
        assert!(page.contains(&format!("href=\"#{}\"", self.at)), "{what}, {}: {page}", self.at);
        assert!(page.contains(&format!("id=\"{}\"", self.at)), "{what} leads nowhere: {page}");
        assert!(page.contains(self.why) && page.contains(self.typed), "{what}, {}, {}: {page}", self.why, self.typed);
    }
}

/// An account of the citizen of the office, and its page.
async fn citizen(two: &Two) -> String {
    let office = &two.office;
    let mut work = office.app.database.begin(records::testing::context(NOW, 31)).await.unwrap();
    let account = account::open(&mut work, &office.person_id, "li.na", None).await.unwrap();
    work.commit().await.unwrap();
    format!("/operator/accounts/{account}")
}

async fn before(two: &Two, way: &str) -> String {
    let page = two.get(&two.one, way).await.text;
    let before = page.split_once("name=\"before\" value=\"").unwrap().1.split('"').next().unwrap();
    before.replace("&#34;", "\"").replace("&quot;", "\"")
}

#[tokio::test]
async fn what_cannot_be_done_to_a_person_is_said_before_it_is_confirmed_and_what_was_typed_stays() {
    let two = Two::new().await;
    let (account, person) = (citizen(&two).await, format!("/operator/people/{}", two.office.person_id));
    let before = before(&two, &person).await;
    let mut tx = two.office.app.database.read().await.unwrap();
    let department = identity::organisation::find(&mut tx, &two.office.department).await.unwrap().unwrap();
    drop(tx);
    let code = department.credit_code.as_str();
    let contact =
        |phone, email| [("before", before.as_str()), ("phone", phone), ("email", email), ("address", "长江路"), WHY];
    let kept = "value=\"本人来函〔2026〕3 号\"";
    let typed = |at, why| Said { at, why, typed: kept };
    let check = async |path: &str, fields: &[(&str, &str)], said: Said<'_>| {
        // The same by whoever leaves the page out on which it is confirmed.
        for sure in [&[][..], &[SURE][..]] {
            let answer = two.post(&two.one, path, &[fields, sure].concat()).await;
            said.check(&answer, path);
        }
    };
    let act = |name: &str| format!("{account}/{name}");
    check(&act("rename"), &[("to", "李娜"), WHY], typed("to", "账号由 2 至 64 个")).await;
    check(&act("rename"), &[("to", two.office.person.as_str()), WHY], typed("to", "证件号码不能作为账号名")).await;
    check(
        &act("rename"),
        &[("to", "li.na2")],
        Said { at: "rename-reason", why: "请写明事由", typed: "value=\"li.na2\"" },
    )
    .await;
    check(&act("unlock"), &[WHY], Said { at: "content", why: "其间已有人变更过", typed: "" }).await;
    let act = |name: &str| format!("{person}/{name}");
    check(&act("contact"), &contact("x", ""), Said { at: "phone", why: "“电话”的格式不正确", typed: "value=\"x\"" })
        .await;
    check(&act("contact"), &contact("", "a@b@c"), typed("email", "“邮箱”的格式不正确")).await;
    check(&act("contact"), &contact("", "a@b@c"), Said { at: "email", why: "", typed: "value=\"长江路\"" }).await;
    check(&act("name"), &[("new_name", "a\u{202e}b"), WHY], typed("new_name", "看不见")).await;
    check(
        &act("name"),
        &[("new_name", "李思")],
        Said { at: "name-reason", why: "请写明事由", typed: "value=\"李思\"" },
    )
    .await;
    check(&act("appoint"), &[("code", "123"), ("role_clerk", "yes"), WHY], typed("code", "没有这个单位")).await;
    check(
        &act("appoint"),
        &[("code", "123"), ("role_clerk", "yes"), WHY],
        Said { at: "code", why: "value=\"123\"", typed: "name=\"role_clerk\" value=\"yes\" checked" },
    )
    .await;
    check(&act("appoint"), &[("code", code), WHY], typed("roles", "请至少选择一个岗位")).await;
    let both = [("code", code), ("role_operator", "yes"), ("role_auditor", "yes"), WHY];
    check(&act("appoint"), &both, typed("roles", "互相监督")).await;
    check(&act("dismiss"), &[WHY], Said { at: "content", why: "没有这项任职", typed: "" }).await;
    // Nobody acts on their own.
    let operator = identity::person::find_by_name(&mut two.office.app.database.read().await.unwrap(), "运维己").await;
    let own = format!("/operator/people/{}/name", operator.unwrap().remove(0).person_id);
    check(&own, &[("new_name", "李思"), WHY], Said { at: "content", why: "不能为自己办理", typed: "" }).await;
    let told = two.office.count("select count(*) from proposal").await;
    assert_eq!(told, 0, "what was only looked at left something");
}

#[tokio::test]
async fn what_cannot_be_done_to_an_organisation_or_a_client_is_said_before_it_is_confirmed() {
    let two = Two::new().await;
    let way = format!("/operator/organisations/{}", two.office.company_id);
    let before = before(&two, &way).await;
    let kept = "value=\"本人来函〔2026〕3 号\"";
    let check = async |path: String, fields: &[(&str, &str)], said: Said<'_>| {
        for sure in [&[][..], &[SURE][..]] {
            said.check(&two.post(&two.one, &path, &[fields, sure].concat()).await, &path);
        }
    };
    let (long, longer) = ("长".repeat(201), "长".repeat(501));
    let edit = |name, address| [("before", before.as_str()), ("name", name), ("address", address), WHY];
    check(format!("{way}/edit"), &edit(&long, "x"), Said { at: "name", why: "名称最多", typed: kept }).await;
    check(
        format!("{way}/edit"),
        &edit("甲", &longer),
        Said { at: "address", why: "的格式不正确", typed: "value=\"甲\"" },
    )
    .await;
    let act = format!("{way}/representative");
    let (mistyped, short, unknown) = ("110105194912310029", "1101051949", "11010519491231002X");
    for (number, why) in [(mistyped, "校验码不正确"), (short, "号码格式不正确"), (unknown, "没有这个人")]
    {
        check(act.clone(), &[("number", number), WHY], Said { at: "number", why, typed: kept }).await;
        let stays = format!("value=\"{number}\"");
        check(act.clone(), &[("number", number), WHY], Said { at: "number", why, typed: &stays }).await;
    }
    let client = |act: &str| format!("/operator/clients/tax/{act}");
    check(client("secret"), &[("reason", " ")], Said { at: "secret-reason", why: "请写明事由", typed: "" }).await;
    check(client("enable"), &[WHY], Said { at: "content", why: "其间已有人变更过", typed: "" }).await;
    // What waits already is said before it is asked for again, and so is what somebody else was faster with.
    assert_eq!(two.post(&two.one, &client("secret"), &[WHY, SURE]).await.status, StatusCode::SEE_OTHER);
    check(client("secret"), &[WHY], Said { at: "secret-reason", why: "已有一件变更在等待批准", typed: kept }).await;
    let mine = [("before", before.as_str()), ("name", "滨江市龙福酒楼"), ("address", "长江路 1 号"), WHY];
    let other = mine.map(|(name, value)| (name, if name == "name" { "滨江市龙福饭店" } else { value }));
    let done = two.post(&two.other, &format!("{way}/edit"), &[&other[..], &[SURE]].concat()).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let late = two.post(&two.one, &format!("{way}/edit"), &[&mine[..], &[SURE]].concat()).await;
    Said { at: "reason", why: "其间已有人变更过", typed: "value=\"滨江市龙福酒楼\"" }.check(&late, "edit");
    // The form goes on from what is there now: sent again, it says what it would change of that.
    let now = late.text.split_once("name=\"before\" value=\"").unwrap().1.split('"').next().unwrap();
    assert!(now.contains("滨江市龙福饭店") && !now.contains("龙福酒楼"), "{now}");
}

#[tokio::test]
async fn a_first_password_is_shown_once_with_whose_it_is_and_where_to_sign_in() {
    let two = Two::new().await;
    let way = citizen(&two).await;
    let since =
        |page: &str| page.split_once("name=\"since\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let reset = format!("{way}/reset");
    let name = {
        let mut tx = two.office.app.database.read().await.unwrap();
        identity::person::find(&mut tx, &two.office.person_id).await.unwrap().unwrap().name
    };
    let set = async || two.office.count("select count(*) from event where kind = 'password.handed_out'").await;
    let seen = since(&two.post(&two.one, &reset, &[WHY]).await.text);
    let form = [WHY, SURE, ("since", seen.as_str())];
    let shown = two.post(&two.one, &reset, &form).await;
    let url = format!("{}/sign-in", two.office.app.settings.public_url);
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    for part in ["id=\"secret\"", name.as_str(), &url, "li.na"] {
        assert!(shown.text.contains(part), "{part}: {}", shown.text);
    }
    let again = two.post(&two.one, &reset, &form).await;
    assert_eq!((again.status, set().await), (StatusCode::CONFLICT, 1));
    assert!(again.text.contains("id=\"was-shown\"") && !again.text.contains("id=\"secret\""), "{}", again.text);
    assert!(again.text.contains("再重置一次") && again.text.contains(&format!("href=\"{way}\"")), "{}", again.text);
    // Whoever goes back and asks once more gets another one.
    let seen = since(&two.post(&two.one, &reset, &[WHY]).await.text);
    assert_eq!(two.post(&two.one, &reset, &[WHY, SURE, ("since", &seen)]).await.status, StatusCode::OK);
    assert_eq!(set().await, 2);
    let account = base::id::AccountId::parse(way.rsplit('/').next().unwrap()).unwrap();
    let mut tx = two.office.app.database.read().await.unwrap();
    assert!(matches!(password::state(&mut tx, &account).await.unwrap(), password::PasswordState::HandedOut(_)));
}

/// The address to which a form leads that asks.
async fn asked(two: &Two, path: &str, fields: &[(&str, &str)]) -> String {
    let page = two.get(&two.one, "/operator/keys").await.text;
    let csrf = page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let mut pairs = vec![format!("csrf={}", percent_encode(&csrf))];
    pairs.extend(fields.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))));
    let request = Request::post(path)
        .header(header::COOKIE, &two.one)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = two.office.send(request.body(Body::from(pairs.join("&"))).unwrap()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.location().to_owned()
}

#[tokio::test]
async fn what_a_form_asks_for_is_had_again_at_an_address_that_tells_nothing_and_opens_in_its_session_alone() {
    let two = Two::new().await;
    let number = two.office.person.as_str().to_owned();
    // Two of one name, so that a page answers.
    let mut work = two.office.app.database.begin(records::testing::context(NOW, 32)).await.unwrap();
    crate::public::api::tests::register(&mut work, &two.office.app, "欧阳龘", "33010119800101055").await;
    work.commit().await.unwrap();
    let found = asked(&two, "/operator/people", &[("q", "欧阳龘")]).await;
    assert!(found.starts_with("/operator/people/found?form="), "{found}");
    // Loaded as often as one likes, in the other language, with what was typed.
    let page = two.get(&two.one, &found).await;
    assert!(page.text.contains("id=\"people\"") && page.text.contains("value=\"欧阳龘\""), "{}", page.text);
    let switch = format!("/language?to=en&amp;back={}", percent_encode(&found));
    assert!(page.text.contains(&switch), "{}", page.text);
    let english = two.get(&format!("{}; guosuo-lang=en", two.one), &found).await;
    assert!(english.text.contains("People who have or had this name"), "{}", english.text);
    // An identity number stands in no address, nor does what was typed in any other way.
    let by_number = asked(&two, "/operator/people", &[("q", &number)]).await;
    assert!(!by_number.contains(&number[..6]), "{by_number}");
    assert_eq!(two.get(&two.one, &by_number).await.location(), format!("/operator/people/{}", two.office.person_id));
    let twice = asked(&two, "/operator/people", &[("q", &number)]).await;
    assert_ne!(by_number, twice, "the same number has another address each time");
    // Nobody else opens it, nor at another path, nor when somebody has changed it: they are led to the form.
    let elsewhere = found.replace("/operator/people/found", "/audit/find");
    assert_eq!(two.get(&two.other, &found).await.location(), "/operator/people");
    for address in ["/operator/people/found", "/operator/people/found?form=x", &found[..found.len() - 1]] {
        assert_eq!(two.get(&two.one, address).await.location(), "/operator/people", "{address}");
    }
    assert_eq!(two.get(&two.one, &elsewhere).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_page_that_asks_for_confirmation_is_opened_as_often_as_one_likes_and_opening_it_does_nothing() {
    let two = Two::new().await;
    let page = format!("/operator/people/{}", two.office.person_id);
    let contact = format!("{page}/contact");
    let before = before(&two, &page).await;
    let fields = [("before", before.as_str()), ("phone", "+86 138-0013-8000"), WHY];
    let ask = asked(&two, &contact, &fields).await;
    assert!(ask.starts_with(&format!("{contact}?form=")), "{ask}");
    for _ in 0..2 {
        let shown = two.get(&two.one, &ask).await;
        assert_eq!(shown.status, StatusCode::OK);
        assert!(shown.text.contains("138-0013-8000") && shown.text.contains("name=\"confirmed\""), "{}", shown.text);
    }
    assert!(!two.get(&two.one, &page).await.text.contains("138-0013-8000"), "nothing was done");
    // What is wrong with it is shown at an address of its own, too, with what was typed.
    let wrong = asked(&two, &contact, &[("before", before.as_str()), ("phone", "call me"), WHY]).await;
    let wrong = two.get(&two.one, &wrong).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("value=\"call me\"") && wrong.text.contains("href=\"/language?to=en"),
        "{}",
        wrong.text
    );
    let done = two.post(&two.one, &contact, &[&fields[..], &[SURE]].concat()).await;
    assert_eq!(done.led_to(), format!("{page}?done"));
    // A confirmation that is older than what it is about says so, when it is opened again.
    assert_eq!(two.get(&two.one, &ask).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn that_something_was_done_is_said_to_who_did_it_and_by_no_address_that_was_kept() {
    let two = Two::new().await;
    let way = citizen(&two).await;
    let says = async |cookie: &str, address: &str| two.get(cookie, address).await.text.contains("id=\"done\"");
    let done = two.post(&two.one, &format!("{way}/lock"), &[WHY, SURE]).await;
    assert_eq!(done.led_to(), format!("{way}?done"));
    let address = done.location();
    assert!(says(&two.one, address).await);
    let (_, code) = address.split_once("done=").unwrap();
    for (cookie, address) in [
        (&two.other, address.to_owned()),
        (&two.one, format!("{way}?done")),
        (&two.one, format!("{way}?proposed={code}")),
        (&two.one, format!("/operator/people/{}?done={code}", two.office.person_id)),
        (&two.one, format!("{way}?done=1{code}")),
    ] {
        assert!(!says(cookie, &address).await, "{address}");
    }
}
