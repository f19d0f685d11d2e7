//! The description of the API, made from the handlers.

mod examples;
mod finish;
mod problem_schema;
pub(crate) mod problems;
pub(crate) mod schemas;

use utoipa::OpenApi;

use self::finish::Finish;
pub(crate) use problems::problems;

use crate::calls::{around, catalog, identity, operator, payment, reservation, waiting_room, wallet};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Encore",
        description = "Concert reservations behind a fair waiting room.\n\n\
            Join the queue, wait for your turn, hold seats, pay.\n\n\
            Every refusal is a problem (RFC 9457) that is told apart by its `code`. Every response carries \
            `X-Request-Id`: the caller's, if it sent one of 1 to 128 letters, digits, dots, dashes and underscores.",
    ),
    tags(
        (name = "Identity", description = "Users and sessions."),
        (name = "Waiting room", description = "Joining, asking, leaving."),
        (name = "Catalogue", description = "Concerts, schedules and seats; for those whose turn it is."),
        (name = "Reservations", description = "Holding seats, and what became of it."),
        (name = "Balance", description = "The caller's own money; for those whose turn it is."),
        (name = "Payments", description = "Paying, and what was paid."),
        (name = "Operator", description = "For the operator; not there where no key is configured."),
        (name = "Around the API", description = "Health, measurements, documentation."),
    ),
    paths(
        identity::register_user::register_user,
        identity::open_session::open_session,
        waiting_room::join_queue::join_queue,
        waiting_room::check_place::check_place,
        waiting_room::follow_place::follow_place,
        waiting_room::leave_queue::leave_queue,
        catalog::list_concerts::list_concerts,
        catalog::list_schedules::list_schedules,
        catalog::list_seats::list_seats,
        catalog::watch_seats::watch_seats,
        reservation::hold_seats::hold_seats,
        reservation::list_reservations::list_reservations,
        reservation::find_reservation::find_reservation,
        reservation::cancel_reservation::cancel_reservation,
        wallet::show_balance::show_balance,
        wallet::charge_balance::charge_balance,
        wallet::list_transactions::list_transactions,
        payment::pay_reservation::pay_reservation,
        payment::list_payments::list_payments,
        payment::find_payment::find_payment,
        operator::create_concert::create_concert,
        operator::create_schedule::create_schedule,
        operator::refund_payment::refund_payment,
        operator::show_queue::show_queue,
        operator::change_policy::change_policy,
        around::health::livez,
        around::health::readyz,
        around::metrics::metrics,
        around::docs::description,
    ),
    components(schemas(problem_schema::ProblemShape, catalog::watch_seats::SeatStateBody)),
    modifiers(&Finish),
)]
struct Description;

/// The description of the API.
#[must_use]
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// The description of the API as it is served: the same text each time.
#[must_use]
pub fn openapi_json() -> String {
    // Names and numbers, of which none can fail to be written.
    openapi().to_pretty_json().unwrap_or_default()
}
