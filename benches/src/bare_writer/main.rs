//! `bench-bare-writer CHANGE CALLERS FIRST COUNT USERS`: what SQLite alone can write. One thread makes the changes and
//! commits what has arrived together; each caller hands in the next as soon as it is answered. Prints its rate.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "a limit that can not be measured says why and ends"
)]

mod changes;
mod step;
mod writer;

use std::{
    cell::Cell,
    env,
    rc::Rc,
    time::{Duration, Instant},
};

use changes::{Number, changes};
use tokio::{sync::mpsc, task::LocalSet};
use writer::{Caller, hand_in, write};

/// That of the service.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// It ends after that, whatever is left to do.
const LASTS_AT_MOST: Duration = Duration::from_mins(1);
/// Changes that may wait: more than there are callers.
const WAITING_AT_MOST: usize = 1_024;

fn number(place: usize) -> u64 {
    let argument = env::args().nth(place).expect("CHANGE CALLERS FIRST COUNT USERS");
    argument.parse().expect("a number")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let change = changes(&env::args().nth(1).expect("a change"));
    let [callers, first, count, users] = [2, 3, 4, 5].map(number);
    let url = env::var("DATABASE_URL").expect("a file");
    let path = url.strip_prefix("sqlite://").expect("a file").to_owned();
    let (hand, waiting) = mpsc::channel::<Caller>(WAITING_AT_MOST);
    let writer = std::thread::spawn(move || write(&path, waiting));
    let (next, began) = (Rc::new(Cell::new(0)), Instant::now());
    let calling = LocalSet::new();
    for _ in 0..callers {
        let (hand, next) = (hand.clone(), Rc::clone(&next));
        calling.spawn_local(async move {
            while next.get() < count && began.elapsed() < LASTS_AT_MOST {
                let number = Number { number: first + next.replace(next.get() + 1), users };
                hand_in(&hand, change(number)).await;
            }
        });
    }
    drop(hand);
    calling.await;
    let a_second = next.get() as f64 / began.elapsed().as_secs_f64();
    writer.join().expect("the writer goes on to its end");
    println!("tps = {a_second} of {} changes", next.get());
}
