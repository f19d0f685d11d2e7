//! What somebody logs in with.

use domain::identity::{Email, Password};
use identity::Credentials;

use crate::problem::Problem;

/// An address and a password as somebody tries to log in with them.
pub(crate) fn credentials(email: &str, password: String) -> Result<Credentials, Problem> {
    Ok(Credentials { email: address(email)?, password: attempt(password)? })
}

/// The address that somebody tries to log in with.
pub(crate) fn address(email: &str) -> Result<Email, Problem> {
    Email::new(email).map_err(|error| Problem::invalid("email", error))
}

/// The password that somebody tries to log in with.
pub(crate) fn attempt(password: String) -> Result<Password, Problem> {
    if password.is_empty() {
        return Err(Problem::invalid("password", "must not be empty"));
    }
    Ok(Password::attempted(password))
}
