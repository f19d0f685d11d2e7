//! Looking at one thing at a fixed pace while others ask for something else.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, task::JoinHandle};

use super::{Connection, on_one_thread};

/// What is looked at, and how often.
pub struct View {
    pub address: SocketAddr,
    pub request: Vec<u8>,
    pub every: Duration,
    /// What is looked for in the answer.
    pub mark: String,
}

/// One look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// When it should have begun, and when it did.
    pub due: Instant,
    pub asked: Instant,
    pub answered: Instant,
    /// Whether what was looked for was there.
    pub is_there: bool,
}

/// Somebody who looks until told to stop.
pub struct Watch {
    is_over: Arc<AtomicBool>,
    looking: JoinHandle<Vec<Look>>,
}

impl Look {
    /// How long it took from when it should have begun.
    pub fn took(&self) -> Duration {
        self.answered - self.due
    }
}

impl Watch {
    /// Begins to look, and has looked once when it is back.
    pub async fn start(view: View) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_over);
        let (begin, first_look) = oneshot::channel();
        let looking = tokio::spawn(on_one_thread(move || look(view, told, begin)));
        first_look.await.expect("the first look is answered");
        Self { is_over, looking }
    }

    /// All looks there were.
    pub async fn stop(self) -> Vec<Look> {
        self.is_over.store(true, Ordering::Relaxed);
        self.looking.await.expect("every look is answered")
    }
}

async fn look(view: View, is_over: Arc<AtomicBool>, begin: oneshot::Sender<()>) -> Vec<Look> {
    let mut begin = Some(begin);
    let mut connection = Connection::open(view.address).await.expect("connections are taken");
    let (mut looks, mut due, mark) = (Vec::new(), Instant::now(), view.mark.as_bytes());
    while !is_over.load(Ordering::Relaxed) {
        // Nothing else runs on this thread, and the runtime's own timers are too coarse.
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let asked = Instant::now();
        let answer = connection.ask(&view.request).await.expect("every look is answered");
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
        let is_there = answer.body.windows(mark.len()).any(|bytes| bytes == mark);
        let answered = Instant::now();
        looks.push(Look { due, asked, answered, is_there });
        due = next_due(due, view.every, answered);
        if let Some(begin) = begin.take() {
            begin.send(()).expect("whoever has started it waits");
        }
    }
    looks
}

/// The next look's time that is still to come: whoever looks waits for an answer before looking again, and does not
/// make up for the looks that were due meanwhile.
fn next_due(due: Instant, every: Duration, now: Instant) -> Instant {
    let missed = now.saturating_duration_since(due).as_nanos() / every.as_nanos();
    due + every * (missed as u32 + 1)
}

/// For how long after an instant something was still told that should have been over by then: up to when the last
/// that told it had been asked.
pub fn stale_for(looks: &[Look], over_at: Instant) -> Duration {
    let stale = looks.iter().filter(|look| look.is_there && look.asked > over_at);
    stale.map(|look| look.asked - over_at).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_that_were_due_before_an_answer_are_left_out() {
        let (due, every) = (Instant::now(), Duration::from_millis(5));
        let next = [1, 4, 5, 12].map(|after| next_due(due, every, due + Duration::from_millis(after)));
        assert_eq!(next, [5, 5, 10, 15].map(|after| due + Duration::from_millis(after)));
    }

    #[test]
    fn only_what_was_asked_afterwards_can_be_stale() {
        let began = Instant::now();
        let look = |asked, is_there| {
            let asked = began + Duration::from_millis(asked);
            Look { due: asked, asked, answered: asked + Duration::from_millis(5), is_there }
        };
        let over_at = began + Duration::from_millis(10);
        assert_eq!(stale_for(&[look(8, true), look(12, false)], over_at), Duration::ZERO);
        let looks = [look(12, true), look(17, true), look(30, false)];
        assert_eq!(stale_for(&looks, over_at), Duration::from_millis(7));
    }
}
