//! A page before anything of it has a number: what it will look like, and whether everything has room on it.

use base::{Date, Fault, Instant};
use documents::Filling;

use super::{
    page::{self, Issue},
    press::Press,
};
use crate::{catalogue::licence_type::LicenceType, error::Error, register::content::Content};

/// What stands where the numbers will be that are given when it is issued.
const LATER: &str = "签发时编定";

/// What is about to be handed in or approved.
pub struct Preview {
    /// What the licence will say.
    pub content: Content,
    /// The page, as an SVG picture.
    pub picture: String,
}

/// The page that would be issued by somebody at an instant.
pub(crate) fn picture(
    press: &Press,
    (licence_type, content): (&LicenceType, &Content),
    by: (&str, Instant),
    label: &str,
) -> Result<String, Error> {
    let filling = filling(licence_type, content, by)?;
    press.unsealed(licence_type)?.picture(&filling, label).map_err(page::refused)
}

/// Refuses what has no room on that page.
pub(crate) fn check(
    press: &Press,
    (licence_type, content): (&LicenceType, &Content),
    by: (&str, Instant),
) -> Result<(), Error> {
    let filling = filling(licence_type, content, by)?;
    press.unsealed(licence_type)?.check(&filling).map_err(page::refused)
}

fn filling(licence_type: &LicenceType, content: &Content, (issuer, at): (&str, Instant)) -> Result<Filling, Fault> {
    let date = |text: &str| Date::parse(text).map_err(Fault::broken);
    let valid = (date(&content.valid_from)?, content.valid_until.as_deref().map(date).transpose()?);
    let issue = Issue { number: LATER, issuer, on: at.date(), valid };
    Ok(Filling {
        title: licence_type.definition.name.zh.clone(),
        identifier: LATER.to_owned(),
        fields: page::placed(licence_type, &issue.printed(content)),
        qr_text: String::new(),
        metadata: vec![],
        signer_name: issuer.to_owned(),
        at,
    })
}
