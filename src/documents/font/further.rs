//! The folder of further fonts: what an operator puts there is looked in when our own faces have not a character.

use std::path::Path;

use crate::{Error, limits};

/// The names of the TrueType files in a folder, in their order.
pub(super) fn files(folder: &Path) -> Result<Vec<String>, Error> {
    let refuse = |what: &str| Error::FontFile { file: folder.display().to_string(), what: what.to_owned() };
    let entries = std::fs::read_dir(folder).map_err(|error| refuse(&error.to_string()))?;
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| refuse(&error.to_string()))?.file_name();
        if let Some(name) = name.to_str().filter(|name| name.to_lowercase().ends_with(".ttf")) {
            files.push(name.to_owned());
        }
        if files.len() > limits::FURTHER_FONTS_MAX {
            return Err(refuse(&format!("it has more than {} fonts", limits::FURTHER_FONTS_MAX)));
        }
    }
    if files.is_empty() {
        return Err(refuse("it has no file that ends with .ttf"));
    }
    files.sort_unstable();
    Ok(files)
}

/// What a document calls the face of a file.
pub(super) fn name_of(file: &str) -> String {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let name: String = stem.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    if name.is_empty() { "Further".to_owned() } else { name }
}
