//! What is measured, a file each.

pub(crate) mod absent;
pub(crate) mod overload;
pub(crate) mod size;
pub(crate) mod slots;
pub(crate) mod streams;
