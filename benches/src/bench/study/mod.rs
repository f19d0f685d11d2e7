//! Where simultaneous requests meet, on PostgreSQL: textbook optimistic and pessimistic locking beside what the service
//! does, at the level of the store, on the same storm.

mod charges;
mod holds;
mod pays;
mod service;
mod sessions;
mod told;

use encore_benches::room::Kind;

use crate::Bench;

pub(crate) async fn measure(bench: &mut Bench) {
    // On a file there is one writer, whatever one would like to lock.
    if bench.stores.contains(&Kind::Postgres) {
        holds::measure(bench).await;
        charges::measure(bench).await;
        pays::measure(bench).await;
    }
}

/// Tries each way in every round, and once more before them, which does not count. Whose turn is first goes round.
async fn in_turn<W: Copy>(ways: &[W], rounds: usize, mut try_out: impl AsyncFnMut(W, usize)) {
    for round in 0..=rounds {
        for place in 0..ways.len() {
            try_out(ways[(place + round) % ways.len()], round).await;
        }
    }
}
