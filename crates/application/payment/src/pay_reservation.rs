//! Paying for a hold.

use std::sync::Arc;

use domain::{
    commit::{Commit, until_not_stale},
    idempotency::{Answer, Fingerprint, IdempotencyKey, IdempotencyRecord, KeyReused, KeyedRequest},
    ids::{IdSource, PaymentId, TransactionId, UserId},
    payment::{PaymentRefused, PaymentRequest, Payments, Receipt, Settlement},
    reservation::GIVEN_BACK_TOLD_AFTER,
    storage::StorageError,
    time::{Clock, Timer},
    waiting_room::{NoTurn, RoomMemory, WaitingRoom, require_turn},
};
use futures_util::future::join;

#[cfg(test)]
#[path = "pay_reservation_tests.rs"]
mod tests;

/// Somebody's wish to pay for a hold, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayReservationCommand {
    /// What is wanted.
    pub request: PaymentRequest,
    /// The caller's name for this change, if the caller gave one.
    pub key: Option<IdempotencyKey>,
}

/// Why a hold was not paid.
#[derive(Debug, thiserror::Error)]
pub enum PayReservationError {
    /// The key was used before, for something else.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// It is not the caller's turn.
    #[error(transparent)]
    NoTurn(#[from] NoTurn),
    /// A rule speaks against it.
    #[error(transparent)]
    Refused(#[from] PaymentRefused),
    /// The store could not answer, or others were faster each time.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Pays for reservations.
pub struct PayReservation {
    clock: Arc<dyn Clock>,
    timer: Arc<dyn Timer>,
    ids: Arc<dyn IdSource>,
    payments: Arc<dyn Payments>,
    room: Arc<dyn WaitingRoom>,
    memory: Arc<dyn RoomMemory>,
}

impl PayReservation {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        timer: Arc<dyn Timer>,
        ids: Arc<dyn IdSource>,
        payments: Arc<dyn Payments>,
        room: Arc<dyn WaitingRoom>,
        memory: Arc<dyn RoomMemory>,
    ) -> Self {
        Self { clock, timer, ids, payments, room, memory }
    }

    /// Debits the balance and makes the seats the caller's; the ticket's turn ends with it, and the next is
    /// admitted. A key that was used for the same wish gives the first answer again, whatever has become of
    /// the ticket since. That it is paid, or was already, is told when no look at seats that began before takes the turn
    /// for live.
    ///
    /// # Errors
    ///
    /// [`PayReservationError`], the first of its reasons in their order; nothing is paid then. That the next
    /// could not be admitted is no error: the payment was made.
    pub async fn handle(
        &self,
        command: PayReservationCommand,
    ) -> Result<Answer<Receipt>, PayReservationError> {
        let fingerprint = command.request.fingerprint();
        let outcome = until_not_stale(|| self.attempt(&command, &fingerprint)).await;
        let wait = self.timer.wait(GIVEN_BACK_TOLD_AFTER);
        match &outcome {
            Ok(answer) if !answer.replayed => {
                join(wait, self.fill_the_freed_slot()).await;
            }
            Ok(_) | Err(PayReservationError::Refused(PaymentRefused::AlreadyPaid)) => wait.await,
            Err(_) => {}
        }
        outcome
    }

    async fn attempt(
        &self,
        command: &PayReservationCommand,
        fingerprint: &Fingerprint,
    ) -> Result<Commit<Answer<Receipt>>, PayReservationError> {
        let PayReservationCommand { request, key } = command;
        let now = self.clock.now();
        let facts = self.payments.load_for_payment(request, key.clone()).await?;
        if let Some(recorded) = &facts.recorded {
            return self.replay(request.user, recorded, fingerprint).await.map(Commit::Committed);
        }
        require_turn(facts.ticket.as_ref(), now)?;
        let (payment, seats) = facts.settle(request, PaymentId(self.ids.next()), now)?;
        let settlement = Settlement {
            ticket: request.ticket,
            payment,
            seats,
            entry: TransactionId(self.ids.next()),
            keyed: key.clone().map(|key| KeyedRequest { key, fingerprint: fingerprint.clone() }),
        };
        Ok(match self.payments.commit_payment(&settlement).await? {
            Commit::Committed(balance_after) => {
                Commit::Committed(Answer::fresh(Receipt { payment: settlement.payment, balance_after }))
            }
            Commit::Stale => Commit::Stale,
        })
    }

    async fn replay(
        &self,
        user: UserId,
        recorded: &IdempotencyRecord,
        fingerprint: &Fingerprint,
    ) -> Result<Answer<Receipt>, PayReservationError> {
        let id = PaymentId(recorded.result_for(fingerprint)?);
        let first = self.payments.receipt(user, id).await?;
        let first = first.ok_or_else(|| StorageError::unexpected("a key's payment is missing"))?;
        Ok(Answer::replayed(first.as_first_given()))
    }

    /// A failure is only noted: the payment was made and must be answered for, and the scheduler's tick
    /// admits a little later.
    async fn fill_the_freed_slot(&self) {
        if let Err(error) = self.room.admit().await {
            tracing::warn!(?error, "the slot freed by a payment is left to the next tick");
        }
        self.memory.catch_up().await;
    }
}
