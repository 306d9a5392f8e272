//! What is said of a proposal, on its own page and on that of its object, and how far it is.

use base::Text;
use identity::{Progress, appointment, operator, organisation, person, proposal::ProposalView};
use oidc::client::edit;
use seal::{SealKind, keeper};

use crate::Page;

/// A proposal that waits, as the page of its object names it.
pub struct Waiting {
    pub id: String,
    pub what: String,
}

/// A proposal that waits, for the page of its object.
pub fn waiting(page: &Page, one: &ProposalView) -> Waiting {
    Waiting { id: one.proposal_id.to_string(), what: page.say(called(&one.kind)).to_owned() }
}

/// How far something is that somebody else decides, as a tag.
pub fn progress_tag(page: &Page, progress: Progress) -> (&'static str, &'static str) {
    match progress {
        Progress::Approved => ("good", page.say(words::progress::APPROVED)),
        Progress::Ended => ("neutral", page.say(words::progress::ENDED)),
        Progress::Open => ("info", page.say(words::progress::OPEN)),
        Progress::Refused => ("bad", page.say(words::progress::REFUSED)),
        Progress::Withdrawn => ("neutral", page.say(words::progress::WITHDRAWN)),
    }
}

/// What a kind of proposals is called.
pub fn called(kind: &str) -> &'static Text {
    match kind {
        edit::ENABLE => words::proposal::CLIENT_ENABLE,
        edit::RENEW_SECRET => words::proposal::CLIENT_RENEW_SECRET,
        edit::EDIT => words::proposal::CLIENT_EDIT,
        organisation::change::REPRESENTATIVE => words::proposal::ORGANISATION_REPRESENTATIVE,
        appointment::APPOINT => words::proposal::STAFF_APPOINT,
        person::change::NAME => words::proposal::PERSON_NAME,
        operator::RESET => words::proposal::ACCOUNT_RESET,
        operator::UNLOCK => words::proposal::ACCOUNT_UNLOCK,
        keeper::CANCEL => words::proposal::SEAL_CANCEL,
        keeper::UNFREEZE => words::proposal::SEAL_UNFREEZE,
        made if keeper::made(made) == Some(SealKind::Licence) => words::proposal::SEAL_MAKE_LICENCE,
        made if keeper::made(made) == Some(SealKind::Official) => words::proposal::SEAL_MAKE_OFFICIAL,
        // Of a version that knows more.
        _ => words::proposal::ONE,
    }
}
