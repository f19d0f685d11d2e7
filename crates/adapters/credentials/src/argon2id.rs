//! Passwords hashed with Argon2id (RFC 9106), a bounded number at a time.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::{
    identity::{Password, PasswordHash, PasswordHasher},
    storage::StorageError,
};
use tokio::sync::Semaphore;

use crate::hashing_memory::Memory;

/// Hashes that may wait for each core, or be made; one more is refused, rather than answered after more than about a
/// second.
const WAITING_A_CORE: usize = 32;

/// Hashes passwords, off the threads that serve requests, and no more at a time than there are cores: each
/// takes 19 MiB and tens of milliseconds.
pub struct Argon2idHasher {
    /// Places for those who wait and those who are served.
    places: Arc<Semaphore>,
    /// Those who are served.
    cores: Arc<Semaphore>,
    /// Memory that was used and is free: at most as much as there are cores for.
    memory: Arc<Mutex<Vec<Memory>>>,
    /// What a password is checked against when there is no user: the answer is no, at the same cost.
    nobody: PasswordHash,
}

impl Argon2idHasher {
    /// A hasher that uses up to `cores` cores.
    ///
    /// # Errors
    ///
    /// [`StorageError::Unexpected`] when the system gives no randomness for salts.
    pub fn new(cores: usize) -> Result<Self, StorageError> {
        let cores = cores.max(1);
        Ok(Self {
            places: Arc::new(Semaphore::new(cores * WAITING_A_CORE)),
            cores: Arc::new(Semaphore::new(cores)),
            memory: Arc::default(),
            nobody: hash(&mut Memory::default(), "nobody's password")?,
        })
    }

    async fn off_the_request_threads<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, StorageError> {
        let busy = |_| StorageError::Overloaded("passwords that wait to be hashed");
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(busy)?;
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(StorageError::unexpected)?;
        let free = Arc::clone(&self.memory);
        let work = move || {
            let used_before = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut memory = used_before.unwrap_or_default();
            let done = work(&mut memory);
            free.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
            drop((place, core));
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(StorageError::unexpected)
    }
}

fn hash(memory: &mut Memory, password: &str) -> Result<PasswordHash, StorageError> {
    memory.hash(password.as_bytes()).map(PasswordHash).map_err(StorageError::unexpected)
}

#[async_trait]
impl PasswordHasher for Argon2idHasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, StorageError> {
        let password = password.clone();
        self.off_the_request_threads(move |memory| hash(memory, password.reveal())).await?
    }

    async fn verify(&self, password: &Password, hash: Option<PasswordHash>) -> Result<bool, StorageError> {
        let password = password.clone();
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let verify = move |memory: &mut Memory| memory.verify(password.reveal().as_bytes(), &hash.0);
        let matches = self.off_the_request_threads(verify).await?.map_err(StorageError::unexpected)?;
        Ok(known && matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_told_from_another() {
        let hasher = Argon2idHasher::new(1).unwrap();
        let password = Password::new("correct horse".into()).unwrap();
        let hash = hasher.hash(&password).await.unwrap();
        assert!(hasher.verify(&password, Some(hash.clone())).await.unwrap());
        let other = Password::new("correct house".into()).unwrap();
        assert!(!hasher.verify(&other, Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn the_same_password_is_never_hashed_alike() {
        let hasher = Argon2idHasher::new(1).unwrap();
        let password = Password::new("correct horse".into()).unwrap();
        assert_ne!(hasher.hash(&password).await.unwrap(), hasher.hash(&password).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_logs_in_without_a_hash() {
        let hasher = Argon2idHasher::new(1).unwrap();
        let password = Password::attempted("nobody's password".into());
        assert!(!hasher.verify(&password, None).await.unwrap());
    }

    #[tokio::test]
    async fn an_unknown_user_costs_what_a_known_one_does() {
        let hasher = Argon2idHasher::new(1).unwrap();
        let known = hasher.hash(&Password::new("correct horse".into()).unwrap()).await.unwrap();
        let costs = |hash: &PasswordHash| hash.0.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(costs(&hasher.nobody), costs(&known));
        assert_eq!(costs(&known), ["", "argon2id", "v=19", "m=19456,t=2,p=1"]);
    }

    #[tokio::test]
    async fn the_thread_that_asks_is_free_while_a_password_is_hashed() {
        let hasher = Argon2idHasher::new(1).unwrap();
        let password = Password::new("correct horse".into()).unwrap();
        let hashing = std::pin::pin!(hasher.hash(&password));
        assert!(futures_util::future::poll_immediate(hashing).await.is_none());
    }

    #[tokio::test]
    async fn no_more_are_hashed_at_a_time_than_there_are_cores() {
        let hasher = Argon2idHasher::new(2).unwrap();
        let busy = Arc::clone(&hasher.cores).try_acquire_many_owned(2).unwrap();
        let password = Password::new("correct horse".into()).unwrap();
        let mut hashing = std::pin::pin!(hasher.hash(&password));
        let cores = Arc::clone(&hasher.cores);
        assert!(futures_util::future::poll_immediate(&mut hashing).await.is_none());
        assert_eq!(hasher.places.available_permits(), 63, "expected it to wait in a place");
        assert_eq!(cores.available_permits(), 0);
        drop(busy);
        hashing.await.unwrap();
        assert_eq!((hasher.places.available_permits(), cores.available_permits()), (64, 2));
    }

    #[tokio::test]
    async fn memory_is_used_again() {
        let hasher = Argon2idHasher::new(2).unwrap();
        let password = Password::new("correct horse".into()).unwrap();
        for _ in 0..2 {
            let made = futures_util::future::join_all((0..6).map(|_| hasher.hash(&password))).await;
            assert!(made.iter().all(Result::is_ok), "{made:?}");
        }
        let kept = hasher.memory.lock().unwrap().len();
        assert!((1..=2).contains(&kept), "{kept} are kept, expected as many as there are cores at most");
    }

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_refused_at_once() {
        let hasher = Argon2idHasher::new(1).unwrap();
        let _everybody = Arc::clone(&hasher.places).try_acquire_many_owned(32).unwrap();
        let refused = hasher.hash(&Password::new("correct horse".into()).unwrap()).await;
        assert!(matches!(refused, Err(StorageError::Overloaded(_))));
    }
}
