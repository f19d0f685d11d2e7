//! `PUT /admin/queue/policy`.

use actix_web::{HttpResponse, web};
use domain::waiting_room::{Bounded, PolicyChange, PolicyError, policy_seconds};
use serde::Deserialize;
use utoipa::ToSchema;

use super::policy::{PolicyBody, RoomStateName, Strategy};
use crate::{
    openapi::problems,
    problem::Problem,
    request::{JsonBody, Operator, WholeNumber},
    use_cases::UseCases,
};

/// What is to be changed; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangePolicyRequest {
    /// By what the number of people inside is bounded.
    strategy: Option<Strategy>,
    /// The most turns live at a time.
    #[schema(minimum = 1, maximum = 1_000_000, value_type = Option<i64>, examples(250))]
    max_active: Option<WholeNumber>,
    /// The most admissions within any interval.
    #[schema(minimum = 1, maximum = 1_000_000, value_type = Option<i64>, examples(100))]
    admit_count: Option<WholeNumber>,
    /// The interval, in seconds.
    #[schema(minimum = 1, maximum = 86_400, value_type = Option<i64>, examples(10))]
    interval_seconds: Option<WholeNumber>,
    /// How long a turn lasts, in seconds.
    #[schema(minimum = 1, maximum = 86_400, value_type = Option<i64>, examples(600))]
    session_seconds: Option<WholeNumber>,
    /// How long a turn waits to be claimed, in seconds.
    #[schema(minimum = 1, maximum = 86_400, value_type = Option<i64>, examples(60))]
    claim_seconds: Option<WholeNumber>,
    /// Whether the room takes people in.
    state: Option<RoomStateName>,
}

impl ChangePolicyRequest {
    fn change(&self) -> Result<PolicyChange, Problem> {
        Ok(PolicyChange {
            strategy: self.strategy.map(Into::into),
            max_active: checked("maxActive", self.max_active, Bounded::new)?,
            admit_count: checked("admitCount", self.admit_count, Bounded::new)?,
            interval: checked("intervalSeconds", self.interval_seconds, policy_seconds)?,
            session: checked("sessionSeconds", self.session_seconds, policy_seconds)?,
            claim: checked("claimSeconds", self.claim_seconds, policy_seconds)?,
            state: self.state.map(Into::into),
        })
    }
}

fn checked<T>(
    field: &str,
    number: Option<WholeNumber>,
    check: impl Fn(i64) -> Result<T, PolicyError>,
) -> Result<Option<T>, Problem> {
    number.map(|number| check(number.0)).transpose().map_err(|error| Problem::invalid(field, error))
}

problems!(ChangePolicyProblems: OPERATOR, BODY, STORE);

/// Changes the waiting room's policy.
///
/// In force on every instance within a second.
#[utoipa::path(
    put, path = "/api/v1/admin/queue/policy", operation_id = "changePolicy", tag = "Operator",
    request_body(content = ChangePolicyRequest, description = "What is to be changed."),
    responses((status = 200, description = "The whole policy.", body = PolicyBody), ChangePolicyProblems),
    security(("adminKey" = [])),
)]
pub(crate) async fn change_policy(
    _: Operator,
    body: JsonBody<ChangePolicyRequest>,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let change = body.0?.change()?;
    let policy = use_cases.change_policy.handle(change).await?;
    Ok(HttpResponse::Ok().json(PolicyBody::from(policy)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(json: &str) -> String {
        let request: ChangePolicyRequest = serde_json::from_str(json).unwrap();
        request.change().unwrap_err().to_string()
    }

    #[test]
    fn a_number_out_of_bounds_is_named() {
        for field in ["maxActive", "admitCount", "intervalSeconds", "sessionSeconds", "claimSeconds"] {
            for number in ["0", "-1", "1000001"] {
                let refused = refused(&format!(r#"{{"{field}":{number}}}"#));
                assert!(refused.starts_with(&format!("INVALID_REQUEST: {field}: ")), "{refused}");
            }
        }
    }

    #[test]
    fn what_is_left_out_or_null_stays_as_it_is() {
        let request: ChangePolicyRequest = serde_json::from_str(r#"{"maxActive":null}"#).unwrap();
        assert_eq!(request.change().unwrap(), PolicyChange::default());
    }
}
