//! Changes run to their end, whatever becomes of the client.

use std::future::Future;

use tracing::Instrument;

use crate::problem::Problem;

/// Runs a change in a task of its own. When a client goes away its handler is dropped where it stands; the
/// task goes on, so that no change stops halfway. A panic in it is a fault of ours like any other.
pub(crate) async fn to_its_end<T, E>(
    change: impl Future<Output = Result<T, E>> + 'static,
) -> Result<T, Problem>
where
    T: 'static,
    E: 'static,
    Problem: From<E>,
{
    match actix_web::rt::spawn(change.in_current_span()).await {
        Ok(done) => Ok(done?),
        Err(panicked) => Err(Problem::internal(panicked)),
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc, time::Duration};

    use actix_web::rt::time::{sleep, timeout};

    use super::*;
    use crate::problem::Code;

    #[actix_web::test]
    async fn a_change_goes_on_when_nobody_waits_for_it_any_more() {
        let done = Rc::new(Cell::new(false));
        let mark = Rc::clone(&done);
        let change = to_its_end::<(), Problem>(async move {
            sleep(Duration::from_millis(20)).await;
            mark.set(true);
            Ok(())
        });
        assert!(timeout(Duration::from_millis(1), change).await.is_err());
        sleep(Duration::from_millis(100)).await;
        assert!(done.get());
    }

    #[actix_web::test]
    async fn a_panic_is_a_fault_like_any_other() {
        let answer = to_its_end::<(), Problem>(async { panic!("out of order") }).await;
        assert_eq!(answer.map_err(|problem| problem.code()), Err(Code::Internal));
    }
}
