//! How many requests are served at a time: one more is refused at once.
//!
//! Whoever needs the store waits in several lines, one after the other. Were the lines alone bounded, much would be
//! refused that had been waited for and half done already; so what can not be served in time is refused before
//! anything is done for it, and what is taken in is served.

use std::sync::Arc;

use actix_web::Handler;
use futures_util::future::{FutureExt, LocalBoxFuture};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    measurements::count_shed_request,
    problem::{Problem, overloaded},
};

/// The places of an instance for requests that need the store. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Places(Arc<Semaphore>);

impl Places {
    pub(crate) fn new(requests_at_most: usize) -> Self {
        Self(Arc::new(Semaphore::new(requests_at_most.min(Semaphore::MAX_PERMITS))))
    }

    fn take(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.0).try_acquire_owned().map_err(|_| {
            count_shed_request();
            overloaded()
        })
    }
}

/// A handler whose requests each take a place, where there are places to take.
///
/// A place is taken when all of the request has arrived, and not before: whoever sends slowly takes none away.
#[derive(Clone)]
pub(crate) struct Placed<H> {
    pub(crate) handler: H,
    pub(crate) places: Option<Places>,
}

impl<A: 'static, H: Handler<A>> Handler<A> for Placed<H> {
    type Output = Result<H::Output, Problem>;
    type Future = LocalBoxFuture<'static, Self::Output>;

    fn call(&self, request: A) -> Self::Future {
        let place = match self.places.as_ref().map(Places::take).transpose() {
            Ok(place) => place,
            Err(refused) => return Box::pin(async move { Err(refused) }),
        };
        let served = self.handler.call(request).map(move |answer| {
            drop(place);
            Ok(answer)
        });
        Box::pin(served)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::future::poll_immediate;

    use super::*;
    use crate::problem::Code;

    fn placed<H>(places: &Places, handler: H) -> Placed<H> {
        Placed { handler, places: Some(places.clone()) }
    }

    #[test]
    fn one_request_more_than_there_are_places_is_refused_at_once_until_one_is_free() {
        let places = Places::new(2);
        let (slow, quick) = (placed(&places, pending::<&str>), placed(&places, || ready("served")));
        let (first, second) = (slow.call(()), slow.call(()));
        let refused = poll_immediate(quick.call(())).now_or_never().flatten().expect("an answer at once");
        assert_eq!(refused.map_err(|problem| problem.code()), Err(Code::StoreUnavailable));
        drop(first);
        assert_eq!(quick.call(()).now_or_never().and_then(Result::ok), Some("served"));
        // What was served has given its place back.
        assert_eq!(quick.call(()).now_or_never().and_then(Result::ok), Some("served"));
        drop(second);
    }
}
