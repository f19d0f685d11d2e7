//! The jobs that tidy up, and their loop.
//!
//! Nothing depends on them: a hold that ran out and a turn that ran out do not count from that instant on,
//! whether or not a job has noted it, and whoever frees a slot admits the next. Any number of schedulers may
//! run: a job is one transaction or a few, each of which finds nothing left to do when another was faster.

mod job_loop;
mod jobs;

pub use job_loop::run;
pub use jobs::{Job, Jobs, jobs};
