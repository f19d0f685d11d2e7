//! Idempotency keys: forgetting those that have been kept long enough.

mod forget_old_keys;

pub use forget_old_keys::*;
