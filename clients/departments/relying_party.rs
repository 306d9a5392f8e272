//! The OpenID Connect side: discovery, the code flow with PKCE, state and nonce, and the address to sign out at.

use std::{
    fs,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret,
    CsrfToken, EndSessionUrl, HttpRequest, HttpResponse, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadata, RedirectUrl, Scope,
    SubjectIdentifier, TokenResponse, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod, CoreGenderClaim,
        CoreGrantType, CoreIdToken, CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
        CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
};
use reqwest::Certificate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    config::DepartmentConfig,
    logout_token::{self, LogoutToken, Refused},
    visitors::{Pending, SignedIn},
};

/// The provider answers in milliseconds; a page that hangs longer says so instead.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the provider is left alone at most before it is looked for again.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The pause before which it is said that the provider was not found: of those that double, one after a second of waiting.
const SAID_AT: Duration = Duration::from_millis(800);

/// What to do about a provider whose certificate this machine does not trust.
const UNTRUSTED: &str = "`tls.extra_roots_file` (here `extra_roots`) names the authority of its certificate";

#[derive(Clone, Debug, Deserialize, Serialize)]
struct MoreMetadata {
    #[serde(default)]
    end_session_endpoint: Option<EndSessionUrl>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for MoreMetadata {}

type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

#[derive(Clone, Debug, Deserialize, Serialize)]
struct MoreClaims {
    #[serde(default)]
    org: Option<Value>,
}

impl AdditionalClaims for MoreClaims {}

/// What came back to `/callback`.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub code: Option<String>,
    pub state: Option<String>,
    pub issuer: Option<String>,
    pub error: Option<String>,
}

pub(crate) struct RelyingParty {
    http: reqwest::Client,
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect_uri: RedirectUrl,
    post_logout_redirect_uri: PostLogoutRedirectUrl,
    scopes: Vec<String>,
    provider: RwLock<Option<Arc<Metadata>>>,
}

impl RelyingParty {
    pub fn new(config: &DepartmentConfig) -> Result<Self> {
        // A redirect from a token endpoint would carry the secret somewhere else.
        let roots = config.extra_roots.as_ref().map(|path| {
            let pem = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
            Certificate::from_pem_bundle(&pem).with_context(|| path.display().to_string())
        });
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(REQUEST_TIMEOUT)
            .tls_certs_merge(roots.transpose()?.unwrap_or_default())
            .build()?;
        Ok(Self {
            http,
            issuer: IssuerUrl::new(config.issuer.clone())?,
            client_id: ClientId::new(config.client_id.clone()),
            client_secret: config.client_secret.clone().map(ClientSecret::new),
            redirect_uri: RedirectUrl::new(config.redirect_uri())?,
            post_logout_redirect_uri: PostLogoutRedirectUrl::new(config.post_logout_redirect_uri())?,
            scopes: config.scopes.clone(),
            provider: RwLock::new(None),
        })
    }

    /// Looks for the provider until it is there, and says once why it is not, when that takes longer than a start.
    pub async fn wait_for_provider(&self) {
        let mut pause = Duration::from_millis(100);
        while let Err(error) = self.provider().await {
            if pause == SAID_AT {
                let (issuer, why) = (self.issuer.as_str(), format!("{error:#}"));
                let advice = if why.contains("certificate") { UNTRUSTED } else { "it is looked for again" };
                tracing::warn!(issuer, why, "nobody can sign in: {advice}");
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// The address to send the browser to, and what to remember until it comes back.
    pub async fn begin(&self) -> Result<(String, Pending)> {
        let provider = self.provider().await?;
        let client =
            CoreClient::from_provider_metadata((*provider).clone(), self.client_id.clone(), self.client_secret.clone())
                .set_redirect_uri(self.redirect_uri.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(self.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge)
            .url();
        let pending =
            Pending { state: state.into_secret(), nonce: nonce.secret().clone(), verifier: verifier.into_secret() };
        Ok((url.into(), pending))
    }

    /// Turns the answer into a signed-in person.
    pub async fn finish(&self, answer: Answer, pending: Pending) -> Result<SignedIn> {
        let provider = self.provider().await?;
        self.check_issuer(&provider, answer.issuer.as_deref())?;
        if let Some(error) = answer.error {
            bail!("the provider answered {error}");
        }
        let code = answer.code.context("the provider sent no code")?;
        let client =
            CoreClient::from_provider_metadata((*provider).clone(), self.client_id.clone(), self.client_secret.clone())
                .set_redirect_uri(self.redirect_uri.clone());
        let http = |request| send(self.http.clone(), request);
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier))
            .request_async(&http)
            .await
            .map_err(|error| anyhow!("the code was refused: {error}"))?;
        let id_token = tokens.id_token().context("the provider sent no ID token")?;
        let subject = self.subject(&provider, id_token, &Nonce::new(pending.nonce)).await?;
        let claims: UserInfoClaims<MoreClaims, CoreGenderClaim> = client
            .user_info(tokens.access_token().clone(), Some(subject.clone()))?
            .request_async(&http)
            .await
            .map_err(|error| anyhow!("userinfo was refused: {error}"))?;
        let name = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned());
        let id_token = id_token.to_string();
        Ok(SignedIn {
            name: name.unwrap_or_else(|| subject.as_str().to_owned()),
            organisation: claims.additional_claims().org.as_ref().and_then(organisation_name),
            session: claim_of(&id_token, "sid"),
            subject: subject.as_str().to_owned(),
            id_token,
        })
    }

    /// Checks the ID token; looks at the provider's keys once more when none of ours fits.
    async fn subject(&self, provider: &Metadata, token: &CoreIdToken, nonce: &Nonce) -> Result<SubjectIdentifier> {
        let with = |provider: &Metadata| {
            let client = CoreClient::from_provider_metadata(
                provider.clone(),
                self.client_id.clone(),
                self.client_secret.clone(),
            );
            token.claims(&client.id_token_verifier(), nonce).map(|claims| claims.subject().clone())
        };
        match with(provider) {
            Ok(subject) => Ok(subject),
            Err(_) => with(&*self.discover().await?).context("the ID token was refused"),
        }
    }

    /// RFC 9207: an answer that names another provider, or none when ours always does, is an attack.
    fn check_issuer(&self, provider: &Metadata, issuer: Option<&str>) -> Result<()> {
        match issuer {
            Some(issuer) if issuer == self.issuer.as_str() => Ok(()),
            None if !provider.additional_metadata().authorization_response_iss_parameter_supported => Ok(()),
            _ => bail!("the answer does not come from our provider"),
        }
    }

    /// Where to send the browser to sign out of everything, if the provider offers that.
    pub async fn sign_out_url(&self, id_token: &str, state: &str) -> Option<String> {
        let provider = self.provider().await.ok()?;
        let endpoint = provider.additional_metadata().end_session_endpoint.clone()?;
        let hint: CoreIdToken = id_token.parse().ok()?;
        let url = LogoutRequest::from(endpoint)
            .set_id_token_hint(&hint)
            .set_client_id(self.client_id.clone())
            .set_post_logout_redirect_uri(self.post_logout_redirect_uri.clone())
            .set_state(CsrfToken::new(state.to_owned()))
            .http_get_url();
        Some(url.into())
    }

    /// Reads a logout token; looks at the provider's keys once more when none of ours fits.
    pub async fn logout_token(&self, token: &str, now: i64) -> Result<LogoutToken, Refused> {
        let keys = self.provider().await.map(|provider| provider.jwks().clone());
        let keys = keys.unwrap_or_else(|_| CoreJsonWebKeySet::new(vec![]));
        match logout_token::read(token, &keys, self.issuer.as_str(), self.client_id.as_str(), now) {
            Err(Refused::UnknownKey) => {
                let provider = self.discover().await.map_err(|_| Refused::UnknownKey)?;
                logout_token::read(token, provider.jwks(), self.issuer.as_str(), self.client_id.as_str(), now)
            }
            known => known,
        }
    }

    async fn provider(&self) -> Result<Arc<Metadata>> {
        let known = self.provider.read().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(provider) => Ok(provider),
            None => self.discover().await,
        }
    }

    async fn discover(&self) -> Result<Arc<Metadata>> {
        let http = |request| send(self.http.clone(), request);
        let found = Metadata::discover_async(self.issuer.clone(), &http).await.context("the provider was not found")?;
        let found = Arc::new(found);
        *self.provider.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&found));
        Ok(found)
    }
}

/// `openidconnect` brings types, not a client: this is ours.
async fn send(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, std::io::Error> {
    let answer = async {
        let answer = client.execute(request.try_into()?).await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?.to_vec()))
    };
    let (status, headers, body) = answer.await.map_err(std::io::Error::other)?;
    let mut response = HttpResponse::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// A text claim of a token whose signature was already checked.
fn claim_of(token: &str, name: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    claims.get(name)?.as_str().map(str::to_owned)
}

/// The claim is a list, because a person can act for several; the first is the one they are here for.
fn organisation_name(org: &Value) -> Option<String> {
    let org = org.get(0).unwrap_or(org);
    org.as_str().or_else(|| org.get("name")?.as_str()).map(str::to_owned)
}
