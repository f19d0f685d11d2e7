//! Wallets: a user's balance, and the ledger of everything that changed it.

mod charge;
mod ledger;
mod ports;

pub use charge::*;
pub use ledger::*;
pub use ports::*;
