//! Which instances are there to be called, while they are killed and started again.

use std::net::SocketAddr;

use fastrand::Rng;
use tokio::sync::watch;

/// An instance that can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Its number.
    pub instance: usize,
    /// Its address; another after each start.
    pub address: SocketAddr,
}

/// What callers know of the instances.
#[derive(Debug)]
pub struct Gates(watch::Sender<Vec<Option<SocketAddr>>>);

impl Gates {
    /// So many instances, none of which is there yet.
    #[must_use]
    pub fn new(instances: usize) -> Self {
        Self(watch::Sender::new(vec![None; instances]))
    }

    /// Tells where an instance is; `None` before it is killed.
    pub fn set(&self, instance: usize, address: Option<SocketAddr>) {
        self.0.send_modify(|gates| gates[instance] = address);
    }

    /// Whether an instance is still where it was.
    #[must_use]
    pub fn is_open(&self, gate: Gate) -> bool {
        self.0.borrow()[gate.instance] == Some(gate.address)
    }

    /// Any instance that is there; waits for one.
    pub async fn any(&self, rng: &mut Rng) -> Gate {
        let mut changes = self.0.subscribe();
        let gates = changes.wait_for(|gates| gates.iter().any(Option::is_some)).await.unwrap();
        let open: Vec<_> = gates
            .iter()
            .enumerate()
            .filter_map(|(instance, address)| Some(Gate { instance, address: (*address)? }))
            .collect();
        open[rng.usize(..open.len())]
    }
}
