//! A clock that is wrong: one instance is shown another time than it is, and must be seen to tell that time.

use std::{fs, net::SocketAddr, path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};
use tokio::time::timeout;

use crate::wire::connection::Connection;

/// By how much the clock is wrong, in seconds.
const WRONG_BY: i64 = 600;
/// By how much what is seen of it may differ: a `Date` tells whole seconds, and is as old as a busy machine makes it.
const TOLERANCE: i64 = 10;
/// An instance that does not tell its time within this is not one that serves.
const PATIENCE: Duration = Duration::from_secs(10);

/// What shows an instance another time, later and earlier in turn.
pub(crate) struct WrongClock {
    library: PathBuf,
    is_ahead: bool,
    seen: Vec<i64>,
}

impl WrongClock {
    /// Finds the library that does so.
    pub(crate) fn find() -> Self {
        Self { library: find_library(), is_ahead: false, seen: vec![] }
    }

    /// The variables that an instance has to be started with.
    pub(crate) fn next_variables(&mut self) -> [(&'static str, String); 3] {
        self.is_ahead = !self.is_ahead;
        let sign = if self.is_ahead { '+' } else { '-' };
        [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME", format!("{sign}{WRONG_BY}s")),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }

    /// Insists that the instance that was started with them tells the wrong time.
    pub(crate) async fn look_at(&mut self, instance: SocketAddr) {
        let date = timeout(PATIENCE, date_of(instance)).await.expect("an instance tells its time in time");
        let seen = seconds_ahead(&date, Utc::now());
        assert!(
            is_wrong_as_chosen(seen, self.is_ahead),
            "the instance whose clock should be wrong by {}{WRONG_BY} s says that it is {date}, which is wrong by \
             {seen:+} s: the storm would show nothing about clocks",
            if self.is_ahead { '+' } else { '-' },
        );
        self.seen.push(seen);
    }

    /// By how many seconds it was seen to be wrong, after each start of its instance.
    pub(crate) fn seen(&self) -> &[i64] {
        &self.seen
    }
}

/// The `Date` that an instance answers with: its own calendar's, which has nothing to do with the store's.
async fn date_of(instance: SocketAddr) -> String {
    let mut connection =
        Connection::open(instance).await.expect("an instance that has started can be reached");
    let reply = connection.read("/livez").await.expect("an instance that has started answers");
    let date = reply.headers.get("date").expect("every answer has a Date");
    date.to_str().expect("a Date is a text").to_owned()
}

fn seconds_ahead(date: &str, now: DateTime<Utc>) -> i64 {
    let told = DateTime::parse_from_rfc2822(date).expect("a Date is an instant");
    (told.to_utc() - now).num_seconds()
}

fn is_wrong_as_chosen(seconds_ahead: i64, is_ahead: bool) -> bool {
    let chosen = if is_ahead { WRONG_BY } else { -WRONG_BY };
    (seconds_ahead - chosen).abs() <= TOLERANCE
}

/// Where `scripts/ensure-faketime` finds it, too.
fn find_library() -> PathBuf {
    let folders =
        fs::read_dir("/usr/lib").into_iter().flatten().filter_map(|folder| Some(folder.ok()?.path()));
    let others = ["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from);
    let found = folders.chain(others).map(|folder| folder.join("faketime/libfaketime.so.1"));
    found
        .into_iter()
        .find(|path| path.is_file())
        .expect("libfaketime is installed: run scripts/ensure-faketime")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-21T20:00:00.4Z";

    fn is_believed(date: &str, is_ahead: bool) -> bool {
        is_wrong_as_chosen(seconds_ahead(date, NOW.parse().unwrap()), is_ahead)
    }

    #[test]
    fn a_clock_that_is_wrong_as_chosen_is_seen_to_be() {
        assert!(is_believed("Sat, 21 Nov 2026 20:10:00 GMT", true));
        assert!(is_believed("Sat, 21 Nov 2026 20:09:51 GMT", true));
        assert!(is_believed("Sat, 21 Nov 2026 19:50:00 GMT", false));
    }

    #[test]
    fn a_clock_that_is_right_or_otherwise_wrong_is_not_taken_for_it() {
        assert!(!is_believed("Sat, 21 Nov 2026 20:00:00 GMT", true));
        assert!(!is_believed("Sat, 21 Nov 2026 20:00:00 GMT", false));
        assert!(!is_believed("Sat, 21 Nov 2026 20:10:00 GMT", false), "ahead instead of behind");
        assert!(!is_believed("Sat, 21 Nov 2026 19:50:00 GMT", true), "behind instead of ahead");
        assert!(!is_believed("Sat, 21 Nov 2026 20:05:00 GMT", true), "only half as much");
    }
}
