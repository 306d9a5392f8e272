//! A client that acts for itself: nothing is asked of the database and nothing stored
//! (`each_hot_path_of_openid_takes_so_many_statements_and_no_more`); the token is the record, its use is recorded.

use super::issue::{Tokens, bearer};
use crate::{
    Client, Endpoint, Error, Parameters,
    access_token::{self, AccessToken},
    scope::{self, Reach, ScopeSet},
};

pub(super) async fn issue(endpoint: &Endpoint<'_>, client: &Client, form: &Parameters) -> Result<Tokens, Error> {
    let own = client.scopes.only(|name| scope::find(name).is_some_and(|scope| scope.reach == Reach::Machine));
    let scopes = match form.get("scope") {
        None => own,
        Some(text) => {
            let wanted = ScopeSet::asked(text)?;
            // A token that is good for nothing would only be refused later.
            if wanted.is_empty() || !own.covers(&wanted) {
                return Err(Error::ScopeNotAllowed);
            }
            wanted
        }
    };
    let token = AccessToken {
        client_id: client.client_id.clone(),
        scopes,
        subject: client.client_id.to_string(),
        family: None,
    };
    let text = access_token::issue(endpoint.provider, &*endpoint.context.entropy, &token, endpoint.context.at).await?;
    Ok(bearer(text, &token.scopes))
}
