//! A closed loop: every connection asks the next as soon as it is answered. It tells what can be served at most.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::{join_all, try_join_all};

use super::{Connection, Expected, Requests, Tally, on_one_thread};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Each request once: it ends when all were asked.
    Once,
    /// From the first again after the last.
    Over,
}

pub struct Plan {
    pub address: SocketAddr,
    pub connections: usize,
    pub requests: Arc<Requests>,
    pub order: Order,
    /// It ends after that, whatever is left.
    pub lasts: Duration,
    pub expected: &'static [Expected],
}

/// What the connections share.
struct Shared {
    plan: Plan,
    next: Cell<usize>,
    tally: RefCell<Tally>,
    began: Instant,
}

/// Asks as planned; connections are open before the clock runs.
pub async fn closed_loop(plan: Plan) -> Tally {
    on_one_thread(move || ask(plan)).await
}

async fn ask(plan: Plan) -> Tally {
    let opened = try_join_all((0..plan.connections).map(|_| Connection::open(plan.address))).await;
    let tally = RefCell::new(Tally::new(plan.expected));
    let shared = Rc::new(Shared { plan, next: Cell::new(0), tally, began: Instant::now() });
    let asking = opened.expect("connections are taken").into_iter().map(|connection| {
        let shared = Rc::clone(&shared);
        tokio::task::spawn_local(async move { shared.ask_over(connection).await })
    });
    for ended in join_all(asking.collect::<Vec<_>>()).await {
        ended.expect("a connection asks to the end");
    }
    let mut tally = shared.tally.borrow().clone();
    (tally.began, tally.elapsed) = (shared.began, shared.began.elapsed());
    tally
}

impl Shared {
    async fn ask_over(&self, mut connection: Connection) {
        let mut asked = Instant::now();
        while asked.duration_since(self.began) < self.plan.lasts {
            let Some(request) = self.next() else { return };
            let answer = connection.ask(request).await.expect("every request is answered");
            let answered = Instant::now();
            self.tally.borrow_mut().record(answered - asked, &answer);
            asked = answered;
        }
    }

    fn next(&self) -> Option<&[u8]> {
        let place = self.next.get();
        self.next.set(place + 1);
        match self.plan.order {
            Order::Once => self.plan.requests.get(place),
            Order::Over => self.plan.requests.get(place % self.plan.requests.len()),
        }
    }
}
