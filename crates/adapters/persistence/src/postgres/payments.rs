//! Payments on PostgreSQL.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    commit::Commit,
    idempotency::IdempotencyKey,
    ids::{PaymentId, UserId},
    money::Money,
    page::{Page, PageRequest},
    payment::{
        PaidReservation, Payment, PaymentFacts, PaymentRequest, Payments, Receipt, Refund, Settlement,
    },
    storage::StorageError,
    wallet::EntryKind,
};

use super::{
    PostgresStore, committing_row, errors,
    errors::storage_error,
    moment, pay_reservation,
    reservations::find_reservation,
    statement::{SqlText, Statement, values},
    together::make,
};
use crate::{
    codes::Code,
    fail_points::StoredChange,
    pages::payment_page,
    queries::{self, TimePlace},
    rows::PaymentRow,
    schema::ledger_entries,
    sql_types::{Amount, StoredAmount, StoredId},
};

struct GiveBack;

/// Locked in the order in which a payment locks: reservation, seats, wallet; and the payment itself after them.
impl SqlText for GiveBack {
    const SQL: &'static str = "
        WITH asked AS MATERIALIZED (
            SELECT {} AS payment, {} AS reservation, {} AS user_id, {} AS amount, {} AS seats, {} AS entry,
                   {} AS reason, {} AS refunded_at
        ),
        reservation AS MATERIALIZED (
            SELECT reservations.id, reservations.schedule_id
            FROM reservations, asked
            WHERE reservations.id = asked.reservation AND reservations.user_id = asked.user_id
              AND reservations.status = 'PAID'
            FOR NO KEY UPDATE OF reservations
        ),
        sold AS MATERIALIZED (
            SELECT seats.seat_number
            FROM seats, reservation
            WHERE seats.schedule_id = reservation.schedule_id AND seats.reservation_id = reservation.id
              AND seats.sold
            ORDER BY seats.seat_number
            FOR NO KEY UPDATE OF seats
        ),
        wallet AS MATERIALIZED (
            SELECT wallets.user_id, wallets.balance, wallets.entries
            FROM wallets, asked
            WHERE wallets.user_id = asked.user_id AND (SELECT count(*) FROM sold) = asked.seats
            FOR NO KEY UPDATE OF wallets
        ),
        payment AS MATERIALIZED (
            SELECT payments.id
            FROM payments, asked
            WHERE payments.id = asked.payment AND payments.reservation_id = asked.reservation
              AND payments.status = 'PAID' AND payments.amount = asked.amount
              AND EXISTS (SELECT FROM wallet)
            FOR NO KEY UPDATE OF payments
        ),
        due AS MATERIALIZED (
            SELECT asked.*, reservation.schedule_id, wallet.balance + asked.amount AS balance_after,
                   wallet.entries + 1 AS sequence
            FROM asked, reservation, wallet, payment, schedules
            WHERE schedules.id = reservation.schedule_id AND schedules.starts_at > clock_timestamp()
        ),
        refunded AS (
            UPDATE payments SET status = 'REFUNDED' FROM due WHERE payments.id = due.payment
        ),
        explained AS (
            INSERT INTO refunds (payment_id, reason, refunded_at) SELECT payment, reason, refunded_at FROM due
        ),
        cancelled AS (
            UPDATE reservations SET status = 'CANCELLED' FROM due WHERE reservations.id = due.reservation
        ),
        seats_freed AS (
            UPDATE seats SET sold = false, reservation_id = NULL
            FROM due WHERE seats.schedule_id = due.schedule_id AND seats.reservation_id = due.reservation
        ),
        reserved_seats_freed AS (
            UPDATE reserved_seats SET sold = false FROM due WHERE reserved_seats.reservation_id = due.reservation
        ),
        credited AS (
            UPDATE wallets SET balance = due.balance_after, entries = due.sequence
            FROM due WHERE wallets.user_id = due.user_id
        ),
        entered AS (
            INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, reference, at)
            SELECT entry, user_id, sequence, 'REFUND', amount, balance_after, payment, refunded_at FROM due
        )
        SELECT balance_after FROM due";
    type Columns = Amount;
}

#[async_trait]
impl Payments for PostgresStore {
    async fn load_for_payment(
        &self,
        request: &PaymentRequest,
        key: Option<IdempotencyKey>,
    ) -> Result<PaymentFacts, StorageError> {
        self.lines.payment_questions.ask((*request, key)).await?
    }

    async fn commit_payment(&self, settlement: &Settlement) -> Result<Commit<Money>, StorageError> {
        let alone = async || pay_reservation::commit_alone(self.connection().await?, settlement).await;
        make(&self.lines.payments, settlement, alone).await
    }

    async fn load_for_refund(&self, id: PaymentId) -> Result<Option<PaidReservation>, StorageError> {
        let mut connection = self.connection().await?;
        let row = queries::payment_numbered(StoredId(id.0))
            .select(PaymentRow::as_select())
            .first(&mut connection)
            .await
            .optional();
        let Some(row) = row.map_err(storage_error)? else { return Ok(None) };
        let payment = Payment::try_from(row)?;
        let reservation = find_reservation(&connection, payment.user, payment.reservation).await;
        let reservation = reservation.map_err(storage_error)?;
        Ok(reservation.map(|reservation| PaidReservation { payment, reservation }))
    }

    async fn commit_refund(&self, refund: &Refund) -> Result<Commit<Money>, StorageError> {
        let payment = &refund.payment;
        let statement = Statement::<GiveBack>::new(values![
            StoredId(payment.id.0),
            StoredId(payment.reservation.0),
            StoredId(payment.user.0),
            StoredAmount(payment.amount),
            i32::try_from(refund.seats).map_err(StorageError::unexpected)?,
            StoredId(refund.entry.0),
            refund.reason.as_str().to_owned(),
            moment(refund.refunded_at),
        ]);
        let mut connection = self.connection().await?;
        let done =
            committing_row(StoredChange::RefundPayment, statement.load::<StoredAmount>(&mut connection))
                .await;
        errors::commit(done.map(|balance| balance.map(|balance| balance.0)))
    }

    async fn receipt(&self, user: UserId, id: PaymentId) -> Result<Option<Receipt>, StorageError> {
        let row = queries::payment_with_debit(StoredId(user.0), StoredId(id.0), EntryKind::Payment.word())
            .select((PaymentRow::as_select(), ledger_entries::balance_after))
            .first::<(PaymentRow, StoredAmount)>(&mut self.connection().await?)
            .await
            .optional();
        let Some((row, balance)) = row.map_err(storage_error)? else { return Ok(None) };
        Ok(Some(Receipt { payment: Payment::try_from(row)?, balance_after: balance.0 }))
    }

    async fn list(&self, user: UserId, page: PageRequest) -> Result<Page<Payment>, StorageError> {
        let rows =
            queries::payments_before(StoredId(user.0), TimePlace::before(page), page.limit.and_one_more())
                .select(PaymentRow::as_select())
                .load(&mut self.connection().await?)
                .await;
        payment_page(rows.map_err(storage_error)?, page)
    }
}
