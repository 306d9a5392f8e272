//! What only a search gives a form: that this member of staff typed the number of this person, a little while ago.
//!
//! Without it whoever knows the identifier of an account would file a reset for somebody whose number nobody typed, and
//! the second member of staff would be told that it was.

use base::{Instant, id::PersonId, secret};

use crate::{
    App,
    kit::{limits::SEARCHED_SECONDS_MAX, session::Staff},
};

/// The field that carries it.
pub(super) const FIELD: &str = "searched";

/// Says that the number of somebody was typed when the search was sent: a page that is opened again is the same search.
pub(super) fn sent(app: &App, staff: &Staff, person: &PersonId) -> String {
    at(app, staff, person, staff.visit.sent_at())
}

/// When the number of this person was typed, as a form says; nothing unless it was in this session and not too long ago.
pub(super) fn by_number(app: &App, staff: &Staff, person: &PersonId, said: &str) -> Option<Instant> {
    let searched = Instant::from_micros(said.split_once('.')?.0.parse().ok()?);
    let is_ours = secret::equal(at(app, staff, person, searched).as_bytes(), said.as_bytes());
    (is_ours && is_recent(searched, staff.visit.at)).then_some(searched)
}

fn is_recent(searched: Instant, now: Instant) -> bool {
    now.is_within(SEARCHED_SECONDS_MAX, searched)
}

fn at(app: &App, staff: &Staff, person: &PersonId, searched: Instant) -> String {
    let (session, micros) = (staff.session.session_id.as_str(), searched.as_micros().to_string());
    let parts: [&[u8]; 6] =
        [b"searched\0", session.as_bytes(), b"\0", person.as_str().as_bytes(), b"\0", micros.as_bytes()];
    let code = crypto::mac::hmac_sha256(app.key.expose(), &parts);
    format!("{micros}.{}", crypto::encoding::base64url(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_counts_for_half_an_hour() {
        let now = Instant::from_seconds(1_795_417_200);
        let check = |seconds, recent| assert_eq!(is_recent(now.plus_seconds(seconds), now), recent, "{seconds}");
        check(0, true);
        check(1 - SEARCHED_SECONDS_MAX, true);
        check(-SEARCHED_SECONDS_MAX, false);
        check(15, true);
        check(i64::MAX, false);
        check(i64::MIN, false);
    }
}
