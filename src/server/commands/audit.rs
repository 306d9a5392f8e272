//! `audit`: whether the event log is whole, and everything else as it says.

use anyhow::{bail, ensure};
use base::id::{LicenceId, OrganisationId, SealId};
use identity::organisation;
use licence::register;
use records::{
    Actor, Tx,
    audit::{self, Against, Audit, Finding},
    events::{LogAudited, LossAcknowledged},
    guards, log,
};

use super::operator;
use crate::{
    archive,
    kept_heads::{self, Kept},
    limits::FINDINGS_TOLD_MAX,
    settings::Settings,
    wiring::{self, Product, World},
};

/// What to do beside looking.
#[derive(clap::Args)]
pub struct Arguments {
    /// Answer for what is lost since a backup was put back: why, for the record.
    #[arg(long, value_name = "REASON")]
    acknowledge_loss: Option<String>,
    /// Go on where the last sound audit ended, instead of at the first event.
    #[arg(long, conflicts_with = "acknowledge_loss")]
    from_checked: bool,
}

/// How far back an audit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To where the last sound one ended.
    Checked,
    /// To the first event.
    Whole,
}

/// Checks every number, code and hash, the heads that were kept, and every marked row.
///
/// # Errors
///
/// What is missing, changed or put there.
pub async fn run(settings: &Settings, arguments: Arguments) -> anyhow::Result<()> {
    let product = wiring::find(settings, World::default()).await?;
    let reach = if arguments.from_checked { Reach::Checked } else { Reach::Whole };
    let (found, kept) = look(settings, &product, reach).await?;
    if let Some(reason) = arguments.acknowledge_loss {
        ensure!(!reason.trim().is_empty(), "--acknowledge-loss needs a reason");
        let Some((kept, found)) = lost(&found.findings) else {
            bail!("no head was kept that the log has not: there is nothing to answer for")
        };
        let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
        work.record(LossAcknowledged { log: "log".to_owned(), kept, found, reason });
        work.commit().await?;
        product.database.close().await;
        return super::print("written down\n");
    }
    write_down(&product, &found).await?;
    let said = with_names(&mut product.database.read().await?, &found.findings).await?;
    let (next, folder) = (found.next.as_ref(), kept_heads::folder(settings));
    let written = next
        .map(|next| kept_heads::keep_checked(&product.database, &folder, (next, kept.checked.as_ref())))
        .transpose();
    product.database.close().await;
    for line in at_hand(&found) {
        super::print(&format!("{line}\n"))?;
    }
    for finding in &found.acknowledged {
        super::print(&format!("known: {finding}\n"))?;
    }
    for line in damaged(&kept) {
        super::print(&format!("{line}\n"))?;
    }
    if found.is_sound() {
        super::print(&format!("{}\n", sound(&found, kept.heads.len())))?;
        written?;
        ensure!(
            kept.damaged.is_empty(),
            "the log is sound, and heads that were kept of it are not as they were: find out why, before those files or \
             lines are taken away"
        );
        return Ok(());
    }
    for finding in &said {
        super::print(&format!("{finding}\n"))?;
    }
    for next in next_steps(&found.findings) {
        super::print(&format!("{next}\n"))?;
    }
    let more = if found.is_more { " at least" } else { "" };
    let said = match found.findings.len() {
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    };
    bail!("not sound: {said}{more} in {} events and {} rows", found.events, found.rows)
}

/// Writes down what an audit found: that it was looked at is part of what is looked at next time.
pub(crate) async fn write_down(product: &Product, found: &Audit) -> anyhow::Result<()> {
    let mut work = product.database.begin(product.world.context(Actor::Job("audit"))).await?;
    let (events, rows, findings) = (found.events, found.rows, found.findings.len());
    let checked = found.checked.as_ref();
    let (whole_at, checked) = (checked.map(|point| point.whole_at.rfc3339()), checked.map(|point| point.sequence));
    let first = found.findings.iter().take(FINDINGS_TOLD_MAX).map(ToString::to_string);
    let named = (!found.is_sound()).then(|| first.collect());
    work.record(LogAudited { log: "log".to_owned(), events, rows, findings, checked, whole_at, named });
    work.commit().await?;
    Ok(())
}

/// What whoever reads these does next.
fn next_steps(findings: &[Finding]) -> Vec<&'static str> {
    let has = |is: fn(&Finding) -> bool| findings.iter().any(is);
    let mut steps = Vec::new();
    if has(|finding| matches!(finding, Finding::Row(..))) {
        steps.push(
            "next: `guosuo backup --list` names a backup from after the last act on such a row, and `guosuo restore \
             BACKUP --rows --reason TEXT` puts the rows right that the log proves, beside a running server",
        );
    }
    if lost(findings).is_some() {
        steps.push("next: whoever answers for what is lost says so: `guosuo audit --acknowledge-loss REASON`");
    }
    if has(|finding| matches!(finding, Finding::Guard(_))) {
        steps
            .push("next: find out who changed the schema; `guosuo doctor` names each guard that is not as it was made");
    }
    if has(|finding| !matches!(finding, Finding::Row(..) | Finding::Guard(_))) && lost(findings).is_none() {
        steps.push(
            "next: keep the database and the folder of the heads as they are, and compare with the last backup: `guosuo \
             restore --verify BACKUP` says what the running database has more",
        );
    }
    steps
}

/// What is lost as far as these say: up to which number something was kept, and up to which it is there. A log that has grown
/// beyond what was kept since it was put back has other events there.
fn lost(findings: &[Finding]) -> Option<(i64, i64)> {
    let put_back = findings.iter().find_map(|finding| match finding {
        Finding::PutBack(kept, found) => Some((*kept, *found)),
        _ => None,
    });
    let anew = findings.iter().filter_map(|finding| match finding {
        Finding::Contradicted(number) => Some((*number, *number - 1)),
        _ => None,
    });
    put_back.or_else(|| anew.max())
}

/// What was found, with what people call it: the identifier of a licence, the name of a seal or an organisation. Nobody's
/// name: for that one looks at the entries about the person, which is written down.
///
/// # Errors
///
/// When the database is out of reach.
pub(crate) async fn with_names(tx: &mut Tx, found: &[Finding]) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for finding in found {
        let Finding::Row(_, key, _) = finding else {
            lines.push(finding.to_string());
            continue;
        };
        let known = if let Ok(licence) = LicenceId::parse(key) {
            register::known_identifier(tx, &licence).await?
        } else if let Ok(seal) = SealId::parse(key) {
            seal::find(tx, &seal).await?.map(|seal| seal.name)
        } else if let Ok(organisation) = OrganisationId::parse(key) {
            organisation::find(tx, &organisation).await?.map(|organisation| organisation.name)
        } else {
            None
        };
        lines.push(known.map_or_else(|| finding.to_string(), |known| format!("{finding} ({known})")));
    }
    Ok(lines)
}

/// Numbers what waits and looks at everything; with it what was kept outside.
///
/// # Errors
///
/// When the database is out of reach, or the folder of the heads cannot be read.
pub(crate) async fn look(settings: &Settings, product: &Product, reach: Reach) -> anyhow::Result<(Audit, Kept)> {
    // What commands wrote while no server ran has no number yet. A head that was changed is a finding of the audit.
    while log::sequence_events(&product.database).await.is_ok_and(|numbered| numbered >= log::TURN_MAX) {}
    let folder = kept_heads::folder(settings);
    let kept = kept_heads::read(&product.database, &folder)?;
    let shelf = archive::shelf(settings);
    ensure!(
        reach == Reach::Whole || kept.checked.is_some(),
        "no sound audit of this installation is written down in {}: `guosuo audit` makes the first",
        folder.display()
    );
    let against = Against {
        kept: &kept.heads,
        are_heads_missed: true,
        shelf: Some(&shelf),
        checked: kept.checked.as_ref(),
        goes_on: reach == Reach::Checked,
        at: Some(product.world.clock.now()),
    };
    let mut found = audit::against(&product.database, &against).await?;
    found.add_guards(guards::look(&product.database).await?);
    Ok((found, kept))
}

/// What is wrong with the heads that were kept.
pub(crate) fn damaged(kept: &Kept) -> impl Iterator<Item = String> {
    kept.damaged.iter().map(|told| format!("heads of the log are not as they were kept: {told}"))
}

/// What an audit did not look at, because it is not at hand or was checked before.
pub(crate) fn at_hand(found: &Audit) -> Vec<String> {
    let away = |(first, last): &(i64, i64)| format!("not at hand: events {first} to {last}, which are in the archive");
    let mut lines: Vec<String> = found.away.iter().map(away).collect();
    if let Some(checked) = &found.checked {
        let (number, at, whole_at) = (checked.sequence, checked.at.rfc3339(), checked.whole_at.rfc3339());
        lines.push(format!("went on behind event {number}, checked {at}; the whole log was audited {whole_at}"));
    }
    lines
}

/// What is said of a log that is whole.
pub(crate) fn sound(found: &Audit, kept: usize) -> String {
    let Audit { events, rows, .. } = found;
    let archived = match found.archived {
        0 => String::new(),
        last => format!("; events up to {last} are in the archive"),
    };
    format!(
        "sound: {events} events, none removed, none changed; {rows} rows as the log says; {kept} heads were kept{archived}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_found_has_a_next_step() {
        let check = |findings: &[Finding], parts: &[&str]| {
            let steps = next_steps(findings);
            assert_eq!(steps.len(), parts.len(), "{findings:?}: {steps:?}");
            assert!(steps.iter().zip(parts).all(|(step, part)| step.contains(part)), "{findings:?}: {steps:?}");
        };
        check(&[], &[]);
        check(&[Finding::PutBack(9, 5)], &["--acknowledge-loss"]);
        check(&[Finding::Head], &["restore --verify"]);
        check(&[Finding::Guard("x".into())], &["doctor"]);
    }

    #[test]
    fn a_loss_can_be_answered_for_also_when_the_log_has_grown_beyond_what_was_kept() {
        let check = |findings: &[Finding], expected| assert_eq!(lost(findings), expected, "{findings:?}");
        check(&[Finding::Head, Finding::PutBack(9, 5), Finding::Contradicted(4)], Some((9, 5)));
        check(&[Finding::Contradicted(3), Finding::Contradicted(7)], Some((7, 6)));
        check(&[Finding::Head], None);
    }
}
