//! Decide, then commit if still true.
//!
//! A use case loads what a decision needs, the domain decides purely, and a port's `commit` applies the
//! decision in one transaction that checks every condition again. When a condition no longer holds, nothing
//! has changed and the whole attempt starts over, so that the caller is told the precise reason.

use crate::storage::StorageError;

/// What became of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commit<T> {
    /// Every condition still held, and everything was changed.
    Committed(T),
    /// A condition no longer held, and nothing was changed.
    Stale,
}

/// How often a use case decides again after its decision turned out stale: as often as one user's simultaneous
/// holds of single seats can overtake each other before the seat limit is the answer.
pub const DECIDES_AGAIN_AT_MOST: usize = 4;

/// The decision was overtaken by others each time it was made.
#[derive(Debug, thiserror::Error)]
#[error("the decision was overtaken {} times", DECIDES_AGAIN_AT_MOST + 1)]
struct Overtaken;

/// Runs `attempt` (load, decide, commit) until it is committed or refused, starting over at most
/// [`DECIDES_AGAIN_AT_MOST`] times.
///
/// # Errors
///
/// The attempt's own refusal; [`StorageError::Unavailable`] when every attempt was overtaken, since nothing
/// has changed and the same call may succeed later.
pub async fn until_not_stale<T, E, F>(mut attempt: impl FnMut() -> F) -> Result<T, E>
where
    E: From<StorageError>,
    // Not `AsyncFnMut`: with it a use case's future is not `Send`, and can not be spawned.
    F: Future<Output = Result<Commit<T>, E>>,
{
    for _ in 0..=DECIDES_AGAIN_AT_MOST {
        if let Commit::Committed(done) = attempt().await? {
            return Ok(done);
        }
    }
    Err(StorageError::unavailable(Overtaken).into())
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[tokio::test]
    async fn a_stale_decision_is_made_again() {
        let mut attempts = 0;
        let done = until_not_stale(|| {
            attempts += 1;
            ready::<Result<_, StorageError>>(Ok(if attempts < 3 {
                Commit::Stale
            } else {
                Commit::Committed(attempts)
            }))
        })
        .await;
        assert_eq!(done.ok(), Some(3));
    }

    #[tokio::test]
    async fn a_refusal_ends_the_attempts() {
        let mut attempts = 0;
        let done = until_not_stale(|| {
            attempts += 1;
            ready::<Result<Commit<()>, _>>(Err(StorageError::unexpected("refused")))
        })
        .await;
        assert!(matches!(done, Err(StorageError::Unexpected(_))));
        assert_eq!(attempts, 1);
    }

    #[tokio::test]
    async fn a_decision_overtaken_every_time_is_given_up() {
        let mut attempts = 0;
        let done = until_not_stale(|| {
            attempts += 1;
            ready::<Result<Commit<()>, StorageError>>(Ok(Commit::Stale))
        })
        .await;
        assert!(matches!(done, Err(StorageError::Unavailable(_))));
        assert_eq!(attempts, 1 + DECIDES_AGAIN_AT_MOST);
    }
}
