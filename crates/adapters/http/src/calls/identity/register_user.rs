//! `POST /users`.

use actix_web::{HttpResponse, web};
use domain::{
    identity::{Email, Password, User},
    text::Name,
};
use identity::RegisterUserCommand;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    openapi::{problems, schemas},
    problem::Problem,
    request::JsonBody,
    use_cases::UseCases,
};

/// What somebody registers with.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RegisterUserRequest {
    #[schema(schema_with = schemas::user_name)]
    name: String,
    #[schema(schema_with = schemas::email)]
    email: String,
    #[schema(schema_with = schemas::new_password)]
    password: String,
}

impl RegisterUserRequest {
    fn command(self) -> Result<RegisterUserCommand, Problem> {
        Ok(RegisterUserCommand {
            name: Name::new(&self.name).map_err(|error| Problem::invalid("name", error))?,
            email: Email::new(&self.email).map_err(|error| Problem::invalid("email", error))?,
            password: Password::new(self.password).map_err(|error| Problem::invalid("password", error))?,
        })
    }
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub(crate) struct UserBody {
    /// The user's id.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000001"))]
    user_id: Uuid,
    /// What the user is called.
    #[schema(examples("Ada Lovelace"))]
    name: String,
    /// The address the user logs in with, in lower case.
    #[schema(examples("ada@example.org"))]
    email: String,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            user_id: user.id.0,
            name: user.name.as_str().to_owned(),
            email: user.email.as_str().to_owned(),
        }
    }
}

problems!(RegisterUserProblems: BODY, STORE; EmailTaken);

/// Registers a user.
///
/// The user begins with an empty balance.
#[utoipa::path(
    post, path = "/api/v1/users", operation_id = "registerUser", tag = "Identity",
    request_body(content = RegisterUserRequest, description = "Who registers."),
    responses((status = 201, description = "The user.", body = UserBody), RegisterUserProblems),
    security(()),
)]
pub(crate) async fn register_user(
    body: JsonBody<RegisterUserRequest>,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let command = body.0?.command()?;
    let user = use_cases.register_user.handle(command).await?;
    Ok(HttpResponse::Created().json(UserBody::from(user)))
}
