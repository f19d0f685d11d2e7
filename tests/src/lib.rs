//! What the tests from outside have in common: stores of their own, and the service as a process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]
#![allow(missing_docs, clippy::missing_panics_doc, reason = "a test that panics says what was expected")]
#![allow(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "an answer may not matter to a test"
)]

pub use encore_processes::postgres_server;

pub mod client;
pub mod databases;
pub mod events;
pub mod history;
pub mod service;

/// Makes a test of each function for each store: `sqlite::NAME` and `postgres::NAME`. A function takes what
/// `$setup::sqlite()` and `$setup::postgres()` answer.
#[macro_export]
macro_rules! on_every_store {
    ($setup:path; $($name:ident),* $(,)?) => {
        mod sqlite {
            use $setup as setup;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(setup::sqlite().await).await;
                }
            )*
        }
        mod postgres {
            use $setup as setup;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(setup::postgres().await).await;
                }
            )*
        }
    };
}
