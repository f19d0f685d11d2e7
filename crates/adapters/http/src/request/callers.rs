//! Who is calling: the levels of access, as the first argument of a handler.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use domain::ids::{TicketId, UserId};

use super::bearer_token;
use crate::{
    problem::{Code, Problem},
    settings::HttpSettings,
    use_cases::UseCases,
};

/// Somebody with a genuine queue token, whether or not it is that token's turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueCaller {
    pub(crate) user: UserId,
    pub(crate) ticket: TicketId,
}

impl QueueCaller {
    /// Refuses whoever's turn it is not.
    pub(crate) async fn require_turn(&self, use_cases: &UseCases) -> Result<(), Problem> {
        use_cases.require_turn.handle(self.ticket, self.user).await?;
        Ok(())
    }

    /// What was read from the request. Where it can not be used, whoever's turn it is not is told that first.
    pub(crate) async fn turn_before<T>(
        &self,
        use_cases: &UseCases,
        read: Result<T, Problem>,
    ) -> Result<T, Problem> {
        if read.is_err() {
            self.require_turn(use_cases).await?;
        }
        read
    }
}

/// Somebody with a genuine token of either kind, in any state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdentifiedCaller(pub(crate) UserId);

/// The operator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operator;

/// What was made of a request before its handler runs.
fn state<T: 'static>(request: &HttpRequest) -> Result<&web::Data<T>, Problem> {
    request.app_data().ok_or_else(|| Problem::internal("the application was put together without its state"))
}

fn queue_caller(request: &HttpRequest) -> Result<QueueCaller, Problem> {
    let token = bearer_token(request.headers())?;
    let claims = state::<UseCases>(request)?.identify_caller.by_queue_token(token)?;
    Ok(QueueCaller { user: claims.user, ticket: claims.ticket })
}

fn identified_caller(request: &HttpRequest) -> Result<IdentifiedCaller, Problem> {
    let token = bearer_token(request.headers())?;
    Ok(IdentifiedCaller(state::<UseCases>(request)?.identify_caller.by_either(token)?))
}

fn operator(request: &HttpRequest) -> Result<Operator, Problem> {
    let admin_key = state::<HttpSettings>(request)?.admin_key.as_ref();
    // Without a key there are no operator's paths; that nobody gets in does not depend on it.
    let admin_key = admin_key.ok_or_else(|| Problem::new(Code::NotFound))?;
    if admin_key.is(bearer_token(request.headers())?) {
        Ok(Operator)
    } else {
        Err(Problem::because(Code::Unauthenticated, "The key is not the operator's."))
    }
}

macro_rules! from_request {
    ($caller:ty, $read:path) => {
        impl FromRequest for $caller {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready($read(request))
            }
        }
    };
}

from_request!(QueueCaller, queue_caller);
from_request!(IdentifiedCaller, identified_caller);
from_request!(Operator, operator);
