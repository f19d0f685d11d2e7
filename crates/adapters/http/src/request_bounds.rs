//! How many requests are served at a time, and for how long each: one more is refused at once, and none waits for ever.
//!
//! Whoever needs the store waits in several lines, one after the other. Were the lines alone bounded, much would be
//! refused that had been waited for and half done already; so what can not be served in time is refused before
//! anything is done for it, and what is taken in is served, to its end, whatever becomes of the client.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use actix_web::{
    Handler,
    rt::{spawn, time::timeout},
};
use domain::storage::StorageError;
use futures_util::future::{FutureExt, LocalBoxFuture, poll_immediate};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

/// How long an answer is waited for. Each use of the store has a limit of its own that is shorter; this bounds
/// several uses, one after the other.
const ANSWERED_WITHIN: Duration = Duration::from_millis(4_500);
/// The operator is few, and is let in when users are not.
const OPERATOR_REQUESTS_AT_MOST: usize = 64;
/// Passwords need processors for long: no more than this share of all requests may wait for one.
const SHARE_OF_PASSWORDS: usize = 4;

/// How many requests that need the store may be under way in an instance. Cheap to clone.
#[derive(Clone)]
pub(crate) struct RequestLimit(Arc<Semaphore>);

/// The limits of an instance.
#[derive(Clone)]
pub(crate) struct RequestLimits {
    pub(crate) users: RequestLimit,
    pub(crate) passwords: RequestLimit,
    pub(crate) operator: RequestLimit,
}

impl RequestLimits {
    pub(crate) fn new(requests_at_most: usize) -> Self {
        Self {
            users: RequestLimit::new(requests_at_most),
            passwords: RequestLimit::new(requests_at_most.div_ceil(SHARE_OF_PASSWORDS)),
            operator: RequestLimit::new(OPERATOR_REQUESTS_AT_MOST),
        }
    }
}

impl RequestLimit {
    fn new(requests_at_most: usize) -> Self {
        Self(Arc::new(Semaphore::new(requests_at_most.min(Semaphore::MAX_PERMITS))))
    }

    fn admit(&self) -> Result<OwnedSemaphorePermit, StorageError> {
        let refused = |_| StorageError::Overloaded("as many requests as may be are under way");
        Arc::clone(&self.0).try_acquire_owned().map_err(refused)
    }
}

/// A handler whose requests are bounded, where there is a limit.
///
/// A request counts once all of it has arrived, and not before: whoever sends slowly keeps nobody out. It counts until
/// it is done. What is not answered at once has a task of its own: no change stops halfway when a client goes away, nor is
/// a connection to the store given back while it is in use.
#[derive(Clone)]
pub(crate) struct Bounded<H> {
    pub(crate) handler: H,
    pub(crate) limit: Option<RequestLimit>,
}

impl<A: 'static, H: Handler<A>> Handler<A> for Bounded<H> {
    type Output = Result<H::Output, Problem>;
    type Future = LocalBoxFuture<'static, Self::Output>;

    fn call(&self, request: A) -> Self::Future {
        let Some(limit) = &self.limit else { return self.handler.call(request).map(Ok).boxed_local() };
        let admitted = match limit.admit() {
            Ok(admitted) => admitted,
            Err(refused) => return Box::pin(async move { Err(refused.into()) }),
        };
        let served = self.handler.call(request).map(move |answer| {
            drop(admitted);
            answer
        });
        Box::pin(answer(served, ANSWERED_WITHIN))
    }
}

/// What is answered at once, as most of a crowd's refusals are, needs no task of its own.
async fn answer<T: 'static>(
    served: impl Future<Output = T> + 'static,
    within: Duration,
) -> Result<T, Problem> {
    let mut served = Box::pin(served);
    match AssertUnwindSafe(poll_immediate(&mut served)).catch_unwind().await {
        Ok(Some(answer)) => return Ok(answer),
        Ok(None) => {}
        Err(_) => return Err(Problem::internal("a handler panicked")),
    }
    match timeout(within, spawn(served)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(panicked)) => Err(Problem::internal(panicked)),
        Err(late) => Err(StorageError::unavailable(late).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::Cell,
        future::{pending, ready},
        rc::Rc,
    };

    use tokio::{sync::Notify, task::yield_now};

    use super::*;
    use crate::problem::Code;

    type Served = Result<&'static str, Problem>;

    fn code(served: Served) -> Result<&'static str, Code> {
        served.map_err(|problem| problem.code())
    }

    /// A handler that is held up until it is told to go on.
    fn held_up(limit: RequestLimit) -> (Rc<Notify>, impl Fn() -> LocalBoxFuture<'static, Served>) {
        let go_on = Rc::new(Notify::new());
        let told = Rc::clone(&go_on);
        let handler = move || {
            let told = Rc::clone(&told);
            async move {
                told.notified().await;
                "served"
            }
        };
        let bounded = Bounded { handler, limit: Some(limit) };
        (go_on, move || bounded.call(()))
    }

    #[actix_web::test]
    async fn one_request_more_than_may_be_is_refused_at_once_until_another_has_been_served() {
        let (go_on, ask) = held_up(RequestLimit::new(2));
        let (mut first, mut second) = (ask(), ask());
        assert!(poll_immediate(&mut first).await.is_none(), "expected it to be held up");
        assert!(poll_immediate(&mut second).await.is_none(), "expected it to be held up");
        let refused = poll_immediate(ask()).await.expect("an answer at once");
        assert_eq!(code(refused), Err(Code::StoreUnavailable));
        go_on.notify_one();
        assert_eq!(code(first.await), Ok("served"));
        assert!(poll_immediate(ask()).await.is_none(), "expected to be let in again");
    }

    #[actix_web::test]
    async fn a_request_whose_client_has_gone_away_goes_on_and_counts_until_it_is_done() {
        let done = Rc::new(Cell::new(false));
        let (mark, go_on) = (Rc::clone(&done), Rc::new(Notify::new()));
        let told = Rc::clone(&go_on);
        let handler = move || {
            let (mark, told) = (Rc::clone(&mark), Rc::clone(&told));
            async move {
                told.notified().await;
                mark.set(true);
            }
        };
        let bounded = Bounded { handler, limit: Some(RequestLimit::new(1)) };
        let mut gone = bounded.call(());
        assert!(poll_immediate(&mut gone).await.is_none(), "expected it to be held up");
        drop(gone);
        let refused = poll_immediate(bounded.call(())).await.expect("an answer at once");
        assert!(refused.is_err(), "expected the one before to count");
        go_on.notify_one();
        while !done.get() {
            yield_now().await;
        }
        assert!(poll_immediate(bounded.call(())).await.is_none(), "expected to be let in again");
    }

    #[actix_web::test]
    async fn whoever_is_not_answered_in_time_is_told_so() {
        assert_eq!(code(answer(pending(), Duration::ZERO).await), Err(Code::StoreUnavailable));
    }

    #[actix_web::test]
    async fn a_panic_is_a_fault_like_any_other_and_counts_no_longer() {
        let limit = RequestLimit::new(1);
        let panicking = Bounded { handler: || async { panic!("out of order") }, limit: Some(limit.clone()) };
        let answer: Served = panicking.call(()).await;
        assert_eq!(code(answer), Err(Code::Internal), "at once");
        let later = || async {
            yield_now().await;
            panic!("out of order")
        };
        let answer: Served = Bounded { handler: later, limit: Some(limit.clone()) }.call(()).await;
        assert_eq!(code(answer), Err(Code::Internal), "after a while");
        let next = Bounded { handler: || ready("served"), limit: Some(limit) };
        assert_eq!(code(next.call(()).await), Ok("served"));
    }
}
