//! Doing each job in its own time, until told to stop.

use std::error::Error;

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::Job;

/// Does every job, each in its own time, until `stop` turns true or its sender is gone; a job that is under
/// way then is done to its end. A job that fails is done again when it is next due.
pub async fn run(jobs: Vec<Job>, stop: watch::Receiver<bool>) {
    let mut loops = JoinSet::new();
    for job in jobs {
        loops.spawn(repeat(job, stop.clone()));
    }
    while loops.join_next().await.is_some() {}
}

async fn repeat(job: Job, mut stop: watch::Receiver<bool>) {
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
        do_once(&job).await;
    }
}

async fn do_once(job: &Job) {
    match job.run().await {
        Ok(0) => {}
        Ok(done) => tracing::debug!(job = job.name, done, "done"),
        Err(error) => {
            let cause = error.source().map(ToString::to_string);
            tracing::warn!(job = job.name, %error, cause, "not done; it is tried again when it is next due");
        }
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
}
