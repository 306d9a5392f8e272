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
struct Report {
    text: String,
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
}

/// Looks at everything and prints what it found.
///
/// # Errors
///
/// When something is wrong, after printing.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
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
        Ok(database) => look_at_database(settings, database, &mut report).await?,
        Err(error) => report.line("database", Err(format!("{error:#}"))),
    }
    super::print(&report.text)?;
    if report.wrong > 0 {
        bail!("{} of these must be put right", report.wrong);
    }
    Ok(())
}

/// What goes into the report, errors with all their reasons.
fn words(outcome: anyhow::Result<String>) -> Result<String, String> {
    outcome.map_err(|error| format!("{error:#}"))
}

async fn look_at_database(settings: &Settings, database: Database, report: &mut Report) -> anyhow::Result<()> {
    report.line("database", Ok(format!("{}, schema up to date", database.dialect().name())));
    let clock = SharedClock::new(World::default().clock);
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
    let keys = if foundation::has_keys(&database).await? {
        words(keys(settings).await)
    } else {
        Err("none yet: `guosuo bootstrap` or the first `guosuo serve` makes them".to_owned())
    };
    report.line("keys", keys);
    database.close().await;
    Ok(())
}

async fn keys(settings: &Settings) -> anyhow::Result<String> {
    let world = World::default();
    let product = wiring::find(settings, world.clone()).await?;
    let at = world.clock.now();
    for purpose in [pki::Purpose::IdTokenRs256, pki::Purpose::IdTokenEs256, pki::Purpose::AccessToken] {
        product.app.custody.current(purpose, at)?;
    }
    let authority = product.app.custody.current(pki::Purpose::IssuingAuthority, at)?;
    Ok(format!("all present; the issuing authority's certificate ends on {}", authority.not_after.date()))
}
