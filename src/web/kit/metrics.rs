//! `/metrics`: what a monitoring system asks for, in the text format of Prometheus.

use std::fmt::Write;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use base::Instant;
use http::{HeaderMap, HeaderValue, header};
use pki::{Ending, calendar::Ends};
use records::backups;

use crate::{
    App, Page, Problem,
    kit::{caller::bearer, health::Standing, problem::Told},
};

/// `GET /metrics`: whether each check is passed, when what ends will end, and how old the last
/// backup is. Only with the token of the settings: whoever
/// has none is told that there is no such page.
pub(crate) async fn metrics(State(app): State<App>, headers: HeaderMap, page: Page) -> Result<Response, Problem> {
    let wanted = app.settings.metrics_token.as_ref().ok_or(Problem::NotFound)?;
    let told = bearer(&headers).ok_or(Problem::NotFound)?;
    if !base::secret::equal(told.as_bytes(), wanted.expose().as_bytes()) {
        return Err(Problem::NotFound);
    }
    let now = page.visit.at;
    let mut text = String::from(
        "# HELP guosuo_check_passed Whether a check of this node is passed, as /healthz has them.\n\
         # TYPE guosuo_check_passed gauge\n",
    );
    for (name, standing) in app.health.checks(&app.database).await {
        let passed = u8::from(standing == Standing::Pass);
        let _ = writeln!(text, "guosuo_check_passed{{check=\"{name}\"}} {passed}");
    }
    write_endings(&mut text, &endings(&app, now).await, now);
    write_backups(&mut text, &app, now).await;
    let mut response = text.into_response();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.extensions_mut().insert(Told);
    Ok(response)
}

/// What ends; without seals and command keys while the database is away.
async fn endings(app: &App, now: Instant) -> Vec<Ending> {
    let with_seals = async {
        let mut tx = app.database.read().await.ok()?;
        seal::calendar::endings(&mut tx, &app.custody, now).await.ok()
    };
    with_seals.await.unwrap_or_else(|| pki::calendar::endings(&app.custody))
}

fn write_endings(text: &mut String, endings: &[Ending], now: Instant) {
    text.push_str(
        "# HELP guosuo_ends_seconds In how many seconds something ends; less than nought when it has.\n\
         # TYPE guosuo_ends_seconds gauge\n",
    );
    for ending in endings {
        let (what, key) = ending.what.kind();
        let purpose = if let Ends::Key(purpose, _) = &ending.what { purpose.as_str() } else { "" };
        let seconds = ending.at.seconds_since(now);
        let _ = writeln!(text, "guosuo_ends_seconds{{what=\"{what}\",purpose=\"{purpose}\",key=\"{key}\"}} {seconds}");
    }
    let urgent = endings.iter().filter(|ending| ending.is_urgent(now)).count();
    let _ = write!(
        text,
        "# HELP guosuo_ends_urgent How many of these somebody has to see to now.\n\
         # TYPE guosuo_ends_urgent gauge\n\
         guosuo_ends_urgent {urgent}\n"
    );
}

/// How old the last backup is; nothing while the database is away.
async fn write_backups(text: &mut String, app: &App, now: Instant) {
    let standing = async { backups::standing(&mut app.database.read().await.ok()?).await.ok() };
    let Some(standing) = standing.await else { return };
    let age = standing.since.map_or(0, |since| now.seconds_since(since));
    let late = u8::from(standing.is_late(now, app.settings.backup_late_days));
    let _ = write!(
        text,
        "# HELP guosuo_backup_age_seconds How long ago the last whole backup ended, or this began if there is none.\n\
         # TYPE guosuo_backup_age_seconds gauge\n\
         guosuo_backup_age_seconds {age}\n\
         # HELP guosuo_backup_late Whether that is longer than backup.late_after_days.\n\
         # TYPE guosuo_backup_late gauge\n\
         guosuo_backup_late {late}\n"
    );
}
