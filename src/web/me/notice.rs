//! That a licence was suspended or revoked, as its holder is told: by whom, by which decision, where to object.

use axum::{extract::Path, response::Response};
use base::{Instant, id::LicenceId};
use licence::{
    Licence, Status,
    notice::{self, Shown},
};
use records::Work;

use crate::{
    App, Page, Problem,
    kit::{form::Fields, page::see_other, session::Citizen, wording::Worded},
};

/// A notice on the holder's own pages.
pub(crate) struct Notice {
    pub id: String,
    pub title: String,
    pub holder: String,
    pub issuer: String,
    pub when: String,
    pub reason: String,
    pub decision: Option<String>,
    pub follows: &'static str,
    /// What goes back with the form: whoever has seen this has not seen what happens next.
    pub status: &'static str,
    pub since: i64,
}

/// The notice about a licence that is out of force.
pub(super) fn notice(app: &App, page: &Page, licence: &Licence, holder: String) -> Result<Notice, Problem> {
    let name = app.library.catalogue.now().of(licence)?.definition.name.text();
    let name = page.say(&name).to_owned();
    let is_final = licence.status == Status::Revoked;
    let title = if is_final { words::notice::revoked(name) } else { words::notice::suspended(name) };
    Ok(Notice {
        id: licence.id.to_string(),
        title: page.say(&title).to_owned(),
        holder,
        issuer: licence.issuer_name.clone(),
        when: licence.changed_at.legal_text(),
        reason: licence.status_reason().map(|reason| page.sentence(&reason.text())).unwrap_or_default(),
        decision: licence.decision.clone(),
        follows: page.say(if is_final { words::notice::FINAL } else { words::notice::FOR_A_TIME }),
        status: licence.status.as_str(),
        since: licence.changed_at.as_micros(),
    })
}

/// `POST /me/licences/{id}/seen`: the holder has read it, and goes back to where that was. There the notice stands anew
/// when it is another one by now.
pub async fn seen(citizen: Citizen, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let id = LicenceId::parse(&id).map_err(|_| Problem::NotFound)?;
    let person = &citizen.session.person_id;
    // A form that does not say what was seen has shown nothing.
    let since = fields.text("since").parse().map_or(Instant::from_micros(0), Instant::from_micros);
    let shown = Shown { status: fields.text("status"), since };
    let see = async |mut work: Work| {
        notice::see(&mut work, person, &id, shown).await?;
        Ok(work.commit().await?)
    };
    citizen.attempt(see).await?;
    Ok(if fields.text("from") == "licence" { see_other(&format!("/me/licences/{id}")) } else { see_other("/me") })
}
