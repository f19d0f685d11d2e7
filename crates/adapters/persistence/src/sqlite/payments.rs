//! Payments on SQLite.

use async_trait::async_trait;
use diesel::{prelude::*, result::Error};
use domain::{
    commit::Commit,
    idempotency::{IdempotencyKey, Operation},
    ids::{PaymentId, TransactionId, UserId},
    money::Money,
    page::{Page, PageRequest},
    payment::{
        PaidReservation, Payment, PaymentFacts, PaymentRequest, PaymentStatus, Payments, Receipt, Refund,
        Settlement,
    },
    reservation::ReservationStatus,
    storage::StorageError,
    waiting_room::EndReason,
    wallet::{EntryKind, LedgerEntry},
};

use super::{
    SqliteStore,
    idempotency::{find_record, store_record},
    moment,
    reservations::find_reservation,
    row_error,
    waiting_room::{end_ticket, is_turn, ticket_of},
    wallets::{add_entry, find_wallet},
    writer::stale_unless,
};
use crate::{
    codes::Code,
    fail_points::StoredChange,
    kept,
    pages::payment_page,
    queries::{self, TimePlace},
    questions::PaymentQuestion,
    rows::PaymentRow,
    schema::{ledger_entries, payments, refunds, reservations, reserved_seats, schedules, seats},
    sql_types::{StoredAmount, StoredId, StoredMoment},
};

pub(super) fn load_for_payment(
    connection: &mut SqliteConnection,
    (request, key): &PaymentQuestion,
) -> Result<PaymentFacts, Error> {
    Ok(PaymentFacts {
        ticket: ticket_of(connection, request.ticket, request.user)?,
        recorded: find_record(connection, request.user, Operation::PayReservation, key.as_ref())?,
        reservation: find_reservation(connection, request.user, request.reservation)?,
        balance: find_wallet(connection, request.user)?.0,
    })
}

#[async_trait]
impl Payments for SqliteStore {
    async fn load_for_payment(
        &self,
        request: &PaymentRequest,
        key: Option<IdempotencyKey>,
    ) -> Result<PaymentFacts, StorageError> {
        self.lines.payment_questions.ask((*request, key)).await?
    }

    async fn commit_payment(&self, settlement: &Settlement) -> Result<Commit<Money>, StorageError> {
        let (settlement, now) = (settlement.clone(), self.writing_clock());
        self.writer
            .commit(StoredChange::PayReservation, move |connection| {
                commit_payment(connection, &settlement, moment(now()))
            })
            .await
    }

    async fn load_for_refund(&self, id: PaymentId) -> Result<Option<PaidReservation>, StorageError> {
        let question = move |connection: &mut SqliteConnection| {
            let row = queries::payment_numbered(StoredId(id.0)).select(PaymentRow::as_select());
            let Some(row) = row.get_result(connection).optional()? else { return Ok(None) };
            let payment = Payment::try_from(row).map_err(row_error)?;
            let reservation = find_reservation(connection, payment.user, payment.reservation)?;
            Ok(reservation.map(|reservation| PaidReservation { payment, reservation }))
        };
        self.readers.read(question).await
    }

    async fn commit_refund(&self, refund: &Refund) -> Result<Commit<Money>, StorageError> {
        let (refund, now) = (refund.clone(), self.writing_clock());
        self.writer
            .commit(StoredChange::RefundPayment, move |connection| {
                commit_refund(connection, &refund, moment(now()))
            })
            .await
    }

    async fn receipt(&self, user: UserId, id: PaymentId) -> Result<Option<Receipt>, StorageError> {
        let question = move |connection: &mut SqliteConnection| {
            queries::payment_with_debit(StoredId(user.0), StoredId(id.0), EntryKind::Payment.word())
                .select((PaymentRow::as_select(), ledger_entries::balance_after))
                .get_result::<(PaymentRow, StoredAmount)>(connection)
                .optional()
        };
        let Some((row, balance)) = self.readers.read(question).await? else { return Ok(None) };
        Ok(Some(Receipt { payment: Payment::try_from(row)?, balance_after: balance.0 }))
    }

    async fn list(&self, user: UserId, page: PageRequest) -> Result<Page<Payment>, StorageError> {
        let question = move |connection: &mut SqliteConnection| {
            queries::payments_before(StoredId(user.0), TimePlace::before(page), page.limit.and_one_more())
                .select(PaymentRow::as_select())
                .load(connection)
        };
        payment_page(self.readers.read(question).await?, page)
    }
}

fn commit_payment(
    connection: &mut SqliteConnection,
    settlement: &Settlement,
    now: StoredMoment,
) -> Result<Money, Error> {
    let payment = &settlement.payment;
    stale_unless(is_turn(connection, settlement.ticket, payment.user, now)?)?;
    pay_reservation(connection, payment, now)?;
    sell_seats(connection, settlement)?;
    diesel::insert_into(payments::table).values(PaymentRow::from(payment)).execute(connection)?;
    let balance = debit(connection, payment, settlement.entry)?;
    end_ticket(connection, settlement.ticket, EndReason::Paid, now)?;
    let (key, result) = (settlement.keyed.as_ref(), payment.id.0);
    store_record(connection, payment.user, Operation::PayReservation, key, result, now)?;
    Ok(balance)
}

fn pay_reservation(
    connection: &mut SqliteConnection,
    payment: &Payment,
    now: StoredMoment,
) -> Result<(), Error> {
    let payable = reservations::table
        .find(StoredId(payment.reservation.0))
        .filter(reservations::user_id.eq(StoredId(payment.user.0)))
        .filter(reservations::status.eq(ReservationStatus::Reserved.word()))
        .filter(reservations::total_price.eq(StoredAmount(payment.amount)))
        .filter(reservations::expires_at.gt(now));
    let paid = kept::update(payable)
        .set(reservations::status.eq(ReservationStatus::Paid.word()))
        .execute(connection)?;
    stale_unless(paid == 1)
}

fn sell_seats(connection: &mut SqliteConnection, settlement: &Settlement) -> Result<(), Error> {
    let id = StoredId(settlement.payment.reservation.0);
    let schedule: StoredId =
        reservations::table.find(id).select(reservations::schedule_id).get_result(connection)?;
    let held = seats::table
        .filter(seats::schedule_id.eq(schedule))
        .filter(seats::reservation_id.eq(id))
        .filter(seats::sold.eq(false));
    let sold = kept::update(held)
        .set((seats::sold.eq(true), seats::held_until.eq(None::<StoredMoment>)))
        .execute(connection)?;
    stale_unless(sold == settlement.seats)?;
    kept::update(reserved_seats::table.filter(reserved_seats::reservation_id.eq(id)))
        .set(reserved_seats::sold.eq(true))
        .execute(connection)?;
    Ok(())
}

fn debit(connection: &mut SqliteConnection, payment: &Payment, entry: TransactionId) -> Result<Money, Error> {
    let (balance, entries) = find_wallet(connection, payment.user)?;
    stale_unless(balance >= payment.amount)?;
    let balance_after = balance.checked_sub(payment.amount).ok_or(Error::RollbackTransaction)?;
    let entry = LedgerEntry {
        id: entry,
        user: payment.user,
        sequence: entries + 1,
        kind: EntryKind::Payment,
        amount: payment.amount.negated(),
        balance_after,
        reference: Some(payment.id.0),
        at: payment.paid_at,
    };
    add_entry(connection, &entry)?;
    Ok(balance_after)
}

fn commit_refund(
    connection: &mut SqliteConnection,
    refund: &Refund,
    now: StoredMoment,
) -> Result<Money, Error> {
    let payment = &refund.payment;
    mark_refunded(connection, payment)?;
    cancel_reservation(connection, payment, now)?;
    free_sold_seats(connection, refund)?;
    let balance = credit(connection, refund)?;
    let row = (
        refunds::payment_id.eq(StoredId(payment.id.0)),
        refunds::reason.eq(refund.reason.as_str()),
        refunds::refunded_at.eq(moment(refund.refunded_at)),
    );
    diesel::insert_into(refunds::table).values(row).execute(connection)?;
    Ok(balance)
}

fn mark_refunded(connection: &mut SqliteConnection, payment: &Payment) -> Result<(), Error> {
    let refundable = payments::table
        .find(StoredId(payment.id.0))
        .filter(payments::user_id.eq(StoredId(payment.user.0)))
        .filter(payments::reservation_id.eq(StoredId(payment.reservation.0)))
        .filter(payments::status.eq(PaymentStatus::Paid.word()))
        .filter(payments::amount.eq(StoredAmount(payment.amount)));
    let refunded = kept::update(refundable)
        .set(payments::status.eq(PaymentStatus::Refunded.word()))
        .execute(connection)?;
    stale_unless(refunded == 1)
}

fn cancel_reservation(
    connection: &mut SqliteConnection,
    payment: &Payment,
    now: StoredMoment,
) -> Result<(), Error> {
    let to_come = schedules::table.filter(schedules::starts_at.gt(now)).select(schedules::id);
    let cancellable = reservations::table
        .find(StoredId(payment.reservation.0))
        .filter(reservations::user_id.eq(StoredId(payment.user.0)))
        .filter(reservations::status.eq(ReservationStatus::Paid.word()))
        .filter(reservations::schedule_id.eq_any(to_come));
    let cancelled = kept::update(cancellable)
        .set(reservations::status.eq(ReservationStatus::Cancelled.word()))
        .execute(connection)?;
    stale_unless(cancelled == 1)
}

fn free_sold_seats(connection: &mut SqliteConnection, refund: &Refund) -> Result<(), Error> {
    let id = StoredId(refund.payment.reservation.0);
    kept::update(reserved_seats::table.filter(reserved_seats::reservation_id.eq(id)))
        .set(reserved_seats::sold.eq(false))
        .execute(connection)?;
    let schedule: StoredId =
        reservations::table.find(id).select(reservations::schedule_id).get_result(connection)?;
    let sold = seats::table
        .filter(seats::schedule_id.eq(schedule))
        .filter(seats::reservation_id.eq(id))
        .filter(seats::sold.eq(true));
    let freed = kept::update(sold)
        .set((seats::sold.eq(false), seats::reservation_id.eq(None::<StoredId>)))
        .execute(connection)?;
    stale_unless(freed == refund.seats)
}

fn credit(connection: &mut SqliteConnection, refund: &Refund) -> Result<Money, Error> {
    let payment = &refund.payment;
    let (balance, entries) = find_wallet(connection, payment.user)?;
    let balance_after = balance.checked_add(payment.amount).ok_or(Error::RollbackTransaction)?;
    let entry = LedgerEntry {
        id: refund.entry,
        user: payment.user,
        sequence: entries + 1,
        kind: EntryKind::Refund,
        amount: payment.amount,
        balance_after,
        reference: Some(payment.id.0),
        at: refund.refunded_at,
    };
    add_entry(connection, &entry)?;
    Ok(balance_after)
}
