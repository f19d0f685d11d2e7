//! Listing the seats of a date while they are wanted.

use std::{net::SocketAddr, time::Duration};

use encore_benches::{
    generator::{Pace, View, watch},
    hall::{SEATS, listing_path, schedule_id},
    http::request,
    room::Room,
};

use crate::study::sessions::Session;

const LISTED_EVERY: Duration = Duration::from_millis(5);
const LIST: &str = "
    SELECT id, seat_number, seat_name, grade, price::text, reservation_id, held_until::text, sold
    FROM seats WHERE schedule_id = $1 ORDER BY seat_number";

/// Lists all seats of a date by SQL, on a connection of its own.
pub(super) async fn from_store(room: &Room, schedule: u64) -> Pace {
    let (url, schedule) = (room.database.url(), schedule_id(schedule));
    Pace::start(LISTED_EVERY, move || async move {
        let session = Session::open(&url, &[LIST]).await.expect("the server takes connections");
        async move || {
            let seats = session.rows(LIST, &[&schedule]).await;
            assert_eq!(seats.len() as u64, SEATS, "expected every seat to be listed");
        }
    })
    .await
}

/// Lists those that are free over HTTP.
pub(super) async fn over_http(address: SocketAddr, token: &str, schedule: u64) -> Pace<bool> {
    let request = request("GET", &listing_path(schedule), Some(token), None);
    let mark = "\"seatNumber\"".to_owned();
    watch(View { address, request, every: LISTED_EVERY, mark }).await
}
