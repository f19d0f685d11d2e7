//! The catalogue on SQLite.

use std::{collections::HashMap, sync::Arc};

use super::{SqliteStore, moment, row_error};
use crate::{
    added_schedules::{AddedSchedule, FoundSchedule},
    fail_points::StoredChange,
    pages::{concert_page, with_free_seats},
    queries::{self, TimePlace},
    rows::{ConcertRow, OccupancyRow, ScheduleRow, SeatRow, occupancies},
    schema::{concerts, schedules, seats},
    sql_types::StoredId,
};
use async_trait::async_trait;
use diesel::{prelude::*, result::Error};
use domain::{
    catalog::{Catalog, Concert, Occupancy, Schedule, ScheduleAvailability, Seat, SeatNumber},
    ids::{ConcertId, ScheduleId},
    page::{Page, PageRequest},
    storage::StorageError,
    time::Timestamp,
};

#[async_trait]
impl Catalog for SqliteStore {
    async fn concerts(&self, page: PageRequest) -> Result<Page<Concert>, StorageError> {
        let question = move |connection: &mut SqliteConnection| {
            queries::concerts_after(TimePlace::after(page), page.limit.and_one_more())
                .select(ConcertRow::as_select())
                .load(connection)
        };
        concert_page(self.readers.read(question).await?, page)
    }

    async fn concert(&self, id: ConcertId) -> Result<Option<Concert>, StorageError> {
        let question = move |connection: &mut SqliteConnection| {
            concerts::table
                .find(StoredId(id.0))
                .select(ConcertRow::as_select())
                .get_result(connection)
                .optional()
        };
        self.readers.read(question).await?.map(Concert::try_from).transpose()
    }

    async fn schedules(
        &self,
        concert: ConcertId,
        now: Timestamp,
    ) -> Result<Vec<ScheduleAvailability>, StorageError> {
        let question = move |connection: &mut SqliteConnection| {
            let concert = StoredId(concert.0);
            let rows = queries::schedules_of(concert).select(ScheduleRow::as_select()).load(connection)?;
            let free = queries::free_seats_of_schedules(concert, moment(now)).load(connection)?;
            Ok((rows, free))
        };
        let (rows, free): (_, Vec<(StoredId, i64)>) = self.readers.read(question).await?;
        with_free_seats(rows, &free.into_iter().collect::<HashMap<_, _>>())
    }

    async fn seats(&self, schedule: ScheduleId) -> Result<Option<(Schedule, Vec<Seat>)>, StorageError> {
        if let Some(added) = self.added_schedules.get(schedule) {
            let taken = self.lines.seats_to_list.ask(schedule).await??;
            let taken = taken.iter().map(TryFrom::try_from).collect::<Result<_, _>>()?;
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
        let question = move |connection: &mut SqliteConnection| {
            queries::seats_of_schedules(ids).select(OccupancyRow::as_select()).load(connection)
        };
        occupancies(&self.readers.read(question).await?)
    }

    async fn add_concert(&self, concert: &Concert) -> Result<(), StorageError> {
        let row = ConcertRow::from(concert);
        let insert = move |connection: &mut SqliteConnection| {
            diesel::insert_into(concerts::table).values(row).execute(connection)
        };
        self.writer.write(StoredChange::AddConcert, insert).await.map(|_| ())
    }

    async fn add_schedule(&self, schedule: &Schedule, seats: &[Seat]) -> Result<(), StorageError> {
        let row = ScheduleRow::from(schedule);
        let seat_rows: Vec<_> = seats.iter().map(SeatRow::from).collect();
        let insert = move |connection: &mut SqliteConnection| {
            diesel::insert_into(schedules::table).values(row).execute(connection)?;
            diesel::insert_into(seats::table).values(seat_rows).execute(connection)
        };
        self.writer.write(StoredChange::AddSchedule, insert).await.map(|_| ())
    }
}

impl SqliteStore {
    /// A schedule as it was added.
    pub(super) async fn added_schedule(
        &self,
        id: ScheduleId,
    ) -> Result<Option<Arc<AddedSchedule>>, StorageError> {
        self.added_schedules.get_or_find(id, || Box::pin(find_schedule(self, id))).await
    }
}

async fn find_schedule(
    store: &SqliteStore,
    schedule: ScheduleId,
) -> Result<Option<FoundSchedule>, StorageError> {
    let question = move |connection: &mut SqliteConnection| {
        let id = StoredId(schedule.0);
        let found = queries::schedule_with_concert(id).select((ScheduleRow::as_select(), concerts::name));
        let Some((row, concert_name)) = found.get_result::<(_, String)>(connection).optional()? else {
            return Ok(None);
        };
        let seats = queries::seats_of(id).select(SeatRow::as_select()).load(connection)?;
        FoundSchedule::new(row, &concert_name, seats).map(Some).map_err(row_error)
    };
    store.readers.read(question).await
}

/// The seats of a schedule that are not free.
pub(super) fn load_taken_seats(
    connection: &mut SqliteConnection,
    schedule: &ScheduleId,
) -> Result<Vec<OccupancyRow>, Error> {
    queries::taken_seats_of(StoredId(schedule.0)).select(OccupancyRow::as_select()).load(connection)
}
