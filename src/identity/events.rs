//! What is written down about persons, organisations, staff, accounts and sessions.

use base::id::{AccountId, OrganisationId, PersonId, SessionId, StaffId};

records::events! {
    /// An account was closed.
    AccountClosed = "account.closed" of account: AccountId {}
    /// An account was locked.
    AccountLocked = "account.locked" of account: AccountId {}
    /// An account was opened.
    AccountOpened = "account.opened" of account: AccountId { person: PersonId }
    /// An account got another name.
    AccountRenamed = "account.renamed" of account: AccountId { before: String, after: String }
    /// A locked account was opened again.
    AccountUnlocked = "account.unlocked" of account: AccountId {}
    /// A mandate ended.
    MandateEnded = "mandate.ended" of organisation: OrganisationId { person: PersonId }
    /// A person may act for an organisation.
    MandateGiven = "mandate.given" of organisation: OrganisationId { person: PersonId, until: Option<String> }
    /// An organisation ceased to exist.
    OrganisationCeased = "organisation.ceased" of organisation: OrganisationId {}
    /// An organisation was registered.
    OrganisationRegistered = "organisation.registered" of organisation: OrganisationId {}
    /// A suspended organisation resumed.
    OrganisationResumed = "organisation.resumed" of organisation: OrganisationId {}
    /// An organisation was suspended.
    OrganisationSuspended = "organisation.suspended" of organisation: OrganisationId {}
    /// A password was handed out: until then its owner chooses another one with it, and can do nothing else.
    PasswordHandedOut = "password.handed_out" of account: AccountId { until: String }
    /// A password was set.
    PasswordSet = "password.set" of account: AccountId {}
    /// A stored password was hashed again with current parameters.
    PasswordUpgraded = "password.upgraded" of account: AccountId {}
    /// A person's death was written down.
    PersonDied = "person.died" of person: PersonId { on: String }
    /// A person was registered.
    PersonRegistered = "person.registered" of person: PersonId {}
    /// A session was closed.
    SessionClosed = "session.closed" of session: SessionId { reason: String }
    /// A sign-in failed: to an account, or under a name that nobody has, of which only a digest is kept, because people
    /// type passwords into the wrong field.
    SignInFailed = "sign_in.failed" of account: String {
        reason: String,
        address: String,
        failures: i64,
        wait_seconds: i64,
    }
    /// A sign-in succeeded, or was done again within its session.
    SignInSucceeded = "sign_in.succeeded" of account: AccountId {
        session: SessionId,
        method: String,
        address: String,
        again: Option<bool>,
    }
    /// A member of staff was appointed.
    StaffAppointed = "staff.appointed" of staff: StaffId {
        person: PersonId,
        organisation: OrganisationId,
        roles: String,
    }
    /// An appointment ended.
    StaffEnded = "staff.ended" of staff: StaffId {}
}
