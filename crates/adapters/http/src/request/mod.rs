//! Reading requests: tokens, paths, queries and bodies, each told apart when wrong.

mod amount;
mod authorization;
mod callers;
mod idempotency_key;
mod json_body;
mod known_versions;
mod path;
mod query;
mod whole_number;

pub(crate) use amount::GivenAmount;
pub(crate) use authorization::bearer_token;
pub(crate) use callers::{IdentifiedCaller, Operator, QueueCaller};
pub(crate) use idempotency_key::KeyHeader;
pub(crate) use json_body::{JsonBody, OptionalJsonBody};
pub(crate) use known_versions::KnownVersions;
pub(crate) use path::{Id, PathId};
pub(crate) use query::{PageParameters, Query, encode_cursor};
pub(crate) use whole_number::WholeNumber;
