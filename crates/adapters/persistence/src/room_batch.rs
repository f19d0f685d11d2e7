//! Changes of the room that arrive together are made together, in one transaction under the room's lock.
//!
//! A change that finds nobody before it is made at once; what arrives while a transaction is under way waits
//! for the next. Whoever goes away meanwhile changes nothing: the change is made all the same.

use std::future::Future;

use domain::{
    ids::TicketId,
    storage::StorageError,
    waiting_room::{Joined, Left, Newcomer, PolicyChange, RollCall, RoomPolicy},
};
use tokio::sync::mpsc;

use crate::{
    limits::WAITING_AT_MOST,
    line::{Caller, ask, serve_until_closed, tell, unless_it_panics},
    room_changes::{RoomChanges, RoomOutcomes},
};

/// A change and who waits for it.
enum Change {
    Policy(PolicyChange, Caller<RoomPolicy>),
    Leave(TicketId, Caller<Left>),
    Join(Newcomer, Caller<Joined>),
    CallRoll(RollCall, Caller<u64>),
    Admit(Caller<u64>),
}

/// Hands changes to the task that makes them. The task ends when the last handle is gone.
#[derive(Clone)]
pub(crate) struct RoomBatch {
    changes: mpsc::Sender<Change>,
}

impl RoomBatch {
    /// Starts the task; `make` makes changes in one transaction, all or none.
    pub(crate) fn start<F>(make: impl Fn(RoomChanges) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<RoomOutcomes, StorageError>> + Send + 'static,
    {
        let (changes, waiting) = mpsc::channel(WAITING_AT_MOST);
        tokio::spawn(serve_until_closed(waiting, move |together: Vec<Change>| {
            let (mut callers, mut changes) = (Callers::default(), RoomChanges::default());
            for change in together {
                callers.take(change, &mut changes);
            }
            let outcomes = unless_it_panics(make(changes));
            async move { callers.answer(outcomes.await) }
        }));
        Self { changes }
    }

    pub(crate) async fn join(&self, newcomer: Newcomer) -> Result<Joined, StorageError> {
        self.change(|caller| Change::Join(newcomer, caller)).await
    }

    pub(crate) async fn leave(&self, ticket: TicketId) -> Result<Left, StorageError> {
        self.change(|caller| Change::Leave(ticket, caller)).await
    }

    pub(crate) async fn admit(&self) -> Result<u64, StorageError> {
        self.change(Change::Admit).await
    }

    pub(crate) async fn call_roll(&self, roll: RollCall) -> Result<u64, StorageError> {
        self.change(|caller| Change::CallRoll(roll, caller)).await
    }

    pub(crate) async fn change_policy(&self, change: PolicyChange) -> Result<RoomPolicy, StorageError> {
        self.change(|caller| Change::Policy(change, caller)).await
    }

    async fn change<T>(&self, change: impl FnOnce(Caller<T>) -> Change) -> Result<T, StorageError> {
        // After a time-out the change may be made all the same: who joined finds the ticket by joining again.
        ask(&self.changes, "changes of the waiting room", change).await
    }
}

/// Who waits for what became of changes, each kind in the order of its arrival.
#[derive(Default)]
struct Callers {
    policies: Vec<Caller<RoomPolicy>>,
    leaves: Vec<Caller<Left>>,
    joins: Vec<Caller<Joined>>,
    admissions: Vec<Caller<u64>>,
}

impl Callers {
    fn take(&mut self, change: Change, changes: &mut RoomChanges) {
        match change {
            Change::Policy(change, caller) => {
                changes.policies.push(change);
                self.policies.push(caller);
            }
            Change::Leave(ticket, caller) => {
                changes.leaves.push(ticket);
                self.leaves.push(caller);
            }
            Change::Join(newcomer, caller) => {
                changes.joins.push(newcomer);
                self.joins.push(caller);
            }
            Change::CallRoll(roll, caller) => {
                changes.roll = Some(changes.roll.take().unwrap_or_default().and(roll));
                self.admissions.push(caller);
            }
            Change::Admit(caller) => self.admissions.push(caller),
        }
    }

    fn answer(self, made: Result<RoomOutcomes, StorageError>) {
        let (policies, left, joined, admitted) = match made {
            Ok(made) => (Ok(made.policies), Ok(made.left), Ok(made.joined), Ok(made.admitted)),
            Err(error) => (Err(error.clone()), Err(error.clone()), Err(error.clone()), Err(error)),
        };
        tell(self.policies, policies);
        tell(self.leaves, left);
        tell(self.joins, joined);
        // Together they have admitted so many: the first is told, so that nobody is counted twice.
        tell(self.admissions, admitted.map(|admitted| std::iter::once(admitted).chain(std::iter::repeat(0))));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::sync::Semaphore;
    use uuid::Uuid;

    use super::*;
    use crate::limits::ANSWERED_WITHIN;

    fn newcomer(number: u128) -> Newcomer {
        let id = Uuid::from_u128(number);
        Newcomer { user: domain::ids::UserId(id), ticket: TicketId(id) }
    }

    /// A batch whose transactions each wait for a permit; and what was made together.
    fn batch(permits: usize) -> (RoomBatch, Arc<Semaphore>, Arc<Mutex<Vec<RoomChanges>>>) {
        let (may_commit, made) = (Arc::new(Semaphore::new(permits)), Arc::new(Mutex::new(Vec::new())));
        let batch = {
            let (may_commit, made) = (Arc::clone(&may_commit), Arc::clone(&made));
            RoomBatch::start(move |changes: RoomChanges| {
                let (may_commit, made) = (Arc::clone(&may_commit), Arc::clone(&made));
                async move {
                    may_commit.acquire().await.unwrap().forget();
                    let joined = changes.joins.iter().map(|_| Joined::Closed).collect();
                    let left = changes.leaves.iter().map(|_| Left::Done).collect();
                    made.lock().unwrap().push(changes);
                    Ok(RoomOutcomes { joined, left, admitted: 3, ..RoomOutcomes::default() })
                }
            })
        };
        (batch, may_commit, made)
    }

    #[tokio::test]
    async fn a_lone_join_does_not_wait_for_company() {
        let (batch, _, made) = batch(1);
        assert_eq!(batch.join(newcomer(1)).await.unwrap(), Joined::Closed);
        assert_eq!(made.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_arrives_while_a_transaction_is_under_way_is_made_together_in_the_order_of_arrival() {
        let (batch, may_commit, made) = batch(0);
        let first = tokio::spawn({
            let batch = batch.clone();
            async move { batch.join(newcomer(1)).await }
        });
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        let others = async {
            tokio::join!(batch.join(newcomer(2)), batch.leave(TicketId(Uuid::nil())), batch.join(newcomer(3)))
        };
        let release = async { may_commit.add_permits(2) };
        let ((second, left, third), ()) = tokio::join!(others, release);
        assert!(first.await.unwrap().is_ok() && second.is_ok() && third.is_ok());
        assert_eq!(left.unwrap(), Left::Done);
        let made = made.lock().unwrap();
        let joins: Vec<_> = made.iter().map(|changes| changes.joins.clone()).collect();
        assert_eq!(joins, [vec![newcomer(1)], vec![newcomer(2), newcomer(3)]]);
    }

    #[tokio::test]
    async fn a_change_is_made_although_its_caller_has_gone_away() {
        let (batch, may_commit, made) = batch(0);
        {
            let join = std::pin::pin!(batch.join(newcomer(1)));
            assert!(futures_util::future::poll_immediate(join).await.is_none());
        }
        may_commit.add_permits(2);
        batch.admit().await.unwrap();
        let joins: usize = made.lock().unwrap().iter().map(|changes| changes.joins.len()).sum();
        assert_eq!(joins, 1);
    }

    #[tokio::test]
    async fn admissions_that_were_asked_for_together_are_counted_once() {
        let (batch, _, _) = batch(10);
        let (first, second) = tokio::join!(batch.admit(), batch.call_roll(RollCall::default()));
        assert_eq!(first.unwrap() + second.unwrap(), 3);
    }

    #[tokio::test]
    async fn a_panic_is_told_as_a_failure_and_the_next_are_made_all_the_same() {
        let calls = Arc::new(Mutex::new(0));
        let batch = RoomBatch::start(move |_| {
            let calls = Arc::clone(&calls);
            async move {
                let call = {
                    let mut calls = calls.lock().unwrap();
                    *calls += 1;
                    *calls
                };
                assert!(call > 1, "a fault of ours");
                Ok(RoomOutcomes::default())
            }
        });
        assert!(matches!(batch.admit().await, Err(StorageError::Unexpected(_))));
        assert_eq!(batch.admit().await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_kept_waiting_for_longer_than_is_promised_and_the_change_is_made_all_the_same() {
        let (batch, may_commit, made) = batch(0);
        let asked = tokio::time::Instant::now();
        let (first, second) = tokio::join!(batch.join(newcomer(1)), batch.leave(TicketId(Uuid::nil())));
        assert!(matches!(first, Err(StorageError::Unavailable(_))), "{first:?}");
        assert!(matches!(second, Err(StorageError::Unavailable(_))), "{second:?}");
        assert_eq!(asked.elapsed(), ANSWERED_WITHIN);
        may_commit.add_permits(3);
        assert_eq!(batch.admit().await.unwrap(), 3, "expected the store to be heard again");
        let made = made.lock().unwrap();
        let joins: Vec<_> = made.iter().flat_map(|changes| changes.joins.clone()).collect();
        assert_eq!(joins, [newcomer(1)], "expected the change to be made once");
    }

    #[tokio::test]
    async fn a_failure_is_told_to_everybody_and_the_next_are_made_all_the_same() {
        let calls = Arc::new(Mutex::new(0));
        let batch = RoomBatch::start(move |_| {
            let calls = Arc::clone(&calls);
            async move {
                let mut calls = calls.lock().unwrap();
                *calls += 1;
                if *calls == 1 { Err(StorageError::unavailable("away")) } else { Ok(RoomOutcomes::default()) }
            }
        });
        assert!(matches!(batch.admit().await, Err(StorageError::Unavailable(_))));
        assert_eq!(batch.admit().await.unwrap(), 0);
    }
}
