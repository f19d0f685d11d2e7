//! Payments: paying for a hold, giving a payment back, and looking up what was paid.

mod find_payment;
mod list_payments;
mod pay_reservation;
mod refund_payment;

#[cfg(test)]
mod samples;

pub use find_payment::*;
pub use list_payments::*;
pub use pay_reservation::*;
pub use refund_payment::*;
