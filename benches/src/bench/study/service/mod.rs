//! What the service does, without HTTP and without the look that losers share: load, decide with the domain, commit if it
//! is still true.

mod charge;
mod hold;
mod pay;

pub(super) use charge::charge;
pub(super) use hold::hold;
pub(super) use pay::pay;

use adapter_persistence::{Ports, Store};
use domain::storage::StorageError;
use encore_benches::room::Room;

use crate::scene::DATABASE_CONNECTIONS;

/// Why something was not done: for a reason of the business, or for another.
enum NotDone<R> {
    Refused(R),
    Failed(StorageError),
}

impl<R> From<StorageError> for NotDone<R> {
    fn from(error: StorageError) -> Self {
        Self::Failed(error)
    }
}

impl<R> NotDone<R> {
    /// The reason of the business; a store that fails ends the study.
    fn refusal(self) -> R {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Failed(error) => panic!("expected the store to answer: {error}"),
        }
    }
}

/// The ports of a room's store, with as many connections as an instance has by default.
pub(super) async fn ports(room: &Room) -> Ports {
    let store = Store::open(&room.database.address(), DATABASE_CONNECTIONS).await;
    store.expect("the store can be opened").ports()
}
