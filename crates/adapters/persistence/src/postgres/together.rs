//! What many callers ask for at once, in one statement a kind.
//!
//! A statement for many passes over whatever somebody else has locked, so that it waits for nobody and nobody who is
//! slow keeps all of them waiting. A change that can not be made any more is [`Overtaken`](Together::Overtaken). One that
//! was tried and not made for another reason is [`Apart`](Together::Apart): it is tried alone, where locks are waited for
//! and a broken rule is one's own. Of changes that stand in each other's way only one is tried; the others are
//! [`Later`](Together::Later), unless it was made and leaves nothing for them.

use std::{future::Future, time::Instant};

use diesel::result::{DatabaseErrorKind, Error};
use domain::{
    commit::Commit,
    ids::{ScheduleId, TicketId, UserId},
    money::Money,
    payment::{PaymentFacts, Settlement},
    reservation::SeatsHeld,
    storage::StorageError,
    waiting_room::Ticket,
    wallet::{BalanceCharged, ChargeFacts, LedgerEntry},
};

use super::{
    catalog, charge_balance,
    errors::storage_error,
    hold_facts, hold_seats,
    lending::{Connection, Connections},
    pay_reservation, users, waiting_room,
};
use crate::{
    limits::ANSWERED_WITHIN,
    line::Line,
    questions::{
        ChargeQuestion, HoldAnswer, HoldQuestion, KeyQuestion, PaymentQuestion, SeatsWithHolders, TakenSeats,
    },
};

/// What became of a change that was to be made together with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Together<T> {
    /// It is made.
    Made(T),
    /// It is not, and can not be: what it needs is somebody else's by now, or over.
    Overtaken,
    /// It was tried and is not made: it may be, alone.
    Apart,
    /// It was not tried, since another was that stands in its way: it may be with the next.
    Later,
}

/// Makes a change together with others; or by `alone`, where it has to be made apart from them. What is not begun in
/// time is not begun any more.
pub(super) async fn make<C, T, F>(
    line: &Line<C, Together<T>>,
    change: &C,
    alone: impl FnOnce() -> F,
) -> Result<Commit<T>, StorageError>
where
    C: Clone + Send + 'static,
    T: Send + 'static,
    F: Future<Output = Result<Commit<T>, StorageError>>,
{
    let asked = Instant::now();
    while asked.elapsed() < ANSWERED_WITHIN {
        match line.ask(change.clone()).await? {
            Together::Made(made) => return Ok(Commit::Committed(made)),
            Together::Overtaken => return Ok(Commit::Stale),
            Together::Apart => return alone().await,
            Together::Later => {}
        }
    }
    Err(StorageError::unavailable("others of the same user or for the same seats come first"))
}

/// The lines of the changes that a crowd makes.
pub(super) struct Lines {
    pub(super) hold_questions: Line<HoldQuestion, Result<HoldAnswer, StorageError>>,
    pub(super) holds: Line<SeatsHeld, Together<()>>,
    pub(super) seats_to_see: Line<ScheduleId, Result<SeatsWithHolders, StorageError>>,
    pub(super) hold_keys: Line<KeyQuestion, bool>,
    pub(super) charge_questions: Line<ChargeQuestion, Result<ChargeFacts, StorageError>>,
    pub(super) charges: Line<BalanceCharged, Together<LedgerEntry>>,
    pub(super) payment_questions: Line<PaymentQuestion, Result<PaymentFacts, StorageError>>,
    pub(super) payments: Line<Settlement, Together<Money>>,
    pub(super) users: Line<UserId, bool>,
    pub(super) claims: Line<(UserId, TicketId), Result<Option<Ticket>, StorageError>>,
    pub(super) seats_to_list: Line<ScheduleId, Result<TakenSeats, StorageError>>,
}

/// Connections for all lines: each uses one at a time, and seldom are all busy at once.
pub(super) const CONNECTIONS: usize = 4;

impl Lines {
    pub(super) fn open(url: &str) -> Result<Self, StorageError> {
        let pool = Connections::by_index(url, CONNECTIONS, ANSWERED_WITHIN)?;
        Ok(Self {
            hold_questions: line("holds to decide", &pool, hold_facts::load),
            holds: line("holds", &pool, hold_seats::commit),
            seats_to_see: line("seats to see", &pool, hold_facts::see_seats),
            hold_keys: line("keys of holds", &pool, hold_facts::are_keys_used),
            charge_questions: line("charges to decide", &pool, charge_balance::load),
            charges: line("charges", &pool, charge_balance::commit),
            payment_questions: line("payments to decide", &pool, pay_reservation::load),
            payments: line("payments", &pool, pay_reservation::commit),
            users: line("users to find", &pool, users::exist),
            claims: line("turns to claim", &pool, waiting_room::claim),
            seats_to_list: line("seats to list", &pool, catalog::taken_seats),
        })
    }
}

fn line<Q, A, F>(
    name: &'static str,
    pool: &Connections,
    serve: impl Fn(Connection, Vec<Q>) -> F + Copy + Send + Sync + 'static,
) -> Line<Q, A>
where
    Q: Send + 'static,
    A: Send + 'static,
    F: Future<Output = Result<Vec<A>, Error>> + Send + 'static,
{
    let pool = pool.clone();
    Line::open(name, move |asked| {
        let pool = pool.clone();
        async move { serve(pool.lend().await?, asked).await.map_err(storage_error) }
    })
}

/// What was made of all; nothing where a rule was broken: then nothing was made of any, and each is tried alone.
pub(super) fn unless_a_rule_was_broken<T>(made: Result<Vec<T>, Error>) -> Result<Option<Vec<T>>, Error> {
    use DatabaseErrorKind::{CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation};

    match made {
        Ok(made) => Ok(Some(made)),
        Err(Error::DatabaseError(
            UniqueViolation | ForeignKeyViolation | NotNullViolation | CheckViolation,
            _,
        )) => Ok(None),
        Err(error) => Err(error),
    }
}
