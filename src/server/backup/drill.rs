//! The drill: a backup is put into a database of its own beside, the product is put together on it, and what it can do
//! and what it lacks is told. Nothing that runs is touched.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use base::Instant;
use licence::verification::Number;
use records::{
    Actor,
    archive::Shelf,
    audit::{self, Against, Audit},
    backups,
    copy::Snapshot,
    disk, log,
};

use super::{
    fill::fill,
    folder::{Unfinished, write_part},
    manifest::{Backup, KEYS, Log},
    teller,
};
use crate::{
    archive,
    foundation::{self, ENVELOPE_KEY, derived_key},
    limits::KEY_FILE_BYTES_MAX,
    report::Report,
    settings::Settings,
    wiring::{self, Product, World},
};

/// For what the key is derived with which manifests are tagged.
pub(super) const TAG_PURPOSE: &str = "backup";

/// Looks at a backup: at every file, then at a copy that it is put into, in a folder that is removed afterwards. What was
/// found is written into the log of the running database when that is wanted.
///
/// # Errors
///
/// A folder that is no backup, or a place where nothing can be written. What is wrong with a backup is in the report.
pub(crate) async fn verify(
    settings: &Settings,
    world: &World,
    from: &Path,
    drill_in: Option<&Path>,
    is_recorded: bool,
) -> anyhow::Result<Report> {
    let backup = Backup::open(from)?;
    let mut report = look(settings, world, &backup, drill_in).await?;
    if is_recorded {
        let recorded = teller::drilled(settings, world, &backup, &report).await;
        report.line("record", words(recorded));
    }
    Ok(report)
}

async fn look(settings: &Settings, world: &World, backup: &Backup, drill_in: Option<&Path>) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let noted = &backup.manifest;
    report.note(&format!(
        "made {} by version {} from {}, {} events",
        noted.made_at().rfc3339(),
        noted.product,
        noted.database,
        noted.log.events()
    ));
    let faults = backup.faults();
    for fault in &faults {
        report.line("files", Err(fault.clone()));
    }
    if !faults.is_empty() {
        return Ok(report);
    }
    let (parts, bytes) = (noted.parts().count(), noted.parts().map(|part| part.bytes).sum::<u64>());
    report.line("files", Ok(format!("{parts} with {bytes} bytes, each as it was written")));
    let above = drill_in.or_else(|| backup.folder.parent()).unwrap_or(&backup.folder);
    let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
    let above = above.canonicalize().with_context(|| format!("looking for {}", above.display()))?;
    let folder = Unfinished::make(above.join(format!("guosuo-drill-{}.partial", std::process::id())))?;
    let settings_of_copy = settings_of_copy(settings, backup, folder.path())?;
    match fill(backup, &foundation::database_settings(&settings_of_copy)?).await {
        Ok(database) => {
            let found = audit::audit(&database, &[]).await?;
            database.close().await;
            report.line("event log", words(sound(&found, &noted.log)));
            look_at_copy((&settings_of_copy, settings), world, backup, &mut report).await;
        }
        Err(error) => report.line("rows", Err(format!("{error:#}"))),
    }
    drop(folder);
    report.line("lost", words(lost(settings, &noted.log).await));
    Ok(report)
}

/// What an audit of a copy found, as a sentence.
///
/// # Errors
///
/// A log that is not sound, or ends elsewhere than the backup says.
pub(super) fn sound(found: &Audit, log: &Log) -> anyhow::Result<String> {
    if let Some(finding) = found.findings.first() {
        bail!("{finding}");
    }
    let last = found.events;
    ensure!(last == log.last, "the log ends with event {last}, and the manifest says {}", log.last);
    let archived = match found.archived {
        0 => String::new(),
        last => format!(", but for those up to {last}, which are in the archive"),
    };
    Ok(format!("{} events are back, none removed, none changed{archived}", log.events()))
}

/// The key with which manifests are tagged.
///
/// # Errors
///
/// When the keys cannot be opened.
pub(super) async fn tag_key(product: &Product) -> anyhow::Result<[u8; 32]> {
    Ok(derived_key(&product.app.custody.derivation().await?, TAG_PURPOSE))
}

/// The same settings for a copy: with a database of its own, and keys that it may do with as it likes.
fn settings_of_copy(settings: &Settings, backup: &Backup, folder: &Path) -> anyhow::Result<Settings> {
    let mut copy = settings.clone();
    let data = folder.join("data");
    copy.set("data_folder", &data.display().to_string())?;
    copy.set("database.url", "")?;
    copy.set("database.url_file", "")?;
    copy.set("keys.envelope_file", "")?;
    let keys = foundation::keys_folder(&copy);
    foundation::make_private_folder(&keys)?;
    let files: Vec<(String, PathBuf)> = if backup.manifest.keys.are_included {
        let file = |path: &String| (path.trim_start_matches(KEYS).to_owned(), backup.folder.join(path));
        backup.manifest.keys.parts.iter().map(|part| file(&part.path)).collect()
    } else {
        let entries = fs::read_dir(foundation::keys_folder(settings)).into_iter().flatten().flatten();
        let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
        let own = files.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()));
        let envelope = (ENVELOPE_KEY.to_owned(), foundation::envelope_file(settings));
        own.filter(|(name, _)| name != ENVELOPE_KEY).chain([envelope]).collect()
    };
    for (name, path) in files {
        let name = name.trim_start_matches('/');
        // What is not there is told by who looks for it.
        let bytes =
            if backup.manifest.keys.are_included { disk::read(&path, KEY_FILE_BYTES_MAX) } else { fs::read(&path) };
        if let Ok(bytes) = bytes {
            write_part(&keys, name, &bytes)?;
        }
    }
    Ok(copy)
}

async fn look_at_copy(
    (settings, settings_of_running): (&Settings, &Settings),
    world: &World,
    backup: &Backup,
    report: &mut Report,
) {
    let product = match wiring::find(settings, world.clone()).await {
        Ok(product) => product,
        Err(error) => return report.line("keys", Err(format!("{error:#}"))),
    };
    report.line("tag", words(tag(&product, backup).await));
    report.line("keys", words(keys(&product).await));
    report.line("rows", words(rows(&product, &archive::shelf(settings_of_running)).await));
    report.line("documents", words(documents(&product).await));
    report.line("licence", words(licence(&product).await));
    product.database.close().await;
}

async fn tag(product: &Product, backup: &Backup) -> anyhow::Result<String> {
    match backup.is_tagged_by(&tag_key(product).await?) {
        Some(true) => Ok("the manifest is the one that this installation wrote".to_owned()),
        Some(false) => bail!("the manifest is not the one that this installation wrote"),
        None => bail!("the manifest has no tag: anybody can have written it"),
    }
}

/// Whether every row is as the log says, which only the keys can tell.
async fn rows(product: &Product, shelf: &Shelf) -> anyhow::Result<String> {
    let found = audit::against(&product.database, &Against { shelf: Some(shelf), ..Against::default() }).await?;
    let archived = match (found.archived, found.away.as_slice()) {
        (0, _) => String::new(),
        (last, []) => format!("; events up to {last} are in files, each as it was written"),
        (last, [(first, to), ..]) => format!(
            "; events up to {last} are in files, and not all of them at hand in {}: {first} to {to}",
            shelf.folder().display()
        ),
    };
    match found.findings.as_slice() {
        [] => Ok(format!("{} as the log says{archived}", found.rows)),
        [first, rest @ ..] => bail!("{first}, and {} more", rest.len()),
    }
}

async fn keys(product: &Product) -> anyhow::Result<String> {
    let (count, wrong) = product.app.custody.open_every_file(&mut product.database.read().await?).await?;
    if wrong.is_empty() {
        return Ok(format!("{count} open"));
    }
    let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    bail!("{} of {count} do not open: {}", wrong.len(), wrong.join("; "))
}

/// Whether everything is there that documents are made of.
///
/// # Errors
///
/// Which pieces were changed, or when the database is out of reach.
pub(crate) async fn documents(product: &Product) -> anyhow::Result<String> {
    let checked = product.app.library.safe.check_documents(&mut product.database.read().await?).await?;
    if let [first, rest @ ..] = checked.wrong.as_slice() {
        bail!("{first}{}", if rest.is_empty() { String::new() } else { format!("; and {} more", rest.len()) });
    }
    Ok(format!("{}, each with what it is made of ({} pieces)", checked.documents, checked.pieces))
}

/// Verifies the newest licence in force as somebody would who brings its file, and as one who types its code.
async fn licence(product: &Product) -> anyhow::Result<String> {
    let (app, now) = (&product.app, product.world.clock.now());
    let mut work = product.database.begin(product.world.context(Actor::Job("backup"))).await?;
    let Some(newest) = licence::register::newest_in_force(&mut work.tx, now.date()).await? else {
        return Ok("none is in force".to_owned());
    };
    let (_, bytes) = app.library.safe.document(&mut work.tx, &newest.id).await?;
    let examined = product.world.examiner.examine(None, bytes.as_slice()).await;
    let examined = examined.map_err(|refused| anyhow::anyhow!("its file is not read: {refused:?}"))?;
    let catalogue = app.library.catalogue.now();
    let by_file = licence::verification::by_file(&mut work, &app.library, &examined).await?;
    let by_code =
        licence::verification::look(&mut work.tx, &catalogue, &Number::Code(newest.code.clone()), now).await?;
    for (verdict, way) in [(by_file, "file"), (by_code, "code")] {
        let outcome = verdict.outcome.as_str();
        let why = match verdict.reason() {
            Some(reason) => reason.code(),
            None => "no reason",
        };
        ensure!(outcome == "valid", "{} is {outcome} by its {way}: {why}", newest.identifier);
    }
    Ok(format!("{} is valid by its file and by its code", newest.identifier))
}

/// What the database of the settings has that the copy lacks.
async fn lost(settings: &Settings, log: &Log) -> anyhow::Result<String> {
    let database = match foundation::find_database_of_any_version(settings).await {
        Ok(database) => database,
        // That is when a backup is needed most.
        Err(error) => return Ok(format!("there is no running database to compare with: {error:#}")),
    };
    let compared = compare(&database, log).await;
    database.close().await;
    compared
}

async fn compare(database: &records::Database, log: &Log) -> anyhow::Result<String> {
    let running = Snapshot::of(database).await?.head;
    let beyond = log::beyond(&mut database.read().await?, log.last).await?;
    if running.sequence + running.waiting < log.events() {
        bail!(
            "the running database has {} events, fewer than this backup: it was put back to an older state, or is \
             another one",
            running.sequence + running.waiting
        );
    }
    if log.last > 0 && !beyond.is_archived && beyond.hash.as_ref() != Some(&log.hash) {
        bail!("event {} of the running database is another one: it has another history than this backup", log.last);
    }
    // That a backup ended stands in none that ended with it, and is no loss.
    let (of_backups, kinds): (Vec<_>, Vec<_>) =
        beyond.kinds.iter().partition(|(kind, _)| backups::tells_of_backups(kind));
    let of_backups: i64 = of_backups.iter().map(|(_, count)| count).sum();
    let lacks = running.sequence + running.waiting - log.events() - of_backups;
    if lacks <= 0 {
        return Ok(format!("nothing: nothing has happened since event {}", log.last));
    }
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let since = beyond.first_at.map_or_else(String::new, |at: Instant| format!(" since {}", at.rfc3339()));
    Ok(format!(
        "the copy ends with event {}, and the running database has {lacks} more{since}: {}",
        log.last,
        kinds.join(", ")
    ))
}

fn words(outcome: anyhow::Result<String>) -> Result<String, String> {
    outcome.map_err(|error| format!("{error:#}"))
}
