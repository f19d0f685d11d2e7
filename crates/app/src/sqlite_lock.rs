//! One instance a file: the embedded store's promises rest on one thread that writes.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// Another process serves the file, or the lock beside it can not be made.
#[derive(Debug, thiserror::Error)]
pub enum SqliteLockError {
    /// Another process serves the file.
    #[error("{0} is served by another process already; SQLite is for one instance, PostgreSQL for several")]
    Taken(PathBuf),
    /// The lock file can not be made.
    #[error("{0} can not be locked: {1}")]
    Failed(PathBuf, io::Error),
}

/// Keeps others from serving the file, for as long as the answer is kept and the process lives.
pub(crate) fn lock(path: &Path) -> Result<File, SqliteLockError> {
    let mut name = OsString::from(path);
    name.push(".lock");
    let failed = |error| SqliteLockError::Failed(path.to_owned(), error);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SqliteLockError::Taken(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_served_once_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("encore.db");
        let first = lock(&path).unwrap();
        assert!(matches!(lock(&path), Err(SqliteLockError::Taken(_))));
        drop(first);
        assert!(lock(&path).is_ok());
    }
}
