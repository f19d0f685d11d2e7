//! The store for production: any number of instances on one PostgreSQL server.

mod catalog;
mod charge_balance;
mod clock;
mod connect;
mod errors;
mod hold_facts;
mod hold_seats;
mod idempotency;
mod lending;
mod pay_reservation;
mod payments;
mod reservations;
mod room_changes;
mod room_lock;
mod room_notices;
mod room_reading;
mod seat_inventory;
mod statement;
mod together;
mod users;
mod waiting_room;
mod wallets;

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use diesel::{dsl::sql, result::Error, sql_types::Bool};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::{
    storage::StorageError,
    time::Clock,
    waiting_room::{RoomNotices, RoomPolicy},
};

use self::{
    clock::{ASKED_AT_ONCE, ASKED_EVERY, Reading, ServerClock},
    errors::storage_error,
    lending::{Connection, Connections},
    room_notices::Listener,
    statement::{ReadClock, Statement},
    together::Lines,
};
use crate::{
    added_schedules::AddedSchedules,
    convert::{count, moment, row_error},
    fail_points::{Place, StoredChange, reach},
    limits::ANSWERED_WITHIN,
    room_batch::RoomBatch,
    room_changes::{RoomChanges, RoomOutcomes},
    room_rows::RoomRow,
    schema,
    sql_types::StoredMoment,
};

/// How long a reading of the room may take: nobody waits for it who has asked for something, and a whole one tells
/// of everybody.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// Encore on a PostgreSQL database. Cheap to clone.
#[derive(Clone)]
pub struct PostgresStore {
    pool: Connections,
    /// For readings of the waiting room alone, so that whatever waits for the others does not keep it from being
    /// read; one, since a reading goes on from where the same connection has read to.
    readings: Connections,
    clock: Arc<ServerClock>,
    room: RoomBatch,
    lines: Arc<Lines>,
    added_schedules: Arc<AddedSchedules>,
    notices: Arc<Listener>,
}

impl PostgresStore {
    /// Brings the database's tables up to date. Several may try at once. Needs a multi-threaded runtime.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the server can not be reached, or refuses a change.
    pub async fn migrate(url: &str) -> Result<(), StorageError> {
        connect::migrate(url).await
    }

    /// Connects to the server, with at most `connections` at a time, beside four for what many ask for at once, two for
    /// the waiting room, and one that listens for its changes; and goes on following its clock for as long as the store is in use.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the server can not be reached.
    pub async fn open(url: &str, connections: usize) -> Result<Self, StorageError> {
        let pool = Connections::new(url, connections, ANSWERED_WITHIN)?;
        let clock = Arc::new(ServerClock::new(ask_time(&pool).await?));
        tokio::spawn(follow_time(pool.clone(), Arc::downgrade(&clock)));
        let (readings, changes) =
            (Connections::by_index(url, 1, READ_WITHIN)?, Connections::by_index(url, 1, ANSWERED_WITHIN)?);
        let room = RoomBatch::start(move |together| make_room_changes(changes.clone(), together));
        let lines = Arc::new(Lines::open(url)?);
        let notices = Arc::new(Listener::new(url.to_owned()));
        Ok(Self { pool, readings, clock, room, lines, added_schedules: Arc::default(), notices })
    }

    /// Tells of changes of the waiting room.
    #[must_use]
    pub fn room_notices(&self) -> Arc<dyn RoomNotices> {
        self.notices.clone()
    }

    /// The server's clock.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// Gives the waiting room its first policy; one that it has already stays.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not answer.
    pub async fn set_first_policy(&self, policy: &RoomPolicy) -> Result<(), StorageError> {
        let row = RoomRow::first(policy)?;
        let insert = diesel::insert_into(schema::waiting_room::table).values(row).on_conflict_do_nothing();
        let mut connection = self.connection().await?;
        let inserted = committing(StoredChange::SetFirstPolicy, insert.execute(&mut connection)).await;
        inserted.map(|_| ()).map_err(storage_error)
    }

    /// Whether the server answers and its tables are up to date.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when it does not answer.
    pub async fn is_migrated(&self) -> Result<bool, StorageError> {
        use diesel::{ExpressionMethods, QueryDsl};
        use schema::__diesel_schema_migrations::dsl::{__diesel_schema_migrations, version};

        let mut connection = self.connection().await?;
        let ever = diesel::select(sql::<Bool>("to_regclass('__diesel_schema_migrations') IS NOT NULL"));
        if !ever.get_result(&mut connection).await.map_err(storage_error)? {
            return Ok(false);
        }
        let newest = connect::newest_migration()?;
        let found =
            diesel::select(diesel::dsl::exists(__diesel_schema_migrations.filter(version.eq(newest))));
        found.get_result(&mut connection).await.map_err(storage_error)
    }

    async fn connection(&self) -> Result<Connection, StorageError> {
        self.pool.lend().await
    }
}

/// Makes a change that is committed with the one statement that it is. `statement` has to wait for the whole answer.
async fn committing<T>(
    change: StoredChange,
    statement: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    reach(change, Place::Before).await?;
    let done = statement.await?;
    reach(change, Place::After).await?;
    Ok(done)
}

/// Makes a change that is committed with the one statement that it is, and answers with one row or none.
///
/// All of the answer is waited for: the server commits such a statement when it has answered, so that its first
/// row alone says nothing yet.
async fn committing_row<T>(
    change: StoredChange,
    rows: impl Future<Output = Result<Vec<T>, Error>>,
) -> Result<Option<T>, Error> {
    committing(change, rows).await.map(|rows| rows.into_iter().next())
}

/// Runs a transaction to its end in a task of its own: a caller that goes away in the middle of it leaves no
/// lock behind.
async fn to_its_end<T: Send + 'static>(
    transaction: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, StorageError> {
    tokio::spawn(transaction).await.map_err(StorageError::unexpected)?.map_err(storage_error)
}

async fn make_room_changes(pool: Connections, changes: RoomChanges) -> Result<RoomOutcomes, StorageError> {
    let mut connection = pool.lend().await?;
    to_its_end(async move {
        let change = async |connection: &mut Connection| {
            let outcomes = room_changes::make(connection, changes).await?;
            reach(StoredChange::ChangeRoom, Place::Before).await?;
            Ok::<_, Error>(outcomes)
        };
        let outcomes = connection.transaction(change).await?;
        reach(StoredChange::ChangeRoom, Place::After).await?;
        Ok(outcomes)
    })
    .await
}

async fn ask_time(pool: &Connections) -> Result<Reading, StorageError> {
    let mut connection = pool.lend().await?;
    // Prepares the question: what it takes to be prepared is no part of the way to the server, and neither is the
    // wait for a connection.
    read_time(&mut connection).await?;
    let mut best = read_time(&mut connection).await?;
    for _ in 1..ASKED_AT_ONCE {
        best = best.or_better(read_time(&mut connection).await?);
    }
    Ok(best)
}

async fn read_time(connection: &mut Connection) -> Result<Reading, StorageError> {
    let asked = Instant::now();
    let question = Statement::<ReadClock>::new(Vec::new());
    let server = question.get_result::<StoredMoment>(connection).await.map_err(storage_error)?;
    Ok(Reading::new(server.0, asked))
}

/// Goes on asking for the time until nobody uses the clock. A question that is not answered is asked again
/// later: the clock runs on meanwhile.
async fn follow_time(pool: Connections, clock: std::sync::Weak<ServerClock>) {
    let mut due = tokio::time::interval(ASKED_EVERY);
    due.tick().await;
    loop {
        due.tick().await;
        let answer = ask_time(&pool).await;
        let Some(clock) = clock.upgrade() else { return };
        match answer {
            Ok(reading) => clock.correct(reading),
            Err(error) => {
                tracing::warn!(%error, "the server did not tell the time");
            }
        }
    }
}
