//! The one thread that writes, and commits together what has arrived together.
//!
//! A change is a closure. Those that wait when the thread is free become one transaction, each under a
//! savepoint of its own, so that one that fails takes nothing of the others with it. Nobody is answered
//! before the transaction is on the disk. A caller that goes away changes nothing: its change runs to its end.

use std::{path::Path, thread};

use diesel::{RunQueryDsl, SqliteConnection, result::Error};
use domain::{commit::Commit, storage::StorageError};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::{
    fail_points::{Place, StoredChange, reach_blocking},
    limits::{ANSWERED_WITHIN, WAITING_AT_MOST, refusal},
    line::TOGETHER_AT_MOST,
};

use super::{
    connect::OpenFile,
    errors::{storage_error, was_overtaken},
    statement::{SqlText, Statement},
};

/// Hands changes to the writing thread. The thread ends when the last handle is gone.
#[derive(Clone)]
pub(super) struct Writer {
    changes: mpsc::Sender<Box<dyn Change>>,
}

/// A change on its way through the thread, whatever it results in.
trait Change: Send {
    /// Which one it is.
    fn which(&self) -> StoredChange;
    /// Makes the change; whether it is to be kept.
    fn make(&mut self, connection: &mut SqliteConnection) -> Result<(), Error>;
    /// Tells the caller, after the transaction has ended one way or the other.
    fn answer(self: Box<Self>, committed: Result<(), StorageError>);
}

struct Pending<T, F> {
    which: StoredChange,
    change: Option<F>,
    outcome: Option<Result<T, Error>>,
    caller: oneshot::Sender<Result<T, WriteError>>,
}

/// Why a change was not made.
pub(super) enum WriteError {
    /// The change itself was refused by the database, or rolled itself back.
    Refused(Error),
    /// Nothing could be written at all.
    Storage(StorageError),
}

impl<T, F> Change for Pending<T, F>
where
    T: Send,
    F: FnOnce(&mut SqliteConnection) -> Result<T, Error> + Send,
{
    fn which(&self) -> StoredChange {
        self.which
    }

    fn make(&mut self, connection: &mut SqliteConnection) -> Result<(), Error> {
        let Some(change) = self.change.take() else { return Ok(()) };
        let outcome = under_savepoint(connection, |connection| {
            let done = change(connection)?;
            reach_blocking(self.which, Place::Inside)?;
            Ok(done)
        })?;
        self.outcome = Some(outcome);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StorageError>) {
        let answer = match (committed, self.outcome) {
            (Err(error), _) => Err(WriteError::Storage(error)),
            (Ok(()), Some(outcome)) => outcome.map_err(WriteError::Refused),
            (Ok(()), None) => Err(WriteError::Storage(StorageError::unexpected("a change was not made"))),
        };
        // A caller that has gone away does not want to know.
        drop(self.caller.send(answer));
    }
}

impl Writer {
    /// Opens the file for writing, on a thread of its own.
    pub(super) fn start(path: &Path) -> Result<Self, StorageError> {
        let file = OpenFile::open(path)?;
        let (changes, waiting) = mpsc::channel(WAITING_AT_MOST);
        thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || write_until_done(file, waiting))
            .map_err(StorageError::unavailable)?;
        Ok(Self { changes })
    }

    /// Makes a change, and waits until it is on the disk.
    pub(super) async fn change<T, F>(&self, which: StoredChange, change: F) -> Result<T, WriteError>
    where
        T: Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> Result<T, Error> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let pending = Pending { which, change: Some(change), outcome: None, caller };
        let refused = |refused| WriteError::Storage(refusal(&refused, "changes that wait for the writer"));
        self.changes.try_send(Box::new(pending)).map_err(refused)?;
        let unavailable = |cause: Box<dyn std::error::Error + Send + Sync>| {
            WriteError::Storage(StorageError::unavailable(cause))
        };
        // After that the change may be made all the same.
        let answer = timeout(ANSWERED_WITHIN, answer).await.map_err(|late| unavailable(late.into()))?;
        answer.map_err(|_| unavailable("the writer is gone".into()))?
    }

    /// Makes a change whose every error is the store's.
    pub(super) async fn write<T, F>(&self, which: StoredChange, change: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> Result<T, Error> + Send + 'static,
    {
        self.change(which, change).await.map_err(WriteError::into_storage)
    }

    /// Commits a decision: a change that rolls itself back, or was overtaken, is stale.
    pub(super) async fn commit<T, F>(&self, which: StoredChange, change: F) -> Result<Commit<T>, StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> Result<T, Error> + Send + 'static,
    {
        match self.change(which, change).await {
            Ok(done) => Ok(Commit::Committed(done)),
            Err(WriteError::Refused(Error::RollbackTransaction)) => Ok(Commit::Stale),
            Err(WriteError::Refused(error)) if was_overtaken(&error) => Ok(Commit::Stale),
            Err(error) => Err(error.into_storage()),
        }
    }
}

impl WriteError {
    pub(super) fn into_storage(self) -> StorageError {
        match self {
            Self::Refused(error) => storage_error(error),
            Self::Storage(error) => error,
        }
    }
}

fn write_until_done(mut file: OpenFile, mut waiting: mpsc::Receiver<Box<dyn Change>>) {
    let mut together = Vec::with_capacity(TOGETHER_AT_MOST);
    while waiting.blocking_recv_many(&mut together, TOGETHER_AT_MOST) > 0 {
        let committed = file.run(|connection| make_together(connection, &mut together));
        for change in together.drain(..) {
            change.answer(committed.clone());
        }
    }
}

fn make_together(connection: &mut SqliteConnection, together: &mut [Box<dyn Change>]) -> Result<(), Error> {
    let reach = |changes: &[Box<dyn Change>], place| {
        changes.iter().try_for_each(|change| reach_blocking(change.which(), place))
    };
    let mut cause = None;
    let committed = connection.immediate_transaction(|connection| {
        let made = together.iter_mut().try_for_each(|change| change.make(connection));
        made.and_then(|()| reach(together, Place::Before)).map_err(|failed| {
            cause = Some(failed);
            Error::RollbackTransaction
        })
    });
    // Where SQLite has rolled back by itself, the transaction fails with having nothing to roll back.
    committed.map_err(|failed| cause.unwrap_or(failed))?;
    reach(together, Place::After)
}

macro_rules! savepoint_statement {
    ($name:ident: $sql:literal) => {
        struct $name;

        impl SqlText for $name {
            const SQL: &'static str = $sql;
            type Columns = ();
        }
    };
}

savepoint_statement!(Begin: "SAVEPOINT change");
savepoint_statement!(RollBack: "ROLLBACK TO change");
savepoint_statement!(Release: "RELEASE change");

/// Makes a change under a savepoint, whose statements are prepared once, unlike those of Diesel's own. Fails when the
/// savepoint does: then nothing can be said of the transaction any more.
fn under_savepoint<T>(
    connection: &mut SqliteConnection,
    change: impl FnOnce(&mut SqliteConnection) -> Result<T, Error>,
) -> Result<Result<T, Error>, Error> {
    Statement::<Begin>::new(vec![]).execute(connection)?;
    let outcome = change(connection);
    if let Err(error) = outcome {
        if let Err(failed) = Statement::<RollBack>::new(vec![]).execute(connection) {
            // What has ended the whole transaction is told, rather than that nothing is left to be rolled back.
            return Err(if matches!(error, Error::RollbackTransaction) { failed } else { error });
        }
        Statement::<Release>::new(vec![]).execute(connection)?;
        return Ok(Err(error));
    }
    Statement::<Release>::new(vec![]).execute(connection)?;
    Ok(outcome)
}

/// Rolls the change back, and nothing else: what it was decided on is no longer true.
pub(super) fn stale_unless(still_true: bool) -> Result<(), Error> {
    if still_true { Ok(()) } else { Err(Error::RollbackTransaction) }
}
