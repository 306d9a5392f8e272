//! The authorization code flow as a client of ours would do it, one step at a time.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::StatusCode;
use serde_json::Value;

use crate::{
    browser::{Browser, Page, client},
    city::{Account, City},
};

/// The verifier of RFC 7636, appendix B, and its challenge.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An authorization request; tests change what they are about.
#[derive(Clone, Debug)]
pub struct Flow<'a> {
    pub city: &'a City,
    pub fields: Vec<(String, String)>,
    pub client_id: String,
    pub client_secret: Option<String>,
    pub redirect_uri: String,
}

impl<'a> Flow<'a> {
    pub fn new(city: &'a City) -> Self {
        let facts = city.web_client();
        let client_id = facts["client_id"].as_str().unwrap().to_owned();
        let redirect_uri = facts["redirect_uris"][0].as_str().unwrap().to_owned();
        let fields = [
            ("response_type", "code"),
            ("client_id", &client_id),
            ("redirect_uri", &redirect_uri),
            ("scope", "openid profile"),
            ("state", "state-1"),
            ("nonce", "nonce-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self {
            city,
            fields,
            client_secret: facts["client_secret"].as_str().map(str::to_owned),
            client_id,
            redirect_uri,
        }
    }

    /// Sets a parameter; removes it when the value is empty.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        if !value.is_empty() {
            self.fields.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub fn url(&self) -> String {
        let mut url = reqwest::Url::parse(&self.city.url("/authorize")).unwrap();
        url.query_pairs_mut().extend_pairs(&self.fields);
        url.into()
    }

    /// Goes to the provider; signs in and agrees when asked to. Ends at the redirect URI or at an error page.
    pub async fn walk(&self, browser: &Browser, account: &Account) -> Page {
        let mut page = browser.get(&self.url()).await;
        for _ in 0..4 {
            if page.has_id("password") {
                page = self.city.sign_in_at(browser, page, account).await;
            } else if page.has_id("allow") {
                let form = page.form("allow");
                page = browser.submit(&page, form, "allow").await;
            } else {
                break;
            }
        }
        page
    }

    /// Redeems a code.
    pub async fn redeem(&self, code: &str, verifier: &str) -> (StatusCode, Value) {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", verifier),
        ])
        .await
    }

    /// Sends a token request with the client's secret.
    pub async fn token(&self, fields: &[(&str, &str)]) -> (StatusCode, Value) {
        let answer = client()
            .post(self.city.url("/token"))
            .basic_auth(&self.client_id, self.client_secret.as_deref())
            .form(fields)
            .send()
            .await
            .unwrap();
        (answer.status(), answer.json().await.unwrap_or(Value::Null))
    }

    /// The whole flow in a new browser: the answer of the token endpoint.
    pub async fn tokens(&self, account: &Account) -> Value {
        let page = self.walk(&Browser::new(), account).await;
        let code = page.parameter("code").unwrap_or_else(|| panic!("no code at {}\n{}", page.url, page.text()));
        let (status, tokens) = self.redeem(&code, VERIFIER).await;
        assert_eq!(status, StatusCode::OK, "{tokens}");
        tokens
    }
}

/// The claims of a token, unchecked.
pub fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("a signed token");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The header of a token, unchecked.
pub fn header(token: &str) -> Value {
    let part = token.split('.').next().expect("a signed token");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
