//! Who looks leaves an entry, and auditors see it.

use super::*;
use crate::{public::api::tests::member, testing::NOW};
use identity::Role;
use licence::events::{LicenceOpened, LicencesSearched};

#[tokio::test]
async fn whoever_looks_leaves_an_entry_and_auditors_see_who_it_was() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let reviewer = Desk::new(&office, &office.reviewer).await;
    let application = apply(&clerk).await;
    let digest = hidden(&reviewer.get(&application).await.text, "digest");
    let approved = reviewer.post(&format!("{application}/approve"), &[("digest", &digest)]).await;
    let licence = approved.location().to_owned();
    let found = clerk.post("/console/licences/find", &[("q", office.company.as_str())]).await;
    assert_eq!(found.status, StatusCode::SEE_OTHER, "there is only this one");
    clerk.get(&licence).await;
    clerk.get(&format!("{licence}/file.pdf")).await;
    let auditor = auditor(&office).await;
    for path in ["/audit", "/audit/entries", "/audit/entries.csv"] {
        assert_eq!(clerk.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(auditor.get(path).await.status, StatusCode::OK, "{path}");
    }
    let find = async |wanted: &str| find(&auditor, wanted).await;
    // Who looked at the company, and at what it holds.
    let way = find(office.company.as_str()).await;
    assert_eq!(way.status, StatusCode::SEE_OTHER, "{}", way.text);
    assert_eq!(way.location(), format!("/audit/entries?object={}", office.company_id));
    let page = auditor.get(way.location()).await;
    let (_, looks) = page.text.split_once("id=\"looks\"").unwrap();
    let (looks, about) = looks.split_once("id=\"entries\"").unwrap();
    assert!(looks.contains("经办甲") && looks.contains("内容：文件") && looks.contains("内容：页面"), "{looks}");
    assert!(about.contains("方式：统一社会信用代码；数量：1"), "who searched for it: {about}");
    assert!(page.text.contains("<h2>关于“滨江市龙福餐饮有限公司”的记录</h2>"), "{}", page.text);
    // Where who looked works and as what.
    assert!(looks.contains("<small>滨江市市场监督管理局，经办、审核</small>"), "{looks}");
    // The file has both lists, and says which is which.
    let file = auditor.get(&format!("/audit/entries.csv?object={}", office.company_id)).await.text;
    let rows = |list: &str| file.lines().filter(|line| line.contains(&format!("\"{list}\""))).collect::<Vec<_>>();
    let (looks, about) = (rows("谁查看过所持证照"), rows("关于对象的记录"));
    assert!(looks.iter().any(|row| row.contains("内容：文件") && row.contains("市场监督管理局，经办、审核")), "{file}");
    assert!(about.iter().any(|row| row.contains("licence.searched")), "{file}");
    assert_eq!(looks.len() + about.len() + 1, file.lines().count(), "{file}");
    // What happened to the licence; that the auditor read of it is the last thing.
    let id = licence.rsplit('/').next().unwrap();
    for _ in 0..2 {
        let page = auditor.get(&format!("/audit/entries?object={id}")).await;
        assert!(page.text.contains("审核乙") && page.text.contains("经办甲"), "{}", page.text);
    }
    let read = records::testing::told::<records::events::LogRead>(&office.app.database).await.unwrap();
    assert!(read.iter().any(|one| (one.about.as_str(), one.by.as_str()) == (id, "object")), "{read:?}");
    // From a licence to its holder, and to a person by the whole name.
    let page = auditor.get(&format!("/audit/entries?object={id}")).await.text;
    assert!(page.contains(&format!("/audit/entries?object={}\">持证者", office.company_id)), "{page}");
    let way = find("经办甲").await;
    let page = auditor.get(way.location()).await.text;
    let (_, related) = page.split_once("id=\"related\"").unwrap();
    assert!(related.contains(&format!("actor={}\">任职期间所做", office.clerk.staff)), "{related}");
    // What one of the staff did; and the same as a file.
    let staff = office.clerk.staff.as_str();
    let did = auditor.get(&format!("/audit/entries?actor={staff}")).await;
    assert!(did.text.contains("内容：文件") && !did.text.contains("审核乙"), "{}", did.text);
    let file = auditor.get(&format!("/audit/entries.csv?actor={staff}")).await;
    assert!(file.text.starts_with("\u{feff}\"序号\",\"时间\",\"谁\"") && file.text.contains("经办甲"), "{}", file.text);
    assert!(file.text.contains("licence.opened") && file.text.contains("licence.searched"));
    assert_eq!(find("nobody").await.status, StatusCode::NOT_FOUND);
    for strange in ["/audit/entries?object=%3Cscript%3E", "/audit/entries?request=nonsense", "/audit/entries?after=x"] {
        assert_eq!(auditor.get(strange).await.status, StatusCode::NOT_FOUND, "{strange}");
    }
    // What somebody puts there who has the database alone is shown as that.
    records::protect(&office.app.database, records::LogKey::new([7; 32]), false).await.unwrap();
    let forged = "insert into event (event_id, at, actor_kind, actor, kind, object, data, sequence)
                  select 'evt_forged', at, actor_kind, actor, 'licence.revoked', object, data, -7
                    from event
                   where kind = 'licence.issued'";
    let mut tx = office.app.database.housekeeping().await.unwrap();
    tx.run(forged, vec![]).await.unwrap();
    tx.commit().await.unwrap();
    for path in [format!("/audit/entries?object={id}"), format!("/audit/entries.csv?object={id}")] {
        let shown = auditor.get(&path).await.text;
        assert_eq!(shown.matches("非本系统写入：").count(), 1, "{path}: {shown}");
    }
    // The console's own history tells what was done, and not who looked.
    let own = clerk.get(&licence).await.text;
    assert!(own.contains("签发") && !own.contains("查看证照") && !own.contains("查阅日志"), "{own}");
    // From a person to what they did in an office that has ended since.
    let mut work = office.app.database.begin(records::testing::context(NOW.plus_seconds(9), 93)).await.unwrap();
    identity::staff::end(&mut work, &office.clerk.staff).await.unwrap();
    work.commit().await.unwrap();
    let page = auditor.get(find("经办甲").await.location()).await.text;
    let (_, related) = page.split_once("id=\"related\"").unwrap();
    let ended = related.split_once(&format!("actor={}\">", office.clerk.staff)).unwrap().1.split('<').next().unwrap();
    assert!(ended.ends_with(" 止"), "{ended}");
}

#[tokio::test]
async fn whoever_types_a_number_or_sends_an_identifier_to_apply_leaves_an_entry() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let form = format!("/console/apply/{}", licence::built_in::DRIVING);
    let searched =
        async || records::testing::told::<identity::events::PeopleSearched>(&office.app.database).await.unwrap();
    let opened = async || records::testing::told::<identity::events::PersonOpened>(&office.app.database).await.unwrap();
    let found = clerk.post(&form, &[("number", office.person.as_str())]).await;
    let holder = hidden(&found.text, "holder");
    let told = searched().await;
    assert_eq!((told.len(), told[0].about.as_str(), told[0].count), (1, holder.as_str(), 1));
    // A number that nobody has is an answer too; what is no number asks for nobody.
    clerk.post(&form, &[("number", "11010519491231002X")]).await;
    clerk.post(&form, &[("number", "11010519491231002")]).await;
    let told = searched().await;
    assert!(told.len() == 2 && told.iter().any(|one| one.about == "-" && one.count == 0), "{told:?}");
    // Without a search, by an identifier alone: what is wrong comes back beside the name of the person.
    assert!(opened().await.is_empty());
    let shown = clerk.post(&form, &[("holder", &holder), ("valid_from", "nonsense")]).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(opened().await.iter().map(|one| one.person.as_str()).collect::<Vec<_>>(), [holder.as_str()]);
}

/// Somebody of the staff at a browser, and what their forms carry.
struct Looking<'o> {
    desk: &'o Desk<'o>,
    csrf: String,
}

impl<'o> Looking<'o> {
    async fn new(desk: &'o Desk<'o>, page: &str) -> Self {
        let csrf = hidden(&desk.get(page).await.text, "csrf");
        Self { desk, csrf }
    }

    /// Opens a page, or sends a form where there are fields.
    async fn look(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        if fields.is_empty() {
            return self.desk.get(path).await;
        }
        let csrf = ("csrf", self.csrf.as_str());
        let pairs =
            std::iter::once(&csrf).chain(fields).map(|(name, value)| format!("{name}={}", percent_encode(value)));
        self.desk.post_raw(path, pairs.collect::<Vec<_>>().join("&")).await
    }
}

#[tokio::test]
async fn looks_of_clerks_operators_and_auditors_leave_one_entry_each() {
    let office = office().await;
    let (clerk, auditor) = (Desk::new(&office, &office.clerk).await, auditor(&office).await);
    let mut work = office.app.database.begin(records::testing::context(NOW, 92)).await.unwrap();
    let who = ("运维庚", "33010119800101012");
    let operator = member(&mut work, &office.app, &office.department, who, &[Role::Operator]).await;
    let account = identity::account::open(&mut work, &office.person_id, "li.na", None).await.unwrap();
    work.commit().await.unwrap();
    let mut operator = Desk::new(&office, &operator).await;
    for set in operator.get("/operator/keys").await.headers.get_all(header::SET_COOKIE) {
        operator.cookie = format!("{}; {}", operator.cookie, set.to_str().unwrap().split(';').next().unwrap());
    }
    let application = apply(&clerk).await;
    let licence = office.issue("k").await.json()["id"].as_str().unwrap().to_owned();
    let (path, body) = ("/api/v1/licences", office.driving(&office.person).to_string());
    let other = office.call(Method::POST, path, Some("other"), &body).await.json()["id"].as_str().unwrap().to_owned();
    let filed = clerk.post(&format!("/console/licences/{licence}/revoke"), &REVOKE).await.location().to_owned();
    let clerk = Looking::new(&clerk, "/console/licences").await;
    let operator = Looking::new(&operator, "/operator/keys").await;
    let auditor = Looking::new(&auditor, "/audit").await;
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let (department, company, person) =
        (office.department.as_str(), office.company_id.as_str(), office.person_id.as_str());
    let number = office.person.as_str();
    let page = format!("/console/licences/{licence}");
    let opened = |which: &str, what: &str| ("licence.opened", which.to_owned(), format!("\"{what}\""));
    let seen = |what: &str| ("person.opened", person.to_owned(), format!("\"{what}\""));
    let searched = |about: &str, by: &str| ("person.searched", about.to_owned(), format!("\"{by}\""));
    let read = |about: &str, by: &str| ("log.read", about.to_owned(), format!("\"by\":\"{by}\""));
    let plain = |kind: &'static str, object: &str| (kind, object.to_owned(), String::new());
    let driving = format!("/console/apply/{}", built_in::DRIVING);
    let representative = format!("/operator/organisations/{company}/representative");
    let why = ("reason", "本人来函〔2026〕3 号");
    let looks = [
        (&clerk, "/console/licences".to_owned(), vec![], plain("licence.listed", department)),
        (&clerk, page.clone(), vec![], opened(&licence, "page")),
        (&clerk, format!("{page}/file.pdf"), vec![], opened(&licence, "file")),
        (&clerk, "/console/licences/find".to_owned(), vec![("q", &*licence)], plain("licence.searched", &licence)),
        (&clerk, format!("/console/licences/{other}/revoke"), REVOKE[..2].to_vec(), opened(&other, "revoke")),
        (&clerk, format!("{driving}?renews={other}"), vec![], opened(&other, "renew")),
        (&clerk, driving, vec![("number", number)], searched(person, "identity_number")),
        (&clerk, application.clone(), vec![], plain("application.opened", &id(&application))),
        (&clerk, filed.clone(), vec![], ("licence.revocation_opened", licence.clone(), id(&filed))),
        (&operator, "/operator/people".to_owned(), vec![("q", number)], searched(person, "identity_number")),
        (&operator, format!("/operator/people/{person}"), vec![], seen("page")),
        (&operator, format!("/operator/accounts/{account}"), vec![], seen("account")),
        (
            &operator,
            format!("/operator/accounts/{account}/reset"),
            vec![why, ("confirmed", "yes")],
            seen("password_reset"),
        ),
        (&operator, representative.clone(), vec![why, ("number", number)], searched(person, "identity_number")),
        // Nobody has this number, and that is an answer too.
        (&operator, representative, vec![why, ("number", "11010519491231002X")], searched("-", "identity_number")),
        (&auditor, "/audit/find".to_owned(), vec![("q", "欧阳龘")], searched(person, "name")),
        (&auditor, "/audit/find".to_owned(), vec![("q", number)], searched(person, "identity_number")),
        (&auditor, "/audit/find".to_owned(), vec![("q", "11010519491231002X")], searched("-", "identity_number")),
        (&auditor, "/audit/find".to_owned(), vec![("q", "li.na")], searched(person, "username")),
        (&auditor, "/audit/find".to_owned(), vec![("q", "无此人")], searched("-", "name")),
        (&auditor, "/audit/find".to_owned(), vec![("q", office.company.as_str())], read(company, "credit_code")),
        (&auditor, "/audit/find".to_owned(), vec![("q", &*licence)], read(&licence, "object")),
        (&auditor, "/audit/find".to_owned(), vec![("q", "滨江市市场监督管理局")], read(department, "name")),
        (&auditor, format!("/audit/entries?object={person}"), vec![], plain("log.read", person)),
    ];
    let count = async |(kind, object, says): &(&str, String, String)| {
        let mut tx = office.app.database.read().await.unwrap();
        let sql = "select count(*)
                     from event
                    where actor_kind = 'staff' and kind = $1 and object = $2 and data like $3";
        let (count,): (i64,) = tx.one(sql, records::args![*kind, object, format!("%{says}%")]).await.unwrap();
        count
    };
    let mut left = Vec::new();
    for (who, path, fields, entry) in &looks {
        let before = count(entry).await;
        let looked = who.look(path, fields).await;
        assert!(!looked.status.is_server_error() && looked.status != StatusCode::FORBIDDEN, "{path}: {}", looked.text);
        left.push((count(entry).await - before, path, entry));
    }
    left.retain(|(count, ..)| *count != 1);
    assert!(left.is_empty(), "{left:#?}");
}

#[tokio::test]
async fn an_auditor_finds_by_a_name_of_before_and_reads_from_which_name_to_which() {
    let office = office().await;
    renamed(&office, &office.person_id, "欧阳龙").await;
    let auditor = auditor(&office).await;
    for wanted in ["欧阳龘", "欧阳龙"] {
        let way = find(&auditor, wanted).await;
        assert_eq!(way.location(), format!("/audit/entries?object={}", office.person_id), "{wanted}");
    }
    let page = auditor.get(&format!("/audit/entries?object={}", office.person_id)).await.text;
    assert!(page.contains("姓名：欧阳龘 → 欧阳龙"), "{page}");
    let former = page.split_once("id=\"former\"").unwrap().1.split("</p>").next().unwrap();
    assert!(former.contains("欧阳龘（登记时起，至 2026-11-23 15:00:00"), "{former}");
    // The file says so in words, and the log itself does not know the names.
    let file = auditor.get(&format!("/audit/entries.csv?object={}", office.person_id)).await.text;
    let row = file.lines().find(|line| line.contains("person.changed")).unwrap();
    assert!(row.contains("欧阳龘 → 欧阳龙") && row.contains("\"\"renaming\"\":\"\"rnm_"), "{row}");
}

#[tokio::test]
async fn a_licence_keeps_the_name_that_it_was_issued_to_and_the_name_of_now_stands_beside_it() {
    let office = office().await;
    let body = office.driving(&office.person).to_string();
    let issued = office.call(Method::POST, "/api/v1/licences", Some("one"), &body).await.json();
    let id = issued["id"].as_str().unwrap();
    let mut work = office.app.database.begin(records::testing::context(NOW, 92)).await.unwrap();
    let account = identity::account::open(&mut work, &office.person_id, "citizen", None).await.unwrap();
    let opening = identity::session::Opening {
        account: &account,
        method: identity::session::Method::Password,
        address: "127.0.0.1",
        device: "test",
        limits: identity::session::Limits::default(),
    };
    let (token, _) = identity::session::open(&mut work, opening).await.unwrap();
    work.commit().await.unwrap();
    let mut holder = Desk::new(&office, &office.clerk).await;
    holder.cookie = format!("guosuo={}", token.expose());
    let clerk = Desk::new(&office, &office.clerk).await;
    let pages = [(&holder, "/me/licences".to_owned()), (&holder, format!("/me/licences/{id}"))];
    let pages = pages.into_iter().chain([(&clerk, format!("/console/licences/{id}"))]).collect::<Vec<_>>();
    for (who, path) in &pages {
        assert!(!who.get(path).await.text.contains("现用名"), "{path}");
    }
    renamed(&office, &office.person_id, "欧阳龙").await;
    for (who, path) in &pages {
        let page = who.get(path).await.text;
        let facts = page.split_once("class=\"facts\"").unwrap().1.split("</dl>").next().unwrap();
        assert!(facts.contains("现用名</dt>") && facts.contains("欧阳龙</dd>"), "{path}: {page}");
        assert!(facts.contains("欧阳龘"), "{path}: {facts}");
    }
    let list = holder.get("/me/licences").await.text;
    assert!(list.contains("<dd>欧阳龘</dd>"), "{list}");
}

/// A person gets another name from the operator of the machine.
async fn renamed(office: &Office, person: &base::id::PersonId, to: &str) {
    let context = records::Context { actor: records::testing::operator(), ..records::testing::context(NOW, 93) };
    let mut work = office.app.database.begin(context).await.unwrap();
    let before = identity::person::find(&mut work.tx, person).await.unwrap().unwrap().name;
    let renaming = identity::person::change::Renaming { before, after: to.to_owned() };
    let reason = identity::Reason::parse("户籍更正").unwrap();
    identity::person::change::rename(&mut work, person, &renaming, &reason).await.unwrap();
    work.commit().await.unwrap();
}

/// An auditor at a browser.
async fn auditor(office: &Office) -> Desk<'_> {
    let mut work = office.app.database.begin(records::testing::context(NOW, 91)).await.unwrap();
    let who = ("审计己", "33010119800101011");
    let auditor = member(&mut work, &office.app, &office.department, who, &[Role::Auditor]).await;
    work.commit().await.unwrap();
    let mut auditor = Desk::new(office, &auditor).await;
    // The console has no form for auditors: the first one makes a browser of theirs known.
    for set in auditor.get("/audit").await.headers.get_all(header::SET_COOKIE) {
        let pair = set.to_str().unwrap().split(';').next().unwrap();
        auditor.cookie = format!("{}; {pair}", auditor.cookie);
    }
    auditor
}

async fn find(auditor: &Desk<'_>, wanted: &str) -> Answer {
    let csrf = hidden(&auditor.get("/audit").await.text, "csrf");
    let body = format!("csrf={}&q={}", percent_encode(&csrf), percent_encode(wanted));
    auditor.post_raw("/audit/find", body).await
}

#[tokio::test]
async fn entries_are_chosen_by_kind_actor_and_object_at_once() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let mut work = office.app.database.begin(records::testing::context(NOW, 92)).await.unwrap();
    let account = identity::account::open(&mut work, &office.person_id, "li.na", None).await.unwrap();
    work.commit().await.unwrap();
    let licence = office.issue("k").await.json()["id"].as_str().unwrap().to_owned();
    clerk.get(&format!("/console/licences/{licence}")).await;
    let auditor = auditor(&office).await;
    let csrf = hidden(&auditor.get("/audit/entries").await.text, "csrf");
    let choose = async |kind: &str, actor: &str, object: &str| {
        let fields = [("csrf", csrf.as_str()), ("kind", kind), ("actor", actor), ("object", object)];
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
        auditor.post_raw("/audit/entries", body.join("&")).await
    };
    let (staff, person) = (office.clerk.staff.as_str(), office.person_id.as_str());
    for (kind, actor, object, way) in [
        ("licence.issued", "", "", "kind=licence.issued".to_owned()),
        ("", staff, "", format!("actor={staff}")),
        ("", "经办甲", "", format!("actor={staff}")),
        ("", "", "li.na", format!("object={account}")),
        ("", "", office.person.as_str(), format!("object={person}")),
        ("licence.opened", "经办甲", &*licence, format!("kind=licence.opened&actor={staff}&object={licence}")),
        // A kind that there is none of is no kind.
        ("<script>", "", "", String::new()),
    ] {
        assert_eq!(choose(kind, actor, object).await.location(), format!("/audit/entries?{way}"), "{kind} {actor}");
    }
    for (actor, object) in [("nobody", ""), ("li.na", ""), ("", "nobody")] {
        assert_eq!(choose("", actor, object).await.status, StatusCode::NOT_FOUND, "{actor} {object}");
    }
    // What was chosen is what is shown, in the file too, and stands in the form.
    let rows = |page: &str| page.matches("data-label=\"做了什么\"").count();
    let all = auditor.get(&format!("/audit/entries?object={licence}")).await.text;
    let query = format!("kind=licence.opened&actor={staff}&object={licence}");
    let some = auditor.get(&format!("/audit/entries?{query}")).await.text;
    assert!(rows(&all) > rows(&some) && rows(&some) == 1, "{some}");
    assert!(some.contains("<option value=\"licence.opened\" selected>查看证照</option>"), "{some}");
    assert!(some.contains(&format!("value=\"{staff}\"")) && some.contains(&format!("value=\"{licence}\"")), "{some}");
    let file = auditor.get(&format!("/audit/entries.csv?{query}")).await.text;
    assert_eq!(file.lines().count(), 2, "{file}");
    let kind = auditor.get("/audit/entries?kind=licence.issued").await.text;
    assert!(kind.contains("<h1>签发</h1>") && rows(&kind) == 1, "{kind}");
    let read = records::testing::told::<records::events::LogRead>(&office.app.database).await.unwrap();
    let by_kind: Vec<_> = read.iter().filter(|one| one.by == "kind").collect();
    assert_eq!((by_kind.len(), by_kind[0].about.as_str(), by_kind[0].count), (1, "licence.issued", 1));
    // Conditions that nothing of a long stretch meets are no end.
    let none = auditor.get(&format!("/audit/entries?kind=licence.revoked&actor={staff}")).await.text;
    assert!(none.contains("没有记录") && rows(&none) == 0, "{none}");
}

#[tokio::test]
async fn a_seal_is_found_by_its_number_and_what_has_a_name_is_titled_by_it() {
    let office = office().await;
    let auditor = auditor(&office).await;
    let seal = seal::find(&mut office.app.database.read().await.unwrap(), &office.seal).await.unwrap().unwrap();
    let grouped = format!(" {} {}", &seal.number[..6], &seal.number[6..]);
    for typed in [seal.number.as_str(), grouped.as_str()] {
        assert_eq!(
            find(&auditor, typed).await.location(),
            format!("/audit/entries?object={}", seal.seal_id),
            "{typed}"
        );
    }
    let department = format!("/audit/entries?object={}", office.department);
    let page = auditor.get(&format!("/audit/entries?object={}", seal.seal_id)).await.text;
    assert!(page.contains(&format!("<h1>{}</h1>", seal.name)) && page.contains(seal.seal_id.as_str()), "{page}");
    assert!(page.contains(&department) && page.contains("种类：电子证照专用章"), "{page}");
    // By the names that people know; a seal that was made anew has the name of the one before it.
    assert_eq!(find(&auditor, &seal.name).await.location(), format!("/audit/entries?object={}", seal.seal_id));
    assert_eq!(find(&auditor, " 滨江市市场监督管理局 ").await.location(), department);
    let before = "insert into seal (seal_id, organisation_id, kind, name, name_key, number, ring, below, keeper, state,
                                    applied_at, changed_at)
                  select 'sea_before', organisation_id, kind, name, name_key, '33019900000001', ring, below, keeper,
                         'cancelled', applied_at, changed_at
                    from seal
                   where seal_id = $1";
    let mut tx = office.app.database.housekeeping().await.unwrap();
    tx.run(before, records::args![&seal.seal_id]).await.unwrap();
    tx.commit().await.unwrap();
    let several = find(&auditor, &seal.name).await;
    assert!(several.text.contains("请按代码或编码选择") && several.text.contains("33019900000001"), "{}", several.text);
    assert!(several.text.contains(&format!("/audit/entries?object={}", seal.seal_id)), "{}", several.text);
    // From a department to its seals; made by a job that has words.
    let page = auditor.get(&department).await.text;
    assert!(page.contains("<h1>滨江市市场监督管理局</h1>") && page.contains(&format!("（{}）", seal.number)), "{page}");
}

#[tokio::test]
async fn what_was_checked_just_now_and_what_the_last_audit_found_are_one_state_the_worst_of_both() {
    let office = office().await;
    let auditor = auditor(&office).await;
    while records::log::sequence_events(&office.app.database).await.unwrap() > 0 {}
    let tags = |page: &str| page.matches("class=\"tag is-").count();
    let page = auditor.get("/audit").await.text;
    assert!(page.contains("还没有审计过") && page.contains("刚刚逐条核对"), "{page}");
    assert_eq!((page.matches("is-good").count(), tags(&page)), (0, 1), "{page}");
    let audited = async |findings: usize, named: Option<Vec<String>>| {
        let context = records::testing::context(NOW.plus_seconds(60), 92 + findings as u64);
        let mut work = office.app.database.begin(context).await.unwrap();
        let log = "log".to_owned();
        let (events, rows, checked, whole_at) = (9, 3, None, None);
        work.record(records::events::LogAudited { log, events, rows, findings, checked, whole_at, named });
        work.commit().await.unwrap();
        while records::log::sequence_events(&office.app.database).await.unwrap() > 0 {}
        auditor.get("/audit").await.text
    };
    let page = audited(0, None).await;
    assert!(page.contains("is-good") && page.contains("3 行数据，全部相符"), "{page}");
    // A row that was changed past the product: nothing is green, and the object is led to.
    let seal = &office.seal;
    let page = audited(1, Some(vec![format!("seal {seal} was changed past the product")])).await;
    let state = page.split_once("id=\"state\"").unwrap().1;
    assert!(state.find("id=\"last\"").unwrap() < state.find("id=\"end\"").unwrap(), "what is wrong first: {state}");
    assert!(!page.contains("is-good") && state.contains("发现 1 处问题"), "{page}");
    assert!(state.contains(&format!("/audit/entries?object={seal}")), "{state}");
}

#[tokio::test]
async fn what_an_audit_found_is_read_in_ones_language_by_what_people_call_it_and_a_person_by_no_name() {
    let office = office().await;
    let auditor = auditor(&office).await;
    let licence = office.issue("k").await.json();
    let (id, identifier) = (licence["id"].as_str().unwrap(), licence["identifier"].as_str().unwrap());
    let (seal, person) = (&office.seal, &office.person_id);
    let mut tx = office.app.database.read().await.unwrap();
    let called = seal::find(&mut tx, seal).await.unwrap().unwrap().name;
    let whose = identity::person::find(&mut tx, person).await.unwrap().unwrap().name;
    drop(tx);
    let audited = async |n: u64, named: &[String]| {
        let context = records::testing::context(NOW.plus_seconds(60), 98 + n);
        let mut work = office.app.database.begin(context).await.unwrap();
        let (log, findings, named) = ("log".to_owned(), named.len(), Some(named.to_vec()));
        let (events, rows, checked, whole_at) = (9, 3, None, None);
        work.record(records::events::LogAudited { log, events, rows, findings, checked, whole_at, named });
        work.commit().await.unwrap();
        while records::log::sequence_events(&office.app.database).await.unwrap() > 0 {}
    };
    let named = [
        format!("licence {id} was put back to what it was before its last change"),
        format!("licence_file {id} was taken away past the product"),
        format!("seal {seal} was changed past the product"),
        format!("person {person} was changed past the product"),
        "event 7 is missing".to_owned(),
    ];
    audited(0, &named).await;
    let page = auditor.get("/audit").await.text;
    let state = page.split_once("id=\"state\"").unwrap().1;
    for said in [
        format!("证照 {identifier} 的数据被绕过本系统换回上一次变更之前的内容。"),
        format!("证照文件 {identifier} 的数据被绕过本系统删除。"),
        format!("电子印章 {called} 的数据被绕过本系统改动。"),
        format!("个人登记 {person} 的数据被绕过本系统改动。"),
        "第 7 条记录缺失。".to_owned(),
    ] {
        assert!(state.contains(&format!("<span>{said}</span>")), "{said}: {state}");
        assert!(auditor.get("/audit/entries?object=log").await.text.contains(&said), "{said}");
    }
    for object in [id, seal.as_str(), person.as_str()] {
        assert!(state.contains(&format!("/audit/entries?object={object}")), "{object}: {state}");
    }
    assert!(!state.contains(&whose), "{state}");
    let english = Desk { office: &office, cookie: format!("{}; guosuo-lang=en", auditor.cookie) };
    let page = english.get("/audit").await.text;
    assert!(page.contains(&format!("The row of licence {identifier} was put back")), "{page}");
    audited(1, &["something that another version says".to_owned()]).await;
    let page = auditor.get("/audit").await.text;
    assert!(page.contains("<span lang=\"en\">something that another version says</span>"), "{page}");
}

#[tokio::test]
async fn a_look_that_cannot_be_written_down_is_not_answered() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    assert_eq!(clerk.get("/console/licences").await.status, StatusCode::OK);
    let refuse = match office.app.database.dialect().name() {
        "sqlite" => {
            "create trigger no_looks before insert on event when new.kind = 'licence.listed' \
             begin select raise(abort, 'the disk is full'); end"
        }
        _ => "alter table event add constraint no_looks check (kind <> 'licence.listed') not valid",
    };
    let mut tx = office.app.database.housekeeping().await.unwrap();
    tx.run(refuse, vec![]).await.unwrap();
    tx.commit().await.unwrap();
    let answer = clerk.get("/console/licences").await;
    assert!(answer.status.is_server_error() && !answer.text.contains("lic_"), "{}", answer.status);
}

#[tokio::test]
async fn a_filter_of_entries_that_finds_nothing_stays_as_it_was_typed_and_takes_an_application_by_its_name() {
    let office = office().await;
    let (auditor, client) = (auditor(&office).await, "网上年检");
    let mut work = office.app.database.begin(records::testing::context(NOW, 93)).await.unwrap();
    let new = oidc::client::Registration {
        client_id: oidc::client::ClientId::parse("yearly").unwrap(),
        name: base::Text::fixed(client, "Yearly check"),
        purpose: base::Text::fixed("年检", "Yearly checks"),
        organisation_id: office.department.clone(),
        backchannel_logout_uri: None,
        settings: oidc::client::ClientSettings {
            grants: vec![oidc::client::GrantType::ClientCredentials],
            scopes: "licence:verify".to_owned(),
            ..oidc::client::ClientSettings::default()
        },
    };
    oidc::client::register(&mut work, office.app.provider.uri_policy(), new).await.unwrap();
    work.commit().await.unwrap();
    let csrf = hidden(&auditor.get("/audit/entries").await.text, "csrf");
    let post = async |path: &str, fields: &[(&str, &str)]| {
        let mut body = vec![format!("csrf={}", percent_encode(&csrf))];
        body.extend(fields.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))));
        auditor.post_raw(path, body.join("&")).await
    };
    let typed = [("kind", "licence.opened"), ("actor", "查无此人"), ("object", "")];
    let nothing = post("/audit/entries", &typed).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND, "{}", nothing.text);
    for part in ["id=\"choose\"", "value=\"licence.opened\" selected", "value=\"查无此人\"", "没有找到对应的人"]
    {
        assert!(nothing.text.contains(part), "{part}: {}", nothing.text);
    }
    let number = base::number::IdentityNumber::complete("11010519491231002").unwrap();
    let nobody = post("/audit/entries", &[("object", number.as_str())]).await;
    assert!(nobody.text.contains(&number.masked()) && !nobody.text.contains(number.as_str()), "{}", nobody.text);
    for name in [client, "Yearly check"] {
        let way = post("/audit/entries", &[("object", name)]).await;
        assert_eq!((way.status, way.location()), (StatusCode::SEE_OTHER, "/audit/entries?object=yearly"), "{name}");
    }
}

#[tokio::test]
async fn an_entry_about_nobody_leads_nowhere_and_one_about_a_kind_says_it_in_words() {
    let office = office().await;
    let auditor = auditor(&office).await;
    let csrf = hidden(&auditor.get("/audit/entries").await.text, "csrf");
    let post = async |path: &str, fields: &[(&str, &str)]| {
        let mut body = vec![format!("csrf={}", percent_encode(&csrf))];
        body.extend(fields.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))));
        auditor.post_raw(path, body.join("&")).await
    };
    post("/audit/find", &[("q", "查无此人")]).await;
    auditor.get("/audit/entries?kind=password.reset_filed").await;
    let page = auditor.get("/audit/entries").await.text;
    assert!(!page.contains("object=-\"") && !page.contains(">password.reset_filed<"), "{page}");
    assert!(page.contains("方式：事项；数量：0"), "{page}");
    // Kinds of events stand in groups, in the order of the words.
    let (_, kinds) = page.split_once("<optgroup label=\"电子印章\">").unwrap();
    let kinds: Vec<_> = kinds.split("</optgroup>").next().unwrap().split("</option>").collect();
    let said: Vec<_> = kinds.iter().filter_map(|option| option.rsplit_once('>')).map(|(_, words)| words).collect();
    assert!(said.iter().filter(|words| !words.trim().is_empty()).is_sorted(), "{said:?}");
}

/// Where a link of a page leads that switches the language.
fn switch_on(page: &str) -> String {
    let (_, link) = page.split_once("href=\"/language?").unwrap();
    format!("/language?{}", link.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&"))
}

#[tokio::test]
async fn a_look_in_another_language_is_the_same_look_and_no_other_page_is_had_by_it() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let licence = office.issue("k").await.json()["id"].as_str().unwrap().to_owned();
    let other = office.issue("k2").await.json()["id"].as_str().unwrap().to_owned();
    let page = format!("/console/licences/{licence}");
    let looks = async || {
        let told: Vec<LicenceOpened> = records::testing::told(&office.fresh.database).await.unwrap();
        told.len()
    };
    let first = clerk.get(&page).await.text;
    assert_eq!(looks().await, 1);
    let switched = clerk.get(&switch_on(&first)).await.location().to_owned();
    assert!(switched.starts_with(&format!("{page}?seen=")), "{switched}");
    let again = clerk.get(&switched).await;
    assert_eq!((again.status, looks().await), (StatusCode::OK, 1), "it was seen before");
    let back = clerk.get(&switch_on(&again.text)).await.location().to_owned();
    assert_eq!(back, switched, "the code does not grow older by being used");
    let code = switched.split_once('?').unwrap().1;
    clerk.get(&format!("/console/licences/{other}?{code}")).await;
    assert_eq!(looks().await, 2, "it is good for one page");
    let reviewer = Desk::new(&office, &office.reviewer).await;
    reviewer.get(&switched).await;
    assert_eq!(looks().await, 3, "and in one session");
    clerk.get(&format!("{page}?seen=1795000000000000.x")).await;
    assert_eq!(looks().await, 4, "nobody makes one up");
    // A page that was no look carries none, and what a search found is one search in whatever language.
    assert!(!clerk.get("/console/apply").await.text.contains("seen="));
    let searches = async || {
        let told: Vec<LicencesSearched> = records::testing::told(&office.fresh.database).await.unwrap();
        told.len()
    };
    let found = clerk.post("/console/licences/find", &[("q", "nothing")]).await;
    let switched = clerk.get(&switch_on(&found.text)).await.location().to_owned();
    clerk.get(&switched).await;
    assert_eq!(searches().await, 1);
}
