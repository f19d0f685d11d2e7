//! Lines in which those who arrive together are served together.
//!
//! Whoever finds nobody before it is served at once; who arrives while others are being served waits for the next
//! time, together with everybody else who does. So nobody waits for company, and the busier the store is, the more
//! are served by one statement and one commit. Whoever goes away meanwhile is served all the same.

use std::{future::Future, panic::AssertUnwindSafe, thread, time::Duration};

use domain::storage::StorageError;
use futures_util::FutureExt;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::limits::{ANSWERED_WITHIN, WAITING_AT_MOST, refusal};

/// How many are served together, at most.
pub(crate) const TOGETHER_AT_MOST: usize = 256;

/// For how long those who are served hold up the next: far longer than it takes while all is well. A connection that
/// has gone silent must not keep a crowd waiting while others work. How many are served beside each other is bounded by
/// the connections there are. Not for the waiting room, whose changes keep the order of arrival.
pub(crate) const HOLDS_UP_FOR: Duration = Duration::from_millis(500);

/// Who waits for an answer.
pub(crate) type Caller<A> = oneshot::Sender<Result<A, StorageError>>;

/// A line of callers who ask `Q` and are answered `A`. What serves them ends when the last handle is gone.
pub(crate) struct Line<Q, A> {
    name: &'static str,
    waiting: mpsc::Sender<(Q, Caller<A>)>,
}

impl<Q: Send + 'static, A: Send + 'static> Line<Q, A> {
    /// Opens the line. `serve` answers as many as it is asked, in their order; its failure is everybody's.
    pub(crate) fn open<F>(name: &'static str, serve: impl Fn(Vec<Q>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Vec<A>, StorageError>> + Send + 'static,
    {
        let (waiting, arrivals) = mpsc::channel(WAITING_AT_MOST);
        tokio::spawn(serve_until_closed(arrivals, move |arrived: Vec<(Q, Caller<A>)>| {
            let (questions, callers): (Vec<_>, Vec<_>) = arrived.into_iter().unzip();
            let answers = unless_it_panics(serve(questions));
            for_a_while(async move { tell(callers, answers.await) })
        }));
        Self { name, waiting }
    }

    /// Opens a line that is served on a thread of its own, for a store that keeps its callers waiting. `serve` does not
    /// panic.
    pub(crate) fn open_on_thread(
        name: &'static str,
        mut serve: impl FnMut(Vec<Q>) -> Result<Vec<A>, StorageError> + Send + 'static,
    ) -> Result<Self, StorageError> {
        let (waiting, mut arrivals) = mpsc::channel::<(Q, Caller<A>)>(WAITING_AT_MOST);
        let serve_until_closed = move || {
            let mut arrived = Vec::new();
            while arrivals.blocking_recv_many(&mut arrived, TOGETHER_AT_MOST) > 0 {
                let (questions, callers): (Vec<_>, Vec<_>) = arrived.drain(..).unzip();
                tell(callers, serve(questions));
            }
        };
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(serve_until_closed)
            .map_err(StorageError::unavailable)?;
        Ok(Self { name, waiting })
    }

    /// Waits for the answer. A change may be made all the same where there is none.
    pub(crate) async fn ask(&self, question: Q) -> Result<A, StorageError> {
        ask(&self.waiting, self.name, |caller| (question, caller)).await
    }
}

/// Joins a line, and waits for the answer. A change may be made all the same where there is none.
pub(crate) async fn ask<T, A>(
    line: &mpsc::Sender<T>,
    name: &'static str,
    asked: impl FnOnce(Caller<A>) -> T,
) -> Result<A, StorageError> {
    let (caller, answer) = oneshot::channel();
    line.try_send(asked(caller)).map_err(|refused| refusal(&refused, name))?;
    let answer = timeout(ANSWERED_WITHIN, answer).await.map_err(StorageError::unavailable)?;
    answer.map_err(|_| StorageError::unexpected("who waited in a line was not answered"))?
}

/// Serves all who have arrived, again and again, until nobody can join the line any more.
pub(crate) async fn serve_until_closed<T, F>(mut arrivals: mpsc::Receiver<T>, serve: impl Fn(Vec<T>) -> F)
where
    F: Future<Output = ()>,
{
    let mut arrived = Vec::new();
    while arrivals.recv_many(&mut arrived, TOGETHER_AT_MOST).await > 0 {
        serve(std::mem::take(&mut arrived)).await;
    }
}

/// Waits for what is served, but not for long: what takes longer goes on beside the next.
async fn for_a_while(serving: impl Future<Output = ()> + Send + 'static) {
    let mut serving = Box::pin(serving);
    if timeout(HOLDS_UP_FOR, &mut serving).await.is_err() {
        tokio::spawn(serving);
    }
}

/// A panic is the failure of those who are served, and not the end of all that come after.
pub(crate) async fn unless_it_panics<T>(
    serving: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    let served = AssertUnwindSafe(serving).catch_unwind().await;
    served.unwrap_or_else(|_| Err(StorageError::unexpected("what serves a line panicked")))
}

/// Tells each caller the own answer, or all of them the failure; one that has gone away does not want to know.
pub(crate) fn tell<A>(callers: Vec<Caller<A>>, answers: Result<impl IntoIterator<Item = A>, StorageError>) {
    match answers {
        Ok(answers) => {
            callers.into_iter().zip(answers).for_each(|(caller, answer)| drop(caller.send(Ok(answer))));
        }
        Err(error) => callers.into_iter().for_each(|caller| drop(caller.send(Err(error.clone())))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures_util::future::{join_all, poll_immediate};
    use tokio::sync::Semaphore;

    use super::*;

    type Served = Arc<Mutex<Vec<Vec<u32>>>>;

    /// A line that is told when to serve, and who was served together. Who asks 0 makes it fail.
    fn line(permits: usize) -> (Line<u32, u32>, Arc<Semaphore>, Served) {
        let (may_serve, served) = (Arc::new(Semaphore::new(permits)), Arc::new(Mutex::new(Vec::new())));
        let (permitted, noted) = (Arc::clone(&may_serve), Arc::clone(&served));
        let line = Line::open("a line", move |questions: Vec<u32>| {
            let (permitted, noted) = (Arc::clone(&permitted), Arc::clone(&noted));
            async move {
                permitted.acquire().await.unwrap().forget();
                noted.lock().unwrap().push(questions.clone());
                assert!(!questions.contains(&13), "a fault of ours");
                if questions.contains(&0) {
                    return Err(StorageError::unavailable("away"));
                }
                Ok(questions.into_iter().map(|question| question * 10).collect())
            }
        });
        (line, may_serve, served)
    }

    #[tokio::test]
    async fn a_lone_caller_does_not_wait_for_company() {
        let (line, _, served) = line(1);
        assert_eq!(line.ask(1).await.unwrap(), 10);
        assert_eq!(*served.lock().unwrap(), [vec![1]]);
    }

    #[tokio::test]
    async fn who_arrives_while_others_are_served_is_served_together_with_the_rest_in_the_order_of_arrival() {
        let (line, may_serve, served) = line(0);
        let mut first = std::pin::pin!(line.ask(1));
        assert!(poll_immediate(first.as_mut()).await.is_none(), "expected it to be held up");
        while line.waiting.capacity() < WAITING_AT_MOST {
            tokio::task::yield_now().await;
        }
        let release = async { may_serve.add_permits(2) };
        let (others, ()) = tokio::join!(join_all([2, 3].map(|question| line.ask(question))), release);
        assert_eq!(first.await.unwrap(), 10);
        assert_eq!(others.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [20, 30]);
        assert_eq!(*served.lock().unwrap(), [vec![1], vec![2, 3]]);
    }

    #[tokio::test(start_paused = true)]
    async fn those_whose_serving_hangs_hold_up_the_next_for_a_while_only() {
        let hangs = |questions: Vec<u32>| async move {
            if questions.contains(&1) {
                std::future::pending::<()>().await;
            }
            Ok(questions)
        };
        let line = Line::open("a line", hangs);
        let mut first = std::pin::pin!(line.ask(1));
        assert!(poll_immediate(first.as_mut()).await.is_none(), "expected it to be held up");
        tokio::task::yield_now().await;
        let asked = tokio::time::Instant::now();
        assert_eq!(line.ask(2).await.unwrap(), 2, "expected the next to be served");
        assert_eq!(asked.elapsed(), HOLDS_UP_FOR);
    }

    #[tokio::test]
    async fn who_has_gone_away_is_served_all_the_same() {
        let (line, may_serve, served) = line(0);
        assert!(poll_immediate(std::pin::pin!(line.ask(1))).await.is_none(), "expected it to wait");
        may_serve.add_permits(2);
        line.ask(2).await.unwrap();
        assert_eq!(served.lock().unwrap().concat(), [1, 2]);
    }

    #[tokio::test]
    async fn a_failure_or_a_panic_is_told_to_everybody_and_the_next_are_served_all_the_same() {
        let (line, ..) = line(3);
        assert!(matches!(line.ask(0).await, Err(StorageError::Unavailable(_))));
        assert!(matches!(line.ask(13).await, Err(StorageError::Unexpected(_))));
        assert_eq!(line.ask(1).await.unwrap(), 10);
    }

    #[tokio::test]
    async fn on_a_thread_those_who_arrive_together_are_served_together_and_a_failure_is_told_to_everybody() {
        let (go_on, held_up) = std::sync::mpsc::channel();
        let serve = move |questions: Vec<u32>| {
            let count = questions.len();
            held_up.recv().map_err(StorageError::unavailable)?;
            Ok(questions.into_iter().map(|question| (question, count)).collect())
        };
        let line = Line::open_on_thread("a line", serve).unwrap();
        let mut first = std::pin::pin!(line.ask(1));
        assert!(poll_immediate(first.as_mut()).await.is_none(), "expected it to be held up");
        while line.waiting.capacity() < WAITING_AT_MOST {
            tokio::task::yield_now().await;
        }
        let release = async { [(), ()].map(|()| go_on.send(()).unwrap()) };
        let (others, _) = tokio::join!(join_all([2, 3].map(|question| line.ask(question))), release);
        assert_eq!(first.await.unwrap(), (1, 1));
        assert_eq!(others.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [(2, 2), (3, 2)]);
        drop(go_on);
        assert!(matches!(line.ask(4).await, Err(StorageError::Unavailable(_))), "expected the failure");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_kept_waiting_for_longer_than_is_promised() {
        let (line, ..) = line(0);
        let asked = tokio::time::Instant::now();
        assert!(matches!(line.ask(1).await, Err(StorageError::Unavailable(_))));
        assert_eq!(asked.elapsed(), ANSWERED_WITHIN);
    }

    #[tokio::test]
    async fn who_finds_the_line_full_is_refused_at_once() {
        let (line, ..) = line(0);
        let waiting: Vec<_> = (0..WAITING_AT_MOST).map(|_| line.waiting.try_reserve().unwrap()).collect();
        let refused = poll_immediate(std::pin::pin!(line.ask(1))).await.expect("an answer at once");
        assert!(matches!(refused, Err(StorageError::Overloaded("a line"))), "{refused:?}");
        drop(waiting);
    }
}
