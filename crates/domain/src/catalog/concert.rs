//! Concerts and the time zone they are in.

use std::str::FromStr;

use chrono::{Days, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::{ids::ConcertId, text::Name, time::Timestamp};

/// A text was no name of the IANA time zone database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a time zone's IANA name, as in Asia/Seoul")]
pub struct TimeZoneError;

/// The time zone of a concert: what "on the 24th" means there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeZone(Tz);

impl TimeZone {
    /// Finds a time zone by its IANA name.
    ///
    /// # Errors
    ///
    /// [`TimeZoneError`] when there is none of that name.
    pub fn new(name: &str) -> Result<Self, TimeZoneError> {
        Tz::from_str(name).map(Self).map_err(|_| TimeZoneError)
    }

    /// The IANA name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// A day in this time zone, from its first instant to just before its last: 23 to 25 hours. None for a
    /// day beyond what a calendar can tell.
    #[must_use]
    pub fn day(self, date: NaiveDate) -> Option<(Timestamp, Timestamp)> {
        let next = date.checked_add_days(Days::new(1))?;
        Some((self.first_instant(date)?, self.first_instant(next)?))
    }

    /// The first instant of a day. Where clocks are put forward at midnight the day begins later than 0:00;
    /// no time zone has skipped more than a day.
    fn first_instant(self, date: NaiveDate) -> Option<Timestamp> {
        let midnight = date.and_time(NaiveTime::MIN);
        (0..=24 * 4)
            .filter_map(|quarter| midnight.checked_add_signed(chrono::Duration::minutes(15 * quarter)))
            .find_map(|local| self.0.from_local_datetime(&local).earliest())
            .map(|instant| instant.with_timezone(&Utc))
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        Self(Tz::Asia__Seoul)
    }
}

/// Something people come to hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concert {
    /// The concert's id.
    pub id: ConcertId,
    /// What it is called.
    pub name: Name,
    /// Where it is, as far as the calendar is concerned.
    pub time_zone: TimeZone,
    /// When it was put on the list.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(zone: &str, date: &str) -> (String, String) {
        let (from, to) = TimeZone::new(zone).unwrap().day(date.parse().unwrap()).unwrap();
        (from.to_rfc3339(), to.to_rfc3339())
    }

    #[test]
    fn a_day_is_the_concerts_not_greenwichs() {
        let expected = ("2026-12-23T15:00:00+00:00".to_owned(), "2026-12-24T15:00:00+00:00".to_owned());
        assert_eq!(day("Asia/Seoul", "2026-12-24"), expected);
    }

    #[test]
    fn a_day_on_which_clocks_are_put_forward_has_23_hours() {
        let expected = ("2026-03-28T23:00:00+00:00".to_owned(), "2026-03-29T22:00:00+00:00".to_owned());
        assert_eq!(day("Europe/Berlin", "2026-03-29"), expected);
    }

    #[test]
    fn a_day_whose_midnight_was_skipped_begins_at_one() {
        // Cairo put its clocks forward at midnight of 2026-04-24.
        let expected = ("2026-04-23T22:00:00+00:00".to_owned(), "2026-04-24T21:00:00+00:00".to_owned());
        assert_eq!(day("Africa/Cairo", "2026-04-24"), expected);
    }

    #[test]
    fn an_invented_time_zone_is_refused() {
        for name in ["", "Seoul", "Asia/Atlantis", "UTC+9"] {
            assert_eq!(TimeZone::new(name), Err(TimeZoneError), "{name:?}");
        }
    }

    #[test]
    fn the_last_day_of_the_calendar_is_no_day() {
        assert_eq!(TimeZone::default().day(NaiveDate::MAX), None);
    }

    #[test]
    fn a_day_that_was_skipped_has_no_instant() {
        // Samoa went from the 29th straight to the 31st of December 2011.
        let expected = ("2011-12-30T10:00:00+00:00".to_owned(), "2011-12-30T10:00:00+00:00".to_owned());
        assert_eq!(day("Pacific/Apia", "2011-12-30"), expected);
    }

    #[test]
    fn a_time_zone_is_called_as_it_was_named() {
        assert_eq!(TimeZone::new("Europe/Berlin").unwrap().name(), "Europe/Berlin");
        assert_eq!(TimeZone::default().name(), "Asia/Seoul");
    }
}
