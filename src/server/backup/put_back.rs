//! Puts single rows back from a backup: those that an audit names as damaged, changed or taken away.

use std::{fmt::Write, io::BufReader, path::Path};

use anyhow::{Context as _, bail, ensure};
use identity::Reason;
use records::{
    Context,
    audit::{Finding, RowFault},
    disk,
    put_back::{self, Copied, Wanted},
};

use super::{
    drill::tag_key,
    manifest::{Backup, TableNote},
    rows::RowReader,
};
use crate::{
    commands::{
        audit::{self, Reach},
        operator,
    },
    settings::Settings,
    wiring::{self, Product, World},
};

/// Puts rows back as the last act left them, and says of each what became of it. The server may go on meanwhile.
///
/// # Errors
///
/// A backup that is not whole or not of this installation: then nothing was changed. When something is still not as the log
/// says, after printing.
pub(crate) async fn put_rows_back(
    settings: &Settings,
    world: &World,
    from: &Path,
    reason: &str,
) -> anyhow::Result<String> {
    let reason = Reason::parse(reason)?;
    let backup = Backup::open(from)?;
    let faults = backup.faults();
    ensure!(faults.is_empty(), "{} is not whole, and nothing was put back:\n{}", from.display(), faults.join("\n"));
    let product = wiring::find(settings, world.clone()).await?;
    let done = async {
        let context = operator::context(settings, &product).await?;
        from_backup(settings, (&product, &context), &backup, &reason).await
    };
    let done = done.await;
    product.database.close().await;
    done
}

pub(super) async fn from_backup(
    settings: &Settings,
    (product, context): (&Product, &Context),
    backup: &Backup,
    reason: &Reason,
) -> anyhow::Result<String> {
    // What is in no mark is taken from it too, when a row is gone.
    ensure!(
        backup.is_tagged_by(&tag_key(product).await?) == Some(true),
        "{} was not made by this installation, and nothing was put back",
        backup.folder.display()
    );
    let (found, _) = audit::look(settings, product, Reach::Whole).await?;
    if let Some(finding) = found.findings.iter().find(|finding| is_of_the_log(finding)) {
        bail!("the log itself is not whole, and says nothing of rows for certain: {finding}");
    }
    let rows: Vec<(String, String)> = found.findings.iter().filter_map(named).collect();
    ensure!(!rows.is_empty(), "an audit names no row that was damaged, changed or taken away: nothing was put back");
    let mut told = String::new();
    let mut wanted = Vec::new();
    for (row, said) in rows.iter().zip(put_back::wanted(&product.database, &rows).await?) {
        match said {
            Some(said) => wanted.push(said),
            None => {
                writeln!(told, "{} {}: no event at hand says how it was left (is it in the archive?)", row.0, row.1)?;
            }
        }
    }
    let copies = find(product, backup, wanted, &mut told)?;
    put_each((product, context), backup, reason, (copies, &mut told)).await?;
    let again = audit::look(settings, product, Reach::Whole).await?.0;
    audit::write_down(product, &again).await?;
    if again.findings.is_empty() {
        told += "the log and every row are sound\n";
        return Ok(told);
    }
    crate::commands::print(&told)?;
    bail!("{} is wrong still: `guosuo audit` names it", again.findings.len())
}

/// Puts the rows back, each for itself: what the database does not take keeps no other away. One that rests on another one
/// may have to wait for that.
async fn put_each(
    (product, context): (&Product, &Context),
    backup: &Backup,
    reason: &Reason,
    (copies, told): (Vec<(Wanted, Copied)>, &mut String),
) -> anyhow::Result<()> {
    let name = backup.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut waiting = copies;
    loop {
        let (before, mut refused) = (waiting.len(), Vec::new());
        for copy in waiting {
            let put = async |mut work: records::Work| {
                let done = put_back::put_back(&mut work, (&name, reason.as_str()), &copy).await?;
                if done {
                    work.commit().await?;
                }
                Ok::<_, base::Fault>(done)
            };
            let (table, key) = (copy.0.table().to_owned(), copy.0.key());
            match product.database.attempt(context, put).await {
                Ok(true) => writeln!(told, "{table} {key}: it is back as the last act left it")?,
                Ok(false) => {
                    writeln!(
                        told,
                        "{table} {key}: the backup has another one than the last act left: nothing was changed"
                    )?;
                }
                Err(fault) => refused.push((copy, fault)),
            }
        }
        if refused.is_empty() {
            return Ok(());
        }
        if refused.len() == before {
            for ((wanted, _), fault) in refused {
                writeln!(told, "{} {}: the database does not take it: {fault}", wanted.table(), wanted.key())?;
            }
            return Ok(());
        }
        waiting = refused.into_iter().map(|(copy, _)| copy).collect();
    }
}

/// Whether it says of the log that it is not whole: an act may be missing that left a row otherwise.
fn is_of_the_log(finding: &Finding) -> bool {
    match finding {
        Finding::Actor(..)
        | Finding::Contrary(..)
        | Finding::File(_)
        | Finding::Guard(_)
        | Finding::HeadsGone
        | Finding::Row(..)
        | Finding::Rows(_)
        | Finding::StrayFile(_) => false,
        Finding::Again(_)
        | Finding::Archived
        | Finding::Beyond(_)
        | Finding::Changed(_)
        | Finding::Contradicted(_)
        | Finding::Cut(..)
        | Finding::Foreign(_)
        | Finding::ForeignWaiting(_)
        | Finding::Head
        | Finding::Missing(..)
        | Finding::PutBack(..)
        | Finding::Stray(_)
        | Finding::Unnumbered(_) => true,
    }
}

/// The table and the key of a row that was damaged, changed or taken away.
fn named(finding: &Finding) -> Option<(String, String)> {
    match finding {
        Finding::Row(table, key, RowFault::Changed | RowFault::PutBack | RowFault::Removed) => {
            Some(((*table).to_owned(), key.clone()))
        }
        _ => None,
    }
}

/// The rows of the backup with these keys.
fn find(
    product: &Product,
    backup: &Backup,
    mut wanted: Vec<Wanted>,
    told: &mut String,
) -> anyhow::Result<Vec<(Wanted, Copied)>> {
    let mut found = Vec::new();
    for note in &backup.manifest.tables {
        if wanted.iter().any(|row| row.table() == note.name) {
            find_in(product, backup, note, &mut wanted, &mut found)?;
        }
    }
    for row in wanted {
        writeln!(told, "{} {}: the backup has no such row", row.table(), row.key())?;
    }
    Ok(found)
}

fn find_in(
    product: &Product,
    backup: &Backup,
    note: &TableNote,
    wanted: &mut Vec<Wanted>,
    found: &mut Vec<(Wanted, Copied)>,
) -> anyhow::Result<()> {
    let table = note.table()?;
    let path = backup.folder.join(&note.part.path);
    let file = disk::open(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut reader = RowReader::new(BufReader::new(file), &table);
    while let Some((row, _)) = reader.next()? {
        let row: Copied = table.columns.iter().map(|column| column.name.clone()).zip(row).collect();
        let place = wanted.iter().position(|one| one.table() == note.name && one.is(&product.database, &row));
        if let Some(place) = place {
            found.push((wanted.swap_remove(place), row));
        }
    }
    // It may have been changed since all digests were looked at.
    ensure!(reader.sha256() == note.part.sha256, "{}: it is not as it was written", note.part.path);
    Ok(())
}
