//! Paying, and what was paid.

pub(crate) mod body;
pub(crate) mod find_payment;
pub(crate) mod list_payments;
pub(crate) mod pay_reservation;
