//! From one key to the next, by commands beside a running server: signing in, issuing and verifying go on.

use reqwest::{
    StatusCode,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use tests::{
    browser::{Browser, client, json},
    flow::{VERIFIER, header},
    installation::{Installation, OWN_PASSWORD},
    wait::soon,
};

use super::{bad_input::refused, commands::client_add, founding::issue, office::Office};

/// Where browsers end: nothing listens there.
const CALLBACK: &str = "http://127.0.0.1:9/cb";

/// Everything that keys sign for, as the people of a city meet it.
struct Chain {
    installation: Installation,
    office: Office,
    password: String,
    /// The secrets of two applications, whose ID tokens are signed with RS256 and ES256.
    secrets: [String; 2],
}

const APPLICATIONS: [&str; 2] = ["tax", "tax-es256"];

impl Chain {
    fn new(mut installation: Installation) -> Self {
        installation.set("oidc.loopback_clients_allowed", "true");
        let password = installation.bootstrap();
        let secrets = APPLICATIONS.map(|name| {
            let mut words = client_add(name);
            words[14] = CALLBACK;
            words.push("--consent-implied");
            if name.ends_with("es256") {
                words.push("--es256");
            }
            installation.must(&words).trim().rsplit(' ').next().unwrap().to_owned()
        });
        let office = Office::new(&installation);
        Self { installation, office, password, secrets }
    }

    /// The identifiers of the keys that sign now, for each application that of its ID token and of its access token.
    async fn signing_in(&self) -> Vec<Value> {
        let mut kids = Vec::new();
        for (application, secret) in APPLICATIONS.into_iter().zip(&self.secrets) {
            let browser = Browser::new();
            let url = format!(
                "{}?response_type=code&client_id={application}&redirect_uri={CALLBACK}&scope=openid&state=s&nonce=n\
                 &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
                self.installation.url("/authorize")
            );
            let page = browser.get(&url).await;
            let form = page.form("sign-in").set("username", "root-operator").set("password", OWN_PASSWORD);
            let page = browser.submit(&page, form, "sign-in").await;
            let code = page.parameter("code").unwrap_or_else(|| panic!("no code at {}\n{}", page.url, page.text()));
            let request = client().post(self.installation.url("/token")).basic_auth(application, Some(secret));
            let tokens = json(request.form(&[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ]))
            .await;
            let kid = |name: &str| header(tokens[name].as_str().unwrap_or_else(|| panic!("{tokens}")))["kid"].clone();
            kids.push(kid("id_token"));
            kids.push(kid("access_token"));
        }
        kids
    }

    /// Issues a licence and gives its document.
    async fn document(&self, key: &str) -> Vec<u8> {
        let token = self.office.token(&self.installation).await;
        let licence = issue(&self.installation, &token, key, &self.office.request(), StatusCode::CREATED).await;
        let path = format!("/api/v1/licences/{}/file.pdf", licence["id"].as_str().unwrap());
        let answer = client().get(self.installation.url(&path)).bearer_auth(&token).send().await.unwrap();
        answer.bytes().await.unwrap().to_vec()
    }

    async fn outcome(&self, document: &[u8]) -> Value {
        let token = self.office.token(&self.installation).await;
        let form = Form::new()
            .part("file", Part::bytes(document.to_vec()).file_name("licence.pdf").mime_str("application/pdf").unwrap());
        let request = client().post(self.installation.url("/api/v1/verifications")).bearer_auth(token);
        json(request.multipart(form)).await["outcome"].clone()
    }

    /// The key of a purpose in a state, as `keys list` has it.
    fn key(&self, purpose: &str, state: &str) -> String {
        let list = self.installation.must(&["keys", "list"]);
        let line = list.lines().rfind(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words[1] == purpose && words[3] == state
        });
        line.unwrap_or_else(|| panic!("no {state} {purpose}\n{list}")).split(' ').next().unwrap().to_owned()
    }

    fn rotate(&self, purpose: &str) -> String {
        let next = first_word(&self.installation.must(&["keys", "pre-publish", purpose]));
        assert_eq!(self.key(purpose, "pre_published"), next);
        assert_eq!(self.installation.must(&["keys", "activate", &next, "--at-once"]), "done\n");
        assert_eq!(self.key(purpose, "active"), next);
        next
    }
}

/// The key that a command names, before what it says of it.
fn first_word(said: &str) -> String {
    said.split(' ').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn every_key_is_replaced_beside_a_server_and_the_whole_chain_goes_on() {
    let chain = Chain::new(Installation::new().await);
    let server = chain.installation.serve().await;
    chain.installation.choose("root-operator", &chain.password).await;
    let (before, old) = (chain.signing_in().await, chain.document("old").await);
    assert_eq!(chain.outcome(&old).await, "valid");
    let first_seal_key = chain.key("seal", "active");

    let purposes = ["root", "issuing_authority", "id_token_rs256", "id_token_es256", "access_token"];
    let made = purposes.map(|purpose| chain.rotate(purpose));
    let renewed = chain.installation.must(&["seal", "renew", &chain.office.seal, "--reason", "换发证书"]);
    assert_eq!(renewed, "done\n");

    // Public halves of the old keys stay, for what they signed.
    let [_, _, rs256, es256, access] = made.map(Value::from);
    let wanted = vec![rs256, access.clone(), es256, access];
    // Between two tokens of one round the server may see the change: then the round is neither old nor new.
    soon("tokens under the new keys", async || (chain.signing_in().await == wanted).then_some(())).await;
    let jwks = json(client().get(chain.installation.url("/jwks"))).await;
    let kids: Vec<&Value> = jwks["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
    assert!(before.iter().chain(&wanted).all(|kid| kids.contains(&kid)), "{jwks}");

    // A document of the new seal key has a certificate of the new authority under the new root.
    let new = chain.document("new").await;
    assert_eq!((chain.outcome(&old).await, chain.outcome(&new).await), (json!("valid"), json!("valid")));
    assert_ne!(chain.key("seal", "active"), first_seal_key);
    assert_eq!(chain.key("seal", "retired"), first_seal_key);
    let roots = chain.installation.must(&["keys", "roots"]);
    assert_eq!(roots.matches("BEGIN CERTIFICATE").count(), 2, "who checks old documents needs the old root");
    for list in 1..=4 {
        let path = format!("/crl/{list}.crl");
        let answer = client().get(chain.installation.url(&path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }

    // What was compromised is revoked: its documents are not believed, those of the new key are.
    chain.installation.must(&["keys", "revoke", &first_seal_key, "--reason", "key_compromise"]);
    soon("a revoked seal key", async || (chain.outcome(&old).await == "invalid").then_some(())).await;
    assert_eq!(chain.outcome(&new).await, "valid");
    assert_eq!(server.stop(), Some(0));
    for (kind, number) in
        [("pki.key.activated", 5), ("pki.key.retired", 6), ("pki.key.revoked", 1), ("seal.renewed", 1)]
    {
        assert_eq!(chain.installation.count(kind).await, number, "{kind}");
    }
    assert!(chain.installation.must(&["audit"]).starts_with("sound: "));
    assert!(!chain.installation.log_text().contains("ERROR"), "{}", chain.installation.log_text());
}

#[tokio::test]
async fn a_key_that_cannot_go_there_is_refused_by_name_and_stays() {
    let chain = Chain::new(Installation::new().await);
    let installation = &chain.installation;
    let (access, seal) = (chain.key("access_token", "active"), chain.key("seal", "active"));
    let before = installation.events().await;
    let check = |words: &[&str], parts: &[&str]| refused(&installation.run(words), parts);
    check(&["keys", "pre-publish", "tokens"], &["tokens is no purpose of keys", "access_token", "root"]);
    check(&["keys", "pre-publish", "seal"], &["renewed with its seal"]);
    check(&["keys", "activate", "nothing"], &["nothing is no key"]);
    let unknown = format!("key_01K{}", "0".repeat(23));
    check(&["keys", "activate", &unknown], &[&unknown, "is unknown"]);
    check(&["keys", "activate", &access], &[&access, "is active and cannot become active"]);
    check(&["keys", "activate", &seal], &["renewed with its seal"]);
    for key in [&access, &seal] {
        check(&["keys", "retire", key], &[key, "signs now", "successor"]);
        check(&["keys", "revoke", key, "--reason", "superseded"], &[key, "signs now", "successor"]);
    }
    check(&["keys", "revoke", &access, "--reason", "boredom"], &["--reason boredom"]);
    check(&["seal", "renew", &chain.office.seal, "--reason", ""], &["a reason is needed"]);
    assert_eq!(installation.events().await, before);

    // What was published by mistake is given up, and then for good.
    let next = first_word(&installation.must(&["keys", "pre-publish", "access_token"]));
    installation.must(&["keys", "retire", &next]);
    check(&["keys", "activate", &next], &[&next, "is retired and cannot become active"]);
    installation.must(&["keys", "revoke", &next, "--reason", "superseded"]);
    check(&["keys", "revoke", &next, "--reason", "superseded"], &["already revoked"]);
    assert_eq!(chain.key("access_token", "active"), access);
    installation.must(&["seal", "cancel", &chain.office.seal, "--reason", "机构撤销"]);
    check(&["seal", "renew", &chain.office.seal, "--reason", "换发证书"], &["is cancelled"]);
}

#[tokio::test]
async fn the_roots_key_goes_away_the_envelope_key_is_replaced_and_the_whole_chain_goes_on() {
    let mut chain = Chain::new(Installation::new().await);
    let folder = chain.installation.data().join("keys");
    let medium = chain.installation.data().with_file_name("medium");
    let medium = medium.to_str().unwrap();
    let root = chain.key("root", "active");
    let file = folder.join(format!("{root}.key"));
    let server = chain.installation.serve().await;
    chain.installation.choose("root-operator", &chain.password).await;
    let (before, old) = (chain.signing_in().await, chain.document("old").await);

    // Beside a running server.
    assert_eq!(chain.installation.must(&["keys", "take-out-root", "--to", medium]), format!("{root}\n"));
    assert!(!file.exists() && chain.installation.must(&["keys", "list"]).contains("(taken off this machine)"));
    refused(&chain.installation.run(&["keys", "pre-publish", "issuing_authority"]), &[&root, "keys.root_folder"]);
    let with_root = format!("keys.root_folder={medium}");
    let with_root = ["--set", &with_root, "keys"];
    let next = chain.installation.must(&[&with_root[..], &["pre-publish", "issuing_authority"]].concat());
    assert_eq!(chain.key("issuing_authority", "pre_published"), first_word(&next));
    chain.installation.must(&[&with_root[..], &["sign-root-list"]].concat());
    let calendar = chain.installation.must(&["keys", "calendar"]);
    let of_root = calendar.lines().filter(|line| line.contains(&root) && line.contains("somebody has to see to it"));
    assert_eq!(of_root.count(), 2, "its end, and the end of its list\n{calendar}");
    assert!(calendar.contains("key access_token") && calendar.contains("replaced by itself on"), "{calendar}");
    assert_eq!((chain.signing_in().await, chain.outcome(&old).await), (before.clone(), json!("valid")));

    // The envelope key, with everything stopped and every key here.
    let envelope = chain.installation.data().with_file_name("envelope.key");
    let replace = ["keys", "replace-envelope", "--new", envelope.to_str().unwrap()];
    let is_file = chain.installation.database().url.expose().starts_with("sqlite");
    refused(&chain.installation.run(&replace), &[if is_file { "serves" } else { &root }]);
    assert_eq!(server.stop(), Some(0));
    refused(&chain.installation.run(&replace), &[&root, "taken off this machine"]);
    assert_eq!(chain.installation.must(&["keys", "bring-back-root", "--from", medium]), format!("{root}\n"));
    let said = chain.installation.must(&replace);
    assert!(said.contains("keys are sealed under"), "{said}");
    let told = chain.installation.run(&["doctor"]);
    assert!(told.code == Some(1) && told.out.contains("the envelope key is not the one"), "{told:?}");
    chain.installation.set("keys.envelope_file", envelope.to_str().unwrap());
    let server = chain.installation.serve().await;
    let new = chain.document("new").await;
    assert_eq!(chain.signing_in().await, before);
    assert_eq!((chain.outcome(&old).await, chain.outcome(&new).await), (json!("valid"), json!("valid")));
    assert_eq!(server.stop(), Some(0));
    for (kind, number) in [("pki.key.taken_out", 1), ("pki.key.brought_back", 1), ("pki.envelope.bound", 2)] {
        assert_eq!(chain.installation.count(kind).await, number, "{kind}");
    }
    let told = chain.installation.run(&["doctor"]).out;
    // Its applications are on this machine, which nothing else is said against.
    let mut wrong = told.lines().filter(|line| line.starts_with("WRONG"));
    assert!(wrong.all(|line| line.starts_with("WRONG safety: ")), "{told}");
    assert!(told.contains("ok    keys: each purpose has one that signs"), "{told}");
    for kind in ["key ", "seal ", "revocation list ", "command key "] {
        let is_it = |line: &str| line.starts_with("ok    calendar: ") && line.contains(&format!(")  {kind}"));
        assert!(told.lines().any(is_it), "{kind}: {told}");
    }
}
