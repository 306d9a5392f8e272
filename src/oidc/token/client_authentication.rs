//! Who calls the token endpoint: `client_secret_basic`, `client_secret_post` or, for public clients, nothing.

use std::sync::Arc;

use crypto::encoding::base64_decode;
use records::{Actor, Context, Work};

use super::issue::TokenRequest;
use crate::{
    Client, Endpoint, Error, client::ClientKind, events::ClientRefused, limits, parameters::decode, tally::What,
};

/// What the caller shows.
struct Credentials {
    client: String,
    secret: Option<String>,
}

pub(super) async fn authenticate(endpoint: &Endpoint<'_>, request: &TokenRequest<'_>) -> Result<Arc<Client>, Error> {
    let shown = shown(request)?;
    let client = endpoint.provider.client(endpoint.database, &shown.client).await?;
    match (client, &shown.secret) {
        (Some(client), None) if client.settings.kind == ClientKind::Public => Ok(client),
        (Some(client), Some(secret))
            if client.settings.kind == ClientKind::Confidential && client.has_secret(secret) =>
        {
            Ok(client)
        }
        // What is no client of ours may be a secret in the wrong field.
        (client, _) => Err(refused(endpoint, client.as_ref().map_or("-", |client| client.client_id.as_str())).await?),
    }
}

/// Counts and remembers a failure.
async fn refused(endpoint: &Endpoint<'_>, client: &str) -> Result<Error, Error> {
    let address = endpoint.address.clone();
    let counted = endpoint.provider.tally().count(What::Secret, client, &address, endpoint.context.at);
    let answer = if counted.is_too_many { Error::WrongSecrets } else { Error::ClientAuthentication };
    let Some(count) = counted.tell else { return Ok(answer) };
    let context = Context { actor: Actor::Anonymous, ..endpoint.context.clone() };
    let event = ClientRefused { client: client.to_owned(), address, count: Some(count) };
    let remember = async |mut work: Work| {
        work.record(event.clone());
        work.commit().await
    };
    endpoint.database.attempt(&context, remember).await?;
    Ok(answer)
}

fn shown(request: &TokenRequest<'_>) -> Result<Credentials, Error> {
    let form = request.form;
    let (client, secret) = (form.get("client_id"), form.get("client_secret"));
    // We have no way to check an assertion, and ignoring one would be accepting it.
    if form.get("client_assertion").is_some() || form.get("client_assertion_type").is_some() {
        return Err(Error::ClientAuthentication);
    }
    let Some(header) = request.authorization else {
        let client = client.ok_or(Error::ClientAuthentication)?.to_owned();
        return Ok(Credentials { client, secret: secret.map(str::to_owned) });
    };
    let basic = basic(header).ok_or(Error::ClientAuthentication)?;
    if secret.is_some() || client.is_some_and(|client| client != basic.client) {
        return Err(Error::ClientAuthenticatedTwice);
    }
    Ok(basic)
}

/// Reads `Basic …`: both parts are form-encoded before they are joined (RFC 6749 §2.3.1).
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > limits::TOKEN_LENGTH_MAX {
        return None;
    }
    let text = String::from_utf8(base64_decode(encoded.trim())?).ok()?;
    let (client, secret) = text.split_once(':')?;
    Some(Credentials { client: decode(client).ok()?, secret: Some(decode(secret).ok()?) })
}

#[cfg(test)]
mod tests {
    use crypto::encoding::base64;

    use super::*;
    use crate::Parameters;

    #[test]
    fn both_parts_of_a_basic_header_are_percent_decoded() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let shown = basic(&format!("Basic {}", base64(text.as_bytes())));
            let shown = shown.map(|shown| (shown.client, shown.secret.unwrap_or_default()));
            let expected = expected.map(|(client, secret)| (client.to_owned(), secret.to_owned()));
            assert_eq!(shown, expected, "{text}");
        };
        check("a:b", Some(("a", "b")));
        check("a%3Ab:c%25d", Some(("a:b", "c%d")));
        check("a:b:c", Some(("a", "b:c")));
        check("a:b+c", Some(("a", "b c")));
        check("a:", Some(("a", "")));
        check("a", None);
        check("a:%zz", None);
        assert!(basic("Bearer abc").is_none());
        assert!(basic("Basic ***").is_none());
        assert!(basic("Basic").is_none());
        assert!(basic(&format!("basic {}", base64(b"a:b"))).is_some());
    }

    #[test]
    fn one_method_at_a_time() {
        let check = |form: &str, header: Option<&str>| {
            let form = Parameters::parse(form).unwrap();
            shown(&TokenRequest { form: &form, query: None, authorization: header }).map(|shown| shown.client)
        };
        let header = format!("Basic {}", base64(b"a:b"));
        assert!(matches!(check("client_id=a&client_secret=b", Some(&header)), Err(Error::ClientAuthenticatedTwice)));
        assert!(matches!(check("client_id=x", Some(&header)), Err(Error::ClientAuthenticatedTwice)));
        assert!(matches!(check("client_assertion=x&client_id=a", None), Err(Error::ClientAuthentication)));
        assert!(matches!(check("", None), Err(Error::ClientAuthentication)));
        assert_eq!(check("client_id=a", Some(&header)).unwrap(), "a");
        assert_eq!(check("", Some(&header)).unwrap(), "a");
        assert_eq!(check("client_id=a&client_secret=b", None).unwrap(), "a");
    }
}
