//! A seal keeper's pages, and what operators see of them.

use identity::Role;
use seal::SealState;

use super::*;
use crate::{public::api::tests::member, testing::NOW};

const SURE: (&str, &str) = ("confirmed", "yes");
const WHY: (&str, &str) = ("reason", "印章管理员交接");

/// The people around one seal.
struct Cabinet {
    office: Office,
    keeper: String,
    /// Of another department.
    stranger: String,
    /// Of another department too.
    operator: String,
    clerk: String,
    seal: String,
}

impl Cabinet {
    async fn new() -> Self {
        let office = office().await;
        let mut work = office.app.database.begin(records::testing::context(NOW, 9)).await.unwrap();
        let police = identity::staff::find(&mut work.tx, &office.stranger.staff).await.unwrap().unwrap();
        let police = police.organisation_id;
        let who = ("外保管己", "33010119800101011");
        let stranger = member(&mut work, &office.app, &police, who, &[Role::SealKeeper]).await;
        let who = ("运维庚", "33010119800101013");
        let operator = member(&mut work, &office.app, &police, who, &[Role::Operator]).await;
        work.commit().await.unwrap();
        let mut cookies = Vec::new();
        for one in [&office.keeper, &stranger, &operator, &office.clerk] {
            cookies.push(browser(&office, one).await);
        }
        let seal = format!("/console/seals/{}", office.seal);
        let [keeper, stranger, operator, clerk] = cookies.try_into().unwrap();
        Self { office, keeper, stranger, operator, clerk, seal }
    }

    async fn get(&self, cookie: &str, path: &str) -> Answer {
        self.office.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf(cookie).await;
        self.post_with(cookie, &csrf, path, fields).await
    }

    async fn csrf(&self, cookie: &str) -> String {
        // Every signed-in person has the form for another password.
        hidden(&self.get(cookie, "/me/password").await.text, "csrf")
    }

    async fn post_with(&self, cookie: &str, csrf: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut pairs = vec![format!("csrf={}", percent_encode(csrf))];
        pairs.extend(fields.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))));
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = self.office.send(request.body(Body::from(pairs.join("&"))).unwrap()).await;
        self.office.led(answer, cookie).await
    }

    /// Asks for an act on the seal as its page shows it, and confirms it.
    async fn act(&self, name: &str) -> Answer {
        let seen = self.seen().await;
        self.post(&self.keeper, &format!("{}/{name}", self.seal), &[("seen", &seen), WHY, SURE]).await
    }

    async fn seen(&self) -> String {
        let mut tx = self.office.app.database.read().await.unwrap();
        seal::find(&mut tx, &self.office.seal).await.unwrap().unwrap().seen()
    }

    async fn state(&self) -> SealState {
        let mut tx = self.office.app.database.read().await.unwrap();
        seal::find(&mut tx, &self.office.seal).await.unwrap().unwrap().state
    }

    /// The only proposal that waits for an operator.
    async fn proposal(&self) -> String {
        let list = self.get(&self.operator, "/operator/proposals").await.text;
        let mut rows =
            list.split("<tr>").filter(|row| row.contains("/operator/proposals/prp_") && row.contains("等待批准"));
        let row = rows.next().unwrap_or_else(|| panic!("{list}"));
        let id = row.split_once("/operator/proposals/prp_").unwrap().1;
        format!("/operator/proposals/prp_{}", id.split('"').next().unwrap())
    }
}

async fn browser(office: &Office, member: &Member) -> String {
    let request = Request::get("/me/password").header(header::COOKIE, &member.cookie);
    let first = office.send(request.body(Body::empty()).unwrap()).await;
    let sets = first.headers.get_all(header::SET_COOKIE).iter();
    let pairs = sets.map(|set| set.to_str().unwrap().split(';').next().unwrap().to_owned());
    std::iter::once(member.cookie.clone()).chain(pairs).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn a_keeper_freezes_a_seal_on_its_page_and_no_licence_is_issued_until_an_operator_approves_that_it_goes_on() {
    let cabinet = Cabinet::new().await;
    let home = cabinet.get(&cabinet.keeper, "/console").await.text;
    assert!(home.contains(&cabinet.seal) && home.contains("已启用"), "{home}");
    let page = cabinet.get(&cabinet.keeper, &cabinet.seal).await;
    let seen = hidden(&page.text, "seen");
    assert!(page.text.contains("id=\"freeze\"") && !page.text.contains("id=\"unfreeze\""), "{}", page.text);
    let freeze = format!("{}/freeze", cabinet.seal);
    // Without a reason the form comes back; with one it is said what follows, and nothing is done yet.
    let empty = cabinet.post(&cabinet.keeper, &freeze, &[("seen", &seen), ("reason", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text.contains("href=\"#freeze-reason\"") && empty.text.contains("id=\"freeze-reason-error\""));
    let ask = cabinet.post(&cabinet.keeper, &freeze, &[("seen", &seen), WHY]).await;
    assert_eq!((ask.status, cabinet.state().await), (StatusCode::OK, SealState::Enabled));
    assert!(ask.text.contains("不能盖章签发证照") && ask.text.contains("此前盖章的证照仍然有效"), "{}", ask.text);
    assert!(ask.text.contains("已冻结") && ask.text.contains(&seen), "{}", ask.text);
    let done = cabinet.post(&cabinet.keeper, &freeze, &[("seen", &seen), WHY, SURE]).await;
    assert_eq!(done.led_to(), format!("{}?done", cabinet.seal), "{}", done.text);
    let refused = cabinet.office.issue("frozen").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    // Sent again it is refused on the page of the seal, with what was typed.
    let frozen = cabinet.get(&cabinet.keeper, &cabinet.seal).await.text;
    assert!(frozen.contains("原因：印章管理员交接"), "{frozen}");
    let again = cabinet.post(&cabinet.keeper, &freeze, &[("seen", &seen), WHY, SURE]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text.contains("id=\"seal-state\"") && again.text.contains("id=\"error\""), "{}", again.text);
    let page = cabinet.get(&cabinet.keeper, &cabinet.seal).await.text;
    assert!(page.contains("由您提出，须经运维人员批准；批准后恢复启用"), "said before it is asked for: {page}");
    let done = cabinet.act("unfreeze").await;
    assert_eq!(done.led_to(), format!("{}?proposed", cabinet.seal), "{}", done.text);
    assert_eq!(cabinet.state().await, SealState::Frozen);
    let twice = cabinet.act("unfreeze").await;
    assert!(twice.status == StatusCode::CONFLICT && twice.text.contains("在等待批准"), "{}", twice.text);
    let page = cabinet.get(&cabinet.keeper, &cabinet.seal).await.text;
    assert!(page.contains("保管戊 于") && !page.contains("id=\"unfreeze\""), "{page}");
    let proposal = cabinet.proposal().await;
    let page = cabinet.get(&cabinet.operator, &proposal).await.text;
    for fact in [&format!("<dt>冻结原因</dt><dd>{}</dd>", WHY.1), "<dt>冻结人</dt><dd>保管戊</dd>", "<dt>冻结时间</dt>"]
    {
        assert!(page.contains(fact), "{fact}: {page}");
    }
    let approved = cabinet.post(&cabinet.operator, &format!("{proposal}/approve"), &[]).await;
    assert_eq!(approved.location(), proposal, "{}", approved.text);
    assert_eq!(cabinet.state().await, SealState::Enabled);
    let over = cabinet.post(&cabinet.operator, &format!("{proposal}/approve"), &[]).await;
    assert!(over.status == StatusCode::CONFLICT && over.text.contains("id=\"proposal\""), "{}", over.text);
    assert_eq!(cabinet.office.issue("again").await.status, StatusCode::CREATED);
    let history = cabinet.get(&cabinet.clerk, &cabinet.seal).await.text;
    let (_, history) = history.split_once("id=\"history\"").unwrap();
    assert!(history.contains("办理：保管戊 提出，运维庚 批准") && history.contains("印章管理员交接"), "{history}");
    assert!(history.contains(">办理：保管戊</div>"), "who froze it stands apart from why: {history}");
    // Why it was unfrozen does not say how it stands.
    let page = cabinet.get(&cabinet.clerk, &cabinet.seal).await.text;
    let (_, state) = page.split_once("id=\"seal-state\"").unwrap();
    assert!(!state.split_once("</p>").unwrap().0.contains("印章管理员交接"), "{state}");
}

#[tokio::test]
async fn an_operator_sees_names_and_what_follows_and_refuses_or_approves_what_a_keeper_proposed() {
    let cabinet = Cabinet::new().await;
    let fields = [("kind", "official"), WHY];
    let page = cabinet.get(&cabinet.keeper, "/console/seals").await.text;
    assert!(page.contains("id=\"official\"") && !page.contains("id=\"licence\""), "{page}");
    let ask = cabinet.post(&cabinet.keeper, "/console/seals", &fields).await;
    assert!(ask.text.contains("滨江市市场监督管理局公章") && ask.text.contains("由提出人保管"), "{}", ask.text);
    let done = cabinet.post(&cabinet.keeper, "/console/seals", &[&fields[..], &[SURE]].concat()).await;
    assert_eq!(done.led_to(), "/console/seals?proposed", "{}", done.text);
    let twice = cabinet.post(&cabinet.keeper, "/console/seals", &[&fields[..], &[SURE]].concat()).await;
    assert!(twice.status == StatusCode::CONFLICT && twice.text.contains("在等待批准"), "{}", twice.text);
    let home = cabinet.get(&cabinet.keeper, "/console").await.text;
    assert!(home.contains("制作公章：保管戊 于"), "what waits is said at home: {home}");
    let list = cabinet.get(&cabinet.operator, "/operator/proposals").await.text;
    assert!(list.contains("滨江市市场监督管理局公章") && list.contains("保管戊"), "{list}");
    assert!(!list.contains(cabinet.office.department.as_str()), "no identifier: {list}");
    let proposal = cabinet.proposal().await;
    let page = cabinet.get(&cabinet.operator, &proposal).await.text;
    assert!(page.contains("滨江市市场监督管理局公章") && page.contains("由提出人保管"), "{page}");
    let approved = cabinet.post(&cabinet.operator, &format!("{proposal}/approve"), &[]).await;
    assert_eq!(approved.location(), proposal, "{}", approved.text);
    let page = cabinet.get(&cabinet.keeper, "/console/seals").await.text;
    assert!(page.matches("<svg").count() >= 2 && !page.contains("id=\"official\""), "{page}");
    let wrong = cabinet.post(&cabinet.keeper, "/console/seals", &[("kind", "x"), WHY]).await;
    assert!(
        wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("请选择印章类别"),
        "{}",
        wrong.text
    );
    let already = cabinet.post(&cabinet.keeper, "/console/seals", &[("kind", "licence"), WHY, SURE]).await;
    assert!(already.status == StatusCode::CONFLICT && already.text.contains("已有这一类印章"), "{}", already.text);
    // Cancelling: the approver reads what follows, by name; whoever proposed it takes it back, or it is done.
    assert_eq!(cabinet.act("cancel").await.led_to(), format!("{}?proposed", cabinet.seal));
    let page = cabinet.get(&cabinet.keeper, &cabinet.seal).await.text;
    let (_, withdraw) = page.split_once("action=\"/console/seals/proposals/").unwrap();
    let withdraw = format!("/console/seals/proposals/{}", withdraw.split('"').next().unwrap());
    for nobody in [&cabinet.stranger, &cabinet.operator, &cabinet.clerk] {
        let refused = cabinet.post(nobody, &withdraw, &[]).await.status;
        assert!([StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&refused), "{refused}");
    }
    let back = cabinet.post(&cabinet.keeper, &withdraw, &[]).await;
    assert_eq!(back.led_to(), format!("{}?withdrawn", cabinet.seal), "{}", back.text);
    let twice = cabinet.post(&cabinet.keeper, &withdraw, &[]).await;
    assert!(twice.status == StatusCode::CONFLICT && twice.text.contains("id=\"seal-state\""), "{}", twice.text);
    assert_eq!(cabinet.act("cancel").await.status, StatusCode::SEE_OTHER);
    let proposal = cabinet.proposal().await;
    let page = cabinet.get(&cabinet.operator, &proposal).await.text;
    assert!(page.contains("印章证书被吊销") && page.contains("33010000000001"), "{page}");
    // What changed meanwhile is not approved, and that is said where it was to be approved.
    assert_eq!(cabinet.act("freeze").await.status, StatusCode::SEE_OTHER);
    let page = cabinet.get(&cabinet.operator, &proposal).await.text;
    assert!(page.contains("已不能批准") && !page.contains("id=\"approve\""), "{page}");
    let stale = cabinet.post(&cabinet.operator, &format!("{proposal}/approve"), &[]).await;
    assert!(stale.status == StatusCode::CONFLICT && stale.text.contains("id=\"refuse\""), "{}", stale.text);
    assert_eq!(cabinet.state().await, SealState::Frozen);
    let why = ("reason", "先冻结，查清再说");
    assert_eq!(cabinet.post(&cabinet.operator, &format!("{proposal}/refuse"), &[why]).await.location(), proposal);
    let page = cabinet.get(&cabinet.keeper, &cabinet.seal).await.text;
    let (_, over) = page.split_once("id=\"over\"").unwrap();
    assert!(over.contains("未批准") && over.contains("已撤回") && over.contains("运维庚"), "{over}");
    assert!(over.contains("先冻结，查清再说"), "whoever proposed it is told why: {over}");
    assert_eq!(cabinet.act("cancel").await.status, StatusCode::SEE_OTHER);
    let proposal = cabinet.proposal().await;
    assert_eq!(cabinet.post(&cabinet.operator, &format!("{proposal}/approve"), &[]).await.location(), proposal);
    assert_eq!(cabinet.state().await, SealState::Cancelled);
    let page = cabinet.get(&cabinet.keeper, &cabinet.seal).await.text;
    assert!(page.contains("不能恢复") && !page.contains("<form method=\"post\" action=\"/console/seals/"), "{page}");
    assert!(cabinet.get(&cabinet.keeper, "/console/seals").await.text.contains("id=\"licence\""));
}

#[tokio::test]
async fn nobody_else_changes_a_seal_on_a_page_and_no_form_without_its_token() {
    let cabinet = Cabinet::new().await;
    let seen = cabinet.seen().await;
    let fields = [("seen", seen.as_str()), ("kind", "official"), WHY, SURE];
    let csrf = cabinet.csrf(&cabinet.keeper).await;
    let before =
        cabinet.office.count("select count(*) from event where kind like 'seal.%' or kind like 'proposal.%'").await;
    for act in ["/freeze", "/unfreeze", "/renew", "/cancel", ""] {
        let path = if act.is_empty() { "/console/seals".to_owned() } else { format!("{}{act}", cabinet.seal) };
        for nobody in [&cabinet.clerk, &cabinet.operator] {
            assert_eq!(cabinet.post(nobody, &path, &fields).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        if !act.is_empty() {
            let other = cabinet.post(&cabinet.stranger, &path, &fields).await;
            assert_eq!(other.status, StatusCode::NOT_FOUND, "{path}");
        }
        for token in ["", "x", &cabinet.csrf(&cabinet.stranger).await] {
            let forged = cabinet.post_with(&cabinet.keeper, token, &path, &fields).await;
            assert_eq!(forged.status, StatusCode::FORBIDDEN, "{path} {token}");
        }
        let away = cabinet.post_with("", &csrf, &path, &fields).await;
        assert_ne!(away.status, StatusCode::OK, "{path}");
    }
    // A seal's page is for its department, in whatever role.
    assert_eq!(cabinet.get(&cabinet.clerk, &cabinet.seal).await.status, StatusCode::OK);
    for nobody in [&cabinet.stranger, &cabinet.operator] {
        assert_eq!(cabinet.get(nobody, &cabinet.seal).await.status, StatusCode::NOT_FOUND);
    }
    for path in ["/console/seals/x", "/console/seals/sea_00000000000000000000000000"] {
        assert_eq!(cabinet.get(&cabinet.keeper, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(!cabinet.get(&cabinet.clerk, &cabinet.seal).await.text.contains("id=\"freeze\""));
    assert_eq!(cabinet.state().await, SealState::Enabled);
    let after =
        cabinet.office.count("select count(*) from event where kind like 'seal.%' or kind like 'proposal.%'").await;
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_seals_page_says_its_dates_and_what_ends_soon() {
    let cabinet = Cabinet::new().await;
    let page = cabinet.get(&cabinet.clerk, &cabinet.seal).await.text;
    for words in
        ["申请时间", "制作时间", "备案时间", "启用时间", "状态更新", "印章证书", "自动更换", "保管戊", "33010000000001"]
    {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("天到期"));
    let early = cabinet.act("renew").await;
    assert!(early.status == StatusCode::CONFLICT && early.text.contains("24 小时内换发"), "{}", early.text);
    assert!(early.text.contains("value=\"印章管理员交接\""), "what was typed stays: {}", early.text);
    let ends = async |seconds: i64| {
        let mut tx = cabinet.office.app.database.housekeeping().await.unwrap();
        let (at, from) = (NOW.plus_seconds(seconds), NOW.plus_seconds(-400 * 86_400));
        let sql = "update pki_key set not_after = $1, created_at = $2 where purpose = 'seal'";
        tx.run(sql, records::args![at, from]).await.unwrap();
        tx.commit().await.unwrap();
        let page = cabinet.get(&cabinet.keeper, &cabinet.seal).await.text;
        let home = cabinet.get(&cabinet.keeper, "/console").await.text;
        (page, home)
    };
    let day = 86_400;
    for (seconds, on_page, on_home) in [
        (91 * day, "", "2027-02-22 到期"),
        (89 * day, "还有 89 天到期，将于", "还有 89 天到期"),
        (29 * day, "还有 29 天到期，应在", "还有 29 天到期"),
        (6 * day, "还有 6 天到期，应在", "还有 6 天到期"),
        (day - 60, "还有 0 天到期，应在", "还有 0 天到期"),
        (-60, "印章证书已到期", "已到期"),
    ] {
        let (page, home) = ends(seconds).await;
        assert!(page.contains(on_page), "{seconds}: {page}");
        assert!(home.contains(on_home), "{seconds}: {home}");
        assert_eq!(page.contains("天到期，"), (0..90 * day).contains(&seconds), "{seconds}");
    }
    let before = cabinet.seen().await;
    let renewed = cabinet.act("renew").await;
    assert_eq!(renewed.led_to(), format!("{}?done", cabinet.seal), "{}", renewed.text);
    assert_ne!(cabinet.seen().await, before);
    let page = cabinet.get(&cabinet.keeper, &cabinet.seal).await.text;
    assert!(page.contains("更换印章证书") && !page.contains("印章证书已到期"), "{page}");
}

#[tokio::test]
async fn a_frozen_seal_is_said_where_licences_are_applied_for_and_approved_and_its_refusal_is_on_the_application() {
    let cabinet = Cabinet::new().await;
    let (clerk, reviewer) = (
        Desk::new(&cabinet.office, &cabinet.office.clerk).await,
        Desk::new(&cabinet.office, &cabinet.office.reviewer).await,
    );
    let application = apply(&clerk).await;
    let form = form();
    let pages = [
        (&clerk, "/console"),
        (&clerk, "/console/apply"),
        (&clerk, form.as_str()),
        (&clerk, application.as_str()),
        (&reviewer, "/console"),
        (&reviewer, application.as_str()),
    ];
    for (desk, page) in pages {
        assert!(!desk.get(page).await.text.contains("id=\"no-seal\""), "{page}");
    }
    assert_eq!(cabinet.act("freeze").await.status, StatusCode::SEE_OTHER);
    let says =
        |text: &str| ["id=\"no-seal\"", "自 2026-11-23", "起冻结", "保管戊"].iter().all(|words| text.contains(words));
    for (desk, page) in pages {
        let text = desk.get(page).await.text;
        assert!(says(&text), "{page}: {text}");
    }
    let digest = hidden(&reviewer.get(&application).await.text, "digest");
    let issued = async || cabinet.office.count("select count(*) from licence").await;
    let before = issued().await;
    let refused = reviewer.post(&format!("{application}/approve"), &[("digest", &digest)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(says(&refused.text) && refused.text.contains("id=\"approve\""), "{}", refused.text);
    assert_eq!(issued().await, before, "nothing is issued");
    // What an operator refuses, its keeper reads where work begins.
    assert_eq!(cabinet.act("unfreeze").await.status, StatusCode::SEE_OTHER);
    let refuse = format!("{}/refuse", cabinet.proposal().await);
    let why = ("reason", "先查清原因");
    assert_eq!(cabinet.post(&cabinet.operator, &refuse, &[why]).await.status, StatusCode::SEE_OTHER);
    let home = cabinet.get(&cabinet.keeper, "/console").await.text;
    assert!(home.contains("id=\"refused\"") && home.contains(why.1) && home.contains("解冻印章"), "{home}");
    assert!(!cabinet.get(&cabinet.stranger, "/console").await.text.contains(why.1));
}
