//! Streams of events: what they tell, and when they end.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::{
    body::{BoxBody, MessageBody},
    dev::Service,
    http::header::{HeaderMap, HeaderValue},
    test::{TestRequest, init_service},
};
use async_trait::async_trait;
use domain::{
    catalog::{MockSeatBoards, NobodyFollows, Occupancy, SeatMap, SeatNumber, SeatWatch},
    ids::ReservationId,
    storage::StorageError,
    waiting_room::{EndReason, MockRoomMemory, Standing, Ticket, TicketState, TicketWatch},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::{mpsc, watch},
    time::timeout,
};
use uuid::Uuid;

use super::support::{Mocks, active, get, now, send, standing, ticket, with};
use crate::{
    listen,
    server::{State, application},
};

const PATH: &str = "/api/v1/schedules/0192f0c1-7e7b-7000-8000-000000000020/seats/events";
const SOLD: Occupancy = Occupancy::Sold { to: ReservationId(Uuid::from_u128(9)) };
/// How long to wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(10);

fn map(occupancies: &[Occupancy]) -> Arc<SeatMap> {
    let seats: Vec<_> = (1..)
        .zip(occupancies)
        .map(|(number, occupancy)| (SeatNumber::new(number).unwrap(), *occupancy))
        .collect();
    Arc::new(SeatMap::at(&seats, now()))
}

/// Watches a board of the test's own.
struct TestWatch(watch::Receiver<Arc<SeatMap>>);

#[async_trait]
impl SeatWatch for TestWatch {
    fn seats(&self) -> Arc<SeatMap> {
        Arc::clone(&self.0.borrow())
    }

    async fn changed(&mut self) -> Result<(), NobodyFollows> {
        self.0.changed().await.map_err(|_| NobodyFollows)
    }
}

/// Boards that all show what the test shows.
fn boards() -> (watch::Sender<Arc<SeatMap>>, MockSeatBoards) {
    let board = watch::Sender::new(map(&[Occupancy::Free, SOLD]));
    let watched = board.clone();
    let mut boards = MockSeatBoards::new();
    boards.expect_watch().returning(move |_| Ok(Some(Box::new(TestWatch(watched.subscribe())))));
    (board, boards)
}

/// Whoever's turn it is watches a board.
fn stage() -> (watch::Sender<Arc<SeatMap>>, Mocks) {
    let (board, boards) = boards();
    (board, Mocks { boards, ..Mocks::with_ticket(active()) })
}

type TurnAnswer = Result<Option<Ticket>, StorageError>;

/// The same, with a turn that the test may change.
fn stage_with_turn() -> (watch::Sender<Arc<SeatMap>>, Arc<Mutex<TurnAnswer>>, Mocks) {
    let (board, boards) = boards();
    let turn = Arc::new(Mutex::new(Ok(Some(active()))));
    let asked = Arc::clone(&turn);
    let mut memory = MockRoomMemory::new();
    memory.expect_is_fresh().returning(|| false);
    memory.expect_look_up().returning(move |_| asked.lock().unwrap().clone());
    (board, turn, Mocks { memory, boards, ..Mocks::new() })
}

/// A stream that has been opened.
struct Opened {
    headers: HeaderMap,
    body: BoxBody,
}

impl Opened {
    async fn on(state: &State) -> Self {
        Self::at(state, get(PATH)).await
    }

    async fn at(state: &State, request: TestRequest) -> Self {
        let service = init_service(application(state)).await;
        let response = service.call(with("queue", request).to_request()).await.unwrap();
        assert_eq!(response.status(), 200);
        let response = response.into_parts().1;
        Self { headers: response.headers().clone(), body: response.into_body() }
    }

    /// What is sent next; none when the stream is over.
    async fn next(&mut self) -> Option<String> {
        let chunk = std::future::poll_fn(|context| Pin::new(&mut self.body).poll_next(context));
        let chunk = timeout(PATIENCE, chunk).await.expect("something is sent, or the stream is over")?;
        Some(String::from_utf8(chunk.unwrap().to_vec()).unwrap())
    }
}

const EVERYTHING: &str = "event: seats\n\
    data: [{\"seatNumber\":1,\"status\":\"AVAILABLE\"},{\"seatNumber\":2,\"status\":\"SOLD\"}]\n\n";
const FIRST_IS_SOLD: &str = "event: seat\ndata: {\"seatNumber\":1,\"status\":\"SOLD\"}\n\n";

#[actix_web::test]
async fn all_seats_come_first_and_then_an_event_for_each_change() {
    let (board, mocks) = stage();
    let mut stream = Opened::on(&mocks.state()).await;
    for (name, value) in
        [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")]
    {
        assert_eq!(stream.headers.get(name).unwrap(), value, "{name}");
    }
    assert_eq!(stream.next().await.as_deref(), Some(EVERYTHING));
    board.send_replace(map(&[SOLD, Occupancy::Free]));
    let second = "event: seat\ndata: {\"seatNumber\":2,\"status\":\"AVAILABLE\"}\n\n";
    assert_eq!(stream.next().await, Some(format!("{FIRST_IS_SOLD}{second}")));
    board.send_replace(map(&[SOLD]));
    let anew = "event: seats\ndata: [{\"seatNumber\":1,\"status\":\"SOLD\"}]\n\n";
    assert_eq!(stream.next().await.as_deref(), Some(anew));
}

#[actix_web::test]
async fn a_silent_stream_is_kept_alive_and_ends_with_the_turn() {
    let (_board, turn, mut mocks) = stage_with_turn();
    mocks.settings.stream_keep_alive = Duration::from_millis(10);
    let mut stream = Opened::on(&mocks.state()).await;
    stream.next().await;
    assert_eq!(stream.next().await.as_deref(), Some(": keep-alive\n\n"));
    // A store that is away is no end of a turn.
    *turn.lock().unwrap() = Err(StorageError::unavailable("the test has put the store away"));
    assert_eq!(stream.next().await.as_deref(), Some(": keep-alive\n\n"));
    *turn.lock().unwrap() = Ok(Some(ticket(TicketState::Ended { reason: EndReason::TimedOut })));
    assert_eq!(stream.next().await, None, "expected the stream to be over with the turn");
}

#[actix_web::test]
async fn what_changed_after_the_turn_is_not_told() {
    let (board, turn, mocks) = stage_with_turn();
    let mut stream = Opened::on(&mocks.state()).await;
    stream.next().await;
    *turn.lock().unwrap() = Ok(Some(ticket(TicketState::Ended { reason: EndReason::Paid })));
    board.send_replace(map(&[SOLD, SOLD]));
    assert_eq!(stream.next().await, None, "expected the stream to be over with the turn");
}

#[actix_web::test]
async fn what_changed_is_told_once_the_turn_can_be_checked() {
    let (board, turn, mocks) = stage_with_turn();
    let mut stream = Opened::on(&mocks.state()).await;
    stream.next().await;
    tokio::time::pause();
    *turn.lock().unwrap() = Err(StorageError::unavailable("the test has put the store away"));
    board.send_replace(map(&[SOLD, SOLD]));
    let told = tokio::time::timeout(Duration::from_secs(5), stream.next()).await;
    assert!(told.is_err(), "expected nothing to be told while the turn can not be checked, got {told:?}");
    *turn.lock().unwrap() = Ok(Some(active()));
    assert_eq!(stream.next().await.as_deref(), Some(FIRST_IS_SOLD));
}

#[actix_web::test]
async fn open_streams_end_and_further_ones_are_refused_when_the_service_is_about_to_stop() {
    let (_board, mocks) = stage();
    let draining = mocks.draining.clone();
    let mut stream = Opened::on(&mocks.state()).await;
    stream.next().await;
    let (last, ()) = tokio::join!(stream.next(), async { draining.begin() });
    assert_eq!(last, None, "expected the stream to end");

    let (_board, mocks) = stage();
    mocks.draining.begin();
    let refused = send(mocks, with("queue", get(PATH))).await;
    assert_eq!(refused.refusal(), (503, "SHUTTING_DOWN".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("2"));
}

#[actix_web::test]
async fn there_are_only_so_many_places_and_each_is_free_again_when_its_stream_is_gone() {
    let (_board, mut mocks) = stage();
    mocks.settings.streams_at_most = 2;
    let state = mocks.state();
    let first = Opened::on(&state).await;
    let _second = Opened::on(&state).await;
    let service = init_service(application(&state)).await;
    let third = service.call(with("queue", get(PATH)).to_request()).await.unwrap();
    assert_eq!(
        (third.status().as_u16(), third.headers().get("retry-after").unwrap()),
        (503, &HeaderValue::from_static("2"))
    );
    drop(first);
    Opened::on(&state).await;
}

#[actix_web::test]
async fn a_refused_stream_takes_no_place() {
    let (board, mut mocks) = stage();
    mocks.settings.streams_at_most = 1;
    mocks.boards = MockSeatBoards::new();
    mocks.boards.expect_watch().times(1).return_once(|_| Err(StorageError::unavailable("away")));
    mocks
        .boards
        .expect_watch()
        .times(1)
        .return_once(move |_| Ok(Some(Box::new(TestWatch(board.subscribe())))));
    let state = mocks.state();
    let service = init_service(application(&state)).await;
    let refused = service.call(with("queue", get(PATH)).to_request()).await.unwrap();
    assert_eq!(refused.status(), 503);
    Opened::on(&state).await;
}

const QUEUE: &str = "/api/v1/queue/events";

/// Watches a ticket that the test lets change.
struct TestTicketWatch(watch::Receiver<Standing>);

#[async_trait]
impl TicketWatch for TestTicketWatch {
    async fn changed(&mut self) {
        self.0.changed().await.unwrap();
    }
}

/// A room that shows what the test shows, to somebody who follows the place.
fn place(first: Standing) -> (watch::Sender<Standing>, Mocks) {
    let shown = watch::Sender::new(first);
    let (asked, watched) = (shown.clone(), shown.clone());
    let mut memory = MockRoomMemory::new();
    memory.expect_place().returning(move |_| Some(asked.borrow().clone()));
    memory.expect_note_presence().returning(|_, _| ());
    memory.expect_watch().returning(move |_| Box::new(TestTicketWatch(watched.subscribe())));
    (shown, Mocks { memory, ..Mocks::new() })
}

fn waits_behind(ahead: u64) -> Standing {
    Standing { ahead, there_ahead: ahead, ..standing(ticket(TicketState::Waiting)) }
}

fn id(text: Option<String>) -> Option<String> {
    Some(text?.lines().find_map(|line| line.strip_prefix("id: ")).expect("an event has an id").to_owned())
}

#[actix_web::test]
async fn a_place_is_told_at_once_and_again_when_something_happens_to_the_ticket() {
    let (shown, mocks) = place(waits_behind(4));
    let mut stream = Opened::at(&mocks.state(), get(QUEUE)).await;
    let first = stream.next().await.expect("the place comes first");
    assert!(first.starts_with("id: waiting-4-9\nevent: status\ndata: {\"userId\":"), "{first}");
    shown.send_replace(standing(active()));
    assert_eq!(id(stream.next().await).as_deref(), Some("active-1600000000"));
    assert_eq!(stream.next().await, None, "expected the stream to be over with the wait");
}

#[actix_web::test]
async fn whoever_comes_again_is_told_only_what_is_new() {
    let (shown, mocks) = place(waits_behind(4));
    let again = get(QUEUE).insert_header(("last-event-id", "waiting-4-9"));
    let mut stream = Opened::at(&mocks.state(), again).await;
    shown.send_replace(waits_behind(3));
    assert_eq!(id(stream.next().await).as_deref(), Some("waiting-3-9"));
}

#[actix_web::test]
async fn whoever_knows_that_the_wait_is_over_is_told_to_stop_coming() {
    let ended = standing(ticket(TicketState::Ended { reason: EndReason::NoShow }));
    for (over, id) in [(standing(active()), "active-1600000000"), (ended, "ended-no-show")] {
        let request = get(QUEUE).insert_header(("last-event-id", id));
        assert_eq!(send(place(over.clone()).1, with("queue", request)).await.status, 204, "{id}");
        let mut stream = Opened::at(&place(over).1.state(), get(QUEUE)).await;
        assert!(stream.next().await.is_some() && stream.next().await.is_none(), "{id}");
    }
}

#[actix_web::test]
async fn only_with_a_queue_token_a_place_is_followed() {
    for token in ["access", "other"] {
        let refused = send(place(waits_behind(4)).1, with(token, get(QUEUE))).await;
        assert_eq!(refused.refusal(), (401, "UNAUTHENTICATED".to_owned()), "{token}");
    }
}

/// Watches seats that never stop changing, all of them.
struct EndlessWatch {
    maps: [Arc<SeatMap>; 2],
    turned: bool,
    /// Tells the test that nobody watches any more, by being gone.
    _watched: mpsc::Sender<()>,
}

#[async_trait]
impl SeatWatch for EndlessWatch {
    fn seats(&self) -> Arc<SeatMap> {
        Arc::clone(&self.maps[usize::from(self.turned)])
    }

    async fn changed(&mut self) -> Result<(), NobodyFollows> {
        self.turned = !self.turned;
        Ok(())
    }
}

/// Serves, and opens a stream of seats that never stop changing. The connection has read nothing so far; what is
/// received at last says when nobody watches any more.
async fn connection_to_endless_changes(client_reads_within: Duration) -> (TcpStream, mpsc::Receiver<()>) {
    let (watched, unwatched) = mpsc::channel(1);
    let maps = [map(&[Occupancy::Free; 50]), map(&[SOLD; 50])];
    let mut mocks = Mocks::with_ticket(active());
    mocks.settings.client_reads_within = client_reads_within;
    mocks
        .boards
        .expect_watch()
        .times(1)
        .return_once(move |_| Ok(Some(Box::new(EndlessWatch { maps, turned: false, _watched: watched }))));
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    actix_web::rt::spawn(mocks.serve(listener).unwrap());
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut connection = socket.connect(address).await.unwrap();
    let head = format!("GET {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer queue\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    (connection, unwatched)
}

#[cfg(target_os = "linux")]
#[actix_web::test]
async fn a_client_that_does_not_read_is_disconnected() {
    let (_unread, mut unwatched) = connection_to_endless_changes(Duration::from_millis(500)).await;
    let gone = timeout(PATIENCE, unwatched.recv()).await;
    assert_eq!(gone, Ok(None), "expected the stream to be dropped while its client reads nothing");
}

#[actix_web::test]
async fn a_client_that_goes_away_is_not_watched_for_any_longer() {
    let (mut connection, mut unwatched) = connection_to_endless_changes(Duration::from_mins(1)).await;
    let mut head = [0; 12];
    connection.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    drop(connection);
    let gone = timeout(PATIENCE, unwatched.recv()).await;
    assert_eq!(gone, Ok(None), "expected the stream to be dropped when its client has gone");
}
