//! What stands around the API: health, measurements, documentation.

pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod metrics;
