//! How often something is tried, and how long is waited before it is tried again.

use std::thread;
use std::time::Duration;

use crate::client::Settings;
use crate::error::Problem;

/// The longest pause that nobody asked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often one thing is tried again in all, however much came each time.
const MOST_TRIES: u32 = 200;

/// What is left of it for one transfer.
pub(crate) struct Patience<'a> {
    settings: &'a Settings,
    /// Tries in a row that brought nothing.
    n_failed: u32,
    n_tries: u32,
}

impl<'a> Patience<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Self {
        Self { settings, n_failed: 0, n_tries: 0 }
    }

    /// Waits until it is time for the next try; gives the problem back if there is to be none.
    pub(crate) fn wait(
        &mut self,
        problem: Problem,
        brought_something: bool,
    ) -> Result<(), Problem> {
        if !problem.is_passing() {
            return Err(problem);
        }
        self.n_failed = if brought_something { 1 } else { self.n_failed + 1 };
        self.n_tries += 1;
        if self.n_failed >= self.settings.tries || self.n_tries >= MOST_TRIES {
            return Err(problem);
        }
        let asked = match problem {
            Problem::Status { retry_after, .. } => retry_after,
            _ => None,
        };
        if let Some(asked) = asked.filter(|it| *it > self.settings.longest_wait) {
            return Err(Problem::Wait(asked));
        }
        let factor = 1 << (self.n_failed - 1).min(10);
        let pause = self.settings.pause.saturating_mul(factor).min(LONGEST_PAUSE);
        thread::sleep(asked.map_or(pause, |it| it.max(self.settings.pause)));
        Ok(())
    }
}

/// `Retry-After`: seconds, or a date, which is measured against the server's own.
pub(crate) fn retry_after(value: Option<&str>, date: Option<&str>) -> Option<Duration> {
    let value = value?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let (until, now) = (seconds(value)?, seconds(date?)?);
    Some(Duration::from_secs(until.saturating_sub(now)))
}

/// Seconds since 1970 of a date as RFC 9110 wants it: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn seconds(date: &str) -> Option<u64> {
    let mut words = date.split_once(", ")?.1.split([' ', ':']);
    let mut word = || words.next();
    let day: u64 = word()?.parse().ok().filter(|it| (1..=31).contains(it))?;
    let month = word()?;
    let months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|it| *it == month)? as u64;
    let year: u64 = word()?.parse().ok().filter(|it| (1970..10_000).contains(it))?;
    let mut number = |limit: u64| word()?.parse().ok().filter(|it| *it <= limit);
    let (hour, minute, second): (u64, u64, u64) = (number(23)?, number(59)?, number(60)?);
    // Years begin in March, so that the day that comes and goes is the last.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 + day - 1;
    days.checked_sub(719_468).map(|it| ((it * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Patience, retry_after, seconds};
    use crate::client::Settings;
    use crate::error::Problem;

    #[test]
    fn dates_become_seconds() {
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(seconds("Thu, 29 Feb 2024 12:00:00 GMT"), Some(1_709_208_000));
        assert_eq!(seconds("Sun, 99 Nov 1994 08:49:37 GMT"), None);
        assert_eq!(seconds("nonsense"), None);
    }

    #[test]
    fn a_server_says_how_long_to_wait_in_either_form() {
        assert_eq!(retry_after(Some("7"), None), Some(Duration::from_secs(7)));
        let (now, later) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:00 GMT");
        assert_eq!(retry_after(Some(later), Some(now)), Some(Duration::from_secs(23)));
        assert_eq!(retry_after(Some(now), Some(later)), Some(Duration::ZERO));
        assert_eq!(retry_after(Some("soon"), Some(now)), None);
    }

    #[test]
    fn what_does_not_pass_is_not_waited_for() {
        let settings = Settings { pause: Duration::ZERO, tries: 3, ..Settings::default() };
        let mut patience = Patience::new(&settings);
        assert!(patience.wait(Problem::Status { code: 404, retry_after: None }, false).is_err());
        let long = Some(Duration::from_secs(86_400));
        let asked = patience.wait(Problem::Status { code: 429, retry_after: long }, false);
        assert!(matches!(asked, Err(Problem::Wait(_))));
        let mut patience = Patience::new(&settings);
        let outcomes = [false, false, true, false, false];
        let waited = outcomes.map(|it| patience.wait(Problem::Slow, it).is_ok());
        assert_eq!(waited, [true, true, true, true, false]);
    }
}
