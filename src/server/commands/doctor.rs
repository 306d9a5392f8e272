//! `doctor`: what is in force, what is wrong, what to do about it.

use std::fmt::Write;

use anyhow::bail;
use documents::font::Fonts;
use records::{jobs, log, migrate};

use crate::{
    settings::{self, Kind, Settings, Source},
    wiring::{self, World},
};

/// One line for each thing that was looked at.
struct Report {
    text: String,
    wrong: u32,
}

impl Report {
    fn line(&mut self, name: &str, outcome: Result<String, String>) {
        let (mark, words) = match outcome {
            Ok(words) => ("ok   ", words),
            Err(words) => {
                self.wrong += 1;
                ("WRONG", words)
            }
        };
        let _ = writeln!(self.text, "{mark} {name}: {words}");
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
            || settings::ALL.iter().any(|setting| setting.key == key && setting.kind == Kind::SecretFile);
        let shown = if secret { "(set)" } else { value };
        let _ = writeln!(report.text, "      {key} = {shown} ({source:?})");
    }
    let public_url = settings.text(&settings::PUBLIC_URL);
    let loopback = public_url.starts_with("http://127.0.0.1") || public_url.starts_with("http://localhost");
    report.line(
        "public_url",
        if public_url.starts_with("https://") || loopback {
            Ok(public_url.to_owned())
        } else {
            Err(format!("{public_url} is neither https nor loopback: passwords and sessions would travel in clear"))
        },
    );
    report.line(
        "fonts",
        wiring::fonts_folder(settings)
            .map_err(|error| error.to_string())
            .and_then(|folder| Fonts::load(&folder).map(|_| folder.display().to_string()).map_err(|e| e.to_string())),
    );
    look_at_database(settings, &mut report).await?;
    super::print(&report.text)?;
    if report.wrong > 0 {
        bail!("{} of these must be put right", report.wrong);
    }
    Ok(())
}

async fn look_at_database(settings: &Settings, report: &mut Report) -> anyhow::Result<()> {
    let database = match records::Database::open(&wiring::database_settings(settings)?).await {
        Ok(database) => database,
        Err(fault) => {
            report.line("database", Err(fault.to_string()));
            return Ok(());
        }
    };
    report.line("database", Ok(database.dialect().name().to_owned()));
    let current = migrate::is_current(&database).await;
    let ready = matches!(current, Ok(true));
    report.line(
        "schema",
        match current {
            Ok(true) => Ok("up to date".to_owned()),
            Ok(false) => Err("not up to date: run `guosuo migrate`".to_owned()),
            Err(fault) => Err(fault.to_string()),
        },
    );
    if ready {
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
                finding => Err(format!("{finding:?}")),
            },
        );
        drop(tx);
        report.line("keys", keys(settings).await.map_err(|error| format!("{error:#}")));
    }
    database.close().await;
    Ok(())
}

async fn keys(settings: &Settings) -> anyhow::Result<String> {
    let world = World::default();
    let product = wiring::build(settings, world.clone()).await?;
    let at = world.clock.now();
    for purpose in [pki::Purpose::IdTokenRs256, pki::Purpose::IdTokenEs256, pki::Purpose::AccessToken] {
        product.app.custody.current(purpose, at)?;
    }
    let authority = product.app.custody.current(pki::Purpose::IssuingAuthority, at)?;
    Ok(format!("all present; the issuing authority's certificate ends on {}", authority.not_after.date()))
}
