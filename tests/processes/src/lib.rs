//! The executables and a PostgreSQL server as child processes of whoever tests them. Knows nothing of what is in the
//! executables.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]
#![allow(missing_docs, clippy::missing_panics_doc, reason = "a test that panics says what was expected")]
#![allow(clippy::must_use_candidate, reason = "as in the tests")]

pub mod instance;
pub mod postgres_server;
