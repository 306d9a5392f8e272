//! What the codes of the domains are called: a `match` for each enum without a rest, so that a new variant does not
//! compile before it has words. The words themselves are in the crate `words`.

mod detail;
mod event;
mod finding;
mod identity;
mod keys;
mod licence;
mod oidc;
mod signature;
pub mod verdict;

pub use self::identity::{contradiction, field_missing, field_wrong, number_wrong, role_words};
pub use self::keys::{key_state_words, purpose_words, seal_kind_words};
pub use self::oidc::registration_flaw;
pub use self::signature::{signature, signer};
pub use detail::{changed, detail, detail_value, job, object, registered, roles};
pub use event::{event, event_groups, event_kinds};
pub use finding::finding;

use std::borrow::Cow;

use base::Text;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer, ser::SerializeStruct};

/// A code that people read in words.
pub trait Worded {
    /// Its words.
    fn text(&self) -> Text;
}

/// A text in JSON: both languages, for whoever shows it.
#[derive(Clone, Debug)]
pub struct Both(pub Text);

impl Serialize for Both {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut both = serializer.serialize_struct("Text", 2)?;
        both.serialize_field("zh", &self.0.zh)?;
        both.serialize_field("en", &self.0.en)?;
        both.end()
    }
}

impl JsonSchema for Both {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "required": ["zh", "en"],
            "properties": { "zh": { "type": "string" }, "en": { "type": "string" } }
        })
    }
}

/// Both languages in one line, where a standard has room for one.
pub fn both(text: &Text) -> String {
    format!("{} / {}", text.zh, text.en)
}

/// A character that may not be seen, by its number: `U+200B`.
fn code_of(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}
