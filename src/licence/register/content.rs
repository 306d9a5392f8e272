//! What a licence says: its fields, whom it is about, how long it is valid.

use std::collections::BTreeMap;

use base::Fault;
use serde::{Deserialize, Serialize};

/// Fields by their keys.
pub type Fields = BTreeMap<String, String>;

/// Everything a reviewer binds himself to, and everything that is printed.
///
/// Its members stand in alphabetical order and its maps are ordered, so that one content has one JSON text and
/// one digest.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The fields of the type.
    pub fields: Fields,
    /// The holder's identifier.
    pub holder: String,
    /// The holder's name in the register at that time.
    pub holder_name: String,
    /// The department's identifier.
    pub issuer: String,
    /// Who holds it beside the holder, if somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joint_holder: Option<String>,
    /// The version of the type.
    pub licence_type: String,
    /// The licence it renews.
    pub renews: Option<String>,
    /// The first day.
    pub valid_from: String,
    /// The last day; none when it is valid for good.
    pub valid_until: Option<String>,
}

impl std::fmt::Debug for Content {
    // Fields hold identity numbers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("licence_type", &self.licence_type).finish_non_exhaustive()
    }
}

impl Content {
    /// The one JSON text of this content.
    pub(crate) fn canonical(&self) -> Result<String, Fault> {
        serde_json::to_string(self).map_err(Fault::broken)
    }

    pub(crate) fn read(canonical: &[u8]) -> Result<Self, Fault> {
        serde_json::from_slice(canonical).map_err(|_| Fault::broken("a stored licence content cannot be read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_content_has_one_text() {
        let mut content = Content {
            fields: [("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())].into(),
            holder: "per_1".to_owned(),
            holder_name: "张三".to_owned(),
            issuer: "org_1".to_owned(),
            joint_holder: None,
            licence_type: "lty_1".to_owned(),
            renews: None,
            valid_from: "2026-11-23".to_owned(),
            valid_until: None,
        };
        assert_eq!(
            content.canonical().unwrap(),
            r#"{"fields":{"a":"1","b":"2"},"holder":"per_1","holder_name":"张三","issuer":"org_1","licence_type":"lty_1","renews":null,"valid_from":"2026-11-23","valid_until":null}"#
        );
        assert_eq!(Content::read(content.canonical().unwrap().as_bytes()).unwrap(), content);
        let before = content.canonical().unwrap();
        content.fields.insert("a".to_owned(), "3".to_owned());
        assert_ne!(content.canonical().unwrap(), before);
    }
}
