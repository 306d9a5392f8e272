//! Instants, dates in the legal time zone, and periods.

use std::fmt;

use thiserror::Error;

/// Seconds that the legal time zone (UTC+8, no summer time since 1991) is ahead of UTC.
const LEGAL_OFFSET_SECONDS: i64 = 8 * 3600;

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whether another instant is less than so many seconds away, before or after: what another node did may seem to come
    /// from later, for clocks differ a little.
    pub fn is_within(self, seconds: i64, other: Self) -> bool {
        self < other.plus_seconds(seconds) && other < self.plus_seconds(seconds)
    }

    /// This instant moved by whole seconds.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Seconds from `earlier` to this instant (negative when it is later).
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).div_euclid(1_000_000)
    }

    /// The day of this instant in the legal time zone.
    pub fn date(self) -> Date {
        Date::from_days((self.as_seconds() + LEGAL_OFFSET_SECONDS).div_euclid(86_400) as i32)
    }

    /// RFC 3339 in UTC with seconds, such as `2026-11-23T06:30:00Z`.
    pub fn rfc3339(self) -> String {
        let (date, seconds) = self.utc_parts();
        format!("{date}T{:02}:{:02}:{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }

    /// Reads what [`Self::rfc3339`] writes; nothing else is accepted.
    ///
    /// # Errors
    ///
    /// [`NotAnInstant`] when it is of another form.
    pub fn parse(text: &str) -> Result<Self, NotAnInstant> {
        let read: jiff::Timestamp = text.parse().map_err(|_| NotAnInstant)?;
        let instant = Self::from_seconds(read.as_second());
        if instant.rfc3339() == text { Ok(instant) } else { Err(NotAnInstant) }
    }

    /// The instant as people in the legal time zone read it: `2026-11-23 14:30:00`.
    pub fn legal_text(self) -> String {
        let (date, seconds) = self.plus_seconds(LEGAL_OFFSET_SECONDS).utc_parts();
        format!("{date} {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }

    /// Reads a minute in the legal time zone, `2026-11-23 14:30`; a `T` may stand for the space, as browsers write it.
    ///
    /// # Errors
    ///
    /// [`NotAnInstant`] when it is of another form, or there is no such day or minute.
    pub fn parse_minute(text: &str) -> Result<Self, NotAnInstant> {
        let two = |range: std::ops::Range<usize>| {
            let digits = text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse::<i64>().ok()
        };
        let separated = matches!(text.get(10..11), Some(" " | "T")) && text.get(13..14) == Some(":");
        let day = text.get(..10).and_then(|day| Date::parse(day).ok()).filter(|_| separated && text.len() == 16);
        let hour = two(11..13).filter(|hour| *hour < 24);
        let minute = two(14..16).filter(|minute| *minute < 60);
        match (day, hour, minute) {
            (Some(day), Some(hour), Some(minute)) => Ok(day.start().plus_seconds(hour * 3600 + minute * 60)),
            _ => Err(NotAnInstant),
        }
    }

    /// The minute of this instant as people in the legal time zone read it: `2026-11-23 14:30`.
    pub fn minute_text(self) -> String {
        let text = self.legal_text();
        text.get(..16).unwrap_or(&text).to_owned()
    }

    fn utc_parts(self) -> (Date, i64) {
        let seconds = self.as_seconds();
        (Date::from_days(seconds.div_euclid(86_400) as i32), seconds.rem_euclid(86_400))
    }
}

/// A text that is not an instant.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not an instant of the form 2026-11-23T06:30:00Z")]
pub struct NotAnInstant;

/// A text that is not a date.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not a date of the form 2026-11-23")]
pub struct NotADate;

/// A calendar day in the legal time zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

impl Date {
    /// The day with these numbers.
    ///
    /// # Errors
    ///
    /// [`NotADate`] when there is no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, NotADate> {
        jiff::civil::Date::new(year, month, day).map(Self).map_err(|_| NotADate)
    }

    /// Reads `2026-11-23`; nothing else is accepted.
    ///
    /// # Errors
    ///
    /// [`NotADate`] when it is of another form or no day of the calendar.
    pub fn parse(text: &str) -> Result<Self, NotADate> {
        let number = |range: std::ops::Range<usize>| {
            text.get(range)
                .filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|part| part.parse().ok())
        };
        if text.len() != 10 || text.get(4..5) != Some("-") || text.get(7..8) != Some("-") {
            return Err(NotADate);
        }
        let year: i16 = number(0..4).ok_or(NotADate)?;
        let month = number(5..7).ok_or(NotADate)? as i8;
        let day = number(8..10).ok_or(NotADate)? as i8;
        Self::new(year, month, day)
    }

    fn from_days(days: i32) -> Self {
        // Out of range only for instants some 8,000 years away; those become the last day there is.
        let epoch = jiff::civil::date(1970, 1, 1);
        Self(
            epoch
                .checked_add(jiff::Span::new().days(days.clamp(-700_000, 2_900_000)))
                .unwrap_or(jiff::civil::Date::MAX),
        )
    }

    /// The year of the Gregorian calendar.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month, 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// This day moved by whole days.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().days(days.clamp(-4_000_000, 4_000_000))))
    }

    /// The same day so many years later; 29 February becomes 28 February.
    #[must_use]
    pub fn plus_years(self, years: i32) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().years(years.clamp(-9_000, 9_000))))
    }

    /// The last day of so many whole years that begin with this one: the day before its anniversary. Where the month has no
    /// such day, as February after a leap day, its last day is the last (民法典, article 202).
    pub fn last_of_years(self, years: i32) -> Self {
        let anniversary = self.plus_years(years);
        if anniversary.day() == self.day() { anniversary.plus_days(-1) } else { anniversary }
    }

    /// The first instant of this day.
    pub fn start(self) -> Instant {
        let days = jiff::civil::date(1970, 1, 1).until(self.0).map_or(0, |span| i64::from(span.get_days()));
        Instant::from_seconds(days * 86_400 - LEGAL_OFFSET_SECONDS)
    }

    /// `2026年11月23日`.
    pub fn chinese(self) -> String {
        format!("{}年{:02}月{:02}日", self.year(), self.month(), self.day())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A stretch of time that includes its start and excludes its end; without an end it never ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first instant inside.
    pub start: Instant,
    /// The first instant no longer inside.
    pub end: Option<Instant>,
}

impl Period {
    /// Whether an instant is inside.
    pub fn contains(&self, at: Instant) -> bool {
        self.start <= at && self.end.is_none_or(|end| at < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_instant_is_inside_and_the_last_is_outside() {
        let check = |(start, end): (i64, Option<i64>), at, inside| {
            let period = Period { start: Instant::from_micros(start), end: end.map(Instant::from_micros) };
            assert_eq!(period.contains(Instant::from_micros(at)), inside, "{start} {end:?} {at}");
        };
        check((10, Some(20)), 9, false);
        check((10, Some(20)), 10, true);
        check((10, Some(20)), 19, true);
        check((10, Some(20)), 20, false);
        check((10, None), 20, true);
    }

    #[test]
    fn a_day_begins_at_midnight_in_the_legal_zone() {
        let date = Date::parse("2026-11-23").unwrap();
        assert_eq!(date.start().rfc3339(), "2026-11-22T16:00:00Z");
        assert_eq!(date.start().date(), date);
        assert_eq!(date.start().plus_seconds(-1).date(), date.plus_days(-1));
        assert_eq!(date.start().plus_seconds(86_399).date(), date);
        assert_eq!(date.start().legal_text(), "2026-11-23 00:00:00");
    }

    #[test]
    fn only_the_form_in_which_an_instant_is_written_is_read() {
        let instant = Instant::from_seconds(1_795_000_000);
        assert_eq!(Instant::parse(&instant.rfc3339()), Ok(instant));
        for text in ["", "2026-11-23", "2026-11-23T06:30:00", "2026-11-23T06:30:00+08:00", "2026-11-23T06:30:00.5Z"] {
            assert_eq!(Instant::parse(text), Err(NotAnInstant), "{text}");
        }
    }

    #[test]
    fn only_a_minute_of_the_day_is_read_as_one() {
        for text in ["2026-11-20 08:45", "2026-11-20T08:45"] {
            assert_eq!(Instant::parse_minute(text).unwrap().minute_text(), "2026-11-20 08:45");
        }
        for text in [
            "",
            "去年前后",
            "2026-11-20",
            "2026-11-20 24:00",
            "2026-11-20 08:60",
            "2026-02-30 08:00",
            "2026-11-20 8:45",
            "2026-11-20 08:45:00",
            "2026-11-20 08:4５",
            "2026-11-20 +8:45",
            "二〇二六年-11-2",
        ] {
            assert_eq!(Instant::parse_minute(text), Err(NotAnInstant), "{text}");
        }
    }

    #[test]
    fn only_the_one_form_of_a_date_is_read() {
        for text in
            ["2026-2-3", "2026-02-30", "20260203", "2026-13-01", "+026-01-01", "2026-01-1x", "", "２０２６-01-01"]
        {
            assert_eq!(Date::parse(text), Err(NotADate), "{text}");
        }
        assert_eq!(Date::parse("2024-02-29").unwrap().plus_years(1).to_string(), "2025-02-28");
        for (begin, years, last) in [
            ("2026-11-23", 5, "2031-11-22"),
            ("2028-02-29", 5, "2033-02-28"),
            ("2028-02-29", 4, "2032-02-28"),
            ("2028-03-01", 5, "2033-02-28"),
            ("2027-03-01", 1, "2028-02-29"),
        ] {
            assert_eq!(Date::parse(begin).unwrap().last_of_years(years).to_string(), last, "{begin} {years}");
        }
    }
}
