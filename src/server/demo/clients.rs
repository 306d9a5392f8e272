//! The applications of the city.

use base::Text;
use oidc::client::{
    self, ClientId, ClientKind, ClientSettings, Consent, GrantType, Registration, SubjectType, TokenAlgorithm,
};
use records::Actor;

use super::{
    facts::ClientFacts,
    people::People,
    relying_parties::{self, RelyingPartyPorts},
};
use crate::wiring::Product;

/// Registers every application in one unit of work.
pub async fn register(
    product: &Product,
    ports: &RelyingPartyPorts,
    people: &People,
) -> anyhow::Result<Vec<ClientFacts>> {
    let mut wanted = Vec::new();
    for place in ports.all() {
        let Some(party) = relying_parties::relying_party(&place.key) else { continue };
        let url = place.url();
        wanted.push(Registration {
            client_id: ClientId::parse(party.client_id)?,
            name: party.name.clone(),
            purpose: party.purpose.clone(),
            organisation_id: people.department(party.department)?.id.clone(),
            backchannel_logout_uri: Some(format!("{url}/backchannel-logout")),
            settings: ClientSettings {
                redirect_uris: vec![format!("{url}/callback")],
                post_logout_redirect_uris: vec![format!("{url}/signed-out")],
                scopes: party.scopes.to_owned(),
                consent: party.consent,
                identity_number_approved: party.identity_number_approved,
                ..ClientSettings::default()
            },
        });
    }
    wanted.extend(programs(people)?);
    let policy = product.app.provider.uri_policy();
    let mut work = product.database.begin(product.world.context(Actor::Job("demonstration"))).await?;
    let mut facts = Vec::new();
    for registration in wanted {
        let settings = registration.settings.clone();
        let registered = client::register(&mut work, policy, registration).await?;
        facts.push(ClientFacts {
            client_id: registered.client_id.to_string(),
            client_secret: registered.secret.map(|secret| secret.expose().clone()),
            grants: settings.grants.iter().map(|grant| grant.name().to_owned()).collect(),
            scopes: settings.scopes.split(' ').map(str::to_owned).collect(),
            redirect_uris: settings.redirect_uris,
            id_token_signed_response_alg: settings.id_token_algorithm.name().to_owned(),
        });
    }
    work.commit().await?;
    Ok(facts)
}

/// What is no department's page: the approval system that several departments share, and clients for tests and
/// measuring.
fn programs(people: &People) -> anyhow::Result<[Registration; 4]> {
    let service = &people.department("service")?.id;
    let registration = |id: &str, name: Text, settings: ClientSettings| -> anyhow::Result<Registration> {
        Ok(Registration {
            client_id: ClientId::parse(id)?,
            purpose: Text::fixed(
                "演示登录以后应用能看到您的哪些资料",
                "To show what an app sees of you after you sign in",
            ),
            name,
            organisation_id: service.clone(),
            backchannel_logout_uri: None,
            settings,
        })
    };
    Ok([
        registration(
            "approval-system",
            Text::fixed("行政审批业务系统", "Approval system"),
            ClientSettings {
                grants: vec![GrantType::ClientCredentials],
                scopes: "licence:verify licence:issue".to_owned(),
                acts_for: people.departments.iter().map(|department| department.id.to_string()).collect(),
                attests_review: true,
                ..ClientSettings::default()
            },
        )?,
        registration(
            "bench",
            Text::fixed("测量用网站", "Web client for measuring"),
            ClientSettings {
                redirect_uris: vec!["http://127.0.0.1:9/cb".to_owned()],
                grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
                scopes: "openid profile email offline_access".to_owned(),
                id_token_algorithm: TokenAlgorithm::Es256,
                consent: Consent::Implied,
                ..ClientSettings::default()
            },
        )?,
        registration(
            "sample-web",
            Text::fixed("网站应用示例", "Sample website"),
            ClientSettings {
                redirect_uris: vec!["http://127.0.0.1:9/sample".to_owned()],
                grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
                scopes: "openid profile email address phone org offline_access".to_owned(),
                ..ClientSettings::default()
            },
        )?,
        registration(
            "public-app",
            Text::fixed("手机应用示例", "Sample app without a secret"),
            ClientSettings {
                kind: ClientKind::Public,
                redirect_uris: vec!["http://127.0.0.1:9/app".to_owned()],
                grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
                scopes: "openid profile email address phone offline_access".to_owned(),
                subject: SubjectType::Pairwise,
                ..ClientSettings::default()
            },
        )?,
    ])
}
