//! Which store, and its ports.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use domain::{
    catalog::Catalog,
    idempotency::IdempotencyRecords,
    identity::Users,
    payment::Payments,
    reservation::{Reservations, SeatInventory},
    storage::StorageError,
    time::Clock,
    waiting_room::{RoomNotices, RoomPolicy, WaitingRoom},
    wallet::Wallets,
};

use crate::{PostgresStore, SqliteStore, SystemClock};

/// Where a store is: `sqlite://PATH` or `postgres://...`.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreAddress {
    /// A file.
    Sqlite(PathBuf),
    /// A server; the address may hold a password.
    Postgres(String),
}

/// A text names no store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE")]
pub struct StoreAddressError;

impl FromStr for StoreAddress {
    type Err = StoreAddressError;

    fn from_str(text: &str) -> Result<Self, StoreAddressError> {
        match text.split_once("://") {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
                Ok(Self::Postgres(text.to_owned()))
            }
            _ => Err(StoreAddressError),
        }
    }
}

/// A store that is open.
#[derive(Clone)]
pub enum Store {
    /// The embedded one.
    Sqlite(SqliteStore),
    /// The one for production.
    Postgres(PostgresStore),
}

/// The ports of a store.
#[derive(Clone)]
#[expect(missing_docs, reason = "each is named by its port")]
pub struct Ports {
    pub clock: Arc<dyn Clock>,
    pub users: Arc<dyn Users>,
    pub room: Arc<dyn WaitingRoom>,
    pub room_notices: Arc<dyn RoomNotices>,
    pub catalog: Arc<dyn Catalog>,
    pub inventory: Arc<dyn SeatInventory>,
    pub reservations: Arc<dyn Reservations>,
    pub wallets: Arc<dyn Wallets>,
    pub payments: Arc<dyn Payments>,
    pub idempotency: Arc<dyn IdempotencyRecords>,
}

impl Ports {
    fn of<S>(store: &S, clock: Arc<dyn Clock>, room_notices: Arc<dyn RoomNotices>) -> Self
    where
        S: Users
            + WaitingRoom
            + Catalog
            + SeatInventory
            + Reservations
            + Wallets
            + Payments
            + IdempotencyRecords,
        S: Clone + 'static,
    {
        let store = Arc::new(store.clone());
        Self {
            clock,
            users: store.clone(),
            room: store.clone(),
            room_notices,
            catalog: store.clone(),
            inventory: store.clone(),
            reservations: store.clone(),
            wallets: store.clone(),
            payments: store.clone(),
            idempotency: store,
        }
    }
}

impl Store {
    /// Brings a store's tables up to date. Needs a multi-threaded runtime.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store can not be reached, or refuses a change.
    pub async fn migrate(address: &StoreAddress) -> Result<(), StorageError> {
        match address {
            StoreAddress::Sqlite(path) => SqliteStore::migrate(path),
            StoreAddress::Postgres(url) => PostgresStore::migrate(url).await,
        }
    }

    /// Opens a store; a server is asked for at most `connections` at a time.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store can not be reached.
    pub async fn open(address: &StoreAddress, connections: usize) -> Result<Self, StorageError> {
        match address {
            StoreAddress::Sqlite(path) => SqliteStore::open(path, Arc::new(SystemClock)).map(Self::Sqlite),
            StoreAddress::Postgres(url) => PostgresStore::open(url, connections).await.map(Self::Postgres),
        }
    }

    /// The store's ports.
    #[must_use]
    pub fn ports(&self) -> Ports {
        match self {
            Self::Sqlite(store) => Ports::of(store, store.clock(), store.room_notices()),
            Self::Postgres(store) => Ports::of(store, store.clock(), store.room_notices()),
        }
    }

    /// Gives the waiting room its first policy; one that it has already stays.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not answer.
    pub async fn set_first_policy(&self, policy: &RoomPolicy) -> Result<(), StorageError> {
        match self {
            Self::Sqlite(store) => store.set_first_policy(policy).await,
            Self::Postgres(store) => store.set_first_policy(policy).await,
        }
    }

    /// Whether the store answers and its tables are up to date.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when it does not answer.
    pub async fn is_migrated(&self) -> Result<bool, StorageError> {
        match self {
            Self::Sqlite(store) => store.is_migrated().await,
            Self::Postgres(store) => store.is_migrated().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_store() {
        assert!(
            matches!("sqlite://./data/encore.db".parse(), Ok(StoreAddress::Sqlite(path)) if path.ends_with("encore.db"))
        );
        assert!(matches!("postgres://localhost/encore".parse(), Ok(StoreAddress::Postgres(_))));
        for text in ["", "encore.db", "sqlite://", "mysql://localhost/encore"] {
            assert!(text.parse::<StoreAddress>().is_err(), "{text:?}");
        }
    }
}
