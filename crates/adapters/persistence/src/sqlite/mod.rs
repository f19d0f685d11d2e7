//! The embedded store: one file, one writing thread, a few that read.

mod catalog;
mod connect;
mod errors;
mod hold_seats;
mod idempotency;
mod lines;
mod payments;
mod readers;
mod reservations;
mod room_changes;
mod room_reading;
mod seat_inventory;
mod statement;
mod users;
mod waiting_room;
mod wallets;
mod writer;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use diesel::prelude::*;
use domain::{
    storage::StorageError,
    time::{Clock, Timestamp},
    waiting_room::{RoomNotices, RoomPolicy},
};
use tokio::sync::Notify;

use self::{lines::Lines, readers::Readers, writer::Writer};
use crate::{
    added_schedules::AddedSchedules,
    convert::{count, moment, row_error},
    fail_points::StoredChange,
    room_batch::RoomBatch,
    room_changes::{RoomChanges, RoomOutcomes},
    room_rows::RoomRow,
    schema,
};

/// How many threads read what no crowd asks for.
const READERS: usize = 2;

/// Encore on one SQLite file. Cheap to clone.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    /// What the view of the room is brought up to date with must not wait behind what everybody else asks for.
    room_reader: Readers,
    clock: Arc<dyn Clock>,
    room: RoomBatch,
    lines: Arc<Lines>,
    added_schedules: Arc<AddedSchedules>,
    notices: Arc<Notices>,
}

impl SqliteStore {
    /// Brings the file's tables up to date, and makes the file if there is none.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the file can not be opened or changed.
    pub fn migrate(path: &Path) -> Result<(), StorageError> {
        connect::migrate(path)
    }

    /// Opens the file. `clock` is the store's own time, too: what runs out is asked of it when it is written.
    /// Needs a runtime.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the file can not be opened.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, StorageError> {
        let (writer, notices) = (Writer::start(path)?, Arc::new(Notices::default()));
        let (readers, room_reader) = (Readers::start(path, READERS)?, Readers::start(path, 1)?);
        let room = RoomBatch::start({
            let (writer, clock, notices) = (writer.clone(), Arc::clone(&clock), Arc::clone(&notices));
            move |changes| {
                make_room_changes(writer.clone(), Arc::clone(&clock), Arc::clone(&notices), changes)
            }
        });
        let lines = Arc::new(Lines::open(path)?);
        Ok(Self {
            writer,
            readers,
            room_reader,
            clock,
            room,
            lines,
            added_schedules: Arc::default(),
            notices,
        })
    }

    /// Tells of changes of the waiting room.
    #[must_use]
    pub fn room_notices(&self) -> Arc<dyn RoomNotices> {
        self.notices.clone()
    }

    /// The clock the store was opened with.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Gives the waiting room its first policy; one that it has already stays.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not answer.
    pub async fn set_first_policy(&self, policy: &RoomPolicy) -> Result<(), StorageError> {
        let row = RoomRow::first(policy)?;
        let insert = move |connection: &mut SqliteConnection| {
            diesel::insert_or_ignore_into(schema::waiting_room::table).values(row).execute(connection)
        };
        self.writer.write(StoredChange::SetFirstPolicy, insert).await.map(|_| ())
    }

    /// Whether the file can be read and written and its tables are up to date.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when it can not be read or written.
    pub async fn is_migrated(&self) -> Result<bool, StorageError> {
        self.writer.write(StoredChange::Probe, |_| Ok(())).await?;
        self.readers.read(|connection| Ok(connect::is_migrated(connection))).await?
    }

    /// The present instant, taken while writing.
    fn writing_clock(&self) -> impl Fn() -> Timestamp + Send + use<> {
        let clock = Arc::clone(&self.clock);
        move || clock.now()
    }
}

async fn make_room_changes(
    writer: Writer,
    clock: Arc<dyn Clock>,
    notices: Arc<Notices>,
    changes: RoomChanges,
) -> Result<RoomOutcomes, StorageError> {
    let outcomes = writer
        .write(StoredChange::ChangeRoom, move |connection| {
            room_changes::make(connection, &changes, moment(clock.now()))
        })
        .await;
    notices.changed.notify_one();
    outcomes
}

/// The one instance tells itself.
#[derive(Default)]
struct Notices {
    changed: Notify,
}

#[async_trait]
impl RoomNotices for Notices {
    async fn next(&self) {
        self.changed.notified().await;
    }
}
