//! An open loop: requests are due at a fixed rate, whether or not those before are answered. A latency begins when its
//! request was due, so that one that had to wait for a free connection is told with the wait.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use futures_util::future::{join_all, try_join_all};
use tokio::sync::Semaphore;

use super::{Connection, Order, Plan, Tally, on_one_thread};

/// How often is looked what has become due: often beside the latencies that are told, seldom beside what it costs.
const LOOKS_EVERY: Duration = Duration::from_micros(250);

/// When each request is due.
#[derive(Clone, Copy, Debug)]
struct Timetable {
    began: Instant,
    a_second: f64,
}

impl Timetable {
    fn due(self, place: usize) -> Instant {
        self.began + Duration::from_secs_f64(place as f64 / self.a_second)
    }

    /// How many of so many are due.
    fn due_by(self, now: Instant, at_most: usize) -> usize {
        let passed = now.saturating_duration_since(self.began).as_secs_f64();
        ((passed * self.a_second) as usize + 1).min(at_most)
    }
}

struct Shared {
    plan: Plan,
    /// How many are asked in all.
    requests: usize,
    timetable: Timetable,
    released: Arc<Semaphore>,
    next: Cell<usize>,
    tally: RefCell<Tally>,
}

/// Asks so many a second for as long as is planned, or until every request was asked where each is asked once.
pub async fn open_loop(plan: Plan, a_second: f64) -> Tally {
    on_one_thread(move || ask(plan, a_second)).await
}

async fn ask(plan: Plan, a_second: f64) -> Tally {
    let opened = try_join_all((0..plan.connections).map(|_| Connection::open(plan.address))).await;
    let planned = (plan.lasts.as_secs_f64() * a_second) as usize;
    let requests = if plan.order == Order::Once { planned.min(plan.requests.len()) } else { planned };
    let timetable = Timetable { began: Instant::now(), a_second };
    let released = Arc::new(Semaphore::new(0));
    let releasing = release(timetable, requests, plan.connections, Arc::clone(&released));
    let tally = RefCell::new(Tally::new(plan.expected));
    let shared = Rc::new(Shared { plan, requests, timetable, released, next: Cell::new(0), tally });
    let asking = opened.expect("connections are taken").into_iter().map(|connection| {
        let shared = Rc::clone(&shared);
        tokio::task::spawn_local(async move { shared.ask_when_due(connection).await })
    });
    for ended in join_all(asking.collect::<Vec<_>>()).await {
        ended.expect("a connection asks to the end");
    }
    releasing.join().expect("all were released");
    let mut tally = shared.tally.borrow().clone();
    (tally.began, tally.elapsed) = (timetable.began, timetable.began.elapsed());
    tally
}

/// Releases what is due, on a thread of its own: timers of the runtime are too coarse. In the end every connection is
/// released once more, and finds that nothing is left.
fn release(
    timetable: Timetable,
    requests: usize,
    connections: usize,
    released: Arc<Semaphore>,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut done = 0;
        while done < requests {
            let due = timetable.due_by(Instant::now(), requests);
            released.add_permits(due - done);
            done = due;
            let next = timetable.due(done).saturating_duration_since(Instant::now());
            thread::sleep(next.max(LOOKS_EVERY));
        }
        released.add_permits(connections);
    })
}

impl Shared {
    async fn ask_when_due(&self, mut connection: Connection) {
        loop {
            self.released.acquire().await.expect("nobody closes it").forget();
            let place = self.next.replace(self.next.get() + 1);
            if place >= self.requests {
                return;
            }
            let request = self.plan.requests.get(place % self.plan.requests.len()).expect("there are some");
            let answer = connection.ask(request).await.expect("every request is answered");
            self.tally.borrow_mut().record(self.timetable.due(place).elapsed(), &answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_evenly_from_the_first_at_once() {
        let timetable = Timetable { began: Instant::now(), a_second: 1_000.0 };
        let after = |micros| timetable.began + Duration::from_micros(micros);
        assert_eq!([0, 1, 1_500].map(|place| timetable.due(place)), [0, 1_000, 1_500_000].map(after));
        let due = [0, 999, 1_001, 9_000_000].map(|micros| timetable.due_by(after(micros), 5_000));
        assert_eq!(due, [1, 1, 2, 5_000]);
    }
}
