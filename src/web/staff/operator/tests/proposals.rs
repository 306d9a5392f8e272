//! The list of proposals, one of them, and what becomes of it.

use identity::{
    account,
    events::{PersonOpened, ProposalRefused},
};

use super::{clients::Two, *};

const SURE: (&str, &str) = ("confirmed", "yes");
const WHY: (&str, &str) = ("reason", "本人来函〔2026〕3 号");

#[tokio::test]
async fn the_list_of_proposals_names_what_they_are_about_and_a_person_is_named_where_that_is_a_look() {
    let two = Two::new().await;
    let office = &two.office;
    let mut tx = office.app.database.read().await.unwrap();
    let reviewer = identity::staff::find(&mut tx, &office.reviewer.staff).await.unwrap().unwrap().person_id;
    let account = account::of_person(&mut tx, &reviewer).await.unwrap().remove(0);
    drop(tx);
    for (path, fields) in [
        (format!("/operator/accounts/{}/reset", account.account_id), &[WHY, SURE][..]),
        (format!("/operator/people/{}/name", office.person_id), &[WHY, SURE, ("new_name", "欧阳小明")]),
        ("/operator/clients/tax/secret".to_owned(), &[WHY, SURE]),
    ] {
        let proposed = two.post(&two.one, &path, fields).await;
        assert_eq!(proposed.status, StatusCode::SEE_OTHER, "{path}: {}", proposed.text);
    }
    let opened = async || {
        let opened = records::testing::told::<PersonOpened>(&office.app.database).await.unwrap();
        opened.into_iter().filter(|look| look.what == "proposal").map(|look| look.person).collect::<Vec<_>>()
    };
    let list = two.get(&two.other, "/operator/proposals").await.text;
    for (name, id) in [
        (account.username.as_str(), account.account_id.as_str()),
        ("欧*龘", office.person_id.as_str()),
        ("税务大厅", "\"tax\""),
    ] {
        assert!(list.contains(name) && !list.contains(id), "{name}, {id}: {list}");
    }
    assert!(!list.contains("欧阳龘") && opened().await.is_empty(), "a list of proposals is no look: {list}");
    let page = two.proposal(&format!("/operator/people/{}", office.person_id)).await;
    let text = two.get(&two.other, &page).await.text;
    assert!(text.contains("欧阳龘") && text.contains("欧阳小明") && !text.contains("欧*龘"), "{text}");
    assert_eq!(opened().await, std::slice::from_ref(&office.person_id));
    let page = two.proposal(&format!("/operator/accounts/{}", account.account_id)).await;
    assert!(two.get(&two.other, &page).await.text.contains("审核乙"));
    assert_eq!(opened().await.len(), 2);
}

#[tokio::test]
async fn what_was_decided_says_when_and_sets_what_was_before_against_what_became_of_it() {
    let two = Two::new().await;
    let way = format!("/operator/people/{}", two.office.person_id);
    for (act, column) in [("refuse", "拟改为"), ("approve", "新值")] {
        let proposed = two.post(&two.one, &format!("{way}/name"), &[WHY, SURE, ("new_name", "欧阳小明")]).await;
        assert_eq!(proposed.status, StatusCode::SEE_OTHER, "{}", proposed.text);
        let proposal = two.proposal(&way).await;
        let page = two.get(&two.other, &proposal).await.text;
        let waits = |page: &str| page.contains("data-label=\"现在\"") && page.contains("批准期限");
        assert!(waits(&page) && !page.contains("decided-at"), "{page}");
        let decided = two.post(&two.other, &format!("{proposal}/{act}"), &[("reason", "与来函不符")]).await;
        assert_eq!(decided.location(), proposal, "{}", decided.text);
        let page = two.get(&two.other, &proposal).await.text;
        assert!(page.contains(&format!("id=\"decided-at\">{}", NOW.legal_text())), "{act}: {page}");
        assert!(page.contains("运维庚") && !waits(&page), "{act}: {page}");
        assert!(page.contains("data-label=\"原值\"") && page.contains(&format!("data-label=\"{column}\"")), "{page}");
    }
}

#[tokio::test]
async fn a_proposal_is_refused_with_a_reason_that_whoever_proposed_it_reads() {
    let two = Two::new().await;
    two.post(&two.one, "/operator/clients/tax/secret", &[WHY, SURE]).await;
    let proposal = two.proposal("/operator/clients/tax").await;
    let refuse = format!("{proposal}/refuse");
    for reason in ["", " ", &"长".repeat(201), "a\nb"] {
        let asked = two.post(&two.other, &refuse, &[("reason", reason)]).await;
        assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY, "{reason:?}");
        assert!(
            asked.text.contains("href=\"#refuse-reason\"") && asked.text.contains("id=\"approve\""),
            "{}",
            asked.text
        );
    }
    let own = two.post(&two.one, &refuse, &[("reason", "改主意了")]).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "{}", own.text);
    let why = "没有部门的来函";
    assert_eq!(two.post(&two.other, &refuse, &[("reason", why)]).await.location(), proposal);
    let page = two.get(&two.one, &proposal).await.text;
    assert!(page.contains("未批准") && page.contains(&format!("id=\"refusal\">{why}")), "{page}");
    let told = records::testing::told::<ProposalRefused>(&two.office.app.database).await.unwrap();
    assert_eq!(told.iter().map(|told| told.why.as_deref()).collect::<Vec<_>>(), [Some(why)]);
    // Whoever proposed it reads it where work begins, and nobody else.
    let home = two.get(&two.one, "/console").await.text;
    assert!(home.contains("id=\"refused\"") && home.contains(why) && home.contains("更换应用密钥"), "{home}");
    assert!(!two.get(&two.other, "/console").await.text.contains(why));
    let late = two.post(&two.other, &refuse, &[("reason", why)]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text);
}

#[tokio::test]
async fn what_an_approval_shows_once_is_not_shown_again_when_the_page_is_loaded_again() {
    let two = Two::new().await;
    let office = &two.office;
    let mut tx = office.app.database.read().await.unwrap();
    let reviewer = identity::staff::find(&mut tx, &office.reviewer.staff).await.unwrap().unwrap().person_id;
    let account = account::of_person(&mut tx, &reviewer).await.unwrap().remove(0).account_id;
    drop(tx);
    let url = format!("{}/sign-in", office.app.settings.public_url);
    for (way, act, told) in [
        (format!("/operator/accounts/{account}"), "reset", &["审核乙", url.as_str()][..]),
        ("/operator/clients/tax".to_owned(), "secret", &["tax"]),
    ] {
        two.post(&two.one, &format!("{way}/{act}"), &[WHY, SURE]).await;
        let approve = format!("{}/approve", two.proposal(&way).await);
        let shown = two.post(&two.other, &approve, &[]).await;
        assert!(shown.text.contains("id=\"secret\""), "{act}: {}", shown.text);
        for part in told {
            assert!(shown.text.contains(part), "{act}, {part}: {}", shown.text);
        }
        let again = two.post(&two.other, &approve, &[]).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{act}");
        assert!(again.text.contains("id=\"was-shown\"") && !again.text.contains("id=\"secret\""), "{}", again.text);
        assert!(again.text.contains(&format!("href=\"{way}\"")), "{act}: {}", again.text);
    }
}

#[tokio::test]
async fn what_cannot_be_approved_any_more_says_why_and_has_no_button() {
    let two = Two::new().await;
    let way = format!("/operator/people/{}", two.office.person_id);
    let propose = async |to: &str| {
        let proposed = two.post(&two.one, &format!("{way}/name"), &[WHY, SURE, ("new_name", to)]).await;
        assert_eq!(proposed.status, StatusCode::SEE_OTHER, "{}", proposed.text);
        two.proposal(&way).await
    };
    let proposal = propose("欧阳小明").await;
    assert!(two.get(&two.other, &proposal).await.text.contains("id=\"approve\""));
    // Somebody changed it past the proposal.
    let rename = async |seed: u64, to: &str| {
        let context = records::Context { actor: records::testing::operator(), ..records::testing::context(NOW, seed) };
        let mut work = two.office.app.database.begin(context).await.unwrap();
        let before = identity::person::find(&mut work.tx, &two.office.person_id).await.unwrap().unwrap().name;
        let renaming = identity::person::change::Renaming { before, after: to.to_owned() };
        let reason = identity::Reason::parse("户籍更正").unwrap();
        identity::person::change::rename(&mut work, &two.office.person_id, &renaming, &reason).await.unwrap();
        work.commit().await.unwrap();
    };
    rename(71, "欧阳龙").await;
    let page = two.get(&two.other, &proposal).await.text;
    assert!(page.contains("id=\"obstacle\"") && page.contains("其间已有变更"), "{page}");
    assert!(!page.contains("id=\"approve\"") && page.contains("id=\"refuse\""), "it is refused: {page}");
    let pressed = two.post(&two.other, &format!("{proposal}/approve"), &[]).await;
    assert_eq!(pressed.status, StatusCode::CONFLICT, "{}", pressed.text);
    assert!(pressed.text.contains("id=\"obstacle\"") && !pressed.text.contains("id=\"approve\""), "{}", pressed.text);
    // What one withdraws says so to whoever presses after it, and so does the other way round.
    assert_eq!(two.post(&two.one, &format!("{proposal}/withdraw"), &[]).await.location(), proposal);
    let late = two.post(&two.other, &format!("{proposal}/approve"), &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("已由运维己撤回") && !late.text.contains("id=\"approve\""), "{}", late.text);
    let proposal = propose("欧阳大龙").await;
    let why = [("reason", "证件不符")];
    assert_eq!(two.post(&two.other, &format!("{proposal}/refuse"), &why).await.location(), proposal);
    let late = two.post(&two.one, &format!("{proposal}/withdraw"), &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("已由运维庚决定不批准") && !late.text.contains("id=\"withdraw\""), "{}", late.text);
    let late = two.post(&two.other, &format!("{proposal}/refuse"), &why).await;
    assert!(late.text.contains("已由运维庚决定不批准"), "{}", late.text);
    // Nobody approves what concerns themselves, and sees that before they press.
    let mut tx = two.office.app.database.read().await.unwrap();
    let other = identity::person::find_by_name(&mut tx, "运维庚").await.unwrap().remove(0).person_id;
    drop(tx);
    let theirs = format!("/operator/people/{other}");
    two.post(&two.one, &format!("{theirs}/name"), &[WHY, SURE, ("new_name", "运维耕")]).await;
    let page = two.get(&two.other, &two.proposal(&theirs).await).await.text;
    assert!(page.contains("不能为自己办理") && !page.contains("id=\"approve\""), "{page}");
    // Nor what somebody proposed who has left.
    let proposal = propose("欧阳二龙").await;
    let mut work = two.office.app.database.begin(records::testing::context(NOW, 73)).await.unwrap();
    let one = identity::person::find_by_name(&mut work.tx, "运维己").await.unwrap().remove(0).person_id;
    let staff = identity::staff::of_person(&mut work.tx, &one).await.unwrap().unwrap().staff_id;
    identity::staff::end(&mut work, &staff).await.unwrap();
    work.commit().await.unwrap();
    let page = two.get(&two.other, &proposal).await.text;
    assert!(page.contains("已不在相应岗位") && !page.contains("id=\"approve\""), "{page}");
}
