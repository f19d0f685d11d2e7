//! Answers that many ask for at once, made once for all of them, and never stale.
//!
//! Whoever asks shares an answer that has not been begun: one that was begun before the question may lack a change
//! that the asker knows of. So while one is being made, all who ask wait for the next, which is begun as soon as that
//! one is done, or takes too long. Every answer is as of an instant between its question and its telling, and a crowd
//! of any size costs one of them at a time. Nothing is kept: once told, an answer is forgotten.

use std::{
    collections::HashMap,
    hash::Hash,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt, Shared};
use tokio::{runtime::Handle, sync::oneshot, time::timeout};

use crate::problem::Problem;

/// For how long an answer that is being made holds up the next: far longer than any takes while all is well. One
/// connection that hangs must not keep a crowd waiting while others work.
const HOLDS_UP_FOR: Duration = Duration::from_millis(500);

/// What is being answered, by what is asked. Cheap to clone.
///
/// Only what somebody waits for has a key here, so that there are never more than requests under way.
pub(crate) struct SharedAnswers<K, T> {
    asked: Arc<Mutex<HashMap<K, Option<NextAnswer<T>>>>>,
    runtime: Handle,
}

/// An answer that has not been begun.
struct NextAnswer<T> {
    making: BoxFuture<'static, Result<T, Problem>>,
    teller: oneshot::Sender<Result<T, Problem>>,
    told: Shared<oneshot::Receiver<Result<T, Problem>>>,
}

impl<T: Clone> NextAnswer<T> {
    fn new(making: impl Future<Output = Result<T, Problem>> + Send + 'static) -> Self {
        let (teller, told) = oneshot::channel();
        Self { making: making.boxed(), teller, told: told.shared() }
    }
}

impl<T> NextAnswer<T> {
    /// Who waits for one that panics is told by the teller's end.
    async fn make_and_tell(self) {
        if let Ok(answer) = AssertUnwindSafe(self.making).catch_unwind().await {
            drop(self.teller.send(answer));
        }
    }
}

impl<K, T> SharedAnswers<K, T> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Option<NextAnswer<T>>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, T> SharedAnswers<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// The answer to `question`, begun after this was called. `making` makes it, unless somebody else has asked the
    /// same since the last was begun; then that one's is shared.
    ///
    /// It is made to its end whether or not anybody still waits for it.
    ///
    /// # Errors
    ///
    /// What `making` fails with, told to all who wait; and a fault of ours where it panics.
    pub(crate) async fn ask(
        &self,
        question: K,
        making: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let told = self.next_answer(question, making);
        told.await.unwrap_or_else(|interrupted| Err(Problem::internal(interrupted)))
    }

    fn next_answer(
        &self,
        question: K,
        making: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Shared<oneshot::Receiver<Result<T, Problem>>> {
        let mut asked = self.lock();
        let nobody_answers = !asked.contains_key(&question);
        let next = asked.entry(question.clone()).or_default();
        let told = next.get_or_insert_with(|| NextAnswer::new(making)).told.clone();
        drop(asked);
        if nobody_answers {
            let answering = Answering { answers: self.clone(), question, done: false };
            self.runtime.spawn(answering.while_asked());
        }
        told
    }
}

impl<K, T> Clone for SharedAnswers<K, T> {
    fn clone(&self) -> Self {
        Self { asked: Arc::clone(&self.asked), runtime: self.runtime.clone() }
    }
}

impl<K, T> SharedAnswers<K, T> {
    /// Answers that are made on the threads of `runtime`, which should not be those that serve connections: these are
    /// the busiest, and what has to wait there for its turn several times is late.
    pub(crate) fn on(runtime: Handle) -> Self {
        Self { asked: Arc::default(), runtime }
    }
}

/// The one who answers a question, for as long as it is asked.
struct Answering<K: Eq + Hash, T> {
    answers: SharedAnswers<K, T>,
    question: K,
    done: bool,
}

impl<K: Eq + Hash, T: Send + Sync + 'static> Answering<K, T> {
    async fn while_asked(mut self) {
        loop {
            let Some(next) = self.take_next() else { return };
            let mut told = Box::pin(next.make_and_tell());
            if timeout(HOLDS_UP_FOR, &mut told).await.is_err() {
                tokio::spawn(told);
            }
        }
    }
}

impl<K: Eq + Hash, T> Answering<K, T> {
    /// What to answer next: whoever asks from now on waits for another. Where nobody has asked, nobody answers any
    /// more either.
    fn take_next(&mut self) -> Option<NextAnswer<T>> {
        let mut asked = self.answers.lock();
        let next = asked.get_mut(&self.question)?.take();
        if next.is_none() {
            asked.remove(&self.question);
            self.done = true;
        }
        next
    }
}

impl<K: Eq + Hash, T> Drop for Answering<K, T> {
    /// Where this ends with its runtime, whoever waits is told.
    fn drop(&mut self) {
        if !self.done {
            self.answers.lock().remove(&self.question);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::{join_all, poll_immediate};
    use tokio::{sync::Semaphore, task::yield_now};

    use super::*;
    use crate::problem::Code;

    /// A source whose answers are numbered, and held up until they are let go.
    #[derive(Clone)]
    struct Source {
        answers: SharedAnswers<&'static str, usize>,
        begun: Arc<AtomicUsize>,
        let_go: Arc<Semaphore>,
    }

    impl Source {
        fn new() -> Self {
            Self {
                answers: SharedAnswers::on(Handle::current()),
                begun: Arc::default(),
                let_go: Arc::new(Semaphore::new(0)),
            }
        }

        async fn ask(&self, question: &'static str) -> Result<usize, Code> {
            let Self { begun, let_go, .. } = self.clone();
            let making = async move {
                let number = begun.fetch_add(1, Ordering::SeqCst) + 1;
                let_go.acquire_owned().await.unwrap().forget();
                Ok(number)
            };
            self.answers.ask(question, making).await.map_err(|problem| problem.code())
        }

        async fn has_begun(&self, number: usize) {
            while self.begun.load(Ordering::SeqCst) < number {
                yield_now().await;
            }
        }

        /// Whether nothing is kept, soon after everybody has been told.
        async fn keeps_nothing(&self) -> bool {
            for _ in 0..100 {
                if self.answers.lock().is_empty() {
                    return true;
                }
                yield_now().await;
            }
            false
        }
    }

    #[tokio::test]
    async fn whoever_asks_before_an_answer_is_begun_shares_it() {
        let source = Source::new();
        source.let_go.add_permits(1);
        let told = join_all((0..100).map(|_| source.ask("seats"))).await;
        assert_eq!(told, vec![Ok(1); 100]);
        assert!(source.keeps_nothing().await, "expected an answer that was told to be forgotten");
    }

    #[tokio::test]
    async fn whoever_asks_while_an_answer_is_made_shares_the_next_and_waits_for_no_third() {
        let source = Source::new();
        let mut early = Box::pin(source.ask("seats"));
        assert!(poll_immediate(&mut early).await.is_none(), "expected it to be held up");
        source.has_begun(1).await;
        let mut late = Box::pin(join_all((0..100).map(|_| source.ask("seats"))));
        assert!(poll_immediate(&mut late).await.is_none(), "expected these to wait for the next");
        source.let_go.add_permits(1);
        assert_eq!(early.await, Ok(1));
        source.let_go.add_permits(1);
        assert_eq!(late.await, vec![Ok(2); 100]);
        assert!(source.keeps_nothing().await, "expected no third answer to be under way");
    }

    #[tokio::test(start_paused = true)]
    async fn no_answer_is_begun_before_the_one_before_is_done() {
        let source = Source::new();
        let mut early = Box::pin(source.ask("seats"));
        assert!(poll_immediate(&mut early).await.is_none(), "expected it to be held up");
        source.has_begun(1).await;
        let mut late = Box::pin(source.ask("seats"));
        for _ in 0..100 {
            assert!(poll_immediate(&mut late).await.is_none(), "expected it to wait");
            yield_now().await;
        }
        assert_eq!(source.begun.load(Ordering::SeqCst), 1, "expected the next not to be begun");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_hangs_does_not_hold_up_the_next_for_long_and_is_told_all_the_same() {
        let source = Source::new();
        let (go_on, gone_on) = oneshot::channel();
        let hangs = async { Ok(gone_on.await.unwrap()) };
        let mut hangs = Box::pin(source.answers.ask("seats", hangs));
        assert!(poll_immediate(&mut hangs).await.is_none(), "expected it to be held up");
        tokio::time::sleep(HOLDS_UP_FOR / 2).await;
        source.let_go.add_permits(1);
        let asked = tokio::time::Instant::now();
        assert_eq!(source.ask("seats").await, Ok(1));
        assert!(asked.elapsed() <= HOLDS_UP_FOR, "expected it to be held up for a while only");
        go_on.send(77).unwrap();
        assert_eq!(hangs.await.ok(), Some(77));
    }

    #[tokio::test]
    async fn different_questions_do_not_wait_for_each_other() {
        let source = Source::new();
        let mut held_up = Box::pin(source.ask("seats"));
        assert!(poll_immediate(&mut held_up).await.is_none(), "expected it to be held up");
        source.has_begun(1).await;
        let mut other = Box::pin(source.ask("concerts"));
        assert!(poll_immediate(&mut other).await.is_none(), "expected it to be held up");
        source.has_begun(2).await;
        source.let_go.add_permits(2);
        assert_eq!((held_up.await, other.await), (Ok(1), Ok(2)));
    }

    #[tokio::test]
    async fn an_answer_whose_first_asker_has_gone_away_is_made_for_the_others() {
        let source = Source::new();
        let mut first = Box::pin(source.ask("seats"));
        let mut second = Box::pin(source.ask("seats"));
        assert!(poll_immediate(&mut first).await.is_none(), "expected it to be held up");
        assert!(poll_immediate(&mut second).await.is_none(), "expected it to be held up");
        source.has_begun(1).await;
        drop(first);
        source.let_go.add_permits(1);
        assert_eq!(second.await, Ok(1));
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_who_wait_and_to_nobody_after() {
        let answers: SharedAnswers<(), ()> = SharedAnswers::on(Handle::current());
        let missing = || async { Err(Problem::new(Code::ScheduleNotFound)) };
        let told = join_all((0..3).map(|_| answers.ask((), missing()))).await;
        for refused in told {
            assert_eq!(refused.map_err(|problem| problem.code()), Err(Code::ScheduleNotFound));
        }
        assert!(answers.ask((), async { Ok(()) }).await.is_ok(), "expected to be answered anew");
    }

    #[tokio::test]
    async fn a_panic_is_a_fault_for_those_who_wait_for_it_and_for_no_other() {
        let source = Source::new();
        let mut panics = Box::pin(source.answers.ask("seats", async { panic!("out of order") }));
        let mut shares = Box::pin(source.ask("seats"));
        assert!(poll_immediate(&mut panics).await.is_none(), "expected it not to be begun at once");
        assert!(poll_immediate(&mut shares).await.is_none(), "expected it to wait for the same");
        assert_eq!(panics.await.map_err(|problem| problem.code()), Err(Code::Internal));
        assert_eq!(shares.await, Err(Code::Internal));
        source.let_go.add_permits(1);
        assert_eq!(source.ask("seats").await, Ok(1));
    }

    #[test]
    fn whoever_waits_is_told_when_the_runtime_that_answers_ends() {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let ends = runtime();
        let source = ends.block_on(async { Source::new() });
        let mut waits = Box::pin(source.ask("seats"));
        ends.block_on(async {
            assert!(poll_immediate(&mut waits).await.is_none(), "expected it to be held up");
            source.has_begun(1).await;
        });
        drop(ends);
        assert_eq!(runtime().block_on(waits), Err(Code::Internal));
        assert_eq!(runtime().block_on(source.ask("seats")), Err(Code::Internal));
    }
}
