//! What stands in the way of an act and is no mistake in a form: said where the act is asked for, with the way to it.

use http::StatusCode;
use identity::Role;
use licence::{Error, register};

use crate::{App, Page, Problem, kit::session::Staff};

/// What stands in the way.
pub struct Stand {
    pub text: String,
    /// Where to look at it, or what to do instead.
    pub ways: Vec<(String, &'static str)>,
}

/// What a rule said, with the ways to what it speaks of that are open to whoever asks.
///
/// # Errors
///
/// What is no rule's, as it is.
pub async fn stand(
    (app, staff): (&App, &Staff),
    page: &Page,
    error: Error,
    otherwise: Option<(String, &'static str)>,
) -> Result<(StatusCode, Stand), Problem> {
    let ways = match &error {
        Error::AlreadyApplied(id) => {
            vec![(format!("/console/applications/{id}"), page.say(words::console::TO_APPLICATION))]
        }
        Error::AlreadyHeld(id) => {
            let held = register::by_id(&mut app.database.read().await?, id).await?;
            // Of another department's licence nothing is shown here but that there is one.
            match held.filter(|held| held.issuer == staff.appointment.organisation_id) {
                Some(held) => {
                    let code = &app.library.catalogue.now().of(&held)?.code;
                    let renew = (format!("/console/apply/{code}?renews={id}"), page.say(words::console::RENEW));
                    let is_clerk = staff.appointment.roles.has(Role::Clerk);
                    let open = (format!("/console/licences/{id}"), page.say(words::console::TO_HELD));
                    [open].into_iter().chain(is_clerk.then_some(renew)).collect()
                }
                None => vec![],
            }
        }
        _ => otherwise.into_iter().collect(),
    };
    match error.into() {
        Problem::Domain { status, text, .. } => Ok((status, Stand { text: page.say(&text).to_owned(), ways })),
        problem => Err(problem),
    }
}
