//! Who may act for an organisation besides its legal representative, and until when.

use base::{
    Fault, Instant, Period,
    id::{OrganisationId, PersonId},
};
use records::{Tx, Work, args};

use crate::{
    Error,
    events::{MandateEnded, MandateGiven},
    limits, organisation, person,
};

/// Lets a person act for an organisation during a period; an earlier mandate of the same two is replaced.
///
/// # Errors
///
/// [`Error::OrganisationUnknown`], [`Error::PersonUnknown`], [`Error::PersonDeceased`] when there is none to act or to act
/// for; [`Error::Period`] for a period that is over, ends before it begins, or is longer than any mandate.
pub async fn give(
    work: &mut Work,
    organisation: &OrganisationId,
    person: &PersonId,
    period: Period,
) -> Result<(), Error> {
    check_period(period, work.at())?;
    if organisation::find_unchanged(&mut work.tx, organisation).await?.is_none() {
        return Err(Error::OrganisationUnknown);
    }
    person::living(&mut work.tx, person).await?;
    work.tx
        .run(
            "insert into mandate (person_id, organisation_id, starts_at, ends_at)
             values ($1, $2, $3, $4)
                 on conflict (person_id, organisation_id)
                 do update set starts_at = excluded.starts_at, ends_at = excluded.ends_at",
            args![person, organisation, period.start, period.end],
        )
        .await?;
    let until = period.end.map(Instant::rfc3339);
    work.record(MandateGiven { organisation: organisation.clone(), person: person.clone(), until });
    Ok(())
}

fn check_period(period: Period, at: Instant) -> Result<(), Error> {
    let Some(end) = period.end else { return Ok(()) };
    let years = limits::MANDATE_YEARS_MAX;
    let (first, last) = (period.start.date(), end.plus_seconds(-1).date());
    let is_right = period.start < end && at < end && last <= first.plus_years(years);
    if is_right { Ok(()) } else { Err(Error::Period { start: first, end: last, years }) }
}

/// Ends a mandate now. False when there is none that still runs.
pub async fn end(work: &mut Work, organisation: &OrganisationId, person: &PersonId) -> Result<bool, Fault> {
    let at = work.at();
    let ended = work
        .tx
        .run(
            "update mandate
                set ends_at = $3
              where person_id = $1 and organisation_id = $2 and (ends_at is null or ends_at > $3)",
            args![person, organisation, at],
        )
        .await?;
    if ended == 1 {
        work.record(MandateEnded { organisation: organisation.clone(), person: person.clone() });
    }
    Ok(ended == 1)
}

/// Whether a person may act for an organisation at an instant: as legal representative or under a mandate.
pub async fn may_act(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &PersonId,
    at: Instant,
) -> Result<bool, Fault> {
    let Some(found) = organisation::find(tx, organisation).await? else { return Ok(false) };
    let is_representative = found.legal_representative.as_ref() == Some(person);
    Ok((is_representative && found.is_unchanged(tx).await?) || runs(tx, organisation, person, at).await?)
}

/// Whether a mandate of these two runs at an instant, as the last act left it.
pub(crate) async fn runs(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &PersonId,
    at: Instant,
) -> Result<bool, Fault> {
    let found: Option<(i64, Option<i64>, i64, Option<String>)> = tx
        .first(
            "select starts_at, ends_at, marked, mark
               from mandate
              where person_id = $2
                and organisation_id = $1
                and starts_at <= $3
                and (ends_at is null or ends_at > $3)",
            args![organisation, person, at],
        )
        .await?;
    let Some((starts_at, ends_at, marked, mark)) = found else { return Ok(false) };
    tx.is_as_left_before("mandate", args![person, organisation, starts_at, ends_at], (marked, mark.as_deref())).await
}
