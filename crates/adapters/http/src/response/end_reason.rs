//! Why a turn is over, by its name.

use domain::waiting_room::EndReason;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a ticket has ended.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = EndReason)]
pub(crate) enum EndReasonName {
    /// Its owner paid.
    Paid,
    /// Its owner gave it up.
    Left,
    /// Its turn ran out.
    TimedOut,
    /// Its turn came and nobody took it.
    NoShow,
}

impl From<EndReason> for EndReasonName {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::Paid => Self::Paid,
            EndReason::Left => Self::Left,
            EndReason::TimedOut => Self::TimedOut,
            EndReason::NoShow => Self::NoShow,
        }
    }
}
