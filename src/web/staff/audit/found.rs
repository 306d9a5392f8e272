//! What an audit found, as auditors read it: in their language, with what people call it, and the way to its entries.

use base::id::{LicenceId, OrganisationId, SealId};
use licence::register;
use records::{Tx, audit::Said};

use crate::{Page, Problem, kit::wording, staff::told::Names};

/// Something that is wrong, and whose entries tell what was done to it.
pub struct Named {
    pub words: String,
    /// Whether these are words of another version, which stand in the log in English.
    pub is_english: bool,
    /// By which its entries are found.
    pub object: Option<String>,
}

/// What was found, from the sentences of the log.
///
/// # Errors
///
/// When the database is out of reach.
pub async fn named(
    page: &Page,
    tx: &mut Tx,
    names: &mut Names,
    found: impl Iterator<Item = String>,
) -> Result<Vec<Named>, Problem> {
    let mut all = Vec::new();
    for sentence in found {
        let Some((said, mut values)) = Said::read(&sentence) else {
            all.push(Named { words: sentence, is_english: true, object: None });
            continue;
        };
        let mut object = None;
        if let [table, key] = &mut values[..]
            && said.is_of_row()
        {
            object = object_of(table, key);
            if let Some(known) = known_as(page, tx, names, (table, key)).await? {
                *key = known;
            }
        }
        all.push(Named { words: page.say(&wording::finding(said, &values)).to_owned(), is_english: false, object });
    }
    Ok(all)
}

/// By which the entries about a row are found: its first identifier.
fn object_of(table: &str, key: &str) -> Option<String> {
    let first = key.split(' ').next()?;
    (table == "client" || is_identifier(first)).then(|| first.to_owned())
}

/// Whether a word is an identifier of ours, which its entries can be found by.
fn is_identifier(word: &str) -> bool {
    word.split_once('_').is_some_and(|(prefix, rest)| prefix.len() == 3 && rest.len() == 26)
}

/// What people call a row. Of a person nothing more is said than that it is one: whoever wants the name opens the entries,
/// and that is written down.
async fn known_as(
    page: &Page,
    tx: &mut Tx,
    names: &mut Names,
    (table, key): (&str, &str),
) -> Result<Option<String>, Problem> {
    if names.are_hidden() {
        return Ok(None);
    }
    if let Ok(licence) = LicenceId::parse(key) {
        return Ok(register::known_identifier(tx, &licence).await?);
    }
    if table == "client" {
        return Ok(Some(names.of_client(page, tx, key).await?));
    }
    if SealId::parse(key).is_ok() || OrganisationId::parse(key).is_ok() {
        return Ok(Some(names.of(page, tx, key).await?));
    }
    Ok(None)
}
