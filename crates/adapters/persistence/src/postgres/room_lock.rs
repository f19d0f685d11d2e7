//! The room's lock: whoever numbers, admits or changes the policy has the room's one row locked.

use diesel::{prelude::*, result::Error};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    time::Timestamp,
    waiting_room::{Occupancy, RollKept, RoomPolicy},
};
use futures_util::future::try_join;

use super::{
    count, moment, row_error,
    statement::{ReadClock, SqlText, Statement},
};
use crate::{
    queries,
    room_rows::{RoomColumns, RoomRow},
    sql_types::{Moment, StoredMoment},
};

/// The room, while nobody else can change it.
pub(super) struct LockedRoom {
    /// The policy in force.
    pub(super) policy: RoomPolicy,
    /// What is known of the roll calls.
    pub(super) roll: RollKept,
    /// The last number handed out.
    pub(super) last_number: i64,
    /// The server's time, read after the lock was had: it follows the order in which the lock went round.
    pub(super) now: Timestamp,
}

struct LockRoom;

/// The clock is read when the row is there, locked.
impl SqlText for LockRoom {
    const SQL: &'static str = "
        WITH room AS MATERIALIZED (SELECT * FROM waiting_room FOR NO KEY UPDATE)
        SELECT id, last_number, strategy, max_active, admit_count, interval_seconds, session_seconds, claim_seconds,
               state, roll_called_at, roll_up_to, clock_timestamp()
        FROM room";
    type Columns = (RoomColumns, Moment);
}

/// Waits for the room's lock, and keeps it until the transaction ends.
pub(super) async fn lock_room(connection: &AsyncPgConnection) -> Result<LockedRoom, Error> {
    let locked = Statement::<LockRoom>::new(Vec::new());
    let (row, now): (RoomRow, StoredMoment) = locked.get_result(&mut &*connection).await?;
    Ok(LockedRoom {
        policy: row.policy().map_err(row_error)?,
        roll: row.roll().map_err(row_error)?,
        last_number: row.last_number,
        now: now.0,
    })
}

/// The server's time, this very moment.
pub(super) async fn read_clock(connection: &AsyncPgConnection) -> Result<Timestamp, Error> {
    let question = Statement::<ReadClock>::new(Vec::new());
    question.get_result::<StoredMoment>(&mut &*connection).await.map(|moment| moment.0)
}

impl LockedRoom {
    /// Counts what the policy bounds, after the turns that ran out have been ended.
    pub(super) async fn occupancy(&self, connection: &AsyncPgConnection) -> Result<Occupancy, Error> {
        let active = queries::turns_live_at(moment(self.now)).count().get_result::<i64>(&mut &*connection);
        let admitted = async {
            if !self.policy.counts_admissions() {
                return Ok(0);
            }
            let since = moment(self.now - self.policy.interval);
            queries::admitted_after(since).count().get_result::<i64>(&mut &*connection).await
        };
        let (active, admitted) = try_join(active, admitted).await?;
        Ok(Occupancy { active: count(active)?, admitted_within_interval: count(admitted)? })
    }
}
