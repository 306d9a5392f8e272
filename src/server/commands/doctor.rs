//! `doctor`: what is in force, what is wrong, what to do about it.

use std::fmt::Write;

use anyhow::bail;
use documents::font::Fonts;
use records::{Database, SharedClock, jobs, log};

use crate::{
    foundation,
    settings::{self, SettingKind, Settings, Source},
    wiring::{self, World},
};

/// One line for each thing that was looked at.
pub(crate) struct Report {
    pub text: String,
    wrong: u32,
}

impl Report {
    fn line(&mut self, name: &str, outcome: Result<String, String>) {
        let (mark, text) = match outcome {
            Ok(text) => ("ok   ", text),
            Err(text) => {
                self.wrong += 1;
                ("WRONG", text)
            }
        };
        let _ = writeln!(self.text, "{mark} {name}: {text}");
    }

    /// What is to come, and right as it is.
    fn soon(&mut self, name: &str, text: &str) {
        let _ = writeln!(self.text, "soon  {name}: {text}");
    }
}

/// Looks at everything and prints what it found.
///
/// # Errors
///
/// When something is wrong, after printing.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let report = look(settings, &World::default()).await?;
    super::print(&report.text)?;
    if report.wrong > 0 {
        bail!("{} of these must be put right", report.wrong);
    }
    Ok(())
}

/// Looks at everything.
pub(crate) async fn look(settings: &Settings, world: &World) -> anyhow::Result<Report> {
    let mut report = Report { text: String::new(), wrong: 0 };
    for (key, value, source) in settings.in_force().filter(|(_, _, source)| *source != Source::Default) {
        // A database URL may hold a password.
        let secret = key == settings::DATABASE_URL.key
            || settings::ALL.iter().any(|setting| setting.key == key && setting.kind == SettingKind::SecretFile);
        let shown = if secret { "(set)" } else { value };
        let _ = writeln!(report.text, "      {key} = {shown} ({source:?})");
    }
    report.line("public_url", words(foundation::public_url(settings)));
    let proxies = foundation::trusted_proxies(settings).map(|_| settings.list(&settings::TRUSTED_PROXIES));
    let proxies = proxies.map(|list| if list.is_empty() { "none".to_owned() } else { list.join(", ") });
    report.line("trusted_proxies", words(proxies));
    let fonts = foundation::fonts_folder(settings)
        .and_then(|folder| Ok(Fonts::load(&folder).map(|_| folder.display().to_string())?));
    report.line("fonts", words(fonts));
    match foundation::find_database(settings).await {
        Ok(database) => look_at_database(settings, world, database, &mut report).await?,
        Err(error) => report.line("database", Err(format!("{error:#}"))),
    }
    Ok(report)
}

/// What goes into the report, errors with all their reasons.
fn words(outcome: anyhow::Result<String>) -> Result<String, String> {
    outcome.map_err(|error| format!("{error:#}"))
}

async fn look_at_database(
    settings: &Settings,
    world: &World,
    database: Database,
    report: &mut Report,
) -> anyhow::Result<()> {
    report.line("database", Ok(format!("{}, schema up to date", database.dialect().name())));
    let clock = SharedClock::new(std::sync::Arc::clone(&world.clock));
    report.line(
        "clock",
        match foundation::too_far(clock.compare(&database).await?) {
            None => Ok(format!("{} ms from the database's", clock.skew_micros() / 1000)),
            Some(wrong) => Err(wrong),
        },
    );
    // What commands wrote while no server ran has no number yet.
    while log::sequence_events(&database).await? >= log::TURN_MAX {}
    let mut tx = database.read().await?;
    let (waiting, dead) = jobs::census(&mut tx).await?;
    report.line(
        "jobs",
        if dead == 0 { Ok(format!("{waiting} waiting")) } else { Err(format!("{dead} given up after many tries")) },
    );
    report.line(
        "event log",
        match log::audit(&mut tx).await? {
            log::Finding::Sound(count) => Ok(format!("{count} events, none removed, none changed")),
            log::Finding::Broken(number) => {
                Err(format!("event {number} is missing, or it or an earlier one was changed"))
            }
            log::Finding::Truncated(last, head) => Err(format!("it ends at {last}, but its head says {head}")),
        },
    );
    drop(tx);
    if foundation::has_keys(&database).await? {
        if let Err(error) = look_at_keys(settings, world, report).await {
            report.line("keys", Err(format!("{error:#}")));
        }
    } else {
        report.line("keys", Err("none yet: `guosuo bootstrap` or the first `guosuo serve` makes them".to_owned()));
    }
    database.close().await;
    Ok(())
}

/// Whether each key signs, and what ends: told 90, 30, 7 and 1 days before.
async fn look_at_keys(settings: &Settings, world: &World, report: &mut Report) -> anyhow::Result<()> {
    let product = wiring::find(settings, world.clone()).await?;
    let now = product.world.clock.now();
    let silent: Vec<_> =
        pki::Purpose::SINGLE.iter().filter_map(|purpose| product.app.custody.current(*purpose, now).err()).collect();
    for error in &silent {
        report.line("keys", Err(error.to_string()));
    }
    if silent.is_empty() {
        report.line("keys", Ok("each purpose has one that signs".to_owned()));
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
    if let Some(first) = endings.first().filter(|_| told.is_empty()) {
        report.line("calendar", Ok(format!("nothing ends before {}", first.at.date())));
    }
    Ok(())
}
