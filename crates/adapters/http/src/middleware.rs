//! Around every request: its id, its measurements, what is logged of its failure, and the body of every refusal.

use std::{borrow::Cow, panic::AssertUnwindSafe, time::Instant};

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use futures_util::FutureExt;

use crate::{
    lifecycle::Draining,
    measurements::{measure, method_label},
    problem::{Code, Problem, ProblemBody, answer_with, log_or_count, not_admitted},
    request::QueueCaller,
    request_id::RequestId,
    use_cases::UseCases,
};

/// The header that carries a request's id.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The route of what went nowhere, among the measurements.
const NO_ROUTE: Cow<'static, str> = Cow::Borrowed("none");

/// Passes a request on, and finishes what comes back: the middleware of the whole application. A [`Draining`] has to
/// be among the application's data.
///
/// # Errors
///
/// Those that something between here and the handler has failed with, answered as problems already.
pub async fn around_every_request(
    draining: web::Data<Draining>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let about = About {
        began_at: Instant::now(),
        id: RequestId::of(request.headers().get(X_REQUEST_ID)),
        path: request.uri().path().to_owned(),
        method: method_label(request.method()),
        draining,
    };
    // A panic must not take the connection with it, nor be answered without an id.
    match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(Ok(response)) => Ok(about.finish(response)),
        Ok(Err(error)) => Err(about.answer_error(&error)),
        Err(_) => Err(about.answer_problem(&Problem::internal("a handler panicked"))),
    }
}

/// Whoever is refused because it is not the turn yet is told the place beside it.
fn told_who_waits(request: &HttpRequest, problem: &Problem) -> Option<Problem> {
    if problem.code() != Code::NotAdmitted {
        return None;
    }
    let caller = *request.extensions().get::<QueueCaller>()?;
    let use_cases: &web::Data<UseCases> = request.app_data()?;
    Some(not_admitted(&use_cases.check_place.of_refused(&caller.issued)))
}

/// What is known of a request once it has been passed on.
struct About {
    began_at: Instant,
    id: RequestId,
    path: String,
    method: &'static str,
    draining: web::Data<Draining>,
}

impl About {
    fn finish(&self, response: ServiceResponse<impl MessageBody + 'static>) -> ServiceResponse<BoxBody> {
        let route = response.request().match_pattern().map_or(NO_ROUTE, Cow::Owned);
        let (request, response) = response.map_into_boxed_body().into_parts();
        let response = self.finish_head(self.with_problem_body(&request, response));
        self.measure(route, response.status());
        ServiceResponse::new(request, response)
    }

    /// Every refusal says what is wrong in one form, the framework's own included.
    fn with_problem_body(&self, request: &HttpRequest, response: HttpResponse) -> HttpResponse {
        let status = response.status();
        if !status.is_client_error() && !status.is_server_error() {
            return response;
        }
        if let Some(problem) = response.error().and_then(Error::as_error::<Problem>) {
            self.log_or_count(problem);
            let told = told_who_waits(request, problem);
            return answer_with(&self.body(told.as_ref().unwrap_or(problem)), HttpResponse::new(status));
        }
        let mut problem = Problem::new(Code::for_status(status));
        if let Some(error) = response.error() {
            problem = problem.caused_by(error.to_string());
        }
        self.log_or_count(&problem);
        answer_with(&self.body(&problem), response)
    }

    /// Answers an error of a service between here and the handlers.
    fn answer_error(&self, error: &Error) -> Error {
        if let Some(problem) = error.as_error::<Problem>() {
            return self.answer_problem(problem);
        }
        let status = error.as_response_error().status_code();
        self.answer_problem(&Problem::new(Code::for_status(status)).caused_by(error.to_string()))
    }

    /// Answers where there is no request any more that a response could belong to.
    fn answer_problem(&self, problem: &Problem) -> Error {
        self.log_or_count(problem);
        self.measure(NO_ROUTE, problem.code().status());
        let response = answer_with(&self.body(problem), HttpResponse::new(problem.code().status()));
        InternalError::from_response(problem.code().name(), self.finish_head(response)).into()
    }

    fn log_or_count(&self, problem: &Problem) {
        log_or_count(&self.body(problem), self.method);
    }

    fn body<'a>(&'a self, problem: &'a Problem) -> ProblemBody<'a> {
        ProblemBody { problem, path: &self.path, request_id: self.id.as_str() }
    }

    fn finish_head(&self, mut response: HttpResponse) -> HttpResponse {
        if let Ok(id) = HeaderValue::from_str(self.id.as_str()) {
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
        // Seats change, the rest is somebody's own, and a refusal may not last: whatever does not say that it may
        // be kept, may not.
        if self.path.starts_with("/api/") && !response.headers().contains_key(header::CACHE_CONTROL) {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        // Asked when the answer is ready, so that it also counts for what was in flight.
        if self.draining.has_begun() {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        response
    }

    fn measure(&self, route: Cow<'static, str>, status: StatusCode) {
        measure(self.method, route, status, self.began_at.elapsed());
    }
}
