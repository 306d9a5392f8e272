//! Reading bodies: one type for each says what it takes, and every mistake is told at once, by its pointer.
//!
//! The same types describe themselves ([`schemars::JsonSchema`]), so what is read and what is promised are one text.

use std::collections::BTreeMap;

use base::Text;

use super::json::Value;
use crate::{
    Problem,
    kit::{
        problem::{FieldProblem, escape},
        wording::Both,
    },
};

/// A value that comes in a body or a query.
pub trait Read: Sized {
    /// Reads it; `None` where a mistake was noted under the pointer `at`.
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self>;
}

/// What may be left out or null.
impl<T: Read> Read for Option<T> {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        match value {
            None | Some(Value::Null) => Some(None),
            present => T::read(present, at, mistakes).map(Some),
        }
    }
}

impl Read for String {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        match value {
            None | Some(Value::Null) => mistakes.missing(at),
            Some(Value::Text(text)) => return Some(text),
            Some(_) => mistakes.add(at, "not_a_string", words::mistake::NOT_A_STRING),
        }
        None
    }
}

/// An object of texts; a null is as good as nothing.
impl Read for BTreeMap<String, String> {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        let texts = members(value, at, mistakes)?.into_iter().filter(|(_, value)| *value != Value::Null);
        let texts: Vec<_> = texts
            .map(|(name, value)| {
                let pointer = format!("{at}/{}", escape(&name));
                Some((name, String::read(Some(value), &pointer, mistakes)?))
            })
            .collect();
        texts.into_iter().collect()
    }
}

/// A text that means something: parsed, or the mistake with this code and these words.
pub fn parsed<T>(
    value: Option<Value>,
    (at, mistakes): (&str, &mut Mistakes),
    parse: impl FnOnce(&str) -> Option<T>,
    (code, detail): (&'static str, &Text),
) -> Option<T> {
    let text = String::read(value, at, mistakes)?;
    let found = parse(&text);
    if found.is_none() {
        mistakes.add(at, code, detail);
    }
    found
}

/// The members of an object that has to be there.
pub fn members(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<BTreeMap<String, Value>> {
    match value {
        None => mistakes.missing(at),
        Some(Value::Object(members)) => return Some(members),
        Some(_) => mistakes.add(at, "not_an_object", words::mistake::NOT_AN_OBJECT),
    }
    None
}

/// Refuses the members that nobody asked for.
pub fn nothing_else(rest: &BTreeMap<String, Value>, at: &str, mistakes: &mut Mistakes) {
    for name in rest.keys() {
        mistakes.add(&format!("{at}/{}", escape(name)), "unknown_member", words::mistake::UNKNOWN_MEMBER);
    }
}

/// Declares an object that is read: each field with the name of its member, all of them looked at before one mistake
/// ends the request, and no other member accepted.
macro_rules! body {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$member_meta:meta])* $field:ident as $member:literal: $kind:ty,)*
    }) => {
        #[derive(schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$meta])*
        pub struct $name {
            $($(#[$member_meta])* #[serde(rename = $member)] pub $field: $kind,)*
        }

        impl $crate::public::api::read::Read for $name {
            fn read(
                value: Option<$crate::public::api::json::Value>,
                at: &str,
                mistakes: &mut $crate::public::api::read::Mistakes,
            ) -> Option<Self> {
                #[allow(unused_mut, reason = "a body without members takes none out")]
                let mut members = $crate::public::api::read::members(value, at, mistakes)?;
                $(let $field = <$kind as $crate::public::api::read::Read>::read(
                    members.remove($member),
                    &format!(concat!("{}/", $member), at),
                    mistakes,
                );)*
                $crate::public::api::read::nothing_else(&members, at, mistakes);
                Some(Self { $($field: $field?,)* })
            }
        }
    };
}

/// Declares an object that has exactly one of several members.
macro_rules! one_of {
    ($(#[$meta:meta])* pub enum $name:ident ($none:expr, $several:expr) {
        $($variant:ident as $member:literal: $kind:ty,)+
    }) => {
        #[derive(schemars::JsonSchema)]
        $(#[$meta])*
        pub enum $name {
            $(#[serde(rename = $member)] $variant($kind),)+
        }

        impl $crate::public::api::read::Read for $name {
            fn read(
                value: Option<$crate::public::api::json::Value>,
                at: &str,
                mistakes: &mut $crate::public::api::read::Mistakes,
            ) -> Option<Self> {
                use $crate::public::api::{json::Value, read::{members, nothing_else}};
                let mut members = members(value, at, mistakes)?;
                let mut present: Vec<(&'static str, Value)> = Vec::new();
                $(if let Some(value) = members.remove($member).filter(|value| *value != Value::Null) {
                    present.push(($member, value));
                })+
                nothing_else(&members, at, mistakes);
                // In the body itself the mistake is at a member, because the whole has no name.
                let place = |member: &str| if at.is_empty() { format!("/{member}") } else { at.to_owned() };
                let Some((member, value)) = present.pop() else {
                    let first = [$($member),+].first().copied().unwrap_or_default();
                    mistakes.add(&place(first), "one_of", $none);
                    return None;
                };
                if !present.is_empty() {
                    mistakes.add(&place(member), "one_of", $several);
                    return None;
                }
                $(if member == $member {
                    return <$kind as $crate::public::api::read::Read>::read(Some(value), &format!("{at}/{member}"), mistakes).map(Self::$variant);
                })+
                None
            }
        }
    };
}

pub(super) use {body, one_of};

/// The mistakes found so far.
#[derive(Debug, Default)]
pub struct Mistakes(Vec<FieldProblem>);

impl Mistakes {
    /// Notes a mistake.
    pub fn add(&mut self, pointer: &str, code: &'static str, detail: &Text) {
        self.0.push(FieldProblem { pointer: pointer.to_owned(), code, detail: Both(detail.clone()) });
    }

    /// Notes that something is missing.
    pub fn missing(&mut self, pointer: &str) {
        self.add(pointer, "missing", words::mistake::MISSING);
    }

    /// Gives out what was read, or refuses the request with every mistake.
    ///
    /// # Errors
    ///
    /// [`Problem::Fields`] when there were any.
    pub fn settle<T>(self, read: Option<T>) -> Result<T, Problem> {
        match read {
            Some(read) if self.0.is_empty() => Ok(read),
            // Whatever could not be read was named; an empty list here would be our own mistake.
            _ => Err(Problem::Fields(self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    body! {
        pub struct Sample {
            kind as "type": String,
            clerk as "clerk": String,
            fields as "fields": BTreeMap<String, String>,
            note as "note": Option<String>,
        }
    }

    one_of! {
        pub enum Number (words::mistake::ONE_OF_TWO, words::mistake::ONE_OF_HOLDERS) {
            Code as "code": String,
            Identifier as "identifier": String,
        }
    }

    fn mistakes<T: Read>(json: &str) -> Vec<(String, &'static str)> {
        let mut mistakes = Mistakes::default();
        let read = T::read(Some(serde_json::from_str(json).unwrap()), "", &mut mistakes);
        assert_eq!(read.is_none(), !mistakes.0.is_empty() && !only_unknown(&mistakes), "{json}");
        mistakes.0.into_iter().map(|mistake| (mistake.pointer, mistake.code)).collect()
    }

    fn only_unknown(mistakes: &Mistakes) -> bool {
        mistakes.0.iter().all(|mistake| mistake.code == "unknown_member")
    }

    #[test]
    fn every_mistake_of_a_body_is_named_once_and_by_its_pointer() {
        let told = mistakes::<Sample>(r#"{"type":7,"x/y":"","fields":{"a":[],"b":"c","d":null},"note":{}}"#);
        let expected = [
            ("/type", "not_a_string"),
            ("/clerk", "missing"),
            ("/fields/a", "not_a_string"),
            ("/note", "not_a_string"),
            ("/x~1y", "unknown_member"),
        ];
        assert_eq!(told, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
        assert_eq!(mistakes::<Sample>(r#"{"type":"a","clerk":"b","fields":{"a":null},"note":null}"#), []);
    }

    fn read<T: Read>(json: &str) -> T {
        T::read(Some(serde_json::from_str(json).unwrap()), "", &mut Mistakes::default()).unwrap()
    }

    #[test]
    fn each_member_is_read_into_its_field() {
        let sample: Sample = read(r#"{"type":"a","clerk":"b","fields":{"c":"d"}}"#);
        assert_eq!((sample.kind.as_str(), sample.clerk.as_str(), sample.note), ("a", "b", None));
        assert_eq!(sample.fields, BTreeMap::from([("c".to_owned(), "d".to_owned())]));
        let (Number::Code(text) | Number::Identifier(text)) = read(r#"{"identifier":"2"}"#);
        assert_eq!(text, "2");
        assert!(matches!(read(r#"{"code":"1"}"#), Number::Code(text) if text == "1"));
    }

    #[test]
    fn exactly_one_of_several_members_is_read() {
        let one = |pointer: &str, code| vec![(pointer.to_owned(), code)];
        assert_eq!(mistakes::<Number>("{}"), one("/code", "one_of"));
        assert_eq!(mistakes::<Number>(r#"{"code":"1","identifier":"2"}"#), one("/identifier", "one_of"));
        assert_eq!(mistakes::<Number>(r#"{"code":null,"identifier":"2"}"#), []);
        assert_eq!(mistakes::<Number>(r#"{"identifier":2}"#), one("/identifier", "not_a_string"));
    }

    #[test]
    fn what_is_read_is_what_is_described() {
        let schema = schemars::schema_for!(Sample).to_value();
        assert_eq!(schema["additionalProperties"], false);
        let mut required: Vec<_> = schema["required"].as_array().unwrap().iter().collect();
        required.sort_by_key(|name| name.as_str());
        assert_eq!(required, ["clerk", "fields", "type"]);
        let schema = schemars::schema_for!(Number).to_value();
        let members: Vec<_> = schema["oneOf"].as_array().unwrap().iter().map(|one| &one["required"][0]).collect();
        assert_eq!(members, ["code", "identifier"]);
    }
}
