//! What operators do to the accounts of others on pages: each act with its reason, and what opens an account of somebody
//! with powers only as two of them want it (decision 0049).
//!
//! The machine's command line calls [`account`] and [`password`] itself.

use base::{
    Fault, Instant, ListPage,
    id::{AccountId, OrganisationId, PersonId, StaffId},
};
use records::{Event, Tx, Work, log};

use crate::{
    Error, Reason, Vault,
    account::{self, AccountState, AccountView},
    command_key,
    events::{AccountLocked, ReasonGiven},
    organisation::{self, OrganisationKind},
    password::{self, HashedPassword, PasswordState},
    proposal::{self, Approved},
    reset::HandedOver,
    sign_in,
    staff::{self, Role},
};

/// Reasons of one account among which that of its locking is looked for: a locked account is done little to.
const REASONS_LOOKED_AT: i64 = 10;

/// What is proposed for accounts, as proposals name it.
pub const KINDS: [&str; 2] = [RESET, UNLOCK];

/// An account gets a first password, which whoever approves it hands over.
pub const RESET: &str = "account.reset_password";

/// A locked account is opened again.
pub const UNLOCK: &str = "account.unlock";

/// Somebody's roles that give powers over others' affairs: with one of them an account is opened by two operators and by
/// none alone.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn powers(tx: &mut Tx, person: &PersonId) -> Result<Vec<Role>, Fault> {
    let Some(appointment) = staff::of_person(tx, person).await? else { return Ok(Vec::new()) };
    Ok(appointment.roles.iter().filter(|role| staff::POWERS.contains(role)).collect())
}

/// When, by whom and why an account was locked, as the log of this database has it.
#[derive(Clone, Debug)]
pub struct Locking {
    /// The entry that says it.
    pub entry: log::Entry,
    /// None where it was locked by command.
    pub reason: Option<String>,
}

/// How an account came to be locked; none when the log of this database says nothing of it any more.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn locking(tx: &mut Tx, account: &AccountId) -> Result<Option<Locking>, Fault> {
    let of_kind = |kind: &str| log::Filter {
        object: Some(account.to_string()),
        kind: Some(kind.to_owned()),
        ..log::Filter::default()
    };
    let locked = log::list(tx, &of_kind(AccountLocked::KIND.name), &ListPage::first(1)).await?.items.pop();
    let Some(entry) = locked else { return Ok(None) };
    let reasons = log::list(tx, &of_kind(ReasonGiven::KIND.name), &ListPage::first(REASONS_LOOKED_AT)).await?.items;
    // Both are written in one unit of work.
    let beside = |told: &&log::Entry| told.request_id == entry.request_id && told.at() == entry.at();
    let reason = reasons.iter().find(beside).and_then(|told| Some(told.read::<ReasonGiven>()?.reason));
    Ok(Some(Locking { entry, reason }))
}

/// Whether anybody can act as operator now: with a key for commands that counts, or with an open account and a password that
/// does. It takes long only where nobody can.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn can_anybody_act(tx: &mut Tx, at: Instant) -> Result<bool, Fault> {
    if command_key::endings(tx, at).await?.iter().any(|key| key.at > at) {
        return Ok(true);
    }
    Ok(!who_can_act(tx, at, 1, |_, _| true).await?.is_empty())
}

/// How many operators can act on pages when this person cannot any more: two, when there are more.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn left_without(tx: &mut Tx, person: &PersonId, at: Instant) -> Result<usize, Fault> {
    Ok(who_can_act(tx, at, 2, |other, _| other != person).await?.len())
}

/// The same when only this account cannot be used any more.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn left_without_account(tx: &mut Tx, account: &AccountId, at: Instant) -> Result<usize, Fault> {
    Ok(who_can_act(tx, at, 2, |_, other| other != account).await?.len())
}

/// Operators who can sign in, with an account that counts here; no more than so many. It takes long only where there are
/// fewer.
async fn who_can_act(
    tx: &mut Tx,
    at: Instant,
    enough: usize,
    counts: impl Fn(&PersonId, &AccountId) -> bool,
) -> Result<Vec<PersonId>, Fault> {
    let mut who = Vec::new();
    let mut departments = ListPage::first(ListPage::<OrganisationId>::LIMIT_MAX);
    loop {
        let found = organisation::list(tx, OrganisationKind::Department, &departments).await?;
        for department in &found.items {
            add_operators(tx, (&department.organisation_id, at), (&mut who, enough), &counts).await?;
            if who.len() >= enough {
                return Ok(who);
            }
        }
        match found.next {
            Some(next) => departments = ListPage::after(next, departments.limit),
            None => return Ok(who),
        }
    }
}

/// Adds the operators of a department who can sign in.
async fn add_operators(
    tx: &mut Tx,
    (department, at): (&OrganisationId, Instant),
    (who, enough): (&mut Vec<PersonId>, usize),
    counts: &impl Fn(&PersonId, &AccountId) -> bool,
) -> Result<(), Fault> {
    let mut page = ListPage::first(ListPage::<StaffId>::LIMIT_MAX);
    loop {
        let found = staff::list(tx, department, &page).await?;
        for one in found.items.iter().filter(|one| one.roles.has(Role::Operator)) {
            if can_sign_in(tx, &one.person_id, at, counts).await? {
                who.push(one.person_id.clone());
            }
            if who.len() >= enough {
                return Ok(());
            }
        }
        match found.next {
            Some(next) => page = ListPage::after(next, page.limit),
            None => return Ok(()),
        }
    }
}

async fn can_sign_in(
    tx: &mut Tx,
    person: &PersonId,
    at: Instant,
    counts: &impl Fn(&PersonId, &AccountId) -> bool,
) -> Result<bool, Fault> {
    for account in account::of_person(tx, person).await? {
        let has_password = match password::state(tx, &account.account_id).await? {
            PasswordState::HandedOut(until) => until > at,
            PasswordState::Missing => false,
            PasswordState::Own => true,
        };
        if has_password && account.state == AccountState::Open && counts(person, &account.account_id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Locks an account; its sessions end.
///
/// # Errors
///
/// [`Error::NotAllowed`] when who acts is no operator; [`Error::Own`] for one's own account; [`Error::AccountUnknown`]
/// when it is locked or closed already.
pub async fn lock(work: &mut Work, account: &AccountId, reason: &Reason) -> Result<(), Error> {
    of_somebody_else(work, account).await?;
    account::lock(work, account).await?;
    reason.record(work, account.as_str());
    Ok(())
}

/// Closes an account for good; its sessions end.
///
/// # Errors
///
/// As for [`lock`].
pub async fn close(work: &mut Work, account: &AccountId, reason: &Reason) -> Result<(), Error> {
    of_somebody_else(work, account).await?;
    account::close(work, account).await?;
    reason.record(work, account.as_str());
    Ok(())
}

/// Gives an account another name.
///
/// # Errors
///
/// As for [`lock`] and [`account::rename`].
pub async fn rename(work: &mut Work, account: &AccountId, to: &str, reason: &Reason) -> Result<(), Error> {
    let view = of_somebody_else(work, account).await?;
    account::rename(work, &view, to).await?;
    reason.record(work, account.as_str());
    Ok(())
}

/// Opens a locked account again.
///
/// # Errors
///
/// [`Error::TwoNeeded`] for somebody with powers; [`Error::AccountUnknown`] when it is not locked; else as for [`lock`].
pub async fn unlock(work: &mut Work, account: &AccountId, reason: &Reason) -> Result<(), Error> {
    let view = of_somebody_else(work, account).await?;
    check_alone(work, &view).await?;
    account::unlock(work, account).await?;
    reason.record_alone(work, account, &view.person_id);
    Ok(())
}

/// Gives an open account a first password; its sessions end.
///
/// # Errors
///
/// [`Error::TwoNeeded`] for somebody with powers; [`Error::AccountLocked`] when somebody locked it; [`Error::Stale`] when it
/// has not the password any more that it had since then; else as for [`lock`].
pub async fn reset(
    work: &mut Work,
    vault: &Vault,
    account: &AccountId,
    (first, since): (&HashedPassword, Option<Instant>),
    reason: &Reason,
) -> Result<HandedOver, Error> {
    let view = to_reset(work, account).await?;
    if password::since(&mut work.tx, account).await? != since {
        return Err(Error::Stale);
    }
    let person = view.person_id.clone();
    let handed_over = hand_over(work, vault, view, first).await?;
    reason.record_alone(work, account, &person);
    Ok(handed_over)
}

/// Whether an account could be given a first password by whoever acts; it gets none.
///
/// # Errors
///
/// As for [`reset`].
pub async fn check_reset(work: &mut Work, account: &AccountId) -> Result<(), Error> {
    to_reset(work, account).await.map(|_| ())
}

async fn to_reset(work: &mut Work, account: &AccountId) -> Result<AccountView, Error> {
    let view = of_somebody_else(work, account).await?;
    check_alone(work, &view).await?;
    check_state(RESET, &view)?;
    Ok(view)
}

/// Proposes one of [`KINDS`].
///
/// # Errors
///
/// As for what is proposed, and for [`proposal::propose`].
pub async fn propose(work: &mut Work, kind: &str, account: &AccountId, reason: &Reason) -> Result<(), Error> {
    let view = of_somebody_else(work, account).await?;
    check_state(kind, &view)?;
    proposal::propose(work, kind, account.as_str(), &(), reason).await?;
    Ok(())
}

/// Does what two operators want of an account. `first` is the password that is handed over, when it is that.
///
/// # Errors
///
/// [`Error::Own`] when it is the account of the one who approves; as for what was proposed, when it cannot be done any
/// more; [`Fault`] when it is none of [`KINDS`].
pub async fn carry_out(
    work: &mut Work,
    vault: &Vault,
    approved: &Approved,
    first: &HashedPassword,
) -> Result<Option<HandedOver>, Error> {
    let proposal = approved.proposal();
    let account = AccountId::stored(proposal.object.clone());
    let view = of_somebody_else(work, &account).await?;
    check_state(&proposal.kind, &view)?;
    if proposal.kind == RESET {
        return hand_over(work, vault, view, first).await.map(Some);
    }
    account::unlock(work, &account).await?;
    Ok(None)
}

/// Whether what two operators want of an account could be done now.
///
/// # Errors
///
/// As for [`carry_out`].
pub async fn check(work: &mut Work, approved: &Approved) -> Result<(), Error> {
    let proposal = approved.proposal();
    let view = of_somebody_else(work, &AccountId::stored(proposal.object.clone())).await?;
    check_state(&proposal.kind, &view)
}

/// The account, held until the commit, when an operator acts and it is not their own.
async fn of_somebody_else(work: &mut Work, account: &AccountId) -> Result<AccountView, Error> {
    let operator = staff::acting(work, Role::Operator).await?;
    let view = account::hold(&mut work.tx, account).await?.ok_or(Error::AccountUnknown)?;
    if view.person_id == operator.person_id { Err(Error::Own) } else { Ok(view) }
}

async fn check_alone(work: &mut Work, view: &AccountView) -> Result<(), Error> {
    if powers(&mut work.tx, &view.person_id).await?.is_empty() { Ok(()) } else { Err(Error::TwoNeeded) }
}

fn check_state(kind: &str, view: &AccountView) -> Result<(), Error> {
    match (kind, view.state) {
        (RESET, AccountState::Open) | (UNLOCK, AccountState::Locked) => Ok(()),
        (RESET, AccountState::Locked) => Err(Error::AccountLocked),
        (RESET | UNLOCK, _) => Err(Error::AccountUnknown),
        (other, _) => Err(Fault::broken(format!("{other} is no matter of accounts")).into()),
    }
}

async fn hand_over(
    work: &mut Work,
    vault: &Vault,
    view: AccountView,
    first: &HashedPassword,
) -> Result<HandedOver, Error> {
    check_state(RESET, &view)?;
    let until = password::hand_out(work, &view.account_id, first).await?;
    sign_in::forgive(work, vault, &view.username).await?;
    Ok(HandedOver { username: view.username, until })
}
