//! A forgotten password, given anew at a counter by two members of staff.
//!
//! The one who sees the person and the document files it; another one of the same department approves it within half an
//! hour and hands the first password over. Neither alone, nor both for one of themselves, nor any counter for somebody
//! with powers: those are reset by operators (decision 0046).

mod queries;

use base::{
    Fault, Instant, ListPage, PageOf,
    id::{AccountId, OrganisationId, PersonId, ResetId, StaffId},
    number::NumberKind,
};
use records::{Event, Tx, Work, log};

use crate::{
    Error, Progress, Reason, Vault,
    account::{self, AccountState},
    events::{PasswordResetApproved, PasswordResetFiled, PasswordResetRefused, PasswordResetWithdrawn},
    limits, operator,
    password::{self, HashedPassword},
    person, sign_in,
    staff::{self, Role, StaffView},
};

/// Of each kind of decision about an account, the newest: more than a person has resets in the life of one.
const ENTRIES_LOOKED_AT: i64 = 50;

/// How long a reset waits for the second member of staff, in minutes.
pub const MINUTES: i64 = limits::RESET_SECONDS / 60;

/// Which document the person showed at the counter, with a photograph that was compared with the face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// 户口簿: for children without a card, with the guardian.
    HouseholdRegister,
    /// 居民身份证.
    IdentityCard,
    /// The document whose number is registered, of whoever has no identity card: a passport, a permit, a residence card.
    RegisteredDocument,
    /// 临时居民身份证.
    TemporaryIdentityCard,
}

impl Document {
    /// Every document.
    pub const ALL: [Self; 4] =
        [Self::IdentityCard, Self::TemporaryIdentityCard, Self::HouseholdRegister, Self::RegisteredDocument];

    /// The document, as stored and as forms name it.
    pub fn code(self) -> &'static str {
        match self {
            Self::HouseholdRegister => "household_register",
            Self::IdentityCard => "identity_card",
            Self::RegisteredDocument => "registered_document",
            Self::TemporaryIdentityCard => "temporary_identity_card",
        }
    }

    /// The document with this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|document| document.code() == code)
    }
}

/// What a reset is filed with.
#[derive(Clone, Copy, Debug)]
pub struct Filing {
    pub document: Document,
    /// When the person's number was typed: each time is good for one reset.
    pub searched_at: Instant,
}

/// A reset as the counter sees it.
#[derive(Clone, Debug)]
pub struct ResetView {
    pub reset_id: ResetId,
    pub account_id: AccountId,
    pub person_id: PersonId,
    pub username: String,
    /// Whose account it is.
    pub name: String,
    pub organisation_id: OrganisationId,
    pub document: Option<Document>,
    pub(crate) filed_by: StaffId,
    pub filed_by_person: PersonId,
    pub filed_by_name: String,
    pub filed_at: Instant,
    pub ends_at: Instant,
    pub state: Progress,
    pub decided_by_name: Option<String>,
    /// Whether it is as it was filed; whoever has the database alone can make none that is.
    pub(crate) is_intact: bool,
}

/// What the second member of staff hands over with the first password.
#[derive(Clone, Debug)]
pub struct HandedOver {
    pub username: String,
    /// Until when the password counts.
    pub until: Instant,
}

/// Files a reset, in the name of the member of staff who acts.
///
/// # Errors
///
/// [`Error::NotAllowed`] when who acts has no counter; [`Error::AccountUnknown`], [`Error::AccountLocked`] for an account
/// that is not open; [`Error::Own`] for one's own; [`Error::HasPowers`] for that of somebody with powers;
/// [`Error::DocumentOfChild`] for a document that a grown-up has not; [`Error::ResetOpen`] when one waits already,
/// [`Error::ResetSearchUsed`] when the number was typed for another one; [`Error::ResetsOften`] and
/// [`Error::ResetsWaiting`] beyond the limits.
pub async fn file(work: &mut Work, vault: &Vault, account: &AccountId, filing: &Filing) -> Result<ResetId, Error> {
    let clerk = staff::acting(work, Role::Counter).await?;
    let found = account::hold(&mut work.tx, account).await?.ok_or(Error::AccountUnknown)?;
    let at = work.at();
    if waiting_for(&mut work.tx, account, at).await?.is_some() {
        return Err(Error::ResetOpen);
    }
    let person = check_account(work, &clerk, &found).await?;
    check_document(vault, &person, filing.document, at)?;
    let since = at.plus_seconds(-limits::RESET_DAY_SECONDS);
    if queries::of_person_since(&mut work.tx, &found.person_id, since).await? >= limits::RESETS_OF_PERSON_MAX {
        return Err(Error::ResetsOften { max: limits::RESETS_OF_PERSON_MAX });
    }
    if queries::waiting_of(&mut work.tx, &clerk.staff_id, since, at).await? >= limits::RESETS_WAITING_MAX {
        return Err(Error::ResetsWaiting { max: limits::RESETS_WAITING_MAX });
    }
    queries::end(&mut work.tx, account, at).await?;
    let reset: ResetId = work.new_id();
    let new = queries::New {
        reset: &reset,
        account,
        person: &found.person_id,
        organisation: &clerk.organisation_id,
        filing,
        filed_by: &clerk.staff_id,
        ends_at: at.plus_seconds(limits::RESET_SECONDS),
    };
    // Nobody else files one for this account while it is held.
    if !queries::insert(&mut work.tx, new, at).await? {
        return Err(Error::ResetSearchUsed);
    }
    let document = filing.document.code().to_owned();
    let person = Some(found.person_id);
    work.record(PasswordResetFiled { account: account.clone(), reset: reset.clone(), document, person });
    Ok(reset)
}

/// Approves a reset that somebody else filed: the account has the first password, and its sessions end.
///
/// # Errors
///
/// [`Error::FourEyes`] for whoever filed it; [`Error::ResetUnknown`] for one of another department;
/// [`Error::ResetOver`] when it was decided or its time is over; [`Error::FirstLeft`] when whoever filed it has left;
/// [`Fault`] when it was changed past the product; else as [`file()`].
pub async fn approve(
    work: &mut Work,
    vault: &Vault,
    reset: &ResetId,
    first: &HashedPassword,
) -> Result<HandedOver, Error> {
    let (clerk, reset) = to_decide(work, reset).await?;
    if reset.filed_by_person == clerk.person_id {
        return Err(Error::FourEyes);
    }
    if staff::find(&mut work.tx, &reset.filed_by).await?.is_none_or(|filer| !filer.roles.has(Role::Counter)) {
        return Err(Error::FirstLeft);
    }
    let found = account::hold(&mut work.tx, &reset.account_id).await?.ok_or(Error::AccountUnknown)?;
    let person = check_account(work, &clerk, &found).await?;
    if let Some(document) = reset.document {
        check_document(vault, &person, document, work.at())?;
    }
    decide(work, &reset, &clerk, "approved").await?;
    work.record(PasswordResetApproved {
        account: reset.account_id.clone(),
        reset: reset.reset_id,
        filed_by: reset.filed_by,
        person: Some(found.person_id.clone()),
    });
    let until = password::hand_out(work, &reset.account_id, first).await?;
    sign_in::forgive(work, vault, &found.username).await?;
    Ok(HandedOver { username: found.username, until })
}

/// Refuses a reset that somebody else filed, and says why to whoever did.
///
/// # Errors
///
/// [`Error::FourEyes`] for whoever filed it, who can withdraw it; [`Error::ResetUnknown`], [`Error::ResetOver`] as for
/// [`approve`].
pub async fn refuse(work: &mut Work, reset: &ResetId, why: &Reason) -> Result<(), Error> {
    let (clerk, reset) = to_decide(work, reset).await?;
    if reset.filed_by_person == clerk.person_id {
        return Err(Error::FourEyes);
    }
    decide(work, &reset, &clerk, "refused").await?;
    work.record(PasswordResetRefused {
        account: reset.account_id,
        reset: reset.reset_id,
        filed_by: reset.filed_by,
        why: Some(why.as_str().to_owned()),
    });
    Ok(())
}

/// Why a reset was refused; none of one that was not, or about which the log of this database says nothing any more.
pub async fn refusal(tx: &mut Tx, reset: &ResetView) -> Result<Option<String>, Fault> {
    if reset.state != Progress::Refused {
        return Ok(None);
    }
    let told = told(tx, reset, PasswordResetRefused::KIND.name).await?;
    let mut refused = told.iter().filter_map(log::Entry::read::<PasswordResetRefused>);
    Ok(refused.find(|told| told.reset == reset.reset_id).and_then(|told| told.why))
}

/// What the log says of this kind about the account of a reset.
async fn told(tx: &mut Tx, reset: &ResetView, kind: &str) -> Result<Vec<log::Entry>, Fault> {
    let (object, kind) = (Some(reset.account_id.to_string()), Some(kind.to_owned()));
    let about = log::Filter { object, kind, ..log::Filter::default() };
    Ok(log::list(tx, &about, &ListPage::first(ENTRIES_LOOKED_AT)).await?.items)
}

/// Takes a reset back that one filed oneself.
///
/// # Errors
///
/// [`Error::NotAllowed`] for one that somebody else filed; [`Error::ResetUnknown`], [`Error::ResetOver`] as for
/// [`approve`].
pub async fn withdraw(work: &mut Work, reset: &ResetId) -> Result<(), Error> {
    let (clerk, reset) = to_decide(work, reset).await?;
    if reset.filed_by_person != clerk.person_id {
        return Err(Error::NotAllowed);
    }
    decide(work, &reset, &clerk, "withdrawn").await?;
    work.record(PasswordResetWithdrawn { account: reset.account_id, reset: reset.reset_id });
    Ok(())
}

/// One reset of a department.
pub async fn find(
    tx: &mut Tx,
    organisation: &OrganisationId,
    reset: &ResetId,
    at: Instant,
) -> Result<Option<ResetView>, Fault> {
    let found = queries::by_id(tx, reset, at).await?;
    Ok(found.filter(|reset| reset.organisation_id == *organisation))
}

/// The reset of an account that waits for a second member of staff, in whichever department.
pub async fn waiting_for(tx: &mut Tx, account: &AccountId, at: Instant) -> Result<Option<ResetView>, Fault> {
    Ok(queries::open_of(tx, account, at).await?.filter(|reset| reset.state == Progress::Open))
}

/// The resets of a department, the newest first.
pub async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    page: &ListPage<ResetId>,
    at: Instant,
) -> Result<PageOf<ResetView, ResetId>, Fault> {
    let rows = queries::list(tx, organisation, page, at).await?;
    Ok(PageOf::from_rows(rows, page.limit, |row| row.reset_id.clone()))
}

/// Forgets resets that were filed before an instant; the log keeps them. Returns how many.
pub async fn expire(tx: &mut Tx, before: Instant) -> Result<u64, Fault> {
    queries::expire(tx, before).await
}

/// Who acts, and the reset that is to be decided.
async fn to_decide(work: &mut Work, reset: &ResetId) -> Result<(StaffView, ResetView), Error> {
    let clerk = staff::acting(work, Role::Counter).await?;
    let at = work.at();
    let found = find(&mut work.tx, &clerk.organisation_id, reset, at).await?.ok_or(Error::ResetUnknown)?;
    if found.state != Progress::Open {
        return Err(Error::ResetOver);
    }
    if !found.is_intact {
        return Err(Fault::broken(format!("the row of password reset {reset} is not as it was written")).into());
    }
    if was_decided(&mut work.tx, &found).await? {
        return Err(
            Fault::broken(format!("password reset {reset} was decided, and its row says that it was not")).into()
        );
    }
    Ok((clerk, found))
}

/// Whether the log says that a reset was decided: a row that was put back to what it was before is as it was written.
async fn was_decided(tx: &mut Tx, reset: &ResetView) -> Result<bool, Fault> {
    let decided = |entry: &log::Entry| {
        let of = entry
            .read::<PasswordResetApproved>()
            .map(|told| told.reset)
            .or_else(|| entry.read::<PasswordResetRefused>().map(|told| told.reset))
            .or_else(|| entry.read::<PasswordResetWithdrawn>().map(|told| told.reset));
        of.as_ref() == Some(&reset.reset_id)
    };
    for kind in [PasswordResetApproved::KIND, PasswordResetRefused::KIND, PasswordResetWithdrawn::KIND] {
        if told(tx, reset, kind.name).await?.iter().any(decided) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn decide(work: &mut Work, reset: &ResetView, clerk: &StaffView, state: &'static str) -> Result<(), Error> {
    if queries::decide(&mut work.tx, &reset.reset_id, state, &clerk.staff_id).await? {
        Ok(())
    } else {
        Err(Error::ResetOver)
    }
}

/// Whether this member of staff may give this account another password; whose it is.
async fn check_account(
    work: &mut Work,
    clerk: &StaffView,
    found: &account::AccountView,
) -> Result<person::PersonView, Error> {
    match found.state {
        AccountState::Closed => return Err(Error::AccountUnknown),
        AccountState::Locked => return Err(Error::AccountLocked),
        AccountState::Open => {}
    }
    if found.person_id == clerk.person_id {
        return Err(Error::Own);
    }
    let person = person::living(&mut work.tx, &found.person_id).await?;
    if operator::powers(&mut work.tx, &found.person_id).await?.is_empty() { Ok(person) } else { Err(Error::HasPowers) }
}

/// Which documents a person can have shown: the household register has no photograph, and whoever is not a child any more
/// has a card. Who is registered under the number of another document than that card shows that one.
///
/// # Errors
///
/// [`Fault`] when the vault has another key.
pub fn documents(vault: &Vault, person: &person::PersonView, at: Instant) -> Result<Vec<Document>, Fault> {
    let number = person.identity_number(vault)?;
    if number.kind() != NumberKind::Resident {
        return Ok(vec![Document::RegisteredDocument]);
    }
    let is_child =
        number.birth_date().is_some_and(|day| at.date() < day.plus_years(limits::HOUSEHOLD_REGISTER_UNDER_YEARS));
    let card = [Document::IdentityCard, Document::TemporaryIdentityCard];
    Ok(card.into_iter().chain(is_child.then_some(Document::HouseholdRegister)).collect())
}

fn check_document(vault: &Vault, person: &person::PersonView, document: Document, at: Instant) -> Result<(), Error> {
    let years = limits::HOUSEHOLD_REGISTER_UNDER_YEARS;
    match document {
        _ if documents(vault, person, at)?.contains(&document) => Ok(()),
        Document::HouseholdRegister => Err(Error::DocumentOfChild { years }),
        _ => Err(Error::DocumentOfOthers),
    }
}
