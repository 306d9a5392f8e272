//! A small city for the tests of this crate: one person with a session, a few clients, both databases.

mod authorize;
mod code;
mod consent;
mod editing;
mod jwt;
mod logout;
mod machine;
mod refresh;
mod registration;
mod rounds;
mod statements;
mod userinfo;

use std::sync::Arc;

use base::{
    Instant, Secret, SeededEntropy, Text,
    id::{AccountId, Ids, OrganisationId, PersonId, SessionId},
    number::IdentityNumber,
};
use crypto::{KeyHandle, Suite, digest::sha256, encoding::base64url};
use identity::{
    Session, SessionToken, Vault, account,
    person::{self, Address, NewPerson, Profile},
    session::{self, Limits, Method, Opening},
};
use records::{Context, Database, Marked, testing::Fresh};

use crate::{
    ClientId, Endpoint, Error, GrantFlaw, Parameters, Provider, ProviderSettings,
    authorize::{self as endpoint, Decision, Parked},
    client::{self, ClientKind, ClientSettings, Consent, GrantType, Registration, TokenAlgorithm},
    keys::{KeyState, KeyUse, TokenKey},
    token::{self, TokenRequest, Tokens},
};

pub const NOW: Instant = Instant::from_seconds(1_795_417_200);
pub const ISSUER: &str = "https://sso.example.gov.cn";
pub const CALLBACK: &str = "https://tax.example.gov.cn/cb";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const IDENTITY_NUMBER: &str = "11010519491231002X";
pub const ALL_SCOPES: &str = "openid profile email address phone org offline_access";

pub struct City {
    fresh: Fresh,
    pub provider: Provider,
    pub vault: Vault,
    pub at: Instant,
    pub person: PersonId,
    pub account: AccountId,
    pub session: SessionId,
    pub token: SessionToken,
    entropy: Arc<SeededEntropy>,
}

/// An account of a person, and a session of it.
async fn signed_in(
    work: &mut records::Work,
    person: &PersonId,
    username: &str,
) -> (AccountId, SessionToken, SessionId) {
    let account = account::open(work, person, username, None).await.unwrap();
    let opening = Opening {
        account: &account,
        method: Method::Password,
        address: "127.0.0.1",
        device: "test",
        limits: Limits::default(),
    };
    let (token, session) = session::open(work, opening).await.unwrap();
    (account, token, session)
}

impl City {
    pub async fn new() -> Self {
        static ALL: [&[Marked]; 2] = [identity::marked::MARKED, crate::marked::MARKED];
        let fresh = records::testing::fresh_protected(&ALL).await.unwrap();
        let provider = provider(&key(), &key());
        provider.keep(&fresh.database);
        let vault = Vault::new(&[8; 32]);
        let entropy = Arc::new(SeededEntropy::new(7));
        let context = Context {
            actor: records::testing::operator(),
            at: NOW,
            request: None,
            entropy: entropy.clone(),
            ids: Ids::default(),
        };
        let mut work = fresh.database.begin(context).await.unwrap();
        let profile = Profile {
            given_name: Some("小明".to_owned()),
            family_name: Some("欧阳".to_owned()),
            email: Some("xm@example.com".to_owned()),
            email_verified: true,
            phone_number: Some("+86 13800138000".to_owned()),
            address: Some(Address { formatted: Some("滨江市长江路1号".to_owned()), ..Address::default() }),
            ..Profile::default()
        };
        let identity_number = IdentityNumber::parse(IDENTITY_NUMBER).unwrap();
        let new = NewPerson { name: "欧阳小明".to_owned(), identity_number, profile };
        let person = person::register(&mut work, &vault, new).await.unwrap();
        let (account, token, session) = signed_in(&mut work, &person, "xiaoming").await;
        work.commit().await.unwrap();
        Self { fresh, provider, vault, at: NOW, person, account, session, token, entropy }
    }

    pub fn database(&self) -> &Database {
        &self.fresh.database
    }

    pub fn context(&self) -> Context {
        Context {
            actor: records::testing::operator(),
            at: self.at,
            request: None,
            entropy: self.entropy.clone(),
            ids: Ids::default(),
        }
    }

    /// What somebody does who has the database alone.
    pub async fn past_the_product(&self, sql: &'static str) {
        let mut tx = self.database().housekeeping().await.unwrap();
        assert_ne!(tx.run(sql, vec![]).await.unwrap(), 0, "{sql}");
        tx.commit().await.unwrap();
    }

    /// Puts another person, 王芳, into the city, with an account and a session.
    pub async fn add_neighbour(&self) {
        let identity_number = IdentityNumber::complete("11010519900101002").unwrap();
        let new = NewPerson { name: "王芳".to_owned(), identity_number, profile: Profile::default() };
        let mut work = self.begin().await;
        let person = person::register(&mut work, &self.vault, new).await.unwrap();
        signed_in(&mut work, &person, "wangfang").await;
        work.commit().await.unwrap();
    }

    pub async fn begin(&self) -> records::Work {
        self.database().begin(self.context()).await.unwrap()
    }

    pub fn endpoint(&self) -> Endpoint<'_> {
        Endpoint {
            provider: &self.provider,
            database: self.database(),
            context: self.context(),
            address: "127.0.0.1".to_owned(),
        }
    }

    pub async fn live_session(&self) -> Option<Session> {
        let mut tx = self.database().read().await.unwrap();
        session::find(&mut tx, &self.token, self.at).await.unwrap()
    }

    /// Registers a client; returns its secret.
    pub async fn client(&self, id: &str, settings: ClientSettings) -> String {
        let registration = registration(id, settings);
        let mut work = self.begin().await;
        let registered = client::register(&mut work, self.provider.uri_policy(), registration).await.unwrap();
        work.commit().await.unwrap();
        registered.secret.map(|secret| secret.expose().clone()).unwrap_or_default()
    }

    /// Asks for a code with these parameters changed or added; an empty value takes one away.
    pub async fn authorize(&self, client: &str, changes: &[(&str, &str)]) -> Result<Decision, Error> {
        self.authorize_after(client, changes, None).await
    }

    pub async fn authorize_after(
        &self,
        client: &str,
        changes: &[(&str, &str)],
        earlier: Option<&Parked>,
    ) -> Result<Decision, Error> {
        let parameters = Parameters::parse(&query(client, changes))?;
        let client = self.provider.client(self.database(), client).await?;
        let request = endpoint::check(&self.provider, client, &parameters).map_err(|refused| refused.error)?;
        endpoint::decide(&self.endpoint(), &request, self.live_session().await.as_ref(), earlier).await
    }

    pub async fn code(&self, client: &str, changes: &[(&str, &str)]) -> String {
        match self.authorize(client, changes).await.unwrap() {
            Decision::Code(code) => code,
            other => panic!("no code but {other:?}"),
        }
    }

    pub async fn token(&self, form: &str) -> Result<Tokens, Error> {
        let form = Parameters::parse(form).unwrap();
        token::answer(&self.endpoint(), &TokenRequest { form: &form, query: None, authorization: None }).await
    }

    /// How many events of a kind there are.
    /// How often each client was refused, all told.
    pub async fn refused(&self) -> Vec<(String, u64)> {
        let context = records::testing::context(self.at, 99);
        self.provider.tell_counted(self.database(), &context, true).await.unwrap();
        let mut counts = std::collections::BTreeMap::<String, u64>::new();
        for refused in records::testing::told::<crate::events::ClientRefused>(self.database()).await.unwrap() {
            *counts.entry(refused.client).or_default() += refused.count.unwrap_or(1);
        }
        counts.into_iter().collect()
    }

    pub async fn events<E: records::Event>(&self) -> usize {
        records::testing::told::<E>(self.database()).await.unwrap().len()
    }
}

pub fn key() -> KeyHandle {
    KeyHandle::throw_away(Suite::Es256).unwrap()
}

pub fn provider(access: &KeyHandle, id: &KeyHandle) -> Provider {
    let settings = ProviderSettings {
        issuer_url: ISSUER.to_owned(),
        server_key: Secret::new([3; 32]),
        uri_policy: crate::client::uri::UriPolicy::default(),
    };
    let provider = Provider::new(&settings).unwrap();
    let of = |kid: &str, purpose, key: &KeyHandle| TokenKey {
        kid: kid.to_owned(),
        purpose,
        state: KeyState::Active,
        key: key.clone(),
    };
    provider.set_keys(vec![of("access", KeyUse::AccessToken, access), of("id", KeyUse::IdToken, id)]).unwrap();
    provider
}

pub fn registration(id: &str, settings: ClientSettings) -> Registration {
    Registration {
        client_id: ClientId::parse(id).unwrap(),
        name: Text::fixed("税务大厅", "Tax hall"),
        purpose: Text::fixed("办理申报", "Filing returns"),
        organisation_id: OrganisationId::stored("org_00000000000000000000000TAX".to_owned()),
        backchannel_logout_uri: Some("https://tax.example.gov.cn/out".to_owned()),
        settings,
    }
}

/// A confidential web client whose persons are not asked.
pub fn web() -> ClientSettings {
    ClientSettings {
        redirect_uris: vec![CALLBACK.to_owned()],
        post_logout_redirect_uris: vec!["https://tax.example.gov.cn/bye".to_owned()],
        grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scopes: ALL_SCOPES.to_owned(),
        id_token_algorithm: TokenAlgorithm::Es256,
        consent: Consent::Implied,
        ..ClientSettings::default()
    }
}

pub fn public() -> ClientSettings {
    ClientSettings { kind: ClientKind::Public, ..web() }
}

pub fn query(client: &str, changes: &[(&str, &str)]) -> String {
    let challenge = base64url(&sha256(VERIFIER.as_bytes()));
    let mut pairs = vec![
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "af0ifjsldkj"),
        ("nonce", "n-0S6"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    for change in changes {
        pairs.retain(|(name, _)| *name != change.0);
        pairs.push(*change);
    }
    let mut query = String::new();
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        crate::parameters::append(&mut query, name, value);
    }
    query
}

/// The form that redeems a code.
pub fn redeem(client: &str, secret: &str, code: &str) -> String {
    let mut form = String::new();
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("client_secret", secret),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ] {
        crate::parameters::append(&mut form, name, value);
    }
    form
}

pub fn refresh(client: &str, secret: &str, token: &str) -> String {
    format!("grant_type=refresh_token&client_id={client}&client_secret={secret}&refresh_token={token}")
}

pub fn flaw<T: std::fmt::Debug>(answer: Result<T, Error>) -> GrantFlaw {
    match answer {
        Err(Error::GrantInvalid(flaw)) => flaw,
        other => panic!("no flaw but {other:?}"),
    }
}
