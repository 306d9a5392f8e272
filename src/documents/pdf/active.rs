//! What a file does when it is opened, or carries, and how many pages it has.

use std::collections::BTreeSet;

use crate::pdf::{
    findings::{ActiveContent, Pages},
    font_objects::FIXED_TAG,
    object::{Dictionary, Object},
};

/// Looks at an object and all that is in it. Objects inside each other are no deeper than the reader allowed.
pub(crate) fn look_at(object: &Object, has_stream: bool, found: &mut BTreeSet<ActiveContent>) {
    match object {
        Object::Array(items) => items.iter().for_each(|item| look_at(item, false, found)),
        Object::Dictionary(dictionary) => {
            if has_stream && dictionary.find("F").is_some() {
                found.insert(ActiveContent::ExternalStream);
            }
            look(dictionary, found);
            dictionary.0.iter().for_each(|(_, value)| look_at(value, false, found));
        }
        _ => {}
    }
}

fn look(dictionary: &Dictionary, found: &mut BTreeSet<ActiveContent>) {
    for (key, _) in &dictionary.0 {
        found.insert(match key.as_slice() {
            b"JS" | b"JavaScript" => ActiveContent::JavaScript,
            b"EmbeddedFiles" | b"EF" | b"Collection" => ActiveContent::EmbeddedFile,
            b"XFA" => ActiveContent::Xfa,
            _ => continue,
        });
    }
    found.extend(match dictionary.name("S") {
        Some(b"JavaScript") => Some(ActiveContent::JavaScript),
        Some(b"Launch") => Some(ActiveContent::Launch),
        Some(b"GoToR" | b"GoToE") => Some(ActiveContent::RemoteGoTo),
        Some(b"SubmitForm" | b"ImportData") => Some(ActiveContent::FormAction),
        Some(b"Rendition" | b"Movie" | b"Sound" | b"RichMediaExecute") => Some(ActiveContent::Media),
        _ => None,
    });
}

/// Counts an object that is a page, or the font that each page of ours has.
pub(crate) fn count(object: &Object, pages: &mut Pages) {
    let Some(dictionary) = object.dictionary() else { return };
    // Licences of some weeks called their page a sheet.
    let is_page = dictionary.is_named("Type", "Page") || dictionary.is_named("Type", "Sheet");
    let font = dictionary.name("BaseFont").filter(|_| dictionary.is_named("Subtype", "Type0")).unwrap_or_default();
    pages.all += usize::from(is_page);
    pages.of_licences += usize::from(font.starts_with(FIXED_TAG.as_bytes()));
}
