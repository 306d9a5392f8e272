//! Each row is seen in what it leaves behind, after the one operation that begins it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use base::{
    Instant, ListPage, Text,
    id::{AccountId, OrganisationId, PersonId, SessionId},
    number::{CreditCode, IdentityNumber},
};
use identity::{
    PasswordGate, Role, Vault, account, command_key, death,
    organisation::{self, NewOrganisation, OrganisationKind},
    password,
    person::{self, NewPerson, Profile},
    session::{self, Limits, Method, Opening},
    staff,
};
use licence::built_in;
use oidc::{
    ClientId,
    client::{self, ClientSettings, Registration, uri::UriPolicy},
};
use records::{
    Work, args,
    log::{self, Filter},
    testing::{self, Fresh, context},
};

use super::TABLE;

fn at(seconds: i64) -> Instant {
    Instant::from_seconds(1_790_000_000 + seconds)
}

/// A clerk who is signed in twice, with tokens of one app in each session, and who has a driving licence.
struct City {
    fresh: Fresh,
    person: PersonId,
    account: AccountId,
    sessions: [SessionId; 2],
    company: OrganisationId,
    acts: AtomicU64,
}

impl City {
    async fn found() -> Self {
        let fresh = testing::fresh_following(TABLE).await.unwrap();
        let mut work = fresh.database.begin(context(at(0), 1)).await.unwrap();
        let new = NewPerson {
            name: "张伟".to_owned(),
            identity_number: IdentityNumber::complete("11010519900101001").unwrap(),
            profile: Profile::default(),
        };
        let person = person::register(&mut work, &Vault::new(&[7; 32]), new).await.unwrap();
        let account = account::open(&mut work, &person, "zhangwei", None).await.unwrap();
        let department =
            organisation(&mut work, "滨江市公安局", "11330100002489402", OrganisationKind::Department).await;
        let company =
            organisation(&mut work, "滨江市龙福餐饮有限公司", "91330100MA2ABCDE1", OrganisationKind::Enterprise).await;
        staff::appoint(&mut work, &person, &department, &[Role::Clerk]).await.unwrap();
        app(&mut work, &department).await;
        let sessions = [signed_in(&mut work, &person, &account).await, signed_in(&mut work, &person, &account).await];
        built_in::install(&mut work).await.unwrap();
        licence(&mut work, "lic_driving", built_in::DRIVING, ("person", person.as_str())).await;
        licence(&mut work, "lic_birth", built_in::BIRTH, ("person", person.as_str())).await;
        licence(&mut work, "lic_food", built_in::FOOD, ("organisation", company.as_str())).await;
        work.commit().await.unwrap();
        Self { fresh, person, account, sessions, company, acts: AtomicU64::new(2) }
    }

    async fn begin(&self) -> Work {
        let seed = self.acts.fetch_add(1, Ordering::Relaxed);
        self.fresh.database.begin(context(at(60), seed)).await.unwrap()
    }

    async fn last_kinds(&self, count: usize) -> Vec<String> {
        testing::last_kinds(&self.fresh.database, count).await.unwrap()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let (count,): (i64,) = self.fresh.database.read().await.unwrap().one(sql, vec![]).await.unwrap();
        count
    }

    /// Open sessions, living token families, messages to apps.
    async fn standing(&self) -> [i64; 3] {
        [
            self.count("select count(*) from session where closed_at is null").await,
            self.count("select count(*) from token_family where revoked_at is null").await,
            self.count("select count(*) from job where kind = 'oidc.logout'").await,
        ]
    }

    async fn status(&self, licence: &'static str) -> String {
        let mut tx = self.fresh.database.read().await.unwrap();
        let sql = "select status from licence where licence_id = $1";
        let (status,): (String,) = tx.one(sql, args![licence]).await.unwrap();
        status
    }
}

async fn organisation(work: &mut Work, name: &str, code: &str, kind: OrganisationKind) -> OrganisationId {
    let credit_code = CreditCode::complete(code).unwrap();
    let new = NewOrganisation { name: name.to_owned(), credit_code, kind, legal_representative: None };
    organisation::register(work, new).await.unwrap()
}

/// An app that wants to be told when a session ends.
async fn app(work: &mut Work, organisation: &OrganisationId) {
    let new = Registration {
        client_id: ClientId::parse("tax").unwrap(),
        name: Text::fixed("税务大厅", "Tax hall"),
        purpose: Text::fixed("办理申报", "Filing returns"),
        organisation_id: organisation.clone(),
        backchannel_logout_uri: Some("https://tax.example.gov.cn/out".to_owned()),
        settings: ClientSettings {
            redirect_uris: vec!["https://tax.example.gov.cn/in".to_owned()],
            scopes: "openid".to_owned(),
            ..ClientSettings::default()
        },
    };
    client::register(work, &UriPolicy::default(), new).await.unwrap();
}

/// A session and what an app got in it.
async fn signed_in(work: &mut Work, person: &PersonId, account: &AccountId) -> SessionId {
    let limits = Limits::default();
    let opening = Opening { account, method: Method::Password, address: "203.0.113.9", device: "", limits };
    let (_, session) = session::open(work, opening).await.unwrap();
    work.tx
        .run(
            "insert into token_family (family_id, client_id, person_id, account_id, session_id, scopes,
                                       authenticated_at, created_at, expires_at, offline)
             values ($1, 'tax', $2, $3, $1, 'openid', $4, $4, $5, 0)",
            args![&session, person, account, at(0), at(3600)],
        )
        .await
        .unwrap();
    session
}

/// The row of a licence in force; what was printed matters to nobody here.
async fn licence(work: &mut Work, id: &str, type_code: &str, (kind, holder): (&str, &str)) {
    work.tx
        .run(
            "insert into licence (licence_id, identifier, code, origin, licence_type_id, issuer_id, issuer_name,
                                  holder_kind, holder_id, holder_shown, status, changed_at, issued_at, valid_from)
             select $1, $1, $1, $1, t.licence_type_id, 'org_a', '', $3, $4, '', 'valid', 0, 0, '2026-01-01'
               from licence_type t
              where t.type_code = $2",
            args![id, type_code, kind, holder],
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn a_death_ends_accounts_sessions_tokens_the_appointment_and_licences() {
    let city = City::found().await;
    assert_eq!(city.standing().await, [2, 2, 0]);
    let mut work = city.begin().await;
    death::record(&mut work, &city.person, at(0).date()).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(city.standing().await, [0, 0, 2]);
    let told = [
        "person.died",
        "account.closed",
        "staff.ended",
        "licence.revoked",
        "session.closed",
        "session.closed",
        "token.session_revoked",
        "token.session_revoked",
    ];
    assert_eq!(city.last_kinds(told.len()).await, told, "each after what it follows from");
    assert_eq!(city.status("lic_driving").await, "revoked");
    assert_eq!(city.status("lic_birth").await, "valid", "that somebody was born stays true");
    assert_eq!(city.status("lic_food").await, "valid");
    assert_eq!(city.count("select count(*) from staff where ended_at is null").await, 0);
    // Written down a second time, nothing follows.
    let mut work = city.begin().await;
    death::record(&mut work, &city.person, at(0).date()).await.unwrap();
    assert!(work.commit_and_tell().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_organisation_that_ceases_loses_its_licences() {
    let city = City::found().await;
    let mut work = city.begin().await;
    organisation::suspend(&mut work, &city.company).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(city.status("lic_food").await, "valid", "a suspended one keeps them");
    let mut work = city.begin().await;
    organisation::cease(&mut work, &city.company).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(city.status("lic_food").await, "revoked");
    assert_eq!(city.status("lic_driving").await, "valid");
    assert_eq!(city.standing().await, [2, 2, 0]);
}

#[tokio::test]
async fn an_account_that_is_closed_locked_or_given_another_password_ends_its_sessions_and_tells_the_apps() {
    let rows = [
        ("account.closed", "account_closed"),
        ("account.locked", "account_locked"),
        ("password.handed_out", "password_reset"),
    ];
    for (kind, reason) in rows {
        let city = City::found().await;
        let mut work = city.begin().await;
        match kind {
            "account.closed" => account::close(&mut work, &city.account).await.unwrap(),
            "account.locked" => account::lock(&mut work, &city.account).await.unwrap(),
            _ => {
                let (gate, entropy) = (PasswordGate::new(1, Duration::from_mins(1)), work.context().entropy.clone());
                let hashed = password::hash(&gate, &entropy, "zhangwei", "three green lanterns").await.unwrap();
                password::hand_out(&mut work, &city.account, &hashed).await.unwrap();
            }
        }
        work.commit().await.unwrap();
        assert_eq!(city.standing().await, [0, 0, 2], "{kind}");
        let told = [kind, "session.closed", "session.closed", "token.session_revoked", "token.session_revoked"];
        assert_eq!(city.last_kinds(told.len()).await, told);
        let filter = Filter { kind: Some("session.closed".to_owned()), ..Filter::default() };
        let mut tx = city.fresh.database.read().await.unwrap();
        let closed = log::list(&mut tx, &filter, &ListPage::first(10)).await.unwrap().items;
        assert!(closed.iter().all(|entry| entry.data.contains(reason)), "{closed:?}");
    }
}

#[tokio::test]
async fn a_session_that_is_closed_ends_its_tokens_and_tells_the_apps_whoever_closes_it() {
    let city = City::found().await;
    let mut work = city.begin().await;
    session::close_own(&mut work, &city.person, &city.sessions[0], "closed_by_holder").await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(city.standing().await, [1, 1, 1], "the other goes on");
    let mut work = city.begin().await;
    session::close(&mut work, &city.sessions[1], "signed_out").await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(city.standing().await, [0, 0, 2]);
    let city = City::found().await;
    let mut work = city.begin().await;
    session::close_all(&mut work, &city.person, Some(&city.sessions[1]), "closed_by_holder").await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(city.standing().await, [1, 1, 1]);
}

#[tokio::test]
async fn the_command_keys_of_an_operator_end_for_good_with_the_role_or_the_account() {
    for kind in ["account.closed", "account.locked", "staff.ended", "person.died"] {
        let city = City::found().await;
        let mut work = city.begin().await;
        let department = staff::of_person(&mut work.tx, &city.person).await.unwrap().unwrap();
        staff::end(&mut work, &department.staff_id).await.unwrap();
        let office = department.organisation_id;
        let staff = staff::appoint(&mut work, &city.person, &office, &[Role::Operator]).await.unwrap();
        work.commit().await.unwrap();
        let mut work = city.begin().await;
        let mut secrets = Vec::new();
        for _ in 0..2 {
            secrets.push(command_key::make(&mut work, &city.account).await.unwrap().secret);
        }
        work.commit().await.unwrap();
        let counts = async || {
            let mut tx = city.fresh.database.read().await.unwrap();
            let mut count = 0;
            for secret in &secrets {
                let found = command_key::of_key(&mut tx, secret.expose(), at(120)).await.unwrap();
                count += usize::from(found.is_some());
            }
            count
        };
        assert_eq!(counts().await, 2, "{kind}");
        let mut work = city.begin().await;
        match kind {
            "account.closed" => account::close(&mut work, &city.account).await.unwrap(),
            "account.locked" => account::lock(&mut work, &city.account).await.unwrap(),
            "staff.ended" => staff::end(&mut work, &staff).await.unwrap(),
            _ => death::record(&mut work, &city.person, at(0).date()).await.unwrap(),
        }
        work.commit().await.unwrap();
        assert_eq!(counts().await, 0, "{kind}");
        let ended = city.count("select count(*) from event where kind = 'command_key.ended'").await;
        assert_eq!(ended, 2, "{kind}: each with its entry, once");
        // They sleep not: what is given back gives no key back.
        let mut work = city.begin().await;
        match kind {
            "account.locked" => account::unlock(&mut work, &city.account).await.unwrap(),
            "staff.ended" => {
                staff::appoint(&mut work, &city.person, &office, &[Role::Operator]).await.unwrap();
            }
            _ => continue,
        }
        work.commit().await.unwrap();
        assert_eq!(counts().await, 0, "{kind}");
    }
}

/// A row without a test above would be one that nobody has seen work.
#[test]
fn every_row_is_seen_in_a_test() {
    let rows: Vec<&str> = TABLE.iter().map(|row| row.after).collect();
    let seen = [
        "person.died",
        "organisation.ceased",
        "account.closed",
        "account.locked",
        "password.handed_out",
        "session.closed",
        "staff.ended",
    ];
    assert_eq!(rows, seen);
}
