//! A store with an instance on it, as it is measured: no limits to what one client may ask, little logged.

use std::{net::SocketAddr, time::Duration};

use encore_benches::room::{Kind, Room, policy};
use encore_tests::service::Instance;

const SETTINGS: &[(&str, &str)] = &[("ENCORE_LOG", "warn"), ("ENCORE_RATE_LIMITS", "off")];

/// The connections that an instance has to its server, by default: as many clients has `pgbench`.
pub(crate) const DATABASE_CONNECTIONS: usize = 16;

/// For how long turns last: longer than any run.
pub(crate) const DAY: Duration = Duration::from_hours(24);

pub(crate) struct Scene {
    // Killed before the store goes.
    pub(crate) instance: Instance,
    pub(crate) address: SocketAddr,
    pub(crate) room: Room,
}

impl Scene {
    pub(crate) async fn start(room: Room) -> Self {
        room.analyze().await;
        let (instance, address) = room.serve(SETTINGS).await;
        Self { instance, address, room }
    }
}

/// A room in which so many have their turn, and nobody waits.
pub(crate) async fn room_of_admitted(kind: Kind, users: u64) -> Room {
    let room = Room::new(kind, &policy(users as u32, DAY, DAY)).await;
    room.register(1..=users).await;
    room.admit_in_bulk(1..=users).await;
    room
}
