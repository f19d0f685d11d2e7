//! Payments on PostgreSQL.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    commit::Commit,
    idempotency::{IdempotencyKey, Operation},
    ids::{PaymentId, UserId},
    money::Money,
    page::{Page, PageRequest},
    payment::{
        PaidReservation, Payment, PaymentFacts, PaymentRequest, Payments, Receipt, Refund, Settlement,
    },
    storage::StorageError,
    wallet::EntryKind,
};
use futures_util::future::try_join;

use super::{
    PostgresStore, committing_row, errors,
    errors::storage_error,
    idempotency::{find_record, key_and_fingerprint},
    moment,
    reservations::{find_payable, find_reservation},
    statement::{SqlText, Statement, values},
    waiting_room::ticket_of,
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

struct Pay;

/// Everything that has to hold is locked first, one row after the other and each only if the one before was
/// found; `due` has a row only if all of it was, and asks the clock once more, since a lock may have taken
/// time. Only then is anything written.
impl SqlText for Pay {
    const SQL: &'static str = "
        WITH asked AS MATERIALIZED (
            SELECT {} AS ticket, {} AS payment, {} AS reservation, {} AS user_id, {} AS amount, {} AS seats,
                   {} AS paid_at, {} AS entry, {} AS key, {} AS fingerprint
        ),
        reservation AS MATERIALIZED (
            SELECT reservations.id, reservations.schedule_id, reservations.expires_at
            FROM reservations, asked
            WHERE reservations.id = asked.reservation AND reservations.user_id = asked.user_id
              AND reservations.status = 'RESERVED' AND reservations.expires_at > clock_timestamp()
              AND reservations.total_price = asked.amount
            FOR NO KEY UPDATE OF reservations
        ),
        held AS MATERIALIZED (
            SELECT seats.seat_number
            FROM seats, reservation
            WHERE seats.schedule_id = reservation.schedule_id AND seats.reservation_id = reservation.id
              AND NOT seats.sold
            ORDER BY seats.seat_number
            FOR NO KEY UPDATE OF seats
        ),
        wallet AS MATERIALIZED (
            SELECT wallets.user_id, wallets.balance, wallets.entries
            FROM wallets, asked
            WHERE wallets.user_id = asked.user_id AND wallets.balance >= asked.amount
              AND (SELECT count(*) FROM held) = asked.seats
            FOR NO KEY UPDATE OF wallets
        ),
        turn AS MATERIALIZED (
            SELECT queue_tickets.id, queue_tickets.expires_at
            FROM queue_tickets, asked
            WHERE queue_tickets.id = asked.ticket AND queue_tickets.user_id = asked.user_id
              AND queue_tickets.status = 'ACTIVE' AND queue_tickets.expires_at > clock_timestamp()
              AND EXISTS (SELECT FROM wallet)
            FOR NO KEY UPDATE OF queue_tickets
        ),
        due AS MATERIALIZED (
            SELECT asked.*, reservation.schedule_id, wallet.balance - asked.amount AS balance_after,
                   wallet.entries + 1 AS sequence
            FROM asked, reservation, wallet, turn
            WHERE reservation.expires_at > clock_timestamp() AND turn.expires_at > clock_timestamp()
        ),
        reservation_paid AS (
            UPDATE reservations SET status = 'PAID' FROM due WHERE reservations.id = due.reservation
        ),
        seats_sold AS (
            UPDATE seats SET sold = true, held_until = NULL
            FROM due WHERE seats.schedule_id = due.schedule_id AND seats.reservation_id = due.reservation
        ),
        reserved_seats_sold AS (
            UPDATE reserved_seats SET sold = true FROM due WHERE reserved_seats.reservation_id = due.reservation
        ),
        paid AS (
            INSERT INTO payments (id, reservation_id, user_id, amount, status, paid_at)
            SELECT payment, reservation, user_id, amount, 'PAID', paid_at FROM due
        ),
        debited AS (
            UPDATE wallets SET balance = due.balance_after, entries = due.sequence
            FROM due WHERE wallets.user_id = due.user_id
        ),
        entered AS (
            INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, reference, at)
            SELECT entry, user_id, sequence, 'PAYMENT', -amount, balance_after, payment, paid_at FROM due
        ),
        turn_ended AS (
            UPDATE queue_tickets SET status = 'ENDED', end_reason = 'PAID', ended_at = clock_timestamp()
            FROM due WHERE queue_tickets.id = due.ticket
        ),
        recorded AS (
            INSERT INTO idempotency_records (user_id, operation, key, fingerprint, result, recorded_at)
            SELECT user_id, 'PAY_RESERVATION', key, fingerprint, payment, clock_timestamp()
            FROM due WHERE key IS NOT NULL
        )
        SELECT balance_after FROM due";
    type Columns = Amount;
}

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
        let connection = self.connection().await?;
        let (ticket, payable) = try_join(
            ticket_of(&connection, request.ticket, request.user),
            find_payable(&connection, request.user, request.reservation),
        )
        .await
        .map_err(storage_error)?;
        let (reservation, balance) = payable.unzip();
        let recorded = find_record(&connection, request.user, Operation::PayReservation, key).await;
        let recorded = recorded.map_err(storage_error)?;
        Ok(PaymentFacts { ticket, recorded, reservation, balance: balance.unwrap_or_default() })
    }

    async fn commit_payment(&self, settlement: &Settlement) -> Result<Commit<Money>, StorageError> {
        let payment = &settlement.payment;
        let (key, fingerprint) = key_and_fingerprint(settlement.keyed.as_ref());
        let statement = Statement::<Pay>::new(values![
            StoredId(settlement.ticket.0),
            StoredId(payment.id.0),
            StoredId(payment.reservation.0),
            StoredId(payment.user.0),
            StoredAmount(payment.amount),
            i32::try_from(settlement.seats).map_err(StorageError::unexpected)?,
            moment(payment.paid_at),
            StoredId(settlement.entry.0),
            key,
            fingerprint,
        ]);
        let mut connection = self.connection().await?;
        let done =
            committing_row(StoredChange::PayReservation, statement.load::<StoredAmount>(&mut connection))
                .await;
        errors::commit(done.map(|balance| balance.map(|balance| balance.0)))
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
