//! Passwords and tokens: Argon2id, JSON Web Tokens, and the count of failed logins.

mod argon2id;
mod failed_logins;
mod hashing_memory;
mod json_web_tokens;
mod secret;

pub use argon2id::Argon2idHasher;
pub use failed_logins::{MemoryFailedLogins, NoLoginLimit};
pub use json_web_tokens::JsonWebTokens;
pub use secret::{TokenSecret, TokenSecretError};
