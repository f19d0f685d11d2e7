//! What a run has cost in computing.

use std::time::Duration;

use encore_benches::{
    process::{computed, computed_here},
    room::Room,
};

/// Processes, and what they had computed when a run began.
pub(crate) struct Meter {
    service: u32,
    servers: Vec<u32>,
    before: [Duration; 3],
}

/// Microseconds of computing for each request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    /// By the instance, or by the limit in its place.
    pub(crate) service: f64,
    /// By the processes of the store's server that work for it.
    pub(crate) server: f64,
    /// By the client.
    pub(crate) client: f64,
}

impl Meter {
    /// Begins to measure a process, and the server of a room's store where there is one.
    pub(crate) async fn start(service: u32, room: Option<&Room>) -> Self {
        let servers = match room {
            Some(room) => room.servers().await,
            None => Vec::new(),
        };
        let before = read(service, &servers);
        Self { service, servers, before }
    }

    /// What each of so many requests has cost since.
    pub(crate) fn each(&self, requests: u64) -> Spent {
        let after = read(self.service, &self.servers);
        let each = |place: usize| {
            after[place].saturating_sub(self.before[place]).as_secs_f64() * 1e6 / requests.max(1) as f64
        };
        Spent { service: each(0), server: each(1), client: each(2) }
    }
}

fn read(service: u32, servers: &[u32]) -> [Duration; 3] {
    [computed(service), servers.iter().map(|id| computed(*id)).sum(), computed_here()]
}
