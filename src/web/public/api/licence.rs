//! A licence as the API says it.

use ::licence::{Licence, Standing, holder::HolderKind};
use base::{Instant, Text};
use schemars::JsonSchema;
use serde::Serialize;

use super::leaf::{Coded, Cursor, Day, LicenceRef, Moment, OrganisationRef};
use crate::{
    App,
    kit::wording::{Both, Worded, both},
};

/// One licence.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Licence", description = both(words::schema::LICENCE))]
pub struct Body<'a> {
    id: LicenceRef,
    #[schemars(description = both(words::description::LICENCE_IDENTIFIER))]
    identifier: &'a str,
    #[schemars(description = both(words::description::NUMBER))]
    number: &'a str,
    #[schemars(range(min = 1, max = 999))]
    version: u16,
    #[schemars(regex(pattern = "^[0-9]{21}$"))]
    code: &'a str,
    r#type: Type,
    #[schemars(with = "Coded<Standing>")]
    status: &'static str,
    reason: Option<Reason>,
    #[schemars(description = both(words::description::DECISION_OF))]
    decision: Option<&'a str>,
    issuer: Issuer<'a>,
    holder: Holder<'a>,
    valid_from: Day,
    valid_until: Option<Day>,
    issued_at: Moment,
    changed_at: Moment,
    renews: Option<LicenceRef>,
    #[schemars(description = both(words::description::ATTESTED))]
    attested_by_system: bool,
    pdf_url: String,
    verify_url: String,
}

#[derive(JsonSchema, Serialize)]
#[schemars(inline)]
struct Type {
    code: String,
    version: u16,
    name: Both,
}

#[derive(JsonSchema, Serialize)]
#[schemars(inline)]
struct Reason {
    code: &'static str,
    text: Both,
}

#[derive(JsonSchema, Serialize)]
#[schemars(inline)]
struct Issuer<'a> {
    id: OrganisationRef,
    name: &'a str,
}

#[derive(JsonSchema, Serialize)]
#[schemars(inline)]
struct Holder<'a> {
    kind: Coded<HolderKind>,
    #[schemars(description = both(words::description::MASKED))]
    name: &'a str,
}

/// A page of licences.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "LicencePage", description = both(words::schema::LICENCE_PAGE))]
pub struct List<'a> {
    /// The licences of this page.
    pub items: Vec<Body<'a>>,
    /// Where the next page begins.
    pub next_cursor: Option<Cursor>,
}

impl<'a> Body<'a> {
    /// The body for a licence at an instant.
    pub fn of(app: &App, licence: &'a Licence, at: Instant) -> Self {
        let (code, name, version) = match app.library.catalogue.now().of(licence) {
            Ok(found) => (found.code.clone(), found.definition.name.text(), found.version),
            Err(_) => (String::new(), Text::fixed("", ""), 0),
        };
        let reason = licence.status_reason();
        Self {
            id: LicenceRef(licence.id.clone()),
            identifier: &licence.identifier,
            number: licence.number(),
            version: licence.version(),
            code: licence.code.as_str(),
            r#type: Type { code, version, name: Both(name) },
            status: licence.standing(at).map_or("not_issued", Standing::as_str),
            reason: reason.map(|reason| Reason { code: reason.code(), text: Both(reason.text()) }),
            decision: licence.decision.as_deref(),
            issuer: Issuer { id: OrganisationRef(licence.issuer.clone()), name: &licence.issuer_name },
            holder: Holder { kind: Coded(licence.holder.kind()), name: &licence.holder_shown },
            valid_from: Day(licence.valid_from),
            valid_until: licence.valid_until.map(Day),
            issued_at: Moment(licence.issued_at),
            changed_at: Moment(licence.changed_at),
            renews: licence.renews.clone().map(LicenceRef),
            attested_by_system: licence.is_attested,
            pdf_url: format!("{}/api/v1/licences/{}/file.pdf", app.settings.public_url, licence.id),
            verify_url: verify::qr::payload(&app.settings.public_url, licence.code.as_str()),
        }
    }
}
