//! Which call is where.

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder,
    http::{Method, header},
    web::{self, ServiceConfig},
};

use crate::calls::{
    around::{
        docs::{DESCRIPTION_PATH, description, docs_file, to_docs},
        health::{livez, readyz},
        metrics::metrics,
    },
    catalog::{
        list_concerts::list_concerts, list_schedules::list_schedules, list_seats::list_seats,
        watch_seats::watch_seats,
    },
    identity::{open_session::open_session, register_user::register_user},
    operator::{
        change_policy::change_policy, create_concert::create_concert, create_schedule::create_schedule,
        refund_payment::refund_payment, show_queue::show_queue,
    },
    payment::{find_payment::find_payment, list_payments::list_payments, pay_reservation::pay_reservation},
    reservation::{
        cancel_reservation::cancel_reservation, find_reservation::find_reservation, hold_seats::hold_seats,
        list_reservations::list_reservations,
    },
    waiting_room::{
        check_place::check_place, follow_place::follow_place, join_queue::join_queue,
        leave_queue::leave_queue,
    },
    wallet::{
        charge_balance::charge_balance, list_transactions::list_transactions, show_balance::show_balance,
    },
};
use crate::request_bounds::{Bounded, RequestLimit, RequestLimits};

/// Puts every call in its place; those of the operator only where there is one.
pub(crate) fn routes(config: &mut ServiceConfig, with_operator: bool, limits: &RequestLimits) {
    config
        .service(web::scope("/api/v1").configure(|api| {
            users_calls(api, limits);
            if with_operator {
                operators_calls(api, limits);
            }
        }))
        .service(Endpoint::at("/livez").get(livez).resource())
        .service(Endpoint::at("/readyz").get(readyz).resource())
        .service(Endpoint::at("/metrics").get(metrics).resource())
        .service(Endpoint::at(DESCRIPTION_PATH).get(description).resource())
        .service(Endpoint::at("/docs").get(to_docs).resource())
        .service(Endpoint::at("/docs/{file:.*}").get(docs_file).resource())
        .default_service(web::to(HttpResponse::NotFound));
}

/// What memory answers and streams, which have a limit of their own, do not count.
fn users_calls(api: &mut ServiceConfig, limits: &RequestLimits) {
    let bounded = |path| Endpoint::at(path).within(&limits.users);
    let passwords = |path| Endpoint::at(path).within(&limits.passwords);
    api.service(passwords("/users").post(register_user).resource())
        .service(passwords("/sessions").post(open_session).resource())
        .service(bounded("/queue/tokens").post(join_queue).resource())
        .service(bounded("/queue/tokens/current").delete(leave_queue).resource())
        .service(Endpoint::at("/queue/status").get(check_place).resource())
        .service(Endpoint::at("/queue/events").get(follow_place).resource())
        .service(bounded("/concerts").get(list_concerts).resource())
        .service(bounded("/concerts/{concertId}/schedules").get(list_schedules).resource())
        .service(bounded("/schedules/{scheduleId}/seats").get(list_seats).resource())
        .service(Endpoint::at("/schedules/{scheduleId}/seats/events").get(watch_seats).resource())
        .service(bounded("/reservations").get(list_reservations).post(hold_seats).resource())
        .service(
            bounded("/reservations/{reservationId}")
                .get(find_reservation)
                .delete(cancel_reservation)
                .resource(),
        )
        .service(bounded("/users/{userId}/balance").get(show_balance).resource())
        .service(bounded("/users/{userId}/balance/charges").post(charge_balance).resource())
        .service(bounded("/users/{userId}/balance/transactions").get(list_transactions).resource())
        .service(bounded("/payments").get(list_payments).post(pay_reservation).resource())
        .service(bounded("/payments/{paymentId}").get(find_payment).resource());
}

fn operators_calls(api: &mut ServiceConfig, limits: &RequestLimits) {
    let bounded = |path| Endpoint::at(path).within(&limits.operator);
    api.service(bounded("/admin/concerts").post(create_concert).resource())
        .service(bounded("/admin/concerts/{concertId}/schedules").post(create_schedule).resource())
        .service(bounded("/admin/payments/{paymentId}/refund").post(refund_payment).resource())
        .service(bounded("/admin/queue").get(show_queue).resource())
        .service(bounded("/admin/queue/policy").put(change_policy).resource());
}

/// A path, the methods it knows, and a refusal that names them for every other.
struct Endpoint {
    resource: Resource,
    methods: Vec<Method>,
    limit: Option<RequestLimit>,
}

impl Endpoint {
    fn at(path: &str) -> Self {
        Self { resource: web::resource(path), methods: Vec::new(), limit: None }
    }

    /// Its requests count among those that may be under way.
    fn within(self, limit: &RequestLimit) -> Self {
        Self { limit: Some(limit.clone()), ..self }
    }

    fn get<H: Handler<A, Output: Responder + 'static>, A: FromRequest + 'static>(self, handler: H) -> Self {
        self.on(Method::GET, handler)
    }

    fn post<H: Handler<A, Output: Responder + 'static>, A: FromRequest + 'static>(self, handler: H) -> Self {
        self.on(Method::POST, handler)
    }

    fn put<H: Handler<A, Output: Responder + 'static>, A: FromRequest + 'static>(self, handler: H) -> Self {
        self.on(Method::PUT, handler)
    }

    fn delete<H: Handler<A, Output: Responder + 'static>, A: FromRequest + 'static>(
        self,
        handler: H,
    ) -> Self {
        self.on(Method::DELETE, handler)
    }

    fn on<H: Handler<A, Output: Responder + 'static>, A: FromRequest + 'static>(
        mut self,
        method: Method,
        handler: H,
    ) -> Self {
        self.methods.push(method.clone());
        let handler = Bounded { handler, limit: self.limit.clone() };
        Self { resource: self.resource.route(web::method(method).to(handler)), ..self }
    }

    fn resource(self) -> Resource {
        let allowed = self.methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        self.resource.default_service(web::to(move || {
            let allowed = allowed.clone();
            async move { HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, allowed)).finish() }
        }))
    }
}
