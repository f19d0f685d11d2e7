//! The service as the tests use it: a store and instances on it.

use std::sync::atomic::{AtomicUsize, Ordering};

pub use encore_processes::instance::{ADMIN_KEY, Instance, TOKEN_SECRET, command};

use crate::databases::Database;

/// How many instances share a PostgreSQL database.
pub const INSTANCES: usize = 3;
/// A store and the instances on it.
pub struct Service {
    instances: Vec<Instance>,
    next: AtomicUsize,
    // Dropped last: the instances use it.
    pub database: Database,
}

/// One instance on SQLite, with its scheduler inside.
pub async fn sqlite() -> Service {
    Service::start(Database::sqlite().await, 1, &[]).await
}

/// Three instances on PostgreSQL, among which requests are spread. No scheduler runs.
pub async fn postgres() -> Service {
    Service::start(Database::postgres().await, INSTANCES, &[]).await
}

impl Service {
    /// Starts instances on a store, with settings beside those that every test has.
    pub async fn start(database: Database, instances: usize, settings: &[(&str, &str)]) -> Self {
        let url = database.url();
        let starting = (0..instances).map(|_| Instance::start(&url, settings));
        let instances = futures_util::future::join_all(starting).await;
        Self { instances, next: AtomicUsize::new(0), database }
    }

    /// The same stores' service with other settings, for a test that has to say how.
    pub async fn restarted_with(self, settings: &[(&str, &str)]) -> Self {
        let count = self.instances.len();
        Self::start(self.into_database().await, count, settings).await
    }

    /// The store alone, once its instances have been killed.
    pub async fn into_database(self) -> Database {
        let Self { instances, database, .. } = self;
        for instance in instances {
            instance.kill().await;
        }
        database
    }

    /// The address of the instance whose turn it is.
    pub fn url(&self) -> &str {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        &self.instances[next % self.instances.len()].url
    }

    /// The addresses of all instances.
    pub fn urls(&self) -> Vec<&str> {
        self.instances.iter().map(|instance| instance.url.as_str()).collect()
    }

    pub fn instances(&mut self) -> &mut Vec<Instance> {
        &mut self.instances
    }
}
