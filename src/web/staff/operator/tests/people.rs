//! People and their accounts on the pages of operators.

use identity::{
    account,
    events::{PeopleSearched, PersonOpened},
    person,
};

use super::{clients::Two, *};

const SURE: (&str, &str) = ("confirmed", "yes");
const WHY: (&str, &str) = ("reason", "本人来函〔2026〕3 号");

/// An account of the citizen of the office, and its page.
async fn citizen(two: &Two, username: &str) -> String {
    let office = &two.office;
    let mut work = office.app.database.begin(records::testing::context(NOW, 31)).await.unwrap();
    let account = account::open(&mut work, &office.person_id, username, None).await.unwrap();
    work.commit().await.unwrap();
    format!("/operator/accounts/{account}")
}

#[tokio::test]
async fn an_operator_finds_somebody_by_number_username_or_whole_name_and_sees_no_list() {
    let two = Two::new().await;
    let way = citizen(&two, "li.na").await;
    assert!(two.get(&two.one, "/console").await.text.contains("href=\"/operator/people\""));
    let number = two.office.person.as_str().to_owned();
    let page = format!("/operator/people/{}", two.office.person_id);
    let name = person::find(&mut two.office.app.database.read().await.unwrap(), &two.office.person_id)
        .await
        .unwrap()
        .unwrap()
        .name;
    for wanted in [number.as_str(), &format!("{} {}", &number[..6], &number[6..]), " LI.NA ", name.as_str()] {
        let found = two.post(&two.one, "/operator/people", &[("q", wanted)]).await;
        assert_eq!((found.status, found.location()), (StatusCode::SEE_OTHER, page.as_str()), "{wanted}");
    }
    for wanted in ["", "  ", &name[..3], "nobody", "110105194912310021", "%"] {
        let missed = two.post(&two.one, "/operator/people", &[("q", wanted)]).await;
        assert_eq!(missed.status, StatusCode::NOT_FOUND, "{wanted}");
        assert!(!missed.text.contains("/operator/people/per_"), "{wanted}");
    }
    let shown = two.get(&two.one, &page).await;
    assert!(shown.text.contains(&way) && shown.text.contains(&two.office.person.masked()), "{}", shown.text);
    assert!(!shown.text.contains(&number));
    // Of two with one name both are shown, with what tells them apart.
    let mut work = two.office.app.database.begin(records::testing::context(NOW, 32)).await.unwrap();
    let (second, other) =
        crate::public::api::tests::register(&mut work, &two.office.app, &name, "33010119800101055").await;
    work.commit().await.unwrap();
    let both = two.post(&two.one, "/operator/people", &[("q", &name)]).await;
    assert!(both.text.contains(second.as_str()) && both.text.contains(&other.masked()), "{}", both.text);
    for path in [page.as_str(), "/operator/people", &way] {
        assert_eq!(two.get(&two.office.clerk.cookie, path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/operator/people/x", "/operator/accounts/x", "/operator/accounts/acc_01K9Q3ZV5T8M2C4N6R7S9W0XYZ"] {
        assert_eq!(two.get(&two.one, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn whoever_was_renamed_is_found_by_the_old_name_and_the_page_says_until_when_it_was() {
    let two = Two::new().await;
    let page = format!("/operator/people/{}", two.office.person_id);
    assert!(!two.get(&two.one, &page).await.text.contains("曾用姓名"));
    let wanted = [("new_name", "欧阳龙"), WHY, SURE];
    assert_eq!(two.post(&two.one, &format!("{page}/name"), &wanted).await.led_to(), format!("{page}?proposed"));
    let proposal = two.proposal(&page).await;
    two.post(&two.other, &format!("{proposal}/approve"), &[]).await;
    for wanted in ["欧阳龘", "欧阳龙"] {
        let found = two.post(&two.one, "/operator/people", &[("q", wanted)]).await;
        assert_eq!((found.status, found.location()), (StatusCode::SEE_OTHER, page.as_str()), "{wanted}");
    }
    let shown = two.get(&two.one, &page).await.text;
    assert!(shown.contains("<dd id=\"former\">欧阳龘（登记时起，至 2026-11-23 15:00:00"), "{shown}");
    // Somebody else has that name now: both are shown, and who is which.
    let mut work = two.office.app.database.begin(records::testing::context(NOW, 32)).await.unwrap();
    crate::public::api::tests::register(&mut work, &two.office.app, "欧阳龘", "33010119800101055").await;
    work.commit().await.unwrap();
    let both = two.post(&two.one, "/operator/people", &[("q", "欧阳龘")]).await.text;
    assert!(both.contains(">欧阳龘</a>") && both.contains("欧阳龙（曾用名“欧阳龘”）</a>"), "{both}");
}

#[tokio::test]
async fn an_operator_locks_unlocks_resets_renames_and_closes_after_a_look_at_what_follows() {
    let two = Two::new().await;
    let way = citizen(&two, "li.na").await;
    let act = |name: &str| format!("{way}/{name}");
    let page = async || two.get(&two.one, &way).await.text;
    assert_eq!(two.post(&two.one, &act("lock"), &[SURE]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "no reason");
    let ask = two.post(&two.one, &act("lock"), &[WHY]).await;
    assert!(ask.text.contains("解锁之前不能登录") && ask.text.contains("立即生效"), "{}", ask.text);
    assert!(page().await.contains("正常"));
    let done = format!("{way}?done");
    assert_eq!(two.post(&two.one, &act("lock"), &[WHY, SURE]).await.led_to(), done);
    assert!(page().await.contains("已锁定") && page().await.contains("id=\"unlock\""));
    let locked = page().await;
    assert!(locked.contains("id=\"locked-by\">运维己") && locked.contains(WHY.1), "who locked it, and why: {locked}");
    assert!(locked.contains("锁定时间"), "{locked}");
    let refused = two.post(&two.one, &act("reset"), &[WHY, SURE]).await;
    assert_eq!((refused.status, refused.text.contains("已被锁定")), (StatusCode::CONFLICT, true));
    assert_eq!(two.post(&two.one, &act("unlock"), &[WHY, SURE]).await.led_to(), done);
    let reset = two.post(&two.one, &act("reset"), &[WHY, SURE]).await;
    assert_eq!(reset.status, StatusCode::OK);
    let password = reset.text.split_once("id=\"secret\">").unwrap().1.split('<').next().unwrap().to_owned();
    assert_eq!(password.len(), 19, "{password}");
    assert!(page().await.contains("临时密码，有效至") && !page().await.contains(&password));
    let ask = two.post(&two.one, &act("rename"), &[WHY, ("to", "li.na2")]).await;
    assert!(ask.text.contains("li.na2") && ask.text.contains("name=\"to\" value=\"li.na2\""), "{}", ask.text);
    assert!(ask.text.contains("<td data-label=\"内容\">账号</td>"), "what is different has a name: {}", ask.text);
    let taken = two.post(&two.one, &act("rename"), &[WHY, SURE, ("to", "李娜")]).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(two.post(&two.one, &act("rename"), &[WHY, SURE, ("to", "li.na2")]).await.led_to(), done);
    assert!(page().await.contains("<h1>li.na2</h1>") && !page().await.contains("locked-by"));
    assert_eq!(two.post(&two.one, &act("close"), &[WHY, SURE]).await.led_to(), done);
    let closed = page().await;
    assert!(closed.contains("已关闭") && !closed.contains("id=\"unlock\""), "{closed}");
}

#[tokio::test]
async fn the_password_of_a_reviewer_is_reset_by_two_operators_and_the_second_one_hands_it_over() {
    let two = Two::new().await;
    let office = &two.office;
    let mut tx = office.app.database.read().await.unwrap();
    let reviewer = identity::staff::find(&mut tx, &office.reviewer.staff).await.unwrap().unwrap().person_id;
    let account = account::of_person(&mut tx, &reviewer).await.unwrap().remove(0).account_id;
    drop(tx);
    let way = format!("/operator/accounts/{account}");
    let page = two.get(&two.one, &way).await.text;
    assert!(page.contains("此人担任的岗位：经办、审核。") && page.contains("须另一名运维人员批准"), "{page}");
    let ask = two.post(&two.one, &format!("{way}/reset"), &[WHY]).await;
    assert!(ask.text.contains("批准之前一切不变") && !ask.text.contains("扩大权限"), "{}", ask.text);
    assert!(ask.text.contains("<dt>批准后</dt>") && !ask.text.contains("确认后"), "{}", ask.text);
    let proposed = two.post(&two.one, &format!("{way}/reset"), &[WHY, SURE]).await;
    assert_eq!(proposed.led_to(), format!("{way}?proposed"));
    assert!(two.get(&two.one, &way).await.text.contains("没有密码"));
    let proposal = two.proposal(&way).await;
    assert!(two.get(&two.other, &proposal).await.text.contains(&way));
    assert_eq!(two.post(&two.one, &format!("{proposal}/approve"), &[]).await.status, StatusCode::FORBIDDEN);
    let done = two.post(&two.other, &format!("{proposal}/approve"), &[]).await;
    let password = done.text.split_once("id=\"secret\">").unwrap().1.split('<').next().unwrap();
    assert_eq!((done.status, password.len()), (StatusCode::OK, 19));
    // Their own account they leave to each other.
    let operator =
        person::find_by_name(&mut office.app.database.read().await.unwrap(), "运维己").await.unwrap().remove(0);
    let own = account::of_person(&mut office.app.database.read().await.unwrap(), &operator.person_id).await.unwrap();
    let own = format!("/operator/accounts/{}", own[0].account_id);
    assert!(two.get(&two.one, &own).await.text.contains("由其他运维人员办理"));
    let refused = two.post(&two.one, &format!("{own}/lock"), &[WHY, SURE]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_registered_of_a_person_is_corrected_on_the_page_and_a_name_by_two() {
    let two = Two::new().await;
    let way = format!("/operator/people/{}", two.office.person_id);
    let page = two.get(&two.one, &way).await.text;
    let before = page.split_once("name=\"before\" value=\"").unwrap().1.split('"').next().unwrap();
    let before = before.replace("&#34;", "\"").replace("&quot;", "\"");
    let fields =
        [("before", before.as_str()), ("phone", "13800138000"), ("email", "li@example.org"), ("address", ""), WHY];
    let ask = two.post(&two.one, &format!("{way}/contact"), &fields).await;
    assert!(ask.text.contains("是否核实") && ask.text.contains("13800138000"), "{}", ask.text);
    let done = two.post(&two.one, &format!("{way}/contact"), &[&fields[..], &[SURE]].concat()).await;
    assert_eq!(done.led_to(), format!("{way}?done"), "{}", done.text);
    assert!(two.get(&two.one, &way).await.text.contains("value=\"li@example.org\""));
    let stale = two.post(&two.other, &format!("{way}/contact"), &[&fields[..], &[SURE]].concat()).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    let ask = two.post(&two.one, &format!("{way}/name"), &[("new_name", "李思"), WHY]).await;
    assert!(ask.text.contains("另一名运维人员") && ask.text.contains("李思"), "{}", ask.text);
    let proposed = two.post(&two.one, &format!("{way}/name"), &[("new_name", "李思"), WHY, SURE]).await;
    assert_eq!(proposed.led_to(), format!("{way}?proposed"), "{}", proposed.text);
    let proposal = two.proposal(&way).await;
    assert!(two.get(&two.other, &proposal).await.text.contains("李思"));
    assert_eq!(two.post(&two.other, &format!("{proposal}/approve"), &[]).await.location(), proposal);
    assert!(two.get(&two.one, &way).await.text.contains("<dd>李思</dd>"));
}

#[tokio::test]
async fn somebody_is_appointed_on_the_page_by_two_operators_and_dismissed_by_one() {
    let two = Two::new().await;
    let way = format!("/operator/people/{}", two.office.person_id);
    let mut tx = two.office.app.database.read().await.unwrap();
    let department = identity::organisation::find(&mut tx, &two.office.department).await.unwrap().unwrap();
    drop(tx);
    let code = department.credit_code.as_str();
    let appoint = format!("{way}/appoint");
    let page = two.get(&two.one, &way).await.text;
    assert!(page.contains("id=\"role_reviewer\"") && page.contains("href=\"/operator/organisations\""), "{page}");
    let without = two.post(&two.one, &appoint, &[("code", code), WHY]).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY, "without a role");
    let company =
        two.post(&two.one, &appoint, &[("code", two.office.company.as_str()), ("role_clerk", "yes"), WHY]).await;
    assert_eq!(company.status, StatusCode::NOT_FOUND, "a company has no staff");
    let fields = [("code", code), ("role_clerk", "yes"), ("role_counter", "yes"), WHY];
    let ask = two.post(&two.one, &appoint, &fields).await;
    assert!(ask.text.contains("另一名运维人员") && ask.text.contains("经办、窗口"), "{}", ask.text);
    let proposed = two.post(&two.one, &appoint, &[&fields[..], &[SURE]].concat()).await;
    assert_eq!(proposed.led_to(), format!("{way}?proposed"), "{}", proposed.text);
    let proposal = two.proposal(&way).await;
    assert!(two.get(&two.other, &proposal).await.text.contains("经办、窗口"));
    assert_eq!(two.post(&two.one, &format!("{proposal}/approve"), &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(two.post(&two.other, &format!("{proposal}/approve"), &[]).await.location(), proposal);
    let page = two.get(&two.one, &way).await.text;
    assert!(page.contains("经办、窗口") && page.contains("id=\"dismiss\"") && !page.contains("id=\"appoint\""));
    let ask = two.post(&two.one, &format!("{way}/dismiss"), &[WHY]).await;
    assert!(ask.text.contains("立即生效") && ask.text.contains("经办、窗口"), "{}", ask.text);
    assert_eq!(two.post(&two.one, &format!("{way}/dismiss"), &[WHY, SURE]).await.led_to(), format!("{way}?done"));
    assert!(two.get(&two.one, &way).await.text.contains("id=\"appoint\""));
}

#[tokio::test]
async fn whoever_is_asked_to_confirm_what_is_done_to_somebody_has_looked_at_that_person_once() {
    let two = Two::new().await;
    let account = citizen(&two, "li.na").await;
    let database = &two.office.app.database;
    let id = two.office.person_id.as_str();
    let person = format!("/operator/people/{id}");
    let mut tx = database.read().await.unwrap();
    let reviewer = identity::staff::find(&mut tx, &two.office.reviewer.staff).await.unwrap().unwrap().person_id;
    let department = identity::organisation::find(&mut tx, &two.office.department).await.unwrap().unwrap();
    drop(tx);
    let contact = r#"{"phone_number":null,"email":null,"address":null}"#;
    let mut told = 0;
    for (path, fields, whom, what) in [
        (format!("{account}/lock"), vec![], id, "account"),
        (format!("{account}/rename"), vec![("to", "li.na2")], id, "account"),
        (format!("{account}/reset"), vec![], id, "account"),
        (format!("{account}/close"), vec![], id, "account"),
        (format!("{person}/name"), vec![("new_name", "李思")], id, "page"),
        (format!("{person}/contact"), vec![("before", contact), ("phone", "13800138000")], id, "page"),
        (
            format!("{person}/appoint"),
            vec![("code", department.credit_code.as_str()), ("role_clerk", "yes")],
            id,
            "page",
        ),
        (format!("/operator/people/{reviewer}/dismiss"), vec![], reviewer.as_str(), "page"),
    ] {
        let asked = two.post(&two.one, &path, &[&fields[..], &[WHY]].concat()).await;
        assert!(asked.status == StatusCode::OK && asked.text.contains("name=\"confirmed\""), "{path}: {}", asked.text);
        let opened = records::testing::told::<PersonOpened>(database).await.unwrap();
        let new: Vec<_> =
            opened.iter().filter(|look| (look.person.as_str(), look.what.as_str()) == (whom, what)).collect();
        told += 1;
        assert_eq!(opened.len(), told, "{path}: one look for one page");
        assert!(!new.is_empty(), "{path}: {opened:?}");
    }
}

#[tokio::test]
async fn an_operator_who_looks_for_people_or_at_one_leaves_an_entry_or_sees_nothing() {
    let two = Two::new().await;
    let way = citizen(&two, "li.na").await;
    let database = &two.office.app.database;
    let id = two.office.person_id.as_str();
    let page = format!("/operator/people/{id}");
    for wanted in [two.office.person.as_str(), "li.na", "nobody at all"] {
        two.post(&two.one, "/operator/people", &[("q", wanted)]).await;
    }
    let searched: Vec<_> = records::testing::told::<PeopleSearched>(database).await.unwrap();
    let mut searched: Vec<_> =
        searched.iter().map(|look| (look.by.as_str(), look.about.as_str(), look.count)).collect();
    searched.sort_unstable();
    assert_eq!(searched, [("identity_number", id, 1), ("name", "-", 0), ("username", id, 1)]);
    two.get(&two.one, &page).await;
    two.get(&two.one, &way).await;
    let opened = records::testing::told::<PersonOpened>(database).await.unwrap();
    let mut opened: Vec<_> = opened.iter().map(|look| (look.person.as_str(), look.what.as_str())).collect();
    opened.sort_unstable();
    assert_eq!(opened, [(id, "account"), (id, "page")]);
    let refuse = match database.dialect().name() {
        "sqlite" => {
            "create trigger no_looks before insert on event when new.kind in ('person.opened', 'person.searched') \
             begin select raise(abort, 'the disk is full'); end"
        }
        _ => {
            "alter table event add constraint no_looks check (kind not in ('person.opened', 'person.searched')) not valid"
        }
    };
    let mut tx = database.housekeeping().await.unwrap();
    tx.run(refuse, vec![]).await.unwrap();
    tx.commit().await.unwrap();
    let masked = two.office.person.masked();
    for shown in [
        two.get(&two.one, &page).await,
        two.get(&two.one, &way).await,
        two.post(&two.one, "/operator/people", &[("q", "li.na")]).await,
    ] {
        assert!(shown.status.is_server_error() && !shown.text.contains(&masked), "{}", shown.status);
    }
}

#[tokio::test]
async fn whoever_takes_the_only_other_operator_away_is_told_first_that_one_is_left() {
    let two = Two::new().await;
    let mut tx = two.office.app.database.read().await.unwrap();
    let mut operators = Vec::new();
    for name in ["运维己", "运维庚"] {
        let person = person::find_by_name(&mut tx, name).await.unwrap().remove(0).person_id;
        let account = account::of_person(&mut tx, &person).await.unwrap().remove(0).account_id;
        operators.push((person, account));
    }
    drop(tx);
    // Past the product, which would end their sessions.
    let with_password = async |account: &base::id::AccountId| {
        let mut tx = two.office.app.database.housekeeping().await.unwrap();
        let sql = "insert into password (account_id, phc, set_at) values ($1, 'phc', 0)";
        tx.run(sql, records::args![account]).await.unwrap();
        tx.commit().await.unwrap();
    };
    for (_, account) in &operators {
        with_password(account).await;
    }
    let (other, their_account) = &operators[1];
    let acts = [
        format!("/operator/people/{other}/dismiss"),
        format!("/operator/accounts/{their_account}/lock"),
        format!("/operator/accounts/{their_account}/close"),
    ];
    for act in &acts {
        let ask = two.post(&two.one, act, &[WHY]).await;
        assert_eq!(ask.status, StatusCode::OK, "{}", ask.text);
        assert!(ask.text.contains("id=\"warning\"") && ask.text.contains("此后只剩一名"), "{act}: {}", ask.text);
    }
    // Nobody is told so who takes another role away, or one operator of three.
    let mut tx = two.office.app.database.read().await.unwrap();
    let clerk = identity::staff::find(&mut tx, &two.office.clerk.staff).await.unwrap().unwrap().person_id;
    drop(tx);
    let ask = two.post(&two.one, &format!("/operator/people/{clerk}/dismiss"), &[WHY]).await;
    assert!(ask.text.contains("id=\"go\"") && !ask.text.contains("id=\"warning\""), "{}", ask.text);
    let mut work = two.office.app.database.begin(records::testing::context(NOW, 53)).await.unwrap();
    let who = ("运维辛", "33010119800101013");
    crate::public::api::tests::member(&mut work, &two.office.app, &two.office.department, who, &[Role::Operator]).await;
    work.commit().await.unwrap();
    let third = person::find_by_name(&mut two.office.app.database.read().await.unwrap(), "运维辛").await.unwrap();
    let mut tx = two.office.app.database.read().await.unwrap();
    let account = account::of_person(&mut tx, &third[0].person_id).await.unwrap().remove(0).account_id;
    drop(tx);
    for act in &acts {
        let without = two.post(&two.one, act, &[WHY]).await.text;
        assert!(without.contains("id=\"warning\""), "an operator without a password cannot act: {without}");
    }
    with_password(&account).await;
    for act in &acts {
        let ask = two.post(&two.one, act, &[WHY]).await.text;
        assert!(ask.contains("id=\"go\"") && !ask.contains("id=\"warning\""), "{act}: {ask}");
    }
}

#[tokio::test]
async fn whoever_proposes_what_no_other_operator_can_approve_is_told_before_and_on_the_proposal() {
    let two = Two::new().await;
    let way = format!("/operator/people/{}/name", two.office.person_id);
    let wanted = [WHY, ("new_name", "张伟明")];
    let ask = async || two.post(&two.one, &way, &wanted).await.text;
    // The other one has no password to sign in with.
    let told = ask().await;
    assert!(told.contains("id=\"in-vain\"") && told.contains("id=\"go\""), "{told}");
    let contact = [WHY, ("before", "{}"), ("phone", "13800138000")];
    let at_once = two.post(&two.one, &format!("/operator/people/{}/contact", two.office.person_id), &contact).await;
    assert!(!at_once.text.contains("id=\"in-vain\""), "{}", at_once.text);
    let proposed = two.post(&two.one, &way, &[WHY, ("new_name", "张伟明"), SURE]).await;
    assert_eq!(proposed.status, StatusCode::SEE_OTHER, "{}", proposed.text);
    let proposal = two.proposal(&format!("/operator/people/{}", two.office.person_id)).await;
    assert!(two.get(&two.one, &proposal).await.text.contains("id=\"in-vain\""));
    let mut tx = two.office.app.database.housekeeping().await.unwrap();
    let other = person::find_by_name(&mut tx, "运维庚").await.unwrap().remove(0).person_id;
    let account = account::of_person(&mut tx, &other).await.unwrap().remove(0).account_id;
    let sql = "insert into password (account_id, phc, set_at) values ($1, 'phc', 0)";
    tx.run(sql, records::args![&account]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!two.get(&two.one, &proposal).await.text.contains("id=\"in-vain\""));
}
