//! What is written down about persons, organisations, staff, accounts and sessions.

use base::id::{AccountId, OrganisationId, PersonId, ProposalId, RenamingId, ResetId, SessionId, StaffId};

use crate::person::PersonView;

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
    /// A key with which commands act for an operator ended before its time. The key is named by its hash.
    CommandKeyEnded = "command_key.ended" of account: AccountId { key: String }
    /// An operator got a key with which commands act for that person until then.
    CommandKeyMade = "command_key.made" of account: AccountId { key: String, until: String }
    /// A second operator proved who that is, and approved what the first one did by command.
    CommandApproved = "command.approved" of staff: StaffId { about: String }
    /// An operator proved by the password who acts by a command.
    CommandProved = "command.proved" of account: AccountId {}
    /// A mandate ended.
    MandateEnded = "mandate.ended" of organisation: OrganisationId { person: PersonId }
    /// A person may act for an organisation.
    MandateGiven = "mandate.given" of organisation: OrganisationId { person: PersonId, until: Option<String> }
    /// An organisation ceased to exist.
    OrganisationCeased = "organisation.ceased" of organisation: OrganisationId {}
    /// What is registered of an organisation was changed: the facts before and after, as JSON.
    OrganisationChanged = "organisation.changed" of organisation: OrganisationId { before: String, after: String }
    /// An organisation was registered.
    OrganisationRegistered = "organisation.registered" of organisation: OrganisationId {}
    /// A suspended organisation resumed.
    OrganisationResumed = "organisation.resumed" of organisation: OrganisationId {}
    /// An organisation was suspended.
    OrganisationSuspended = "organisation.suspended" of organisation: OrganisationId {}
    /// A password was handed out: until then its owner chooses another one with it, and can do nothing else.
    PasswordHandedOut = "password.handed_out" of account: AccountId { until: String }
    /// A second member of staff approved that somebody gets another password, and handed the first one over.
    PasswordResetApproved = "password.reset_approved" of account: AccountId {
        reset: ResetId,
        filed_by: StaffId,
        /// Who forgot it, and has no powers. Entries from before this was asked of the log have none.
        person: Option<PersonId>,
    }
    /// A member of staff compared somebody who forgot the password with a document.
    PasswordResetFiled = "password.reset_filed" of account: AccountId {
        reset: ResetId,
        document: String,
        /// The same.
        person: Option<PersonId>,
    }
    /// A second member of staff refused it.
    PasswordResetRefused = "password.reset_refused" of account: AccountId {
        reset: ResetId,
        filed_by: StaffId,
        /// Entries from before a reason was asked for have none.
        why: Option<String>,
    }
    /// Whoever filed it took it back.
    PasswordResetWithdrawn = "password.reset_withdrawn" of account: AccountId { reset: ResetId }
    /// A password was set.
    PasswordSet = "password.set" of account: AccountId {}
    /// A stored password was hashed again with current parameters.
    PasswordUpgraded = "password.upgraded" of account: AccountId {}
    /// A member of staff looked for people: by a number, an account's name or a whole name. The object is who was found, `-`
    /// when not one alone.
    PeopleSearched = "person.searched" of about: String { by: String, count: usize }
    /// What is registered of a person was changed: which of it, not from what to what.
    PersonChanged = "person.changed" of person: PersonId {
        fields: Vec<String>,
        /// Which correction of the name it was; entries from before those were kept have none.
        renaming: Option<RenamingId>,
    }
    /// A person's death was written down.
    PersonDied = "person.died" of person: PersonId { on: String }
    /// A member of staff looked at a person, on which page.
    PersonOpened = "person.opened" of person: PersonId { what: String }
    /// A person was registered.
    PersonRegistered = "person.registered" of person: PersonId {}
    /// An operator approved what somebody else proposed, and it was done.
    ProposalApproved = "proposal.approved" of proposal: ProposalId { act: String, about: String, proposed_by: StaffId }
    /// Somebody proposed what an operator who is somebody else has to approve.
    ProposalMade = "proposal.made" of proposal: ProposalId { act: String, about: String, reason: String }
    /// An operator refused what somebody else proposed.
    ProposalRefused = "proposal.refused" of proposal: ProposalId {
        act: String,
        about: String,
        proposed_by: StaffId,
        /// Entries from before a reason was asked for have none.
        why: Option<String>,
    }
    /// Whoever proposed it took it back.
    ProposalWithdrawn = "proposal.withdrawn" of proposal: ProposalId { act: String, about: String }
    /// Why something was done to an object, in the words of whoever did it, beside what was done.
    ReasonGiven = "reason.given" of object: String {
        reason: String,
        /// Whose account one operator alone opened, which goes for people without powers only.
        person: Option<PersonId>,
    }
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
    /// An operator looked through the staff of a department by command.
    StaffListed = "staff.listed" of organisation: OrganisationId { count: usize }
}

impl PeopleSearched {
    /// That somebody looked for people by this, and found those.
    pub fn new(by: &str, found: &[PersonView]) -> Self {
        let about = match found {
            [person] => person.person_id.to_string(),
            _ => "-".to_owned(),
        };
        Self { about, by: by.to_owned(), count: found.len() }
    }
}
