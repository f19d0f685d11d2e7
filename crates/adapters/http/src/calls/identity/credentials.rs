//! What somebody logs in with.

use domain::identity::{Email, Password};
use identity::Credentials;

use crate::problem::Problem;

/// An address and a password as somebody tries to log in with them.
pub(crate) fn credentials(email: &str, password: String) -> Result<Credentials, Problem> {
    let email = Email::new(email).map_err(|error| Problem::invalid("email", error))?;
    if password.is_empty() {
        return Err(Problem::invalid("password", "must not be empty"));
    }
    Ok(Credentials { email, password: Password::attempted(password) })
}
