//! Load that costs its process little: one thread for all connections, requests that are bytes already, answers
//! that are looked at where they have arrived.

mod closed_loop;
mod connection;
mod crowd;
mod open_loop;
mod pace;
mod requests;
mod tally;
mod watch;

pub use closed_loop::{Order, Plan, closed_loop};
pub use connection::{Answer, Connection};
pub use crowd::{Attempt, Attempts, Crowd, Told};
pub use open_loop::open_loop;
pub use pace::{Asked, Pace};
pub use requests::Requests;
pub use tally::{Expected, Tally, latencies};
pub use watch::{Look, View, stale_for, watch};

use tokio::{runtime::Builder, task::LocalSet};

/// Runs a future and what it spawns on one thread of their own.
pub async fn on_one_thread<T: Send + 'static, F: Future<Output = T>>(
    make: impl FnOnce() -> F + Send + 'static,
) -> T {
    let running = tokio::task::spawn_blocking(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        LocalSet::new().block_on(&runtime, make())
    });
    running.await.expect("the load goes on to its end")
}
