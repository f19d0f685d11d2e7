//! Wallets: charging a balance, and seeing it and its ledger.

mod charge_balance;
mod list_transactions;
mod show_balance;

#[cfg(test)]
mod samples;

pub use charge_balance::*;
pub use list_transactions::*;
pub use show_balance::*;
