use chrono::Duration;
use domain::{
    identity::MockTokens,
    ids::MockIdSource,
    waiting_room::{MockWaitingRoom, TicketState},
};

use super::*;
use crate::samples::{TICKET, USER, assert_refused, at, away, clock, standing};

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

#[tokio::test]
async fn a_newcomer_gets_a_new_ticket_and_a_token_for_it() {
    let issued = standing(TicketState::Waiting);
    let claims = QueueClaims { user: USER, ticket: TICKET, number: 12, expires_at: at(610) };
    let room = answering(Ok(Joined::Issued(issued.clone())));
    let place = JoinQueue::new(clock([at(10)]), ids(), room, signing(claims), POLICY).handle(USER).await;
    assert_eq!(place.unwrap(), Place { standing: issued, token: signed(), newly_issued: true });
}

#[tokio::test]
async fn who_joins_again_gets_the_same_ticket_and_a_token_anew() {
    let mut again = standing(TicketState::Active { expires_at: at(100) });
    again.ticket.id = TicketId::from(uuid::Uuid::from_u128(5));
    again.ticket.number = 3;
    let claims = QueueClaims { user: USER, ticket: again.ticket.id, number: 3, expires_at: at(610) };
    let room = answering(Ok(Joined::Again(again.clone())));
    let place = JoinQueue::new(clock([at(10)]), ids(), room, signing(claims), POLICY).handle(USER).await;
    assert_eq!(place.unwrap(), Place { standing: again, token: signed(), newly_issued: false });
}

#[tokio::test]
async fn a_closed_room_takes_nobody_in() {
    let join = JoinQueue::new(clock([]), ids(), answering(Ok(Joined::Closed)), signing_nothing(), POLICY);
    assert_refused!(join.handle(USER).await, JoinQueueError::Closed);
}

#[tokio::test]
async fn a_user_nobody_knows_gets_no_place() {
    let join =
        JoinQueue::new(clock([]), ids(), answering(Ok(Joined::UnknownUser)), signing_nothing(), POLICY);
    assert_refused!(join.handle(USER).await, JoinQueueError::UnknownUser);
}

#[tokio::test]
async fn a_token_that_could_not_be_signed_is_told() {
    let mut tokens = MockTokens::new();
    tokens
        .expect_sign_queue()
        .times(1)
        .returning(|_, _| Err(SigningFailed("the test has lost the key".into())));
    let room = answering(Ok(Joined::Issued(standing(TicketState::Waiting))));
    let join = JoinQueue::new(clock([at(10)]), ids(), room, Arc::new(tokens), POLICY);
    assert_refused!(join.handle(USER).await, JoinQueueError::Signing(SigningFailed(_)));
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let join = JoinQueue::new(clock([]), ids(), answering(Err(away())), signing_nothing(), POLICY);
    assert_refused!(join.handle(USER).await, JoinQueueError::Storage(StorageError::Unavailable(_)));
}
