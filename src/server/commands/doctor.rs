//! `doctor`: what is in force, what is wrong, what to do about it.

use anyhow::{anyhow, bail, ensure};
use base::ListPage;
use documents::font::repertoire;
use identity::{
    operator,
    organisation::{self, OrganisationKind},
};
use records::{Database, SharedClock, audit::Finding, backups, damage, guards, heads, jobs, log};

use super::{
    audit::{self, Reach},
    backup::line as backup_line,
};
use crate::{
    archive, backup, foundation, kept_heads,
    report::Report,
    safety,
    settings::{self, SettingKind, Settings, Source},
    wiring::{self, Product, World},
    witness,
};

/// How closely.
#[derive(clap::Args)]
pub struct Arguments {
    /// Leave out what takes the longer the more there is: reading every table and every licence's row.
    #[arg(long)]
    quick: bool,
}

/// How closely the database is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Whatever takes no longer in a city than in a village, and the event log.
    Quick,
    /// To the last row.
    Whole,
}

/// Looks at everything and prints what it found.
///
/// # Errors
///
/// When something is wrong, after printing.
pub async fn run(settings: &Settings, arguments: Arguments) -> anyhow::Result<()> {
    let depth = if arguments.quick { Depth::Quick } else { Depth::Whole };
    look(settings, &World::default(), depth).await?.tell()
}

/// Looks at everything.
pub(crate) async fn look(settings: &Settings, world: &World, depth: Depth) -> anyhow::Result<Report> {
    let mut report = Report::default();
    for (key, value, source) in settings.in_force().filter(|(_, _, source)| *source != Source::Default) {
        // A database URL may hold a password.
        let secret = key == settings::DATABASE_URL.key
            || settings::ALL.iter().any(|setting| setting.key == key && setting.kind == SettingKind::SecretFile);
        let shown = if secret { "(set)" } else { value };
        report.note(&format!("{key} = {shown} ({source:?})"));
    }
    report.line("public_url", words(foundation::public_url(settings)));
    let proxies = foundation::trusted_proxies(settings).map(|_| settings.list(&settings::TRUSTED_PROXIES));
    let proxies = proxies.map(|list| if list.is_empty() { "none".to_owned() } else { list.join(", ") });
    report.line("trusted_proxies", words(proxies));
    report.line("fonts", words(fonts(settings)));
    safety::look(settings, &mut report);
    if let Some(said) = witness::look(settings) {
        report.line("witness", words(said));
    }
    match foundation::find_database(settings).await {
        Ok(database) => {
            report.line("database", Ok(format!("{}, schema up to date", database.dialect().name())));
            look_at_database((settings, world, depth), &database, &mut report).await;
            database.close().await;
        }
        Err(error) => report.line("database", Err(format!("{error:#}"))),
    }
    Ok(report)
}

/// Where the fonts are, and what of GB 18030-2022 they do not print.
fn fonts(settings: &Settings) -> anyhow::Result<String> {
    let fonts = foundation::open_fonts(settings)?;
    let folder = foundation::fonts_folder(settings)?.display().to_string();
    let missing = fonts.missing_of(repertoire::level_two());
    ensure!(missing == 0, "{folder} lacks {missing} characters of level 2 of GB 18030-2022");
    let (all, missing) =
        (repertoire::ideographs_of_level_three().count(), fonts.missing_of(repertoire::ideographs_of_level_three()));
    Ok(match missing {
        0 => format!("{folder}, level 2 of GB 18030-2022 and all {all} ideographs of level 3"),
        missing => format!(
            "{folder}, level 2 of GB 18030-2022; of the {all} ideographs of level 3 {missing} are not printed: \
             further_fonts_folder names a folder of fonts that have more"
        ),
    })
}

/// What goes into the report, errors with all their reasons.
fn words(outcome: anyhow::Result<String>) -> Result<String, String> {
    outcome.map_err(|error| format!("{error:#}"))
}

/// What cannot be looked at is told, and the next thing is looked at all the same.
async fn look_at_database(
    (settings, world, depth): (&Settings, &World, Depth),
    database: &Database,
    report: &mut Report,
) {
    if depth == Depth::Whole {
        report.line("tables", words(tables(database).await));
    }
    report.line("guards", words(guards_of(database).await));
    report.line("clock", words(clock(world, database).await));
    report.line("jobs", words(waiting_jobs(database).await));
    if let Some(said) = last_backup(settings, world, database).await.transpose() {
        report.line("backups", words(said));
    }
    match operators(world, database).await {
        // Before the first one is registered nobody is missed.
        Ok(None) => report.soon("operators", "none yet: `guosuo bootstrap` registers the first one"),
        Ok(Some(said)) => report.line("operators", Ok(said)),
        Err(error) => report.line("operators", Err(format!("{error:#}"))),
    }
    if let Err(fault) = safety::look_inside(settings, database, report).await {
        report.line("safety", Err(fault.to_string()));
    }
    let looked = match foundation::has_keys(database).await {
        Ok(true) => look_at_product((settings, world, depth), report).await,
        Ok(false) => Err(anyhow!("none yet: `guosuo bootstrap` or the first `guosuo serve` makes them")),
        Err(error) => Err(error),
    };
    if let Err(error) = looked {
        report.line("keys", Err(format!("{error:#}")));
    }
}

/// What only the keys can tell: whether the log is whole, which keys sign, and what ends.
async fn look_at_product(
    (settings, world, depth): (&Settings, &World, Depth),
    report: &mut Report,
) -> anyhow::Result<()> {
    let product = wiring::find(settings, world.clone()).await?;
    report.line("numbering", words(numbering(&product.database).await));
    if depth == Depth::Whole
        && let Err(error) = look_at_log(settings, &product, report).await
    {
        report.line("event log", Err(format!("{error:#}")));
    }
    report.line("heads", words(heads_of(settings, world, &product.database).await));
    report.line("archive", archive::look(settings, &product).await.unwrap_or_else(|error| Err(format!("{error:#}"))));
    if depth == Depth::Whole {
        report.line("documents", words(backup::documents(&product).await));
    }
    look_at_keys(&product, report).await?;
    product.database.close().await;
    Ok(())
}

async fn tables(database: &Database) -> anyhow::Result<String> {
    let (count, wrong) = damage::look(database).await?;
    ensure!(wrong.is_empty(), "{} of {count} cannot be read through: {}", wrong.len(), wrong.join("; "));
    Ok(format!("{count}, each read through"))
}

/// Whether what guards the rows is as the migrations made it.
async fn guards_of(database: &Database) -> anyhow::Result<String> {
    let wrong = guards::look(database).await?;
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok("triggers, views, unique indexes, columns and conditions are as the product made them".to_owned())
}

async fn clock(world: &World, database: &Database) -> anyhow::Result<String> {
    let clock = SharedClock::new(std::sync::Arc::clone(&world.clock));
    match foundation::too_far(clock.compare(database).await?) {
        None => Ok(format!("{} ms from the database's", clock.skew_micros() / 1000)),
        Some(wrong) => bail!("{wrong}"),
    }
}

/// How this stands with backups; nothing of a demonstration, which nobody misses.
async fn last_backup(settings: &Settings, world: &World, database: &Database) -> anyhow::Result<Option<String>> {
    let standing = backups::standing(&mut database.read().await?).await?;
    if standing.is_demonstration {
        return Ok(None);
    }
    let (now, days) = (world.clock.now(), settings.integer(&settings::BACKUP_LATE_DAYS));
    let last = standing.last.as_ref().map(backup_line);
    let said = last.unwrap_or_else(|| "none was made yet".to_owned());
    ensure!(!standing.is_late(now, days), "none is whole since more than {days} days: `guosuo backup`; {said}");
    let found = standing.last.and_then(|last| last.drilled).map_or(0, |drilled| drilled.findings);
    ensure!(found == 0, "what is wrong with the last one is wrong with what would be put back: {said}");
    Ok(Some(said))
}

/// Whether anybody can act as operator; none where nobody was registered yet.
async fn operators(world: &World, database: &Database) -> anyhow::Result<Option<String>> {
    let mut tx = database.read().await?;
    let departments = organisation::list(&mut tx, OrganisationKind::Department, &ListPage::first(1)).await?;
    if departments.items.is_empty() {
        return Ok(None);
    }
    ensure!(
        operator::can_anybody_act(&mut tx, world.clock.now()).await?,
        "nobody can act as operator: `guosuo bootstrap` makes somebody one again (“When nobody is left” in \
         deploy/README.md)"
    );
    Ok(Some("somebody can act as one".to_owned()))
}

/// Whether what happens is numbered and chained. What commands wrote while no server ran is, now.
async fn numbering(database: &Database) -> anyhow::Result<String> {
    while log::sequence_events(database).await? >= log::TURN_MAX {}
    Ok("every event has its number".to_owned())
}

/// Whether heads of the log are kept outside, without which nobody knows an older copy.
async fn heads_of(settings: &Settings, world: &World, database: &Database) -> anyhow::Result<String> {
    let folder = kept_heads::folder(settings);
    match kept_heads::newest(database, &folder, world.clock.now())? {
        Some(newest) => Ok(format!("the last one that was kept is of event {}", newest.sequence)),
        None if heads::are_begun(database).await? => {
            bail!("heads of the log were kept, and none is in {} any more", folder.display())
        }
        None => Ok(format!("none is kept yet in {}: `guosuo serve` does", folder.display())),
    }
}

async fn waiting_jobs(database: &Database) -> anyhow::Result<String> {
    let (waiting, dead) = jobs::census(&mut database.read().await?).await?;
    ensure!(dead == 0, "{dead} given up after many tries");
    Ok(format!("{waiting} waiting"))
}

/// Whether the log is whole and everything else as it says.
async fn look_at_log(settings: &Settings, product: &Product, report: &mut Report) -> anyhow::Result<()> {
    let (mut found, kept) = audit::look(settings, product, Reach::Whole).await?;
    // They have a line of their own.
    found.findings.retain(|finding| !matches!(finding, Finding::Guard(_)));
    for line in audit::at_hand(&found) {
        report.note(&format!("event log: {line}"));
    }
    for finding in &found.acknowledged {
        report.soon("event log", &format!("known: {finding}"));
    }
    if found.is_sound() {
        report.line("event log", Ok(audit::sound(&found, kept.heads.len())));
    }
    for line in audit::damaged(&kept) {
        report.line("event log", Err(line));
    }
    for finding in audit::with_names(&mut product.database.read().await?, &found.findings).await? {
        report.line("event log", Err(finding));
    }
    Ok(())
}

/// Whether each key signs, and what ends: told 90, 30, 7 and 1 days before.
async fn look_at_keys(product: &Product, report: &mut Report) -> anyhow::Result<()> {
    let now = product.world.clock.now();
    let silent: Vec<_> =
        pki::Purpose::SINGLE.iter().filter_map(|purpose| product.app.custody.current(*purpose, now).err()).collect();
    for error in &silent {
        report.line("keys", Err(error.to_string()));
    }
    if silent.is_empty() {
        report.line("keys", Ok("each purpose has one that signs".to_owned()));
    }
    let (count, unopened) = product.app.custody.open_every_file(&mut product.database.read().await?).await?;
    for error in &unopened {
        report.line("key files", Err(error.to_string()));
    }
    if unopened.is_empty() {
        report.line("key files", Ok(format!("{count}, each opens, those of seals too")));
    }
    for key in product.app.custody.left_behind() {
        report
            .line("keys", Err(format!("{key} was taken off this machine, and its file lies here: take it out again")));
    }
    let endings = seal::calendar::endings(&mut product.database.read().await?, &product.app.custody, now).await?;
    let told: Vec<_> = endings.iter().filter(|ending| ending.within_days(now).is_some()).collect();
    for ending in &told {
        let line = super::ending_line(ending, now);
        if ending.is_urgent(now) {
            report.line("calendar", Err(line));
        } else {
            report.soon("calendar", &line);
        }
    }
    // Of each kind of which nothing is told, what ends first: whoever looks sees that it is looked at.
    for kind in pki::calendar::Ends::KINDS {
        let first = endings.iter().find(|ending| ending.what.kind().0 == kind);
        if let Some(first) = first.filter(|_| !told.iter().any(|ending| ending.what.kind().0 == kind)) {
            report.line("calendar", Ok(super::ending_line(first, now)));
        }
    }
    Ok(())
}
