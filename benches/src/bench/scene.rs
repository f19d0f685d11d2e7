//! A store with an instance on it, as it is measured: no limits to what one client may ask, little logged.

use std::net::SocketAddr;

use encore_benches::room::Room;
use encore_tests::service::Instance;

const SETTINGS: &[(&str, &str)] = &[("ENCORE_LOG", "warn"), ("ENCORE_RATE_LIMITS", "off")];

/// The connections that an instance has to its server, by default: as many clients has `pgbench`.
pub(crate) const DATABASE_CONNECTIONS: usize = 16;

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
