//! Reservations: seats held for somebody for a while, and what becomes of them.

mod cancel;
mod hold;
mod ports;
mod record;
mod seats_seen;

pub use cancel::*;
pub use hold::*;
pub use ports::*;
pub use record::*;
pub use seats_seen::*;
