//! The person that a page of the operators is about.

use base::id::PersonId;
use identity::person::{self, PersonView};

use crate::{App, Problem};

/// The page of a person.
pub(super) fn way(id: &str) -> String {
    format!("/operator/people/{id}")
}

pub(super) async fn find_person(app: &App, id: &str) -> Result<PersonView, Problem> {
    let id = PersonId::parse(id).map_err(|_| Problem::NotFound)?;
    let found = person::find(&mut app.database.read().await?, &id).await?;
    found.ok_or(Problem::NotFound)
}
