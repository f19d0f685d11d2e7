//! A request that is ready to be sent, as often as somebody likes.

use hyper::Method;

use crate::history::{Ask, Id};

/// A request.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The id of whoever sends it.
    pub user: Id,
    /// What it asks.
    pub ask: Ask,
    /// Its method.
    pub method: Method,
    /// Its path, behind `/api/v1`.
    pub path: String,
    /// Its body, if it has one.
    pub body: Option<String>,
    /// Its `Idempotency-Key`, by number; 0 for none.
    pub key: u32,
    /// The token it shows.
    pub token: String,
    /// The number of the ticket whose token that is; 0 for another.
    pub ticket: u64,
}

impl Outgoing {
    /// The same with a key.
    #[must_use]
    pub fn keyed(self, key: u32) -> Self {
        Self { key, ..self }
    }

    /// The `Idempotency-Key` header's value.
    #[must_use]
    pub fn key_text(&self) -> String {
        format!("storm-{}", self.key)
    }
}
