//! What follows from what, in one place.
//!
//! A row says: after an event of this kind, these reactions, in this order. They run in the unit of work that records
//! the event, just before it is committed; what they record has consequences of its own. So whoever writes a death
//! down, in a command, on a page, over the API or from a feed, calls that one operation and nothing else.
//!
//! Whom others are to be told of is a job that a reaction enqueues: no other system is called inside a unit of work.
#![deny(missing_docs)]

use base::Fault;
use identity::{
    account, command_key,
    events::{
        AccountClosed, AccountLocked, OrganisationCeased, PasswordHandedOut, PersonDied, SessionClosed, StaffEnded,
    },
    session, staff,
};
use licence::{Holder, lifecycle};
use oidc::logout;
use records::{Consequence, EventRow, Reacting, Work};

/// Every database of the product is opened with this table.
pub static TABLE: &[Consequence] = &[
    Consequence::after::<PersonDied>(&[close_accounts, end_appointment, end_licences_of_person]),
    Consequence::after::<OrganisationCeased>(&[end_licences_of_organisation]),
    Consequence::after::<AccountClosed>(&[close_sessions_of_closed, end_keys_of_closed]),
    Consequence::after::<AccountLocked>(&[close_sessions_of_locked, end_keys_of_locked]),
    Consequence::after::<PasswordHandedOut>(&[close_sessions_of_reset]),
    Consequence::after::<SessionClosed>(&[end_tokens_and_tell_apps]),
    Consequence::after::<StaffEnded>(&[end_keys_of_staff]),
];

fn close_accounts<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
    Box::pin(async move { account::close_of_person(work, &event.read::<PersonDied>()?.person).await })
}

fn close_sessions_of_closed<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
    Box::pin(async move {
        let AccountClosed { account } = event.read()?;
        session::close_of_account(work, &account, "account_closed").await
    })
}

fn close_sessions_of_locked<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
    Box::pin(async move {
        let AccountLocked { account } = event.read()?;
        session::close_of_account(work, &account, "account_locked").await
    })
}

fn close_sessions_of_reset<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
    Box::pin(async move {
        let PasswordHandedOut { account, .. } = event.read()?;
        session::close_of_account(work, &account, "password_reset").await
    })
}

fn end_appointment<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
    Box::pin(async move { staff::end_of_person(work, &event.read::<PersonDied>()?.person).await })
}

fn end_keys_of_closed<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
    Box::pin(async move {
        let AccountClosed { account } = event.read()?;
        command_key::end_of_account(work, &account).await
    })
}

fn end_keys_of_locked<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
    Box::pin(async move {
        let AccountLocked { account } = event.read()?;
        command_key::end_of_account(work, &account).await
    })
}

fn end_keys_of_staff<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
    Box::pin(async move { command_key::end_of_staff(work, &event.read::<StaffEnded>()?.staff).await })
}

fn end_licences_of_organisation<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
    Box::pin(async move {
        let OrganisationCeased { organisation } = event.read()?;
        end_licences(work, &Holder::Organisation(organisation)).await
    })
}

fn end_licences_of_person<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
    Box::pin(async move { end_licences(work, &Holder::Person(event.read::<PersonDied>()?.person)).await })
}

async fn end_licences(work: &mut Work, holder: &Holder) -> Result<(), Fault> {
    lifecycle::holder_ended(work, holder).await.map_err(|error| match error {
        licence::Error::Fault(fault) => fault,
        refused => Fault::broken(refused),
    })
}

fn end_tokens_and_tell_apps<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
    Box::pin(async move { logout::session_ended(work, &event.read::<SessionClosed>()?.session).await.map(|_| ()) })
}

#[cfg(test)]
mod tests;
