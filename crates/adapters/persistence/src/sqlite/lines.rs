//! Questions of a crowd, read together.
//!
//! A reading thread takes up all that have arrived at once: what it costs to wake it, and to begin and end a reading, is
//! shared. The writing thread does the same with changes.

use diesel::{SqliteConnection, result::Error};
use domain::{
    ids::ScheduleId, payment::PaymentFacts, reservation::HoldFacts, storage::StorageError,
    wallet::ChargeFacts,
};

use super::{catalog, errors::storage_error, payments, readers::Readers, seat_inventory, wallets};
use crate::{
    line::Line,
    questions::{ChargeQuestion, HoldQuestion, KeyQuestion, PaymentQuestion, SeatsWithHolders},
    rows::OccupancyRow,
};

/// A line of questions, each with an answer or a failure of its own.
type Questions<Q, A> = Line<Q, Result<A, StorageError>>;

/// The lines of what a crowd asks.
pub(super) struct Lines {
    pub(super) hold_questions: Questions<HoldQuestion, HoldFacts>,
    pub(super) seats_to_see: Questions<ScheduleId, SeatsWithHolders>,
    pub(super) hold_keys: Questions<KeyQuestion, bool>,
    pub(super) charge_questions: Questions<ChargeQuestion, ChargeFacts>,
    pub(super) payment_questions: Questions<PaymentQuestion, PaymentFacts>,
    pub(super) seats_to_list: Questions<ScheduleId, Vec<OccupancyRow>>,
}

impl Lines {
    pub(super) fn open(readers: &Readers) -> Self {
        Self {
            hold_questions: line("holds to decide", readers, seat_inventory::load_for_hold),
            seats_to_see: line("seats to see", readers, seat_inventory::see_seats),
            hold_keys: line("keys of holds", readers, seat_inventory::is_key_used),
            charge_questions: line("charges to decide", readers, wallets::load_for_charge),
            payment_questions: line("payments to decide", readers, payments::load_for_payment),
            seats_to_list: line("seats to list", readers, catalog::load_taken_seats),
        }
    }
}

fn line<Q: Send + 'static, A: Send + 'static>(
    name: &'static str,
    readers: &Readers,
    load: fn(&mut SqliteConnection, &Q) -> Result<A, Error>,
) -> Questions<Q, A> {
    let readers = readers.clone();
    Line::open(name, move |asked: Vec<Q>| {
        let readers = readers.clone();
        let load_all = move |connection: &mut SqliteConnection| {
            Ok(asked.iter().map(|question| load(connection, question).map_err(storage_error)).collect())
        };
        async move { readers.read(load_all).await }
    })
}
