//! Who is calling: the levels of access, as the first argument of a handler.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use domain::{
    ids::{TicketId, UserId},
    waiting_room::Ticket,
};
use identity::CallerClaims;

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
    /// The ticket as it was issued.
    pub(crate) issued: Ticket,
}

impl QueueCaller {
    /// Refuses whoever's turn it is not.
    pub(crate) async fn require_turn(&self, use_cases: &UseCases) -> Result<(), Problem> {
        use_cases.require_turn.handle(&self.issued).await?;
        Ok(())
    }

    /// What was read from the request for a change, which itself decides whether it is the turn: here it is
    /// only claimed. Where it can not be used, whoever's turn it is not is told that first.
    pub(crate) async fn turn_before<T>(
        &self,
        use_cases: &UseCases,
        read: Result<T, Problem>,
    ) -> Result<T, Problem> {
        match &read {
            Ok(_) => use_cases.claim_turn.handle(&self.issued).await?,
            Err(_) => self.require_turn(use_cases).await?,
        }
        read
    }
}

/// Somebody with a genuine token of either kind, in any state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdentifiedCaller(CallerClaims);

impl IdentifiedCaller {
    /// Who it is. Any call with a queue token claims the turn, also one that needs none.
    pub(crate) async fn user(self, use_cases: &UseCases) -> UserId {
        match self.0 {
            CallerClaims::Access(claims) => claims.user,
            CallerClaims::Queue(claims) => {
                use_cases.claim_turn.handle_in_passing(&claims.ticket_as_issued()).await;
                claims.user
            }
        }
    }
}

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
    let caller = QueueCaller { user: claims.user, ticket: claims.ticket, issued: claims.ticket_as_issued() };
    // Whoever is refused is told more by the middleware.
    request.extensions_mut().insert(caller);
    Ok(caller)
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
