//! Following the store: readings, admissions and roll calls, each in a loop of its own, so that none waits for
//! another. None holds the room while it waits, so that they end when nobody else uses it any more.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use domain::waiting_room::{ROLL_CALL_EVERY, RoomNotices};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use super::live_room::LiveRoom;

/// How often the store is read when nobody tells that it has changed.
const READ_EVERY: Duration = Duration::from_millis(100);
/// How long to wait after an admission that let nobody in: what bounds it then is an interval, which the view
/// does not know, or another instance was faster.
const ADMIT_AGAIN_AFTER: Duration = Duration::from_millis(250);
/// How soon the roll may be called again.
const CALL_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// Starts to follow.
pub(super) fn follow(room: &Arc<LiveRoom>, notices: Arc<dyn RoomNotices>) {
    let (read, was_read) = watch::channel(());
    tokio::spawn(go_on_reading(Arc::downgrade(room), room.reading_wanted(), notices, read));
    tokio::spawn(go_on_admitting(Arc::downgrade(room), was_read));
    tokio::spawn(go_on_calling(Arc::downgrade(room), room.roll_wanted()));
}

async fn go_on_reading(
    room: Weak<LiveRoom>,
    wanted: Arc<Notify>,
    notices: Arc<dyn RoomNotices>,
    read: watch::Sender<()>,
) {
    loop {
        // Those who admit look at what was read.
        read.send_replace(());
        tokio::select! {
            () = wanted.notified() => {}
            () = notices.next() => {}
            () = sleep(READ_EVERY) => {}
        }
        let Some(room) = room.upgrade() else { return };
        apart(async move { room.read().await }).await;
    }
}

/// Does something in a task of its own, so that a panic ends this one time only.
async fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    match tokio::spawn(work).await {
        Ok(done) => Some(done),
        Err(panic) => {
            tracing::error!(%panic, "following the waiting room goes on with the next try");
            None
        }
    }
}

/// Fills slots that are free though somebody waits: those of turns that have run out, and those whose admission
/// was left undone. Needs no scheduler.
async fn go_on_admitting(room: Weak<LiveRoom>, mut was_read: watch::Receiver<()>) {
    while was_read.changed().await.is_ok() {
        let Some(room) = room.upgrade() else { return };
        let anybody = apart(async move { !room.may_admit() || room.admit().await }).await;
        if anybody != Some(true) {
            sleep(ADMIT_AGAIN_AFTER).await;
        }
    }
}

async fn go_on_calling(room: Weak<LiveRoom>, wanted: Arc<Notify>) {
    let every = ROLL_CALL_EVERY.to_std().unwrap_or(CALL_AGAIN_AFTER);
    while let Some(room) = room.upgrade() {
        apart(async move { room.call_roll().await }).await;
        sleep(CALL_AGAIN_AFTER).await;
        drop(timeout(every.saturating_sub(CALL_AGAIN_AFTER), wanted.notified()).await);
    }
}
