//! Reservations: holding seats, giving them up, looking them up, and tidying up after those that ran out.

mod cancel_reservation;
mod find_reservation;
mod hold_seats;
mod kept_looks;
mod list_reservations;
mod refuse_losers;
mod seats_last_taken;
mod tidy_run_out_holds;

#[cfg(test)]
mod samples;

pub use cancel_reservation::*;
pub use find_reservation::*;
pub use hold_seats::*;
pub use list_reservations::*;
pub use refuse_losers::*;
pub use tidy_run_out_holds::*;
