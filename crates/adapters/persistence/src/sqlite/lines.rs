//! Questions of a crowd, read together.
//!
//! A thread for each kind takes up all that have arrived at once: what it costs to wake it, and to begin and end a reading,
//! is shared. The writing thread does the same with changes.

use std::path::Path;

use diesel::{Connection, SqliteConnection, result::Error};
use domain::{ids::ScheduleId, payment::PaymentFacts, storage::StorageError, wallet::ChargeFacts};

use super::{
    catalog, connect::OpenFile, errors::storage_error, hold_seats, payments, seat_inventory, wallets,
};
use crate::{
    line::Line,
    questions::{ChargeQuestion, HoldAnswer, HoldQuestion, KeyQuestion, PaymentQuestion, SeatsWithHolders},
    rows::OccupancyRow,
};

/// A line of questions, each with an answer or a failure of its own.
type Questions<Q, A> = Line<Q, Result<A, StorageError>>;

/// The lines of what a crowd asks.
pub(super) struct Lines {
    pub(super) hold_questions: Questions<HoldQuestion, HoldAnswer>,
    pub(super) seats_to_see: Questions<ScheduleId, SeatsWithHolders>,
    pub(super) hold_keys: Questions<KeyQuestion, bool>,
    pub(super) charge_questions: Questions<ChargeQuestion, ChargeFacts>,
    pub(super) payment_questions: Questions<PaymentQuestion, PaymentFacts>,
    pub(super) seats_to_list: Questions<ScheduleId, Vec<OccupancyRow>>,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, StorageError> {
        Ok(Self {
            hold_questions: line("holds to decide", path, hold_seats::load_for_hold)?,
            seats_to_see: line("seats to see", path, seat_inventory::see_seats)?,
            hold_keys: line("keys of holds", path, seat_inventory::is_key_used)?,
            charge_questions: line("charges to decide", path, wallets::load_for_charge)?,
            payment_questions: line("payments to decide", path, payments::load_for_payment)?,
            seats_to_list: line("seats to list", path, catalog::load_taken_seats)?,
        })
    }
}

fn line<Q: Send + 'static, A: Send + 'static>(
    name: &'static str,
    path: &Path,
    load: fn(&mut SqliteConnection, &Q) -> Result<A, Error>,
) -> Result<Questions<Q, A>, StorageError> {
    let mut file = OpenFile::open(path)?;
    Line::open_on_thread(name, move |asked: Vec<Q>| {
        let load_all = |connection: &mut SqliteConnection| {
            Ok(asked.iter().map(|question| load(connection, question).map_err(storage_error)).collect())
        };
        file.run(|connection| connection.transaction(load_all))
    })
}
