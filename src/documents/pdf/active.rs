//! What a file does when it is opened, or carries.

use std::collections::BTreeSet;

use crate::pdf::{
    findings::ActiveContent,
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
