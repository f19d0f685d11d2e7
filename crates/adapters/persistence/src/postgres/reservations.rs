//! Reservations on PostgreSQL, as they are looked up.

use async_trait::async_trait;
use diesel::{prelude::*, result::Error};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::{ReservationId, UserId},
    page::Page,
    reservation::{Reservation, ReservationQuery, Reservations},
    storage::StorageError,
};

use super::{PostgresStore, errors::storage_error, row_error};
use crate::{
    queries::{self, StatusWindow, TimePlace},
    rows::{ReservationRow, ReservedSeatRow, ScheduleRow, reservation},
    schema::concerts,
    sql_types::StoredId,
};

/// A user's reservation. Both questions are under way at once.
pub(super) async fn find_reservation(
    connection: &AsyncPgConnection,
    user: UserId,
    id: ReservationId,
) -> Result<Option<Reservation>, Error> {
    let row = async {
        queries::reservation_of(StoredId(user.0), StoredId(id.0))
            .select((ReservationRow::as_select(), ScheduleRow::as_select(), concerts::name))
            .first::<(ReservationRow, ScheduleRow, String)>(&mut &*connection)
            .await
            .optional()
    };
    let (row, seats) =
        futures_util::future::try_join(row, reserved_seats(connection, vec![StoredId(id.0)])).await?;
    row.map(|row| reservation(row, &seats)).transpose().map_err(row_error)
}

/// The seats of reservations, those of each together and in their order.
pub(super) async fn reserved_seats(
    connection: &AsyncPgConnection,
    ids: Vec<StoredId>,
) -> Result<Vec<ReservedSeatRow>, Error> {
    let seats = queries::seats_of_reservations(ids);
    seats.select(ReservedSeatRow::as_select()).load(&mut &*connection).await
}

#[async_trait]
impl Reservations for PostgresStore {
    async fn find(&self, user: UserId, id: ReservationId) -> Result<Option<Reservation>, StorageError> {
        let connection = self.connection().await?;
        find_reservation(&connection, user, id).await.map_err(storage_error)
    }

    async fn list(&self, query: &ReservationQuery) -> Result<Page<Reservation>, StorageError> {
        let mut connection = self.connection().await?;
        let (window, place) = (StatusWindow::of(query), TimePlace::before(query.page));
        let rows: Vec<(ReservationRow, ScheduleRow, String)> = queries::reservations_before(
            StoredId(query.user.0),
            window,
            place,
            query.page.limit.and_one_more(),
        )
        .select((ReservationRow::as_select(), ScheduleRow::as_select(), concerts::name))
        .load(&mut connection)
        .await
        .map_err(storage_error)?;
        let ids = rows.iter().map(|(row, _, _)| row.id).collect();
        let seats = queries::seats_of_reservations(ids)
            .select(ReservedSeatRow::as_select())
            .load(&mut connection)
            .await
            .map_err(storage_error)?;
        let reservations = rows.into_iter().map(|row| reservation(row, &seats)).collect::<Result<_, _>>()?;
        Ok(Page::of(reservations, query.page.limit, Reservation::cursor))
    }
}
