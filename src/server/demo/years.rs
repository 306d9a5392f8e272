//! Twelve years of a city: what ends is replaced before it does, and what was sealed stays good.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, header, request},
};
use base::{Clock, Instant, ListPage, ManualClock, id::KeyId};
use examiner::Examiner;
use pki::{Custody, Purpose, calendar::Ends};
use records::{Actor, testing::Fresh};
use serde_json::Value;
use tower::ServiceExt;
use web::testing;

use super::{DemoFacts, RelyingPartyPorts, facts::LicenceFacts, seed};
use crate::{
    archive::Archive,
    backup::{self, Wanted},
    commands::{
        audit::{self, Reach},
        doctor::{self, Depth},
    },
    heads::Keeper,
    kept_heads,
    settings::Settings,
    wiring::{self, Product, World},
};

const DAY: i64 = 86_400;
const URL: &str = "http://127.0.0.1:8080";
const CALLBACK: &str = "http://127.0.0.1:9/cb";
const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more";

/// A city whose clock is moved by hand.
struct City {
    clock: Arc<ManualClock>,
    settings: Settings,
    product: Product,
    router: axum::Router,
    facts: DemoFacts,
    /// The first document of the city.
    old: Vec<u8>,
    /// A document that is sealed with a key which was in other hands; empty when there is none.
    forged: Vec<u8>,
    _fresh: Fresh,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.text()))
    }
}

impl City {
    async fn found() -> Self {
        let fresh = records::testing::fresh_following(consequences::TABLE).await.unwrap();
        let folder = fresh.folder().join("city");
        std::fs::create_dir_all(&folder).unwrap();
        let mut settings = Settings::load(None, std::iter::empty(), &[]).unwrap();
        for (key, value) in [
            ("data_folder", folder.to_str().unwrap()),
            ("database.url", fresh.settings.url.expose()),
            ("public_url", URL),
            ("site.demonstration", "true"),
            ("oidc.loopback_clients_allowed", "true"),
        ] {
            settings.set(key, value).unwrap();
        }
        let clock = Arc::new(ManualClock::new(Instant::from_seconds(1_795_417_200)));
        let product = built(&settings, &clock).await;
        let ports = RelyingPartyPorts::in_folder(&folder).await.unwrap();
        let facts = seed(&product, &folder, &ports).await.unwrap();
        let old = std::fs::read(folder.join(&facts.city().licences[0].pdf_path)).unwrap();
        let router = testing::router(product.app.clone());
        Self { clock, settings, product, router, facts, old, forged: Vec::new(), _fresh: fresh }
    }

    /// As if the program had been stopped and started.
    async fn restart(&mut self) {
        self.product.database.close().await;
        self.product = built(&self.settings, &self.clock).await;
        self.router = testing::router(self.product.app.clone());
    }

    /// What the program does every few minutes.
    async fn turn(&self) {
        let app = &self.product.app;
        let context = self.product.world.context(Actor::Job("calendar"));
        seal::calendar::turn(&app.database, &app.custody, &context).await.unwrap();
    }

    async fn send(&self, request: request::Builder, body: impl Into<Body>) -> Answer {
        let response = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 22).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn form(&self, path: &str, cookies: &str, fields: &[(&str, &str)]) -> Answer {
        let request = Request::post(path)
            .header(header::COOKIE, cookies)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, encoded(fields)).await
    }

    /// Signs somebody in and gives the cookies of the session.
    async fn session(&self, username: &str) -> BTreeMap<String, String> {
        let page = self.send(Request::get("/sign-in"), "").await;
        let mut cookies = BTreeMap::new();
        take_cookies(&mut cookies, &page);
        let account = self.facts.city().accounts.iter().find(|account| account.username == username).unwrap();
        let csrf = hidden(page.text(), "csrf");
        let fields = [("csrf", csrf.as_str()), ("username", &account.username), ("password", &account.password)];
        let signed_in = self.form("/sign-in", &joined(&cookies), &fields).await;
        assert_eq!(signed_in.status, StatusCode::SEE_OTHER, "{}", signed_in.text());
        take_cookies(&mut cookies, &signed_in);
        cookies
    }

    /// A page of somebody who has signed in.
    async fn page(&self, cookies: &BTreeMap<String, String>, path: &str) -> String {
        let answer = self.send(Request::get(path).header(header::COOKIE, joined(cookies)), "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.text().to_owned()
    }

    /// A citizen signs in and an application gets tokens.
    async fn sign_in(&self) {
        let account = self.facts.city().accounts.last().unwrap();
        let cookies = self.session(&account.username).await;
        let challenge = crypto::encoding::base64url(&crypto::digest::sha256(VERIFIER.as_bytes()));
        let asked = encoded(&[
            ("client_id", "bench"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let request = Request::get(format!("/authorize?{asked}")).header(header::COOKIE, joined(&cookies));
        let answer = self.send(request, "").await;
        let location = answer.headers[header::LOCATION].to_str().unwrap();
        let code = location.split_once("code=").unwrap_or_else(|| panic!("{location}")).1.split('&').next().unwrap();
        let tokens = self.token("bench", &[("grant_type", "authorization_code"), ("code", code)]).await;
        let id_token = crypto::jose::Jws::parse(tokens["id_token"].as_str().unwrap()).unwrap();
        let published = self.send(Request::get("/jwks"), "").await.json();
        let kids = published["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned());
        let kids: Vec<_> = kids.collect();
        let now = self.clock.now();
        for purpose in [Purpose::IdTokenEs256, Purpose::IdTokenRs256, Purpose::AccessToken] {
            let current = self.product.app.custody.current(purpose, now).unwrap();
            assert!(kids.contains(&current.key_id.to_string()), "{purpose} is not published on {}", now.date());
        }
        let current = self.product.app.custody.current(Purpose::IdTokenEs256, now).unwrap();
        assert!(id_token.verify(current.key.suite(), current.key.public_key()).is_some(), "{}", now.date());
    }

    async fn token(&self, client: &str, fields: &[(&str, &str)]) -> Value {
        let registered = self.facts.city().clients.iter().find(|one| one.client_id == client).unwrap();
        let secret = registered.client_secret.as_deref().unwrap();
        let mut all = vec![("client_id", client), ("client_secret", secret)];
        all.extend([("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]);
        all.extend_from_slice(fields);
        let answer = self.form("/token", "", &all).await;
        assert_eq!(answer.status, StatusCode::OK, "{}: {}", self.clock.now().date(), answer.text());
        answer.json()
    }

    /// A department's system issues a licence, and verifies its document and the oldest one.
    async fn issue_and_verify(&self) {
        let scope = [("grant_type", "client_credentials"), ("scope", "licence:issue licence:verify")];
        let token = self.token("approval-system", &scope).await;
        let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
        let key = self.clock.now().as_seconds().to_string();
        let request = Request::post("/api/v1/licences")
            .header(header::AUTHORIZATION, &bearer)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key);
        let issued = self.send(request, self.facts.city().issue_example.to_string()).await;
        assert_eq!(issued.status, StatusCode::CREATED, "{}: {}", self.clock.now().date(), issued.text());
        let path = format!("/api/v1/licences/{}/file.pdf", issued.json()["id"].as_str().unwrap());
        let file = self.send(Request::get(path).header(header::AUTHORIZATION, &bearer), "").await.body;
        let verdict = self.verify(&bearer, &file).await;
        assert_eq!(verdict["outcome"], "valid", "{}: {verdict:#}", self.clock.now().date());
        self.check_signature(&bearer, &self.old, "TOTAL-PASSED").await;
        if !self.forged.is_empty() {
            self.check_signature(&bearer, &self.forged, "TOTAL-FAILED").await;
        }
    }

    async fn check_signature(&self, bearer: &str, file: &[u8], expected: &str) {
        let verdict = self.verify(bearer, file).await;
        let signature = &verdict["signatures"][0]["indication"];
        assert_eq!(signature, expected, "{}: {verdict:#}", self.clock.now().date());
    }

    async fn verify(&self, bearer: &str, file: &[u8]) -> Value {
        let head = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\
                    content-type: application/pdf\r\n\r\n";
        let body = [head.as_bytes(), file, b"\r\n--b--\r\n"].concat();
        let request = Request::post("/api/v1/verifications")
            .header(header::AUTHORIZATION, bearer)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
        self.send(request, body).await.json()
    }

    /// The key of a seal got into other hands: its seal has another one, and it is taken back.
    async fn compromise_a_seal(&mut self) {
        let (app, folder) = (&self.product.app, self.settings.text(&crate::settings::DATA_FOLDER).to_owned());
        let issuer = async |licence: &LicenceFacts| {
            let id = base::id::LicenceId::parse(&licence.id).unwrap();
            licence::register::by_id(&mut app.database.read().await.unwrap(), &id).await.unwrap().unwrap().issuer
        };
        let licences = &self.facts.city().licences;
        let first = issuer(&licences[0]).await;
        let mut others = licences.iter();
        let (licence, issuer) = loop {
            let licence = others.next().unwrap();
            let issuer = issuer(licence).await;
            if issuer != first {
                break (licence, issuer);
            }
        };
        self.forged = std::fs::read(Path::new(&folder).join(&licence.pdf_path)).unwrap();
        let mut work = app.database.begin(self.product.world.context(Actor::Job("demonstration"))).await.unwrap();
        let seals = seal::list(&mut work.tx, &issuer, &ListPage::first(9)).await.unwrap().items;
        let (seal, key) = (&seals[0].seal_id, seals[0].key_id.as_ref().unwrap());
        seal::renew(&mut work, &app.custody, seal, "key_compromise").await.unwrap();
        let reason = pki::RevocationReason::KeyCompromise;
        pki::rotation::revoke(&mut work, &app.custody, key, reason).await.unwrap();
        work.commit().await.unwrap();
    }

    /// The next date at which something is looked at: a day before and after each end of a key, and every 30 days.
    async fn next_date(&self) -> Instant {
        let now = self.clock.now();
        let mut tx = self.product.database.read().await.unwrap();
        let keys = Custody::list(&mut tx, &ListPage::<KeyId>::first(200)).await.unwrap().items;
        let dates = keys.iter().flat_map(|key| [-DAY, DAY].map(|days| key.not_after.plus_seconds(days)));
        dates.filter(|date| *date > now).chain([now.plus_seconds(30 * DAY)]).min().unwrap()
    }
}

async fn built(settings: &Settings, clock: &Arc<ManualClock>) -> Product {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let world = World { clock, examiner: Examiner::here(), is_real: false, ..World::default() };
    wiring::build(settings, world).await.unwrap()
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let escaped = |text: &str| {
        let bytes = text.bytes().map(|byte| match byte {
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        });
        bytes.collect::<String>()
    };
    fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
}

fn hidden(page: &str, name: &str) -> String {
    let rest = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
    rest.split('"').next().unwrap().to_owned()
}

fn take_cookies(cookies: &mut BTreeMap<String, String>, answer: &Answer) {
    for set in answer.headers.get_all(header::SET_COOKIE) {
        let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
        cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
    }
}

fn joined(cookies: &BTreeMap<String, String>) -> String {
    cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn in_twelve_years_nothing_that_ends_stops_the_chain_and_old_documents_stay_good() {
    let mut city = City::found().await;
    city.compromise_a_seal().await;
    let end = city.clock.now().plus_seconds(12 * 366 * DAY);
    let mut made = Vec::new();
    while city.clock.now() < end {
        city.clock.set(city.next_date().await);
        city.turn().await;
        city.sign_in().await;
        city.issue_and_verify().await;
        for purpose in Purpose::SINGLE {
            let key = city.product.app.custody.current(purpose, city.clock.now()).unwrap().key_id.clone();
            if !made.contains(&(purpose, key.clone())) {
                made.push((purpose, key));
            }
        }
    }
    let count = |purpose| made.iter().filter(|(one, _)| *one == purpose).count();
    assert_eq!(
        Purpose::SINGLE.map(count),
        [2, 3, 7, 7, 7, 7],
        "of the root, the authority, each kind of token and the heads of the log"
    );
    while records::log::sequence_events(&city.product.database).await.unwrap() > 0 {}
    let audited = records::audit::audit(&city.product.database, &[]).await.unwrap();
    assert!(audited.is_sound() && audited.events >= 1_000, "{audited:?}");
}

#[tokio::test]
async fn doctor_tells_each_end_before_it_comes_and_when_nobody_saw_to_it() {
    let city = City::found().await;
    let custody = &city.product.app.custody;
    let mut endings = pki::calendar::endings(custody);
    endings.retain(|ending| matches!(ending.what, Ends::Key(..)));
    assert_eq!(endings.len(), Purpose::SINGLE.len());
    let world = city.product.world.clone();
    for ending in endings {
        let Ends::Key(purpose, key) = &ending.what else { panic!("{ending:?}") };
        let check = async |days: i64, expected: &str| {
            city.clock.set(ending.at.plus_seconds(-days * DAY));
            let told = doctor::look(&city.settings, &world, Depth::Quick).await.unwrap().text;
            let of_key = |line: &&str| line.contains(&format!("key {purpose}")) && line.contains(key.as_str());
            // Which key ends first is said when nothing is to be done, too.
            let line = told.lines().filter(|line| !line.starts_with("ok")).find(of_key);
            let line = line.unwrap_or_default();
            assert!(line.starts_with(expected) && line.is_empty() == expected.is_empty(), "{purpose} {days}: {told}");
            assert!(line.is_empty() || line.contains(&format!("in {days} days")) || days < 0, "{line}");
        };
        check(91, "").await;
        for days in [90, 31] {
            check(days, "soon").await;
        }
        // It was to be replaced by itself, and nothing ran.
        for days in [29, 7, 1, -1] {
            check(days, "WRONG").await;
        }
    }
}

#[tokio::test]
async fn after_a_stop_that_was_longer_than_any_key_the_start_replaces_them_at_once() {
    let mut city = City::found().await;
    for years in [3, 11, 21] {
        city.clock.set(city.clock.now().plus_seconds(years * 366 * DAY));
        city.restart().await;
        city.turn().await;
        city.sign_in().await;
        city.issue_and_verify().await;
    }
}

#[tokio::test]
async fn what_is_ten_years_old_goes_into_the_archive_and_old_documents_stay_good() {
    let mut city = City::found().await;
    city.compromise_a_seal().await;
    city.issue_and_verify().await;
    for _ in 0..3 {
        city.clock.set(city.clock.now().plus_seconds(20 * DAY));
        city.turn().await;
    }
    city.clock.set(city.clock.now().plus_seconds(11 * 366 * DAY));
    city.restart().await;
    city.turn().await;
    while records::log::sequence_events(&city.product.database).await.unwrap() > 0 {}
    let world = city.product.world.clone();
    let doctor = async |depth| doctor::look(&city.settings, &world, depth).await.unwrap().text;
    let told = doctor(Depth::Quick).await;
    let wrong = told.lines().find(|line| line.starts_with("WRONG archive: events since ")).unwrap_or_default();
    assert!(wrong.contains("should be in the archive, and are not: no head of the log is kept in"), "{told}");
    let archive = Archive::new(&city.settings, &city.product);
    assert!(archive.turn().await.unwrap().failed.unwrap().to_string().contains("no head of the event log"));
    Keeper::new(&city.settings).unwrap().keep(&city.product.kit()).await.unwrap();
    let mut removed = 0;
    loop {
        let turned = archive.turn().await.unwrap();
        assert!(turned.failed.is_none(), "{turned:?}");
        removed += turned.removed;
        if !turned.is_more {
            break;
        }
    }
    let files = std::fs::read_dir(crate::archive::folder(&city.settings)).unwrap();
    let files: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    for kind in ["events-", "lists.", "receipts-"] {
        assert!(files.iter().any(|file| file.starts_with(kind)), "{kind}: {files:?}");
    }
    assert!(removed > 100, "{removed}");
    // The newest list of each authority is there, whenever it ended.
    city.issue_and_verify().await;
    let told = doctor(Depth::Whole).await;
    assert!(told.contains("ok    archive: events up to ") && told.contains("ok    event log: sound: "), "{told}");
    assert!(!told.contains("not at hand"), "{told}");
    let audited = async |reach| {
        let (found, _) = audit::look(&city.settings, &city.product, reach).await.unwrap();
        assert_eq!(found.findings, []);
        found
    };
    let whole = audited(Reach::Whole).await;
    let folder = kept_heads::folder(&city.settings);
    kept_heads::keep_checked(&city.product.database, &folder, (&whole.next.unwrap(), None)).unwrap();
    city.sign_in().await;
    let since = audited(Reach::Checked).await;
    assert_eq!(since.checked.unwrap().sequence, whole.events);
    assert!(since.events > whole.events);
    // Auditors are told where the rest is: on the first page, behind the last entry, and in what they take with them.
    let auditor = city.session("auditor").await;
    let told = format!("第 1 至 {} 条已移入归档文件", whole.archived);
    let licence = &city.facts.city().licences[0].id;
    for path in ["/audit".to_owned(), format!("/audit/entries?object={licence}"), "/audit/entries.csv".to_owned()] {
        let page = city.page(&auditor, &path).await;
        assert_eq!(page.matches(&told).count(), 1, "{path}: {page}");
    }
    let first = city.page(&auditor, "/audit/entries").await;
    assert!(first.contains("after=") && !first.contains(&told), "more entries come first: {first}");
    // A backup has what is in the database, and its drill reads the files too.
    let wanted = Wanted { to: folder.with_extension("backups"), keep: None, with_keys: true };
    let told = backup::take(&city.settings, &world, &wanted).await.unwrap();
    let path = Path::new(told.lines().next().unwrap());
    let told = backup::verify(&city.settings, &world, path, None, false).await.unwrap().text;
    assert!(!told.contains("WRONG") && told.contains("are in files, each as it was written"), "{told}");
    // Files that are somewhere else are told, and everything else is sound.
    std::fs::rename(crate::archive::folder(&city.settings), folder.with_extension("away")).unwrap();
    let without = audited(Reach::Whole).await;
    assert_eq!(without.away, [(1, without.archived)]);
}
