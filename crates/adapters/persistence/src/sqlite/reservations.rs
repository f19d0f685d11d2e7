//! Reservations on SQLite, as they are looked up.

use async_trait::async_trait;
use diesel::{prelude::*, result::Error};
use domain::{
    ids::{ReservationId, UserId},
    page::Page,
    reservation::{Reservation, ReservationQuery, Reservations},
    storage::StorageError,
};

use super::{SqliteStore, row_error};
use crate::{
    queries::{self, StatusWindow, TimePlace},
    rows::{ReservationRow, ReservedSeatRow, ScheduleRow, reservation},
    schema::concerts,
    sql_types::StoredId,
};

/// A user's reservation.
pub(super) fn find_reservation(
    connection: &mut SqliteConnection,
    user: UserId,
    id: ReservationId,
) -> Result<Option<Reservation>, Error> {
    let row = queries::reservation_of(StoredId(user.0), StoredId(id.0))
        .select((ReservationRow::as_select(), ScheduleRow::as_select(), concerts::name))
        .get_result(connection)
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let seats = queries::seats_of_reservation(StoredId(id.0))
        .select(ReservedSeatRow::as_select())
        .load(connection)?;
    reservation(row, &seats).map(Some).map_err(row_error)
}

#[async_trait]
impl Reservations for SqliteStore {
    async fn find(&self, user: UserId, id: ReservationId) -> Result<Option<Reservation>, StorageError> {
        self.readers.read(move |connection| find_reservation(connection, user, id)).await
    }

    async fn list(&self, query: &ReservationQuery) -> Result<Page<Reservation>, StorageError> {
        let query = *query;
        let question = move |connection: &mut SqliteConnection| {
            let (window, place) = (StatusWindow::of(&query), TimePlace::before(query.page));
            let rows: Vec<(ReservationRow, ScheduleRow, String)> = queries::reservations_before(
                StoredId(query.user.0),
                window,
                place,
                query.page.limit.and_one_more(),
            )
            .select((ReservationRow::as_select(), ScheduleRow::as_select(), concerts::name))
            .load(connection)?;
            let ids = rows.iter().map(|(row, _, _)| row.id).collect();
            let seats =
                queries::seats_of_reservations(ids).select(ReservedSeatRow::as_select()).load(connection)?;
            Ok((rows, seats))
        };
        let (rows, seats) = self.readers.read(question).await?;
        let reservations = rows.into_iter().map(|row| reservation(row, &seats)).collect::<Result<_, _>>()?;
        Ok(Page::of(reservations, query.page.limit, Reservation::cursor))
    }
}
