use chrono::Duration;
use domain::{
    identity::MockTokens,
    ids::MockIdSource,
    waiting_room::{MockRoomMemory, MockWaitingRoom},
};

use super::*;
use crate::samples::{TICKET, USER, assert_refused, at, away, clock, idle, issued, standing, turn};

const POLICY: TokenPolicy = TokenPolicy { access: Duration::seconds(60), queue: Duration::seconds(600) };

fn ids() -> Arc<dyn IdSource> {
    let mut ids = MockIdSource::new();
    ids.expect_next().times(1).returning(|| TICKET.0);
    Arc::new(ids)
}

fn answering(answer: Result<Joined, StorageError>) -> Arc<dyn WaitingRoom> {
    let mut room = MockWaitingRoom::new();
    room.expect_join().times(1).return_once(move |newcomer| {
        assert_eq!(
            newcomer,
            Newcomer { user: USER, ticket: TICKET },
            "who joins, and the id for a new ticket"
        );
        answer
    });
    Arc::new(room)
}

fn signing(expected: QueueClaims) -> Arc<dyn Tokens> {
    let mut tokens = MockTokens::new();
    tokens.expect_sign_queue().times(1).returning(move |claims, now| {
        assert_eq!((claims, now), (&expected, at(10)), "what is signed, and when");
        Ok(signed())
    });
    Arc::new(tokens)
}

fn signing_nothing() -> Arc<dyn Tokens> {
    let mut tokens = MockTokens::new();
    tokens.expect_sign_queue().never();
    Arc::new(tokens)
}

fn signed() -> SignedToken {
    SignedToken("signed".to_owned())
}

/// A memory that catches up and then places the ticket that the store has told.
fn placing() -> MockRoomMemory {
    let mut memory = crate::samples::knowing(Some(issued()));
    memory.expect_catch_up().times(1).return_const(true);
    memory
}

fn joining(memory: MockRoomMemory, room: Arc<dyn WaitingRoom>, tokens: Arc<dyn Tokens>) -> JoinQueue {
    JoinQueue::new(clock([at(10)]), ids(), room, Arc::new(memory), tokens, POLICY)
}

fn refused(answer: Result<Joined, StorageError>) -> JoinQueue {
    JoinQueue::new(clock([]), ids(), answering(answer), Arc::new(idle()), signing_nothing(), POLICY)
}

#[tokio::test]
async fn a_newcomer_gets_a_new_ticket_and_a_token_for_it_and_is_there() {
    let claims =
        QueueClaims { user: USER, ticket: TICKET, number: 12, issued_at: at(0), expires_at: at(610) };
    let mut memory = placing();
    memory.expect_note_presence().times(1).return_const(());
    let place = joining(memory, answering(Ok(Joined::Issued(issued()))), signing(claims)).handle(USER).await;
    assert_eq!(place.unwrap(), Place { standing: standing(issued()), token: signed(), newly_issued: true });
}

#[tokio::test]
async fn who_joins_again_gets_the_same_ticket_and_a_token_anew() {
    let mut again = turn(true);
    again.id = TicketId::from(uuid::Uuid::from_u128(5));
    again.number = 3;
    let claims =
        QueueClaims { user: USER, ticket: again.id, number: 3, issued_at: at(0), expires_at: at(610) };
    let place = joining(placing(), answering(Ok(Joined::Again(again))), signing(claims)).handle(USER).await;
    assert_eq!(place.unwrap(), Place { standing: standing(again), token: signed(), newly_issued: false });
}

#[tokio::test]
async fn a_closed_room_takes_nobody_in() {
    assert_refused!(refused(Ok(Joined::Closed)).handle(USER).await, JoinQueueError::Closed);
}

#[tokio::test]
async fn a_user_nobody_knows_gets_no_place() {
    assert_refused!(refused(Ok(Joined::UnknownUser)).handle(USER).await, JoinQueueError::UnknownUser);
}

#[tokio::test]
async fn a_token_that_could_not_be_signed_is_told() {
    let mut tokens = MockTokens::new();
    tokens
        .expect_sign_queue()
        .times(1)
        .returning(|_, _| Err(SigningFailed("the test has lost the key".into())));
    let join = joining(idle(), answering(Ok(Joined::Issued(issued()))), Arc::new(tokens));
    assert_refused!(join.handle(USER).await, JoinQueueError::Signing(SigningFailed(_)));
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    assert_refused!(
        refused(Err(away())).handle(USER).await,
        JoinQueueError::Storage(StorageError::Unavailable(_))
    );
}
