//! Following the store: readings, admissions and roll calls, each in a loop of its own, so that none waits for
//! another. They end when the room is no longer used.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use domain::waiting_room::{ROLL_CALL_EVERY, RoomNotices};
use tokio::{
    sync::Notify,
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
    let read = Arc::new(Notify::new());
    tokio::spawn(go_on_reading(Arc::downgrade(room), notices, Arc::clone(&read)));
    tokio::spawn(go_on_admitting(Arc::downgrade(room), read));
    tokio::spawn(go_on_calling(Arc::downgrade(room)));
}

async fn go_on_reading(room: Weak<LiveRoom>, notices: Arc<dyn RoomNotices>, read: Arc<Notify>) {
    loop {
        // Those who admit look at what was read; and end, too, when there is nothing to read for any more.
        read.notify_one();
        let Some(room) = room.upgrade() else { return };
        tokio::select! {
            () = room.reading_is_wanted() => {}
            () = notices.next() => {}
            () = sleep(READ_EVERY) => {}
        }
        room.read().await;
    }
}

/// Fills slots that are free though somebody waits: those of turns that have run out, and those whose admission
/// was left undone. Needs no scheduler.
async fn go_on_admitting(room: Weak<LiveRoom>, read: Arc<Notify>) {
    loop {
        read.notified().await;
        let Some(room) = room.upgrade() else { return };
        if room.may_admit() && !room.admit().await {
            sleep(ADMIT_AGAIN_AFTER).await;
        }
    }
}

async fn go_on_calling(room: Weak<LiveRoom>) {
    let every = ROLL_CALL_EVERY.to_std().unwrap_or(CALL_AGAIN_AFTER);
    loop {
        let Some(room) = room.upgrade() else { return };
        room.call_roll().await;
        sleep(CALL_AGAIN_AFTER).await;
        drop(timeout(every.saturating_sub(CALL_AGAIN_AFTER), room.roll_is_wanted()).await);
    }
}
