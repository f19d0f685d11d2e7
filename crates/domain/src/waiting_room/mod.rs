//! The waiting room: tickets in the order of arrival, and whose turn it is.

mod admissions;
mod joining;
mod pace;
mod policy;
mod polling;
mod ports;
mod presence;
mod reading;
mod standing;
mod ticket;
mod turn;
mod view;

pub use joining::*;
pub use pace::*;
pub use policy::*;
pub use polling::*;
pub use ports::*;
pub use presence::*;
pub use reading::*;
pub use standing::*;
pub use ticket::*;
pub use turn::*;
pub use view::*;
