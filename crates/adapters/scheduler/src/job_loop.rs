//! Doing each job in its own time, until told to stop.

use std::{error::Error, sync::Arc};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::Job;

/// Does every job, each in its own time, until `stop` turns true or its sender is gone; a job that is under
/// way then is done to its end. A job that fails, or even panics, is done again when it is next due.
pub async fn run(jobs: Vec<Job>, stop: watch::Receiver<bool>) {
    let mut loops = JoinSet::new();
    for job in jobs {
        loops.spawn(repeat(Arc::new(job), stop.clone()));
    }
    loops.join_all().await;
}

async fn repeat(job: Arc<Job>, mut stop: watch::Receiver<bool>) {
    let mut due = interval(job.every);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let stopped = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => true,
            _ = due.tick() => false,
        };
        if stopped {
            return;
        }
        do_once(Arc::clone(&job)).await;
    }
}

/// Does a job in a task of its own, so that a panic ends this one time only.
async fn do_once(job: Arc<Job>) {
    let name = job.name;
    match tokio::spawn(async move { job.run().await }).await {
        Ok(Ok(0)) => {}
        Ok(Ok(done)) => tracing::debug!(job = name, done, "done"),
        Ok(Err(error)) => {
            let cause = error.source().map(ToString::to_string);
            tracing::warn!(job = name, %error, cause, "not done; it is tried again when it is next due");
        }
        Err(panic) => tracing::error!(job = name, %panic, "not done; it is tried again when it is next due"),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU64, Ordering},
        },
        time::Duration,
    };

    use domain::storage::StorageError;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_job_is_done_in_its_own_time_also_after_it_failed() {
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        let failing = Job::new("count", Duration::from_secs(2), move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Err(StorageError::unavailable("away")) }
        });
        let (_sender, stop) = watch::channel(false);
        let stopped = tokio::time::timeout(Duration::from_secs(5), run(vec![failing], stop)).await;
        assert!(stopped.is_err(), "the loop goes on until it is stopped");
        assert_eq!(count.load(Ordering::SeqCst), 3, "due at 0, 2 and 4 seconds");
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_under_way_is_done_to_its_end_before_the_loop_stops() {
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let done = Arc::new(AtomicU64::new(0));
        let job = {
            let (begun, go_on, done) = (Arc::clone(&begun), Arc::clone(&go_on), Arc::clone(&done));
            Job::new("slow", Duration::from_secs(1), move || {
                let (begun, go_on, done) = (Arc::clone(&begun), Arc::clone(&go_on), Arc::clone(&done));
                async move {
                    begun.notify_one();
                    go_on.notified().await;
                    done.fetch_add(1, Ordering::SeqCst);
                    Ok(1)
                }
            })
        };
        let (sender, stop) = watch::channel(false);
        let running = tokio::spawn(run(vec![job], stop));
        begun.notified().await;
        sender.send(true).unwrap();
        go_on.notify_one();
        running.await.unwrap();
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_panics_is_done_again() {
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        let panicking = Job::new("panic", Duration::from_secs(1), move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { panic!("a fault of ours") }
        });
        let (_sender, stop) = watch::channel(false);
        let stopped = tokio::time::timeout(Duration::from_millis(2_500), run(vec![panicking], stop)).await;
        assert!(stopped.is_err(), "the loop goes on until it is stopped");
        assert_eq!(count.load(Ordering::SeqCst), 3, "due at 0, 1 and 2 seconds");
    }
}
