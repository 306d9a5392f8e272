//! What our records say of a licence, and how it stands at an instant.

use base::{Date, Instant};

use crate::{check::Check, finding::Finding, reason::Reason};

/// What was recorded last about a licence that was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// In force as far as its dates go.
    Valid,
    /// Suspended until reinstated.
    Suspended,
    /// Revoked for good.
    Revoked,
    /// A newer version took its place.
    Superseded,
}

/// How a file compares with the recorded document of a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The same to the last byte.
    Same,
    /// It ends too early, and is the same up to there.
    Beginning,
    /// Another one.
    Other,
}

/// Status and dates together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its last day has passed.
    Expired,
    /// Its first day has not come.
    NotYetValid,
    /// Revoked for good.
    Revoked,
    /// A newer version took its place.
    Superseded,
    /// Suspended until reinstated.
    Suspended,
    /// In force.
    Valid,
}

impl Standing {
    /// Every standing, in the order they are offered.
    pub const ALL: [Self; 6] =
        [Self::Valid, Self::Suspended, Self::Revoked, Self::Expired, Self::Superseded, Self::NotYetValid];

    /// How a licence with this status and these first and last days stands. Revocation outranks suspension, suspension
    /// outranks the dates.
    pub fn of(status: Status, (from, until): (Date, Option<Date>), at: Instant) -> Self {
        match status {
            Status::Revoked => Self::Revoked,
            Status::Superseded => Self::Superseded,
            Status::Suspended => Self::Suspended,
            Status::Valid if at < from.start() => Self::NotYetValid,
            Status::Valid if until.is_some_and(|day| at >= end(day)) => Self::Expired,
            Status::Valid => Self::Valid,
        }
    }

    /// As the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
            Self::Suspended => "suspended",
            Self::Valid => "valid",
        }
    }
}

/// A licence as our records have it, without anything that only its holder may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenceFacts {
    /// 证照标识.
    pub identifier: String,
    /// What kind of licence it is, in both languages.
    pub type_name: base::Text,
    /// What was recorded last.
    pub status: Status,
    /// The code of the reason for that.
    pub status_reason: Option<&'static str>,
    /// When that was recorded.
    pub changed_at: Instant,
    /// The holder's name, masked.
    pub holder_shown: String,
    /// Who issued it.
    pub issuer_name: String,
    /// When it was issued.
    pub issued_at: Instant,
    /// The first day.
    pub valid_from: Date,
    /// The last day; none when it is valid for good.
    pub valid_until: Option<Date>,
    /// How the file that was asked about compares with its document; none when a number was asked about.
    pub file: Option<Likeness>,
    /// Whether the record is as it was written. Nothing is concluded from one that is not.
    pub is_intact: bool,
}

impl LicenceFacts {
    /// How it stands.
    pub fn standing(&self, at: Instant) -> Standing {
        Standing::of(self.status, (self.valid_from, self.valid_until), at)
    }
}

/// The first instant at which a licence is no longer valid: the day after its last day begins.
fn end(last: Date) -> Instant {
    last.plus_days(1).start()
}

/// The two checks on a licence that is known: is it in force, and is it within its period. They do not depend on each
/// other, so that a counter sees both.
pub fn judge(licence: &LicenceFacts, at: Instant) -> [Check; 2] {
    if !licence.is_intact {
        return [
            Check::missing("status_in_force", Reason::RecordDamaged),
            Check::not_done("within_validity", Finding::NoRecord),
        ];
    }
    [check_status(licence), check_period(licence, at)]
}

fn check_status(licence: &LicenceFacts) -> Check {
    const CODE: &str = "status_in_force";
    let reason = match licence.status {
        Status::Valid => {
            return Check::passed(CODE, Finding::InForce);
        }
        Status::Suspended => Reason::Suspended,
        Status::Revoked => Reason::Revoked,
        Status::Superseded => Reason::Superseded,
    };
    let since = licence.changed_at.date();
    Check::failed_with(CODE, reason, Finding::NotInForce { reason, since, why: licence.status_reason })
}

fn check_period(licence: &LicenceFacts, at: Instant) -> Check {
    const CODE: &str = "within_validity";
    let from = licence.valid_from;
    if at < from.start() {
        return Check::failed_with(CODE, Reason::NotYetValid, Finding::ValidFrom(from));
    }
    match licence.valid_until {
        Some(until) if at >= end(until) => Check::failed_with(CODE, Reason::Expired, Finding::ExpiredOn(until)),
        Some(until) => Check::passed(CODE, Finding::ValidUntil(until)),
        None => Check::passed(CODE, Finding::ValidForGood),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use base::Text;

    use super::*;
    use crate::check::CheckResult;

    /// A food licence of 2026-01-01 to 2030-12-31.
    pub(crate) fn facts(status: Status) -> LicenceFacts {
        LicenceFacts {
            identifier: "1.2.156.3005.2.X".to_owned(),
            type_name: Text::fixed("食品经营许可证", "Food business licence"),
            status,
            status_reason: None,
            changed_at: Date::parse("2026-06-01").unwrap().start(),
            holder_shown: "滨江市龙***限公司".to_owned(),
            issuer_name: "滨江市市场监督管理局".to_owned(),
            issued_at: Date::parse("2026-01-01").unwrap().start(),
            valid_from: Date::parse("2026-01-01").unwrap(),
            valid_until: Some(Date::parse("2030-12-31").unwrap()),
            file: None,
            is_intact: true,
        }
    }

    #[test]
    fn the_last_day_counts_to_its_end() {
        let licence = facts(Status::Valid);
        let check = |day: &str, seconds, expected: Standing| {
            let at = Date::parse(day).unwrap().start().plus_seconds(seconds);
            assert_eq!(licence.standing(at), expected, "{day} {seconds}");
            let [status, period] = judge(&licence, at);
            assert_eq!(status.result, CheckResult::Passed);
            assert_eq!(period.result == CheckResult::Passed, expected == Standing::Valid);
        };
        check("2026-01-01", -1, Standing::NotYetValid);
        check("2026-01-01", 0, Standing::Valid);
        check("2030-12-31", 86_399, Standing::Valid);
        check("2030-12-31", 86_400, Standing::Expired);
    }

    #[test]
    fn a_revoked_licence_is_invalid_even_if_unexpired() {
        let mut licence = facts(Status::Revoked);
        licence.status_reason = Some("holder_request");
        let at = Date::parse("2026-07-01").unwrap().start();
        let [status, period] = judge(&licence, at);
        assert_eq!((status.result, period.result), (CheckResult::Failed, CheckResult::Passed));
        assert_eq!(status.reason, Some(Reason::Revoked));
        let since = Date::parse("2026-06-01").unwrap();
        let finding = Finding::NotInForce { reason: Reason::Revoked, since, why: Some("holder_request") };
        assert_eq!(status.finding, finding);
        assert_eq!(licence.standing(at), Standing::Revoked);
    }

    #[test]
    fn a_licence_without_an_end_does_not_expire() {
        let mut licence = facts(Status::Valid);
        licence.valid_until = None;
        let at = Date::parse("2099-01-01").unwrap().start();
        assert_eq!(licence.standing(at), Standing::Valid);
        assert!(judge(&licence, at).iter().all(|check| check.result == CheckResult::Passed));
    }
}
