//! What a licence is asked for with.

use base::{Date, id::LicenceId};

use crate::register::{content::Fields, holder::HolderFacts};

/// What the stored origin of a request begins with.
const ATTESTED: &str = "request:";

/// What makes one licence and no second one: an application, or one request of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    text: String,
    /// The system that says itself that two people decided.
    attested_by: Option<String>,
}

impl Origin {
    /// An approved application.
    pub(crate) fn application(id: &base::id::ApplicationId) -> Self {
        Self { text: id.as_str().to_owned(), attested_by: None }
    }

    /// A request under the key that its caller chose, of a system that may say itself that two people decided.
    pub fn request(caller: &str, idempotency_key: &str) -> Self {
        let mut hash = crypto::digest::Sha256::new();
        hash.update(&(caller.len() as u64).to_be_bytes());
        hash.update(caller.as_bytes());
        hash.update(idempotency_key.as_bytes());
        Self { text: format!("{ATTESTED}{}", hash.finish_hex()), attested_by: Some(caller.to_owned()) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn attested_by(&self) -> Option<&str> {
        self.attested_by.as_deref()
    }

    /// Whether what is stored is the origin of a licence whose review a system attested.
    pub(crate) fn is_attested(stored: &str) -> bool {
        stored.starts_with(ATTESTED)
    }
}

/// What a licence is asked for with: by a clerk's application, or by a department's own system.
#[derive(Clone, Debug)]
pub struct NewLicence {
    /// Which type, by its national code.
    pub type_code: String,
    /// Whom it is about.
    pub holder: HolderFacts,
    /// The fields that are entered; those that come from the register may be left out.
    pub fields: Fields,
    /// The first day; today when not given.
    pub valid_from: Option<Date>,
    /// The last day, where the type wants one.
    pub valid_until: Option<Date>,
    /// The licence it takes the place of.
    pub renews: Option<LicenceId>,
}
