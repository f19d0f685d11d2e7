//! A user's balance.

pub(crate) mod charge_balance;
pub(crate) mod list_transactions;
pub(crate) mod owner;
pub(crate) mod show_balance;
