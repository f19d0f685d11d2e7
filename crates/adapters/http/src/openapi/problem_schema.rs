//! What a problem's body looks like, for the API's description.

use utoipa::ToSchema;

/// Why a request was refused (RFC 9457).
#[derive(ToSchema)]
#[schema(as = Problem, rename_all = "camelCase")]
#[expect(dead_code, reason = "the shape that the API's description shows; the writing is done by hand")]
pub(crate) struct ProblemShape {
    /// The code as a URN.
    #[schema(format = "uri", examples("urn:encore:problem:seat-taken"))]
    r#type: String,
    /// The same few words whenever the code occurs.
    #[schema(examples("A seat is taken"))]
    title: String,
    /// The status of the response.
    #[schema(minimum = 400, maximum = 599, examples(409))]
    status: u16,
    /// What is wrong this time.
    #[schema(examples("Somebody else holds or has bought the seats in `seatNumbers`; none was held."))]
    detail: String,
    /// The path that was asked.
    #[schema(examples("/api/v1/reservations"))]
    instance: String,
    /// What programs tell problems apart by.
    #[schema(pattern = "^[A-Z_]+$", examples("SEAT_TAKEN"))]
    code: String,
    /// What finds the request in the log.
    #[schema(max_length = 128, examples("0192f0c1-7e7b-7000-8000-0000000000ff"))]
    request_id: String,
}
