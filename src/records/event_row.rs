//! An event on its way into the log.

use base::Fault;
use serde_json::Value;

use crate::event::Event;

/// An event that a unit of work has recorded, as it goes into its row.
#[derive(Clone, Debug)]
pub struct EventRow {
    pub(crate) kind: &'static str,
    pub(crate) object: String,
    /// An object.
    pub(crate) details: Value,
}

impl EventRow {
    pub(crate) fn of<E: Event>(event: E) -> Self {
        let (object, details) = event.into_parts();
        Self { kind: E::KIND.name, object, details: Value::Object(details) }
    }

    /// What happened.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What it names: its object, for an empty name, or a detail that is a text.
    pub(crate) fn named(&self, name: &str) -> Option<&str> {
        if name.is_empty() { Some(&self.object) } else { self.details.get(name)?.as_str() }
    }

    /// Whether it is one of these.
    pub fn is<E: Event>(&self) -> bool {
        self.kind == E::KIND.name
    }

    /// The event that it is, for what follows from it.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it is another one, which is a mistake in the table of consequences.
    pub fn read<E: Event>(&self) -> Result<E, Fault> {
        let details = self.details.as_object().filter(|_| self.is::<E>());
        let event = details.and_then(|details| E::from_parts(&self.object, details));
        event.ok_or_else(|| Fault::broken(format!("{} is not a {}", self.kind, E::KIND.name)))
    }
}
