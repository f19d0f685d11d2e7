//! The catalogue on PostgreSQL.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use diesel::{prelude::*, result::Error};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::{
    catalog::{Catalog, Concert, Occupancy, Schedule, ScheduleAvailability, Seat, SeatNumber},
    ids::{ConcertId, ScheduleId},
    page::{Page, PageRequest},
    storage::StorageError,
    time::Timestamp,
};
use futures_util::future::{FutureExt, try_join};

use super::{PostgresStore, committing, errors::storage_error, lending::Connection, moment, to_its_end};
use crate::{
    added_schedules::{AddedSchedule, FoundSchedule},
    fail_points::{Place, StoredChange, reach},
    pages::{concert_page, with_free_seats},
    queries::{self, TimePlace},
    questions::TakenSeats,
    rows::{ConcertRow, OccupancyRow, ScheduleRow, SeatRow, occupancies},
    schema::{concerts, schedules, seats},
    sql_types::StoredId,
};

#[async_trait]
impl Catalog for PostgresStore {
    async fn concerts(&self, page: PageRequest) -> Result<Page<Concert>, StorageError> {
        let rows = queries::concerts_after(TimePlace::after(page), page.limit.and_one_more())
            .select(ConcertRow::as_select())
            .load(&mut self.connection().await?)
            .await;
        concert_page(rows.map_err(storage_error)?, page)
    }

    async fn concert(&self, id: ConcertId) -> Result<Option<Concert>, StorageError> {
        let row = concerts::table
            .find(StoredId(id.0))
            .select(ConcertRow::as_select())
            .first(&mut self.connection().await?)
            .await
            .optional();
        row.map_err(storage_error)?.map(Concert::try_from).transpose()
    }

    async fn schedules(
        &self,
        concert: ConcertId,
        now: Timestamp,
    ) -> Result<Vec<ScheduleAvailability>, StorageError> {
        let concert = StoredId(concert.0);
        let connection = self.connection().await?;
        let rows = queries::schedules_of(concert).select(ScheduleRow::as_select()).load(&mut &*connection);
        let free =
            queries::free_seats_of_schedules(concert, moment(now)).load::<(StoredId, i64)>(&mut &*connection);
        let (rows, free) = try_join(rows, free).await.map_err(storage_error)?;
        with_free_seats(rows, &free.into_iter().collect::<HashMap<_, _>>())
    }

    async fn seats(&self, schedule: ScheduleId) -> Result<Option<(Schedule, Vec<Seat>)>, StorageError> {
        if let Some(added) = self.added_schedules.get(schedule) {
            let taken = self.lines.seats_to_list.ask(schedule).await??;
            return Ok(Some(added.while_taken(taken)));
        }
        let found = Box::pin(find_schedule(self, schedule)).await?;
        Ok(found.map(|found| {
            self.added_schedules.remember(&found);
            (found.schedule, found.seats)
        }))
    }

    async fn occupancies(
        &self,
        schedules: &[ScheduleId],
    ) -> Result<HashMap<ScheduleId, Vec<(SeatNumber, Occupancy)>>, StorageError> {
        let ids = schedules.iter().map(|id| StoredId(id.0)).collect();
        let rows = queries::seats_of_schedules(ids)
            .select(OccupancyRow::as_select())
            .load(&mut self.connection().await?)
            .await;
        occupancies(&rows.map_err(storage_error)?)
    }

    async fn add_concert(&self, concert: &Concert) -> Result<(), StorageError> {
        let insert = diesel::insert_into(concerts::table).values(ConcertRow::from(concert));
        let mut connection = self.connection().await?;
        let added = committing(StoredChange::AddConcert, insert.execute(&mut connection)).await;
        added.map(|_| ()).map_err(storage_error)
    }

    async fn add_schedule(&self, schedule: &Schedule, seats: &[Seat]) -> Result<(), StorageError> {
        let row = ScheduleRow::from(schedule);
        let seat_rows: Vec<_> = seats.iter().map(SeatRow::from).collect();
        let mut connection = self.connection().await?;
        to_its_end(async move {
            let add = async |connection: &mut Connection| {
                diesel::insert_into(schedules::table).values(row).execute(connection).await?;
                reach(StoredChange::AddSchedule, Place::Inside).await?;
                diesel::insert_into(seats::table).values(seat_rows).execute(connection).await?;
                reach(StoredChange::AddSchedule, Place::Before).await
            };
            connection.transaction(add).await?;
            reach(StoredChange::AddSchedule, Place::After).await
        })
        .await
    }
}

impl PostgresStore {
    /// A schedule as it was added.
    pub(super) async fn added_schedule(
        &self,
        id: ScheduleId,
    ) -> Result<Option<Arc<AddedSchedule>>, StorageError> {
        self.added_schedules.get_or_find(id, || Box::pin(find_schedule(self, id))).await
    }
}

async fn find_schedule(
    store: &PostgresStore,
    schedule: ScheduleId,
) -> Result<Option<FoundSchedule>, StorageError> {
    let id = StoredId(schedule.0);
    let connection = store.connection().await?;
    // A schedule never changes, and its seats are added with it: two questions at once, of which the second may
    // see more than the first, find nothing or all of it.
    let found = queries::schedule_with_concert(id).select((ScheduleRow::as_select(), concerts::name));
    let found = found.get_result::<(_, String)>(&mut &*connection).map(QueryResult::optional);
    let seats = queries::seats_of(id).select(SeatRow::as_select()).load(&mut &*connection);
    let (found, seats) = try_join(found, seats).await.map_err(storage_error)?;
    found.map(|(row, concert_name)| FoundSchedule::new(row, &concert_name, seats)).transpose()
}

/// The seats of some schedules that are not free, schedule by schedule.
pub(super) async fn taken_seats(
    mut connection: Connection,
    asked: Vec<ScheduleId>,
) -> Result<Vec<Result<TakenSeats, StorageError>>, Error> {
    let ids = asked.iter().map(|id| StoredId(id.0)).collect();
    let taken = queries::taken_seats_of_schedules(ids).select(OccupancyRow::as_select());
    let mut schedules: HashMap<_, Vec<OccupancyRow>> = HashMap::new();
    for row in taken.load(&mut connection).await? {
        schedules.entry(OccupancyRow::schedule(&row)).or_default().push(row);
    }
    let taken_of = |id| schedules.get(id).into_iter().flatten().map(TryFrom::try_from).collect();
    Ok(asked.iter().map(taken_of).collect())
}
