//! Values of another type than their column has: SQLite keeps a value of any type in any column. One of another type is like
//! no text and no number, whatever it says: it is read as something that nobody wrote, so that an audit names what it
//! stands in and goes on. Columns are read by their places: a name is looked for in each row anew.

use sqlx::{
    Column as _, Row as _,
    any::{AnyRow, AnyTypeInfoKind},
};

/// What the name of a column begins with whose texts are read in hexadecimal.
pub(crate) const IN_HEX: &str = "hex_of_";

/// What a text is read as that is none.
pub(crate) const NO_TEXT: &str = "\u{fffd}";

/// What a number is read as that is none.
pub(crate) const NO_NUMBER: i64 = i64::MIN;

/// The text of the column at this place, or nothing.
pub(crate) fn text(row: &AnyRow, place: usize) -> Result<Option<String>, sqlx::Error> {
    match kind_of(row, place)? {
        AnyTypeInfoKind::Null => Ok(None),
        AnyTypeInfoKind::Text if is_in_hex(row) => {
            let bytes = of_hex(row.try_get(place)?);
            Ok(Some(String::from_utf8(bytes).unwrap_or_else(|_| NO_TEXT.to_owned())))
        }
        AnyTypeInfoKind::Text => row.try_get(place),
        _ => Ok(Some(NO_TEXT.to_owned())),
    }
}

/// The bytes that a text in hexadecimal stands for.
pub(crate) fn of_hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks_exact(2);
    pairs.filter_map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// A text that has to be there.
pub(crate) fn needed_text(row: &AnyRow, place: usize) -> Result<String, sqlx::Error> {
    text(row, place).map(|text| text.unwrap_or_else(|| NO_TEXT.to_owned()))
}

/// The number in the column at this place, or nothing: a fraction and a text are none.
pub(crate) fn number(row: &AnyRow, place: usize) -> Result<Option<i64>, sqlx::Error> {
    match kind_of(row, place)? {
        AnyTypeInfoKind::BigInt | AnyTypeInfoKind::Integer | AnyTypeInfoKind::SmallInt | AnyTypeInfoKind::Null => {
            row.try_get(place)
        }
        _ => Ok(Some(NO_NUMBER)),
    }
}

/// A number that has to be there.
pub(crate) fn needed_number(row: &AnyRow, place: usize) -> Result<i64, sqlx::Error> {
    number(row, place).map(|number| number.unwrap_or(NO_NUMBER))
}

/// Whether the texts of a row were asked for in hexadecimal: then each of its columns is named so.
fn is_in_hex(row: &AnyRow) -> bool {
    row.columns().first().is_some_and(|column| column.name().starts_with(IN_HEX))
}

fn kind_of(row: &AnyRow, place: usize) -> Result<AnyTypeInfoKind, sqlx::Error> {
    let raw = row.try_get_raw(place)?;
    Ok(sqlx::ValueRef::type_info(&raw).kind())
}
