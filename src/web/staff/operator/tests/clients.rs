//! Clients and proposals on the pages of two operators.

use oidc::client::{self, ClientId, ClientSettings, Registration};

use super::*;
use crate::{kit::links::percent_encode, public::api::tests::Member};

/// Two operators at their browsers, and one client.
pub(super) struct Two {
    pub office: Office,
    pub one: String,
    pub other: String,
}

/// A session with the cookie of its browser.
async fn browser(office: &Office, member: &Member) -> String {
    let request = Request::get("/operator/keys").header(header::COOKIE, &member.cookie);
    let first = office.send(request.body(Body::empty()).unwrap()).await;
    let sets = first.headers.get_all(header::SET_COOKIE).iter();
    let pairs = sets.map(|set| set.to_str().unwrap().split(';').next().unwrap().to_owned());
    std::iter::once(member.cookie.clone()).chain(pairs).collect::<Vec<_>>().join("; ")
}

impl Two {
    pub async fn new() -> Self {
        let office = office().await;
        let mut work = office.app.database.begin(records::testing::context(NOW, 9)).await.unwrap();
        let mut members = Vec::new();
        for who in [("运维己", "33010119800101011"), ("运维庚", "33010119800101012")] {
            members.push(member(&mut work, &office.app, &office.department, who, &[Role::Operator]).await);
        }
        let new = Registration {
            client_id: ClientId::parse("tax").unwrap(),
            name: base::Text::fixed("税务大厅", "Tax hall"),
            purpose: base::Text::fixed("办理申报", "Filing returns"),
            organisation_id: office.department.clone(),
            backchannel_logout_uri: None,
            settings: ClientSettings {
                redirect_uris: vec!["https://tax.example.gov.cn/cb".to_owned()],
                scopes: "openid profile email".to_owned(),
                ..ClientSettings::default()
            },
        };
        client::register(&mut work, office.app.provider.uri_policy(), new).await.unwrap();
        work.commit().await.unwrap();
        let (one, other) = (browser(&office, &members[0]).await, browser(&office, &members[1]).await);
        Self { office, one, other }
    }

    pub async fn get(&self, cookie: &str, path: &str) -> Answer {
        self.office.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(cookie, "/operator/keys").await.text;
        let csrf = page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        let mut pairs = vec![format!("csrf={}", percent_encode(&csrf))];
        pairs.extend(fields.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))));
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = self.office.send(request.body(Body::from(pairs.join("&"))).unwrap()).await;
        self.office.led(answer, cookie).await
    }

    /// The only proposal that a page names.
    pub async fn proposal(&self, page: &str) -> String {
        let text = self.get(&self.one, page).await.text;
        let id = text.split_once("/operator/proposals/prp_").unwrap_or_else(|| panic!("{text}")).1;
        format!("/operator/proposals/prp_{}", id.split('"').next().unwrap())
    }
}

/// The fields of the form on a client's page, with these instead.
async fn form(two: &Two, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let page = two.get(&two.one, "/operator/clients/tax").await.text;
    let before = page.split_once("name=\"before\" value=\"").unwrap().1.split('"').next().unwrap();
    let before = before.replace("&#34;", "\"").replace("&quot;", "\"");
    let mut fields = vec![
        ("before", before.as_str()),
        ("name_zh", "税务大厅"),
        ("name_en", "Tax hall"),
        ("purpose_zh", "办理申报"),
        ("purpose_en", "Filing returns"),
        ("redirect_uris", "https://tax.example.gov.cn/cb"),
        ("post_logout_redirect_uris", ""),
        ("backchannel_logout_uri", ""),
        ("scopes", "openid profile email"),
        ("reason", "税务局来函〔2026〕8 号"),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

const EDIT: &str = "/operator/clients/tax/edit";
const MOVED: &str = "https://tax.example.gov.cn/cb\r\nhttps://new.example.gov.cn/cb\r\n";

#[tokio::test]
async fn an_operator_changes_a_clients_address_with_another_one_and_its_name_alone() {
    let two = Two::new().await;
    assert!(two.get(&two.one, "/console").await.text.contains("href=\"/operator/clients\""));
    let list = two.get(&two.one, "/operator/clients").await;
    assert!(list.text.contains("href=\"/operator/clients/tax\"") && list.text.contains("税务大厅"));
    let found = two.get(&two.one, "/operator/clients?id=tax").await;
    assert_eq!((found.status, found.location()), (StatusCode::SEE_OTHER, "/operator/clients/tax"));
    assert_eq!(two.get(&two.one, "/operator/clients?id=nobody").await.status, StatusCode::NOT_FOUND);
    // A name, alone: a look at what follows, then it is done.
    let renamed = form(&two, &[("name_zh", "税务服务"), ("scopes", "email openid")]).await;
    let ask = two.post(&two.one, EDIT, &borrowed(&renamed)).await;
    assert_eq!(ask.status, StatusCode::OK, "{}", ask.text);
    assert!(
        ask.text.contains("税务服务") && ask.text.contains("立即生效") && ask.text.contains("来函"),
        "{}",
        ask.text
    );
    assert!(two.get(&two.one, "/operator/clients/tax").await.text.contains("<h1>税务大厅</h1>"));
    let mut confirmed = borrowed(&renamed);
    confirmed.push(("confirmed", "yes"));
    let done = two.post(&two.one, EDIT, &confirmed).await;
    assert_eq!((done.status, done.led_to()), (StatusCode::SEE_OTHER, "/operator/clients/tax?changed"));
    let page = two.get(&two.one, done.location()).await.text;
    assert!(page.contains("税务服务") && page.contains("value=\"openid email\"") && page.contains("id=\"done\""));
    assert_eq!(two.post(&two.other, EDIT, &confirmed).await.status, StatusCode::CONFLICT, "what was looked at is gone");
    // An address, proposed.
    let moved = form(&two, &[("name_zh", "税务服务"), ("scopes", "openid email"), ("redirect_uris", MOVED)]).await;
    let ask = two.post(&two.one, EDIT, &borrowed(&moved)).await;
    assert!(ask.text.contains("另一名运维人员") && ask.text.contains("https://new.example.gov.cn/cb"), "{}", ask.text);
    let mut confirmed = borrowed(&moved);
    confirmed.push(("confirmed", "yes"));
    let proposed = two.post(&two.one, EDIT, &confirmed).await;
    assert_eq!((proposed.status, proposed.led_to()), (StatusCode::SEE_OTHER, "/operator/clients/tax?proposed"));
    let proposal = two.proposal("/operator/clients/tax").await;
    let own = two.get(&two.one, &proposal).await.text;
    assert!(own.contains("id=\"withdraw\"") && !own.contains("id=\"approve\""));
    let other = two.get(&two.other, &proposal).await.text;
    assert!(other.contains("id=\"approve\"") && other.contains("https://new.example.gov.cn/cb"));
    assert!(two.get(&two.other, "/operator/proposals").await.text.contains(&proposal));
    assert_eq!(two.post(&two.one, &format!("{proposal}/approve"), &[]).await.status, StatusCode::FORBIDDEN);
    assert!(!two.get(&two.one, "/operator/clients/tax").await.text.contains("\nhttps://new.example.gov.cn/cb"));
    assert_eq!(two.post(&two.other, &format!("{proposal}/approve"), &[]).await.status, StatusCode::SEE_OTHER);
    assert!(two.get(&two.one, "/operator/clients/tax").await.text.contains("\nhttps://new.example.gov.cn/cb"));
    let again = two.post(&two.other, &format!("{proposal}/approve"), &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let reasons = records::testing::told::<identity::events::ReasonGiven>(&two.office.app.database).await.unwrap();
    assert_eq!((reasons.len(), reasons[0].object.as_str()), (1, "tax"));
}

#[tokio::test]
async fn an_auditor_reads_of_a_client_what_changed_in_words_and_what_was_proposed_and_refused() {
    let two = Two::new().await;
    let renamed = form(&two, &[("name_zh", "税务服务")]).await;
    let mut confirmed = borrowed(&renamed);
    confirmed.push(("confirmed", "yes"));
    assert_eq!(two.post(&two.one, EDIT, &confirmed).await.status, StatusCode::SEE_OTHER);
    let moved = form(&two, &[("name_zh", "税务服务"), ("redirect_uris", MOVED)]).await;
    let mut confirmed = borrowed(&moved);
    confirmed.push(("confirmed", "yes"));
    assert_eq!(two.post(&two.one, EDIT, &confirmed).await.status, StatusCode::SEE_OTHER);
    let proposal = two.proposal("/operator/clients/tax").await;
    let refused = two.post(&two.other, &format!("{proposal}/refuse"), &[("reason", "域名未备案")]).await;
    assert_eq!(refused.status, StatusCode::SEE_OTHER, "{}", refused.text);
    let mut work = two.office.app.database.begin(records::testing::context(NOW, 19)).await.unwrap();
    let who = ("审计辛", "33010119800101013");
    let auditor = member(&mut work, &two.office.app, &two.office.department, who, &[Role::Auditor]).await;
    work.commit().await.unwrap();
    let page = two.get(&auditor.cookie, "/audit/entries?object=tax").await.text;
    assert!(page.contains("<h1>税务服务</h1>") && page.contains("<span class=\"code\">tax</span>"), "{page}");
    assert!(page.contains("名称（中文）：税务大厅 → 税务服务"), "{page}");
    assert!(!page.contains("name_zh") && !page.contains("https://tax.example.gov.cn/cb"), "only what changed: {page}");
    assert!(page.contains("代表：无；获准取得证件号码：否"), "{page}");
    let everything = two.get(&auditor.cookie, "/audit/entries").await.text;
    let (_, everything) = everything.split_once("id=\"entries\"").unwrap();
    for what in ["办理事由", "查阅日志", "变更应用登记信息"] {
        let (_, row) =
            everything.split_once(&format!(">{what}</td>")).unwrap_or_else(|| panic!("{what}: {everything}"));
        assert!(row.split("</tr>").next().unwrap().contains(">税务服务</a>"), "{what}: {row}");
    }
    // From the client to what was proposed for it, and from there to why it was refused.
    let id = proposal.rsplit('/').next().unwrap();
    let (_, related) = page.split_once(&format!("object={id}\">")).unwrap();
    let related = related.split('<').next().unwrap();
    for words in ["运维己 于", "未批准", "办结人 运维庚", "税务局来函〔2026〕8 号"] {
        assert!(related.contains(words), "{words}: {related}");
    }
    let page = two.get(&auditor.cookie, &format!("/audit/entries?object={id}")).await.text;
    assert!(page.contains("域名未备案") && page.contains("所涉对象：税务服务"), "{page}");
    assert!(page.contains("/audit/entries?object=tax"), "{page}");
}

#[tokio::test]
async fn what_cannot_be_registered_is_told_at_its_field_and_what_was_typed_stays() {
    let two = Two::new().await;
    for (change, field) in [
        (("redirect_uris", "http://tax.example.gov.cn/cb"), "redirect_uris"),
        (("redirect_uris", ""), "redirect_uris"),
        (("scopes", "openid everything"), "scopes"),
        (("name_zh", ""), "name_zh"),
        (("backchannel_logout_uri", "https://127.0.0.1.nip.example:99999/"), "backchannel_logout_uri"),
        (("reason", ""), "reason"),
    ] {
        let typed = form(&two, &[change, ("name_en", "Typed before")]).await;
        let refused = two.post(&two.one, EDIT, &borrowed(&typed)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{change:?}");
        assert!(refused.text.contains(&format!("href=\"#{field}\"")), "{change:?}: {}", refused.text);
        assert!(refused.text.contains("value=\"Typed before\""), "{change:?}");
    }
    let same = two.post(&two.one, EDIT, &borrowed(&form(&two, &[]).await)).await;
    assert_eq!(same.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(same.text.contains("href=\"#name_zh\">没有任何变更"), "no reason is at fault: {}", same.text);
    for (scopes, said) in [
        ("openid licence:issue", "含有只给业务系统的权限：licence:issue。"),
        ("openid everything all", "有一个权限不存在，请核对拼写：everything all。"),
    ] {
        let refused = two.post(&two.one, EDIT, &borrowed(&form(&two, &[("scopes", scopes)]).await)).await;
        assert!(refused.text.contains(said), "{scopes}: {}", refused.text);
        let allowed = refused.text.split_once("id=\"scopes-allowed\"").unwrap().1.split("</p>").next().unwrap();
        assert!(allowed.contains("<code>org</code>") && !allowed.contains("licence:issue"), "{allowed}");
        assert!(!allowed.contains("identity_number"), "nobody approved that: {allowed}");
    }
    let broken = form(&two, &[("before", "{}")]).await;
    assert_eq!(two.post(&two.one, EDIT, &borrowed(&broken)).await.status, StatusCode::BAD_REQUEST);
    for path in
        ["/operator/clients/nobody", "/operator/proposals/x", "/operator/proposals/prp_01K9Q3ZV5T8M2C4N6R7S9W0XYZ"]
    {
        assert_eq!(two.get(&two.one, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    // Who works with licences has no such pages.
    for path in ["/operator/clients", "/operator/clients/tax", "/operator/proposals"] {
        assert_eq!(two.get(&two.office.clerk.cookie, path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn a_client_is_stopped_by_one_operator_and_gets_a_secret_by_two_which_the_second_one_sees_once() {
    let two = Two::new().await;
    let act = |name: &str| format!("/operator/clients/tax/{name}");
    let why = ("reason", "密钥疑似泄露");
    assert_eq!(two.post(&two.one, &act("disable"), &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let ask = two.post(&two.one, &act("disable"), &[why]).await;
    assert!(ask.text.contains("税务大厅（tax）"), "what is about to be stopped has its name: {}", ask.text);
    assert!(ask.text.contains("已有的令牌不再有效") && ask.text.contains("密钥疑似泄露"), "{}", ask.text);
    assert!(two.get(&two.one, "/operator/clients/tax").await.text.contains("使用中"));
    let sure = ("confirmed", "yes");
    assert_eq!(two.post(&two.one, &act("disable"), &[why, sure]).await.status, StatusCode::SEE_OTHER);
    assert!(two.get(&two.one, "/operator/clients/tax").await.text.contains("已停用"));
    for name in ["secret", "enable"] {
        let asked = two.post(&two.one, &act(name), &[why]).await;
        assert!(asked.text.contains("另一名运维人员"), "{name}: {}", asked.text);
        let proposed = two.post(&two.one, &act(name), &[why, sure]).await;
        assert_eq!(proposed.led_to(), "/operator/clients/tax?proposed", "{name}: {}", proposed.text);
        let proposal = two.proposal("/operator/clients/tax").await;
        let done = two.post(&two.other, &format!("{proposal}/approve"), &[]).await;
        if name == "secret" {
            assert_eq!(done.status, StatusCode::OK);
            let secret = done.text.split_once("id=\"secret\">").unwrap().1.split('<').next().unwrap();
            assert!(secret.len() >= 43 && !two.get(&two.other, &proposal).await.text.contains(secret));
        } else {
            assert_eq!(done.status, StatusCode::SEE_OTHER);
        }
    }
    assert!(two.get(&two.one, "/operator/clients/tax").await.text.contains("使用中"));
    // What one operator proposes another one can refuse, and whoever proposed it withdraw.
    for (who, name) in [(&two.other, "refuse"), (&two.one, "withdraw")] {
        two.post(&two.one, &act("secret"), &[why, sure]).await;
        let proposal = two.proposal("/operator/clients/tax").await;
        assert_eq!(two.post(who, &format!("{proposal}/{name}"), &[why]).await.status, StatusCode::SEE_OTHER, "{name}");
        assert_eq!(two.post(&two.other, &format!("{proposal}/approve"), &[]).await.status, StatusCode::CONFLICT);
    }
}
