//! The service over HTTP: one contract, described by the document that [`openapi_json`] makes.
//!
//! A handler reads a request into a command, drives a use case and writes what came of it. Whatever goes
//! wrong is a `Problem`; `problem/from_errors.rs` says which error becomes which, and the middleware writes
//! it. What is deliberately absent: rules of the business, and the store.

mod calls;
mod lifecycle;
mod measurements;
mod middleware;
mod openapi;
mod problem;
mod request;
mod request_bounds;
mod request_id;
mod response;
mod routes;
mod server;
mod settings;
mod use_cases;

#[cfg(test)]
mod tests;

pub use lifecycle::{Draining, Readiness};
pub use middleware::around_every_request;
pub use openapi::openapi_json;
pub use server::{listen, serve};
pub use settings::{AdminKey, HttpSettings};
pub use use_cases::UseCases;
