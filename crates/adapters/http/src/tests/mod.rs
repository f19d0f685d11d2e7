//! What the whole application answers, with mocks in the stores' place.

mod access;
mod answers;
mod description;
mod lifecycle;
mod listings;
mod rejections;
mod streams;
mod support;
