//! Asking the same at a fixed pace, whether or not it has been answered: how long one waits meanwhile.

use std::{
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, oneshot},
    task::{JoinHandle, JoinSet},
};

use super::on_one_thread;

/// A question: when it was due, asked and answered, and what was told.
#[derive(Clone, Copy, Debug)]
pub struct Asked<T = ()> {
    pub due: Instant,
    pub asked: Instant,
    pub answered: Instant,
    pub told: T,
}

impl<T> Asked<T> {
    /// How long it took from when it was due.
    pub fn took(&self) -> Duration {
        self.answered - self.due
    }
}

/// Somebody who asks at a fixed pace until told to stop, on a thread of its own.
pub struct Pace<T = ()> {
    is_over: Arc<AtomicBool>,
    asking: JoinHandle<Vec<Asked<T>>>,
}

impl<T: Send + 'static> Pace<T> {
    /// Opens what is asked, and has asked once when it is back; what that took is not told.
    pub async fn start<O, A>(every: Duration, open: impl FnOnce() -> O + Send + 'static) -> Self
    where
        O: Future<Output = A>,
        A: AsyncFn() -> T + 'static,
    {
        let is_over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_over);
        let (begin, first_answer) = oneshot::channel();
        let asking = tokio::spawn(on_one_thread(move || async move {
            let ask = Rc::new(open().await);
            ask().await;
            begin.send(()).expect("whoever has started it waits");
            ask_when_due(ask, timetable(every, told)).await
        }));
        first_answer.await.expect("the first question is answered");
        Self { is_over, asking }
    }

    /// All that was asked; waits for the answers that are still to come.
    pub async fn stop(self) -> Vec<Asked<T>> {
        self.is_over.store(true, Ordering::Relaxed);
        self.asking.await.expect("every question is answered")
    }
}

/// Tells when each question is due, when it is. A thread keeps the time: timers of the runtime are too coarse.
fn timetable(every: Duration, is_over: Arc<AtomicBool>) -> mpsc::UnboundedReceiver<Instant> {
    let (tell, dues) = mpsc::unbounded_channel();
    thread::spawn(move || {
        let mut due = Instant::now();
        while !is_over.load(Ordering::Relaxed) && tell.send(due).is_ok() {
            due += every;
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    });
    dues
}

async fn ask_when_due<T: 'static>(
    ask: Rc<impl AsyncFn() -> T + 'static>,
    mut dues: mpsc::UnboundedReceiver<Instant>,
) -> Vec<Asked<T>> {
    let mut asking = JoinSet::new();
    while let Some(due) = dues.recv().await {
        let ask = Rc::clone(&ask);
        asking.spawn_local(async move {
            let asked = Instant::now();
            let told = ask().await;
            Asked { due, asked, answered: Instant::now(), told }
        });
    }
    asking.join_all().await
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    const EVERY: Duration = Duration::from_millis(2);

    #[tokio::test]
    async fn what_is_slow_to_answer_is_asked_at_the_same_pace_and_told_with_the_wait() {
        let (begun, may_answer) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(1)));
        let (told, waited_for) = (Arc::clone(&begun), Arc::clone(&may_answer));
        let pace = Pace::start(EVERY, move || async move {
            async move || {
                told.add_permits(1);
                waited_for.acquire().await.expect("nobody closes it").forget();
            }
        })
        .await;
        // The first, and ten more of which none is answered yet.
        drop(begun.acquire_many(11).await.expect("nobody closes it"));
        may_answer.add_permits(10_000);
        let mut asked = pace.stop().await;
        asked.sort_by_key(|asked| asked.due);
        assert!(asked.len() >= 10, "expected ten questions at least, got {}", asked.len());
        assert!(asked.windows(2).all(|pair| pair[1].due - pair[0].due == EVERY), "expected an even pace");
        assert!(asked[0].took() >= 9 * EVERY, "expected the wait to be told, got {:?}", asked[0].took());
    }
}
