//! The secret that tokens are signed with, where nobody gave one.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use adapter_credentials::{TokenSecret, TokenSecretError};
use uuid::Uuid;

const FILE_NAME: &str = "token-secret";

/// The embedded store's own secret can not be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepSecretError {
    /// The file can not be read or written.
    #[error("{0} can not be used: {1}")]
    File(PathBuf, io::Error),
    /// The file holds no secret.
    #[error("{0} {1}; remove it to have a new one made")]
    Secret(PathBuf, TokenSecretError),
}

/// The secret kept in `folder`; made, and readable by its owner alone, if there is none.
pub(crate) fn keep_in(folder: &Path) -> Result<TokenSecret, KeepSecretError> {
    let path = folder.join(FILE_NAME);
    let secret = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path),
        found => found,
    };
    let secret = secret.map_err(|error| KeepSecretError::File(path.clone(), error))?;
    TokenSecret::new(secret.trim().to_owned()).map_err(|error| KeepSecretError::Secret(path, error))
}

/// The file gets its name when all of it is on the disk: a process that is killed leaves none that is cut off.
fn make(path: &Path) -> io::Result<String> {
    let unfinished = path.with_extension("unfinished");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    // Two random ids of version 4 have 244 random bits.
    let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = keep_in(folder.path()).unwrap();
        assert_eq!(keep_in(folder.path()).unwrap(), first);
        let mode = fs::metadata(folder.path().join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_a_killed_process_has_left_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME).with_extension("unfinished"), "cut o").unwrap();
        let made = keep_in(folder.path()).unwrap();
        assert_eq!(keep_in(folder.path()).unwrap(), made);
    }

    #[test]
    fn a_file_that_holds_no_secret_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), "short").unwrap();
        assert!(matches!(keep_in(folder.path()), Err(KeepSecretError::Secret(..))));
    }
}
