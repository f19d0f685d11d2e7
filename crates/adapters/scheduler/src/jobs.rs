//! What is done, and how often.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use domain::storage::StorageError;
use idempotency::ForgetOldKeys;
use reservation::TidyRunOutHolds;
use waiting_room::AdmitWaiters;

/// One time that a job is done; it tells how much there was to do.
type Work = Pin<Box<dyn Future<Output = Result<u64, StorageError>> + Send>>;

/// Something that is done again and again.
pub struct Job {
    /// What a log calls it.
    pub name: &'static str,
    /// From the start of one time to the start of the next.
    pub every: Duration,
    work: Box<dyn Fn() -> Work + Send + Sync>,
}

impl Job {
    /// A job that does `work`, which tells how much there was to do.
    pub fn new<W, F>(name: &'static str, every: Duration, work: W) -> Self
    where
        W: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<u64, StorageError>> + Send + 'static,
    {
        Self { name, every, work: Box::new(move || Box::pin(work())) }
    }

    /// Does the work once.
    pub(crate) async fn run(&self) -> Result<u64, StorageError> {
        (self.work)().await
    }
}

/// The use cases behind the jobs.
#[derive(Clone)]
pub struct Jobs {
    /// Ends turns that have run out and admits those whose turn has come.
    pub admit_waiters: Arc<AdmitWaiters>,
    /// Notes that holds have run out.
    pub tidy_run_out_holds: Arc<TidyRunOutHolds>,
    /// Forgets old idempotency keys.
    pub forget_old_keys: Arc<ForgetOldKeys>,
}

/// The jobs of the service.
#[must_use]
pub fn jobs(use_cases: Jobs) -> Vec<Job> {
    let Jobs { admit_waiters, tidy_run_out_holds, forget_old_keys } = use_cases;
    vec![
        Job::new("admit waiters", Duration::from_secs(1), move || {
            let job = Arc::clone(&admit_waiters);
            async move { job.handle().await }
        }),
        Job::new("tidy run-out holds", Duration::from_secs(2), move || {
            let job = Arc::clone(&tidy_run_out_holds);
            async move { job.handle().await }
        }),
        Job::new("forget old idempotency keys", Duration::from_mins(1), move || {
            let job = Arc::clone(&forget_old_keys);
            async move { job.handle().await }
        }),
    ]
}
