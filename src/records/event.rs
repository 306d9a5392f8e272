//! Events as types: what happened to what, with its details, written and read back by the same type.
//!
//! Each crate declares its own in `events.rs` with [`events!`](crate::events!); nothing else can be recorded.

#[doc(hidden)]
pub use serde_json::{Map, Value};

use crate::entry::Entry;

/// Something that is written down when it happens. Declared by [`events!`](crate::events!).
///
/// The details hold no secret and no identity number: the log is read by people who may not see those.
pub trait Event: Sized + Send {
    /// What the log calls it, and of what it consists.
    const KIND: EventKind;

    /// The object and the details, as they are stored.
    #[doc(hidden)]
    fn into_parts(self) -> (String, Map<String, Value>);

    /// The event with this object and these details.
    #[doc(hidden)]
    fn from_parts(object: &str, details: &Map<String, Value>) -> Option<Self>;
}

/// A kind of events, as the list for auditors shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventKind {
    /// What stands in the log.
    pub name: &'static str,
    /// To what it happens.
    pub object: DetailKind,
    /// What more is written down.
    pub details: &'static [DetailKind],
}

/// One detail of a kind of events, or its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetailKind {
    /// As which it stands in the data of an entry.
    pub name: &'static str,
    /// What can stand in it.
    pub shape: Shape,
    /// Whether it may be left out.
    pub optional: bool,
}

/// What can stand in a detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Yes or no.
    Flag,
    /// An identifier with this prefix.
    Id(&'static str),
    /// A whole number.
    Number,
    /// A text or a code.
    Text,
    /// Several texts.
    Texts,
}

/// A type that can be a detail of an event, or its object.
pub trait Detail: Sized {
    /// What can stand in it.
    const SHAPE: Shape;
    /// Whether it may be left out.
    const OPTIONAL: bool = false;

    /// As JSON. Null is left out.
    fn json(&self) -> Value;

    /// Read back; null stands for what was left out. None when there is no such value.
    fn of(value: &Value) -> Option<Self>;
}

impl Entry {
    /// The entry as the event it was recorded as. Details that this type does not know are passed over. None when the
    /// entry is of another kind, or lacks what this kind has always had.
    pub fn read<E: Event>(&self) -> Option<E> {
        if self.kind != E::KIND.name {
            return None;
        }
        E::from_parts(&self.object, &serde_json::from_str(&self.data).ok()?)
    }
}

/// The details of an event without those that are left out.
#[doc(hidden)]
pub fn details<const N: usize>(all: [(&'static str, Value); N]) -> Map<String, Value> {
    all.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// One detail, read back.
#[doc(hidden)]
pub fn detail<T: Detail>(details: &Map<String, Value>, name: &str) -> Option<T> {
    T::of(details.get(name).unwrap_or(&Value::Null))
}

/// The name of a detail: a word that Rust keeps for itself is written `r#word`.
#[doc(hidden)]
pub const fn plain(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// The object of an event as it stands in its column.
#[doc(hidden)]
pub fn object(object: &impl Detail) -> String {
    match object.json() {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

impl<T: Detail> Detail for Option<T> {
    const SHAPE: Shape = T::SHAPE;
    const OPTIONAL: bool = true;

    fn json(&self) -> Value {
        self.as_ref().map_or(Value::Null, Detail::json)
    }

    fn of(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::of(value).map(Some) }
    }
}

impl Detail for String {
    const SHAPE: Shape = Shape::Text;

    fn json(&self) -> Value {
        self.as_str().into()
    }

    fn of(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Detail for Vec<String> {
    const SHAPE: Shape = Shape::Texts;

    fn json(&self) -> Value {
        self.as_slice().into()
    }

    fn of(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(String::of).collect()
    }
}

impl Detail for bool {
    const SHAPE: Shape = Shape::Flag;

    fn json(&self) -> Value {
        (*self).into()
    }

    fn of(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

macro_rules! numbers {
    ($($number:ident)+) => {$(
        impl Detail for $number {
            const SHAPE: Shape = Shape::Number;

            fn json(&self) -> Value {
                (*self).into()
            }

            fn of(value: &Value) -> Option<Self> {
                value.as_i64()?.try_into().ok()
            }
        }
    )+};
}

numbers! { i64 u64 usize }

macro_rules! ids {
    ($($id:ident)+) => {$(
        impl Detail for base::id::$id {
            const SHAPE: Shape = Shape::Id(base::id::$id::PREFIX);

            fn json(&self) -> Value {
                self.as_str().into()
            }

            fn of(value: &Value) -> Option<Self> {
                Self::parse(value.as_str()?).ok()
            }
        }
    )+};
}

ids! {
    AccountId ApplicationId CertificateId JobId KeyId LicenceId LicenceTypeId OrganisationId PersonId ProposalId ReceiptId
    RenamingId ResetId RevocationId SealId SessionId StaffId
}

/// Declares the events of a crate: the type, what the log calls it, to what it happens, and its details.
///
/// ```
/// use base::id::SealId;
///
/// records::events! {
///     /// A seal was frozen.
///     SealFrozen = "seal.frozen" of seal: SealId { reason: String }
///     /// A seal was found.
///     SealFound = "seal.found" of seal: SealId {}
/// }
///
/// let kinds: Vec<&str> = ALL.iter().map(|kind| kind.name).collect();
/// assert_eq!(kinds, ["seal.frozen", "seal.found"]);
/// ```
///
/// Besides the types it makes `ALL`, the list of their kinds, and `Any`, which reads whichever of them an entry is.
/// What a kind gets later is an `Option`, for the entries that stand in a log already have no such detail.
#[macro_export]
macro_rules! events {
    ($(
        $(#[$doc:meta])*
        $name:ident = $kind:literal of $object:ident: $object_type:ty {
            $($(#[$detail_doc:meta])* $detail:ident: $type:ty),* $(,)?
        }
    )+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $name {
                /// To what it happened.
                pub $object: $object_type,
                $(
                    #[doc = concat!("The detail `", stringify!($detail), "`.")]
                    $(#[$detail_doc])*
                    pub $detail: $type,
                )*
            }

            impl $crate::Event for $name {
                const KIND: $crate::event::EventKind = $crate::event::EventKind {
                    name: $kind,
                    object: $crate::event::DetailKind {
                        name: stringify!($object),
                        shape: <$object_type as $crate::event::Detail>::SHAPE,
                        optional: false,
                    },
                    details: &[$($crate::event::DetailKind {
                        name: $crate::event::plain(stringify!($detail)),
                        shape: <$type as $crate::event::Detail>::SHAPE,
                        optional: <$type as $crate::event::Detail>::OPTIONAL,
                    }),*],
                };

                fn into_parts(self) -> (String, $crate::event::Map<String, $crate::event::Value>) {
                    let details = $crate::event::details([
                        $(($crate::event::plain(stringify!($detail)), $crate::event::Detail::json(&self.$detail)),)*
                    ]);
                    ($crate::event::object(&self.$object), details)
                }

                #[allow(unused_variables, reason = "an event may have no details")]
                fn from_parts(
                    object: &str,
                    details: &$crate::event::Map<String, $crate::event::Value>,
                ) -> Option<Self> {
                    Some(Self {
                        $object: $crate::event::Detail::of(&object.into())?,
                        $($detail: $crate::event::detail(details, $crate::event::plain(stringify!($detail)))?,)*
                    })
                }
            }
        )+

        /// Any event of this crate.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Any {
            $($(#[$doc])* $name($name),)+
        }

        impl Any {
            /// The event that an entry of the log tells, if it is one of these.
            pub fn read(entry: &$crate::log::Entry) -> Option<Self> {
                match entry.kind.as_str() {
                    $($kind => entry.read().map(Self::$name),)+
                    _ => None,
                }
            }
        }

        /// Every kind of events this crate records.
        pub const ALL: &[$crate::event::EventKind] = &[$(<$name as $crate::Event>::KIND),+];

        // Nobody has to ask for either: a test that declares events of its own reads them by their types.
        const _: (&[$crate::event::EventKind], fn(&$crate::log::Entry) -> Option<Any>) = (ALL, Any::read);
    };
}
