//! Filling that does something, or that is another file.

use crate::pdf::{
    file::File,
    findings::ActiveContent,
    object::{Dictionary, Object},
};

/// Everything of that kind, each once.
pub(crate) fn find(file: &File<'_>) -> Vec<ActiveContent> {
    let mut found = Vec::new();
    for indirect in file.objects.values() {
        walk(&indirect.value, &mut found);
        if indirect.stream.is_some() && indirect.value.dictionary().is_some_and(|entries| entries.find("F").is_some()) {
            found.push(ActiveContent::ExternalStream);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Objects inside each other are no deeper than the reader allowed.
fn walk(object: &Object, found: &mut Vec<ActiveContent>) {
    match object {
        Object::Array(items) => items.iter().for_each(|item| walk(item, found)),
        Object::Dictionary(dictionary) => {
            look(dictionary, found);
            dictionary.0.iter().for_each(|(_, value)| walk(value, found));
        }
        _ => {}
    }
}

fn look(dictionary: &Dictionary, found: &mut Vec<ActiveContent>) {
    for (key, _) in &dictionary.0 {
        match key.as_slice() {
            b"JS" | b"JavaScript" => found.push(ActiveContent::JavaScript),
            b"EmbeddedFiles" | b"EF" | b"Collection" => found.push(ActiveContent::EmbeddedFile),
            b"XFA" => found.push(ActiveContent::Xfa),
            _ => {}
        }
    }
    match dictionary.name("S") {
        Some(b"JavaScript") => found.push(ActiveContent::JavaScript),
        Some(b"Launch") => found.push(ActiveContent::Launch),
        Some(b"GoToR" | b"GoToE") => found.push(ActiveContent::RemoteGoTo),
        Some(b"SubmitForm" | b"ImportData") => found.push(ActiveContent::FormAction),
        Some(b"Rendition" | b"Movie" | b"Sound" | b"RichMediaExecute") => found.push(ActiveContent::Media),
        _ => {}
    }
}
