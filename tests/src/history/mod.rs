//! The waiting room's history, recorded by the database itself, and what judges it.
//!
//! [`recorder`] makes a database note every change of a ticket, of the policy and of the payments, [`events`]
//! is what it noted, [`checker`] says what in it must not have happened, and [`answers`] whether what fans
//! were told agrees with it.

pub mod answers;
pub mod checker;
pub mod events;
mod ranks;
pub mod recorder;
pub mod violation;
