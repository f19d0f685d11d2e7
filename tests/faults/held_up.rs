//! Holding a change up where it could fail.

use std::sync::{Mutex, mpsc as blocking};

use adapter_persistence::fail_points::{Place, StoredChange, point};
use tokio::sync::mpsc;

use crate::stage::at_once;

/// A point at which whatever reaches it is held up.
pub(crate) struct HeldUp {
    point: String,
    is_reached: mpsc::UnboundedReceiver<()>,
    _go_on: blocking::Sender<()>,
}

impl HeldUp {
    pub(crate) fn at(change: StoredChange, place: Place) -> Self {
        let point = point(change, place);
        let (reached, is_reached) = mpsc::unbounded_channel();
        let (go_on, may_go_on) = blocking::channel::<()>();
        let may_go_on = Mutex::new(may_go_on);
        let hold_up = move || {
            // Whoever comes later may come when the test is over.
            reached.send(()).unwrap_or_default();
            may_go_on.lock().unwrap().recv().expect_err("goes on when the sender is gone");
        };
        fail::cfg_callback(&point, hold_up).unwrap();
        Self { point, is_reached, _go_on: go_on }
    }

    /// Waits until somebody is held up.
    pub(crate) async fn reached(&mut self) {
        at_once(self.is_reached.recv()).await.expect("the point is reached");
    }

    /// Holds nobody up any more.
    pub(crate) fn go_on(self) {
        fail::remove(&self.point);
    }

    /// Lets whoever is held up go on, and fails those who come after.
    pub(crate) fn go_on_and_fail_the_next(self) {
        fail::cfg(&self.point, "return").unwrap();
    }
}
