//! What the executables can be told to do.

use std::{
    fs::{self, File},
    io,
    path::Path,
    sync::Arc,
};

use adapter_credentials::TokenSecret;
use adapter_live::LiveRoom;
use adapter_persistence::{Ports, Store, StoreAddress};
use domain::{storage::StorageError, waiting_room::RoomMemory};

use crate::{
    demo::{self, DemoError},
    logging,
    settings::{Settings, SettingsError},
    sqlite_lock::{self, SqliteLockError},
    token_secret::{self, KeepSecretError},
    use_cases,
};

pub use crate::serve::{ServeOptions, run_scheduler, serve};

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A setting can not be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// On PostgreSQL several instances check each other's tokens, so the secret has to be given.
    #[error(
        "ENCORE_TOKEN_SECRET must be set to at least 32 bytes when DATABASE_URL names a PostgreSQL server"
    )]
    NoTokenSecret,
    /// The embedded store's own secret can not be kept.
    #[error(transparent)]
    KeepSecret(#[from] KeepSecretError),
    /// The store can not be used.
    #[error("{0}: {cause}", cause = cause(.0))]
    Storage(#[from] StorageError),
    /// The store's tables are not those of this version.
    #[error("the database is not migrated: run `encore migrate`, or `encore serve --migrate`")]
    NotMigrated,
    /// Another process serves the file.
    #[error(transparent)]
    SqliteLock(#[from] SqliteLockError),
    /// The demo data could not be made.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// The address can not be listened on, or the data folder not be made.
    #[error("{0}: {1}")]
    Io(String, #[source] io::Error),
}

fn cause(error: &StorageError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

/// Reads the settings and begins to log.
///
/// # Errors
///
/// [`CommandError::Settings`], which names the setting that is wrong.
pub fn start() -> Result<Settings, CommandError> {
    let settings = Settings::read()?;
    logging::start(&settings.log)?;
    Ok(settings)
}

/// Brings the store's tables up to date.
///
/// # Errors
///
/// [`CommandError::Storage`] when the store can not be reached or refuses a change;
/// [`CommandError::SqliteLock`] when another process serves the file.
pub async fn migrate(settings: &Settings) -> Result<(), CommandError> {
    let _alone = alone(&settings.store)?;
    Ok(Store::migrate(&settings.store).await?)
}

/// Keeps other processes from an embedded store's file, and makes its folder, for as long as the answer lives.
pub(crate) fn alone(store: &StoreAddress) -> Result<Option<File>, CommandError> {
    let StoreAddress::Sqlite(path) = store else { return Ok(None) };
    make_folder(folder_of(path))?;
    Ok(Some(sqlite_lock::lock(path)?))
}

/// Fills an empty store with demo concerts and users; tells whether it was empty.
///
/// # Errors
///
/// [`CommandError`] when the store can not be used.
pub async fn seed_demo(settings: &Settings) -> Result<bool, CommandError> {
    let _alone = alone(&settings.store)?;
    let store = open(settings).await?;
    let ports = store.ports();
    let memory = remember_room(settings, &ports).await?;
    let use_cases = use_cases::for_http(settings, &token_secret(settings)?, &ports, &memory)?;
    Ok(demo::seed(&use_cases, ports.clock.as_ref()).await?)
}

/// Opens a store whose tables are up to date, with the waiting room in it.
pub(crate) async fn open(settings: &Settings) -> Result<Store, CommandError> {
    let store = Store::open(&settings.store, settings.database_connections).await?;
    if !store.is_migrated().await? {
        return Err(CommandError::NotMigrated);
    }
    store.set_first_policy(&settings.room).await?;
    Ok(store)
}

/// Keeps the waiting room in memory from now on.
pub(crate) async fn remember_room(
    settings: &Settings,
    ports: &Ports,
) -> Result<Arc<dyn RoomMemory>, StorageError> {
    let Ports { room, room_notices, clock, .. } = ports.clone();
    Ok(LiveRoom::start(room, room_notices, clock, settings.rate_limits).await?)
}

/// The secret that signs tokens: the one that was given, or the embedded store's own.
pub(crate) fn token_secret(settings: &Settings) -> Result<TokenSecret, CommandError> {
    match (&settings.token_secret, &settings.store) {
        (Some(secret), _) => Ok(secret.clone()),
        (None, StoreAddress::Sqlite(path)) => Ok(token_secret::keep_in(folder_of(path))?),
        (None, StoreAddress::Postgres(_)) => Err(CommandError::NoTokenSecret),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn make_folder(folder: &Path) -> Result<(), CommandError> {
    let failed = |error| CommandError::Io(format!("{} can not be made", folder.display()), error);
    let mut builder = fs::DirBuilder::new();
    // What is in it is nobody else's on this machine: addresses, and hashes of passwords.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder).map_err(failed)
}
