//! One thread that writes, and commits what has arrived together.

use diesel::{Connection, QueryResult, SqliteConnection, connection::SimpleConnection};
use tokio::sync::{mpsc, oneshot};

use crate::step::{Step, step};

/// As many as the service commits together, at most.
const TOGETHER_AT_MOST: usize = 256;
/// As the service opens its file.
const SETTINGS: &str = "PRAGMA busy_timeout = 2500; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                        PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA foreign_keys = ON; \
                        PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY;";

/// The statements of a change, each with how many rows it has to change.
pub(crate) type Change = Vec<(Step, usize)>;

/// A change, and who waits for it.
pub(crate) struct Caller {
    change: Change,
    done: oneshot::Sender<()>,
}

/// Hands in a change, and waits until it is on the disk.
pub(crate) async fn hand_in(hand: &mpsc::Sender<Caller>, change: Change) {
    let (done, waiting) = oneshot::channel();
    assert!(hand.send(Caller { change, done }).await.is_ok(), "the writer is gone");
    waiting.await.expect("the writer answers");
}

/// Writes until nobody hands in any more.
pub(crate) fn write(path: &str, mut waiting: mpsc::Receiver<Caller>) {
    let mut connection = SqliteConnection::establish(path).expect("the file can be opened");
    connection.batch_execute(SETTINGS).expect("the file can be set up");
    let mut together = Vec::with_capacity(TOGETHER_AT_MOST);
    while waiting.blocking_recv_many(&mut together, TOGETHER_AT_MOST) > 0 {
        let mut answers = Vec::with_capacity(together.len());
        step!("BEGIN IMMEDIATE", vec![]).run(&mut connection).expect("the file can be written to");
        for Caller { change, done } in together.drain(..) {
            make(&mut connection, change).expect("a change can be made");
            answers.push(done);
        }
        step!("COMMIT", vec![]).run(&mut connection).expect("the changes can be committed");
        for done in answers {
            done.send(()).expect("whoever handed it in waits");
        }
    }
}

/// Makes a change, or none of it where one of its conditions does not hold.
fn make(connection: &mut SqliteConnection, change: Change) -> QueryResult<()> {
    step!("SAVEPOINT change", vec![]).run(connection)?;
    for (step, wanted) in change {
        let sql = step.sql;
        let changed = step.run(connection)?;
        if changed != wanted {
            step!("ROLLBACK TO change", vec![]).run(connection)?;
            panic!("expected {wanted} rows to be changed, not {changed}: {sql}");
        }
    }
    step!("RELEASE change", vec![]).run(connection).map(|_| ())
}
