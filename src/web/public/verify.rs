//! `/V/{number}`: the public answer to a printed code. Type, issuer, status, masked holder; nothing else, and no cookie.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{Instant, network};
use http::{HeaderName, HeaderValue, StatusCode};
use licence::verification::{self, Number};

use crate::{
    App, Page, Problem,
    kit::{
        answer::ShownVerdict,
        limits::{LOOKS_MAX, LOOKS_SECONDS},
        page::html,
        visit,
    },
};

#[derive(askama::Template)]
#[template(path = "public/verify.html")]
struct Public {
    page: Page,
    answer: ShownVerdict,
    known: bool,
}

/// Counts looks by address within a minute, so that nobody walks through the numbers. It is this process's own memory:
/// a cluster allows as many more as it has nodes.
#[derive(Debug, Default)]
pub struct Looks(Mutex<HashMap<IpAddr, (Instant, u32)>>);

impl Looks {
    /// Counts one look.
    ///
    /// # Errors
    ///
    /// [`Problem::TooManyRequests`] when this address looked too often of late.
    pub fn count(&self, address: IpAddr, at: Instant) -> Result<(), Problem> {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= 50_000 {
            looks.retain(|_, (since, _)| at.seconds_since(*since) < LOOKS_SECONDS);
        }
        let entry = looks.entry(network(address)).or_insert((at, 0));
        if at.seconds_since(entry.0) >= LOOKS_SECONDS {
            *entry = (at, 0);
        }
        entry.1 += 1;
        if entry.1 > LOOKS_MAX {
            let wait = LOOKS_SECONDS - at.seconds_since(entry.0);
            return Err(Problem::TooManyRequests { retry_after_seconds: u32::try_from(wait.max(1)).unwrap_or(60) });
        }
        Ok(())
    }
}

/// `GET /V/{number}`. Nobody is asked who he is; the answer is the one that the API gives to this address, without a
/// receipt. A wrong check digit is told: anyone can reckon it, and who mistyped wants to know.
pub async fn show(
    State(app): State<App>,
    visit::Of(visit): visit::Of,
    Path(rest): Path<String>,
    looks: &Looks,
) -> Result<Response, Problem> {
    looks.count(visit.address, visit.at)?;
    let number = Number::opened(&rest, visit.target.split_once('?').map(|(_, query)| query));
    let mut tx = app.database.read().await?;
    let verdict = verification::look(&mut tx, &app.library.catalogue.now(), &number, visit.at).await?;
    drop(tx);
    let known = verdict.licence.is_some();
    let page = Page::of_visit(&app, &visit);
    let answer = ShownVerdict::new(&verdict, page.language);
    let status = if known { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let mut response = html(status, &Public { page, answer, known });
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_look_of_a_minute_is_answered_and_one_more_is_not() {
        let looks = Looks::default();
        let at = Instant::from_seconds(1_800_000_000);
        let address: IpAddr = "2001:db8:1:2::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8:1:2::2".parse().unwrap();
        let other: IpAddr = "2001:db8:1:3::1".parse().unwrap();
        for _ in 0..LOOKS_MAX {
            assert!(looks.count(address, at).is_ok());
        }
        assert!(matches!(
            looks.count(neighbour, at.plus_seconds(1)),
            Err(Problem::TooManyRequests { retry_after_seconds }) if i64::from(retry_after_seconds) == LOOKS_SECONDS - 1
        ));
        assert!(looks.count(other, at).is_ok());
        assert!(looks.count(address, at.plus_seconds(LOOKS_SECONDS)).is_ok());
    }
}
