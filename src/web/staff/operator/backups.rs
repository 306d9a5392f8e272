//! `/operator/backups`: when the last backup was made, what a drill found in it, and what to do next. All of it is what the
//! event log tells: a backup that could not write it down is not here.

use axum::{extract::State, response::Response};
use base::{Instant, ListPage, Text, id::EventId};
use http::StatusCode;
use records::{
    Tx,
    backups::{self, BackupSeen, Standing},
};

use crate::{
    App, Page, Problem,
    kit::{form::Query, page::html, session::Staff},
    staff::told::{Names, who},
};

/// Backups on one page.
const SHOWN: i64 = 20;

struct Line {
    name: String,
    folder: String,
    has_keys: bool,
    begun: String,
    who: String,
    kind: &'static str,
    state: &'static str,
    /// When it was whole, how large it is and how long it took; or why there is none.
    outcome: String,
    is_failed: bool,
    drill_kind: &'static str,
    drill: String,
    drilled: String,
    /// What is wrong with it first, as the program says it.
    why: String,
    restored: String,
}

#[derive(askama::Template)]
#[template(path = "staff/operator/backups.html")]
struct Backups {
    page: Page,
    /// That none was made for so many days; empty when one was.
    late: String,
    last: Option<Line>,
    /// What to do next, and the command for it.
    next_act: &'static str,
    command: &'static str,
    lines: Vec<Line>,
    more: Option<String>,
}

/// `GET /operator/backups`.
pub async fn list(State(app): State<App>, _: Staff, page: Page, Query(query): Query) -> Result<Response, Problem> {
    let stretch = match query.text("after") {
        "" => ListPage::first(SHOWN),
        text => ListPage::after(EventId::parse(text).map_err(|_| Problem::NotFound)?, SHOWN),
    };
    let (now, days) = (page.visit.at, app.settings.backup_late_days);
    let mut tx = app.database.read().await?;
    let standing = backups::standing(&mut tx).await?;
    let found = backups::list(&mut tx, &stretch).await?;
    let mut names = Names::default();
    let mut lines = Vec::new();
    for seen in &found.items {
        lines.push(line(&page, &mut tx, &mut names, seen).await?);
    }
    let last = match &standing.last {
        Some(seen) => Some(line(&page, &mut tx, &mut names, seen).await?),
        None => None,
    };
    drop(tx);
    let is_late = standing.is_late(now, days);
    let late = if is_late { page.say(&words::backups::late(days)).to_owned() } else { String::new() };
    let has_failed = found.items.first().is_some_and(|seen| seen.failed.is_some() && stretch.after.is_none());
    let (next_act, command) = next_act(&standing, is_late, has_failed);
    let more = found.next.map(|next| format!("/operator/backups?after={next}"));
    let next_act = page.say(next_act);
    Ok(html(StatusCode::OK, &Backups { page, late, last, next_act, command, lines, more }))
}

const MAKE: &str = "guosuo backup --to /backup/guosuo --keep 14";
const DRILL: &str = "guosuo restore --verify --record /backup/guosuo/…";

fn next_act(standing: &Standing, is_late: bool, has_failed: bool) -> (&'static Text, &'static str) {
    match standing.last.as_ref().map(|last| last.drilled.as_ref().map(|drilled| drilled.findings)) {
        _ if has_failed => (words::backups::NEXT_FAILED, MAKE),
        None => (words::backups::NEXT_FIRST, MAKE),
        Some(_) if is_late => (words::backups::NEXT_LATE, MAKE),
        Some(None) => (words::backups::NEXT_DRILL, DRILL),
        Some(Some(0)) => (words::backups::NEXT_NOTHING, DRILL),
        Some(Some(_)) => (words::backups::NEXT_WRONG, MAKE),
    }
}

async fn line(page: &Page, tx: &mut Tx, names: &mut Names, seen: &BackupSeen) -> Result<Line, Problem> {
    let (kind, state) = match (&seen.ended, &seen.failed) {
        (Some(_), _) if seen.removed_at.is_some() => ("neutral", words::backups::REMOVED),
        (Some(_), _) => ("good", words::backups::WHOLE),
        (None, Some(_)) => ("bad", words::backups::FAILED),
        // What was put back knows how its backup began, and not how it ended.
        (None, None) if seen.restored_at.is_some() => ("good", words::backups::WHOLE),
        (None, None) => ("warning", words::backups::NOT_ENDED),
    };
    let outcome = match (&seen.ended, &seen.failed) {
        (Some((at, ended)), _) => {
            page.say(&words::backups::measured(at.legal_text(), size(ended.bytes), ended.seconds)).to_owned()
        }
        (None, Some(error)) => error.clone(),
        (None, None) => String::new(),
    };
    let (drill_kind, drill) = match seen.drilled.as_ref().map(|drilled| drilled.findings) {
        None => ("neutral", words::backups::NOT_DRILLED.clone()),
        Some(0) => ("good", words::backups::DRILLED_WELL.clone()),
        Some(count) => ("bad", words::backups::drilled_badly(count)),
    };
    let at = |at: Option<Instant>| at.map(Instant::legal_text).unwrap_or_default();
    Ok(Line {
        name: seen.name.clone(),
        folder: seen.begun.as_ref().map(|begun| begun.folder.clone()).unwrap_or_default(),
        has_keys: seen.begun.as_ref().is_some_and(|begun| begun.with_keys),
        begun: seen.first.at().legal_text(),
        who: who(page, tx, names, &seen.first).await?,
        kind,
        state: page.say(state),
        outcome,
        is_failed: seen.ended.is_none() && seen.failed.is_some(),
        drill_kind,
        drill: page.say(&drill).to_owned(),
        drilled: at(seen.drilled.as_ref().map(|drilled| drilled.at)),
        why: seen.drilled.as_ref().and_then(|drilled| drilled.why.clone()).unwrap_or_default(),
        restored: at(seen.restored_at),
    })
}

/// A size as people compare sizes.
fn size(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_000_000 => format!("{} kB", tenths(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_said_in_the_unit_that_fits() {
        let check = |bytes, said: &str| assert_eq!(size(bytes), said);
        check(0, "0.0 kB");
        check(999_999, "999.9 kB");
        check(1_000_000, "1.0 MB");
        check(2_560_000_000, "2.5 GB");
        check(u64::MAX, "18446744073.7 GB");
    }
}
