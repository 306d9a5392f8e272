//! Puts a backup back where there is nothing.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use base::Secret;
use records::{audit, disk};

use super::{
    drill,
    fill::fill,
    folder::{UNFINISHED, Unfinished, sync, write_part},
    manifest::{Backup, KEYS},
    teller,
};
use crate::{
    archive,
    foundation::{self, ENVELOPE_KEY, derived_key},
    limits::KEY_FILE_BYTES_MAX,
    settings::Settings,
    wiring::{self, World},
};

/// Puts a backup back, on the database and into the folder that the settings name, and says what to do then.
///
/// # Errors
///
/// A backup that is not whole, or that whoever has the keys did not write; a database or a folder of keys that is not empty:
/// then nothing was changed.
pub(crate) async fn restore(settings: &Settings, world: &World, from: &Path) -> anyhow::Result<String> {
    let backup = Backup::open(from)?;
    let faults = backup.faults();
    if !faults.is_empty() {
        bail!("{} is not whole, and nothing was put back:\n{}", from.display(), faults.join("\n"));
    }
    foundation::check(settings)?;
    let mut of_database = foundation::database_settings(settings)?;
    let file = foundation::sqlite_file(of_database.url.expose());
    if let Some(file) = &file {
        for path in [file.clone(), beside(file, "-wal"), beside(file, "-shm")] {
            ensure!(!path.exists(), "{} is there already: a backup is put back where there is nothing", path.display());
        }
    }
    check_no_keys(settings, &backup)?;
    let tagged = check_tag(settings, &backup).await?;
    let _alone = foundation::alone(settings)?;
    // A file gets its name when everything is in it.
    let unfinished = file.as_deref().map(|file| beside(file, UNFINISHED));
    if let Some(unfinished) = &unfinished {
        remove_database(unfinished);
        of_database.url = Secret::new(format!("sqlite://{}", unfinished.display()));
    }
    let filled = async {
        let database = fill(&backup, &of_database).await?;
        let found = audit::audit(&database, &[]).await;
        database.close().await;
        anyhow::Ok(found?)
    };
    let filled = filled.await;
    if let (Err(_), Some(unfinished)) = (&filled, &unfinished) {
        remove_database(unfinished);
    }
    let filled = filled?;
    let (archived, audited) = (filled.archived, drill::sound(&filled, &backup.manifest.log));
    let mut told = audited.as_ref().map_or_else(|_| String::new(), |sound| format!("{sound}\n"));
    let _ = writeln!(told, "{tagged}");
    if backup.manifest.keys.are_included {
        write_keys(settings, &backup)?;
        told += "the keys are back too\n";
    } else {
        let (folder, envelope) = (foundation::keys_folder(settings), foundation::envelope_file(settings));
        let (folder, envelope) = (folder.display(), envelope.display());
        let _ = writeln!(
            told,
            "the keys are not in this backup: put them back as {folder} and {envelope} before anything is started"
        );
    }
    if let (Some(unfinished), Some(file)) = (unfinished, file) {
        fs::rename(&unfinished, &file).with_context(|| format!("naming {}", file.display()))?;
        sync(file.parent().unwrap_or(&file))?;
    }
    teller::note_put_back(settings, &backup.manifest)?;
    // Only the keys let the log be written: without them the first start does it.
    if backup.manifest.keys.are_included
        && let Err(error) = write_down(settings, world).await
    {
        let _ = writeln!(told, "the event log is told of it at the first start: {error:#}");
    }
    // Somebody may want just that back; but nobody may miss it.
    audited.context("it is all back as it was, and its event log is not sound")?;
    if archived > 0 {
        let archive = archive::folder(settings);
        let _ =
            writeln!(told, "events up to {archived} are in the archive: put its files back as {}", archive.display());
    }
    told += "then look with `guosuo doctor`; what was revoked, closed or changed since the backup has to be again\n";
    Ok(told)
}

/// Tells the log of what was put back that it was.
async fn write_down(settings: &Settings, world: &World) -> anyhow::Result<()> {
    let product = wiring::find(settings, world.clone()).await?;
    let written = teller::tell_put_back(settings, &product).await;
    product.database.close().await;
    written
}

/// Whether the manifest is the one that whoever has the keys wrote, as a sentence: those at hand, or those in the backup.
///
/// # Errors
///
/// One that somebody else wrote.
async fn check_tag(settings: &Settings, backup: &Backup) -> anyhow::Result<String> {
    let (folder, envelope) = if backup.manifest.keys.are_included {
        let folder = backup.folder.join(KEYS);
        let envelope = folder.join(ENVELOPE_KEY);
        (folder, envelope)
    } else {
        (foundation::keys_folder(settings), foundation::envelope_file(settings))
    };
    if !envelope.exists() {
        return Ok(format!(
            "the manifest's tag was not checked, for the keys are not at hand: `guosuo restore --verify {}` does it with \
             them",
            backup.folder.display()
        ));
    }
    let opened = async {
        let envelope = foundation::read_key(&envelope)?;
        anyhow::Ok(pki::Custody::derivation_in(&folder, &envelope).await?)
    };
    let derivation = match opened.await {
        Ok(derivation) => derivation,
        Err(error) => return Ok(format!("the manifest's tag was not checked, for the keys do not open: {error:#}")),
    };
    match backup.is_tagged_by(&derived_key(&derivation, drill::TAG_PURPOSE)) {
        Some(true) => Ok("the manifest is the one that whoever has the keys wrote".to_owned()),
        Some(false) => bail!(
            "the manifest of {} is not the one that whoever has the keys wrote, and nothing was put back",
            backup.folder.display()
        ),
        None => Ok("the manifest has no tag: anybody can have written it".to_owned()),
    }
}

/// Refuses to write keys over others.
fn check_no_keys(settings: &Settings, backup: &Backup) -> anyhow::Result<()> {
    if !backup.manifest.keys.are_included {
        return Ok(());
    }
    let (folder, envelope) = (foundation::keys_folder(settings), foundation::envelope_file(settings));
    let is_empty = fs::read_dir(&folder).map_or(true, |mut entries| entries.next().is_none());
    ensure!(is_empty, "{} is not empty: keys are put back where there are none", folder.display());
    ensure!(!envelope.exists(), "{} is there already: keys are put back where there are none", envelope.display());
    Ok(())
}

/// Writes the key files, all or none.
fn write_keys(settings: &Settings, backup: &Backup) -> anyhow::Result<()> {
    let (folder, envelope) = (foundation::keys_folder(settings), foundation::envelope_file(settings));
    let unfinished = Unfinished::make(beside(&folder, UNFINISHED))?;
    for part in &backup.manifest.keys.parts {
        let name = part.path.strip_prefix(KEYS).unwrap_or_default().trim_start_matches('/');
        let bytes = disk::read(&backup.folder.join(&part.path), KEY_FILE_BYTES_MAX);
        let bytes = bytes.with_context(|| format!("reading {}", part.path))?;
        let written = if name == ENVELOPE_KEY && envelope != folder.join(ENVELOPE_KEY) {
            let above = envelope.parent().context("the envelope key needs a folder")?;
            foundation::make_private_folder(above)?;
            write_part(above, &envelope.file_name().unwrap_or_default().to_string_lossy(), &bytes)?
        } else {
            write_part(unfinished.path(), name, &bytes)?
        };
        ensure!(written.sha256 == part.sha256, "{}: it is not as it was written", part.path);
    }
    sync(unfinished.path())?;
    unfinished.finish(&folder)
}

/// The path with this behind its name.
fn beside(path: &Path, behind: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(behind);
    name.into()
}

fn remove_database(file: &Path) {
    for path in [file.to_owned(), beside(file, "-wal"), beside(file, "-shm")] {
        let _ = fs::remove_file(path);
    }
}
