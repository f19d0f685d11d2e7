//! The two kinds of token as JSON Web Tokens (RFC 7519).

use chrono::DateTime;
use domain::{
    identity::{AccessClaims, BadToken, QueueClaims, SignedToken, SigningFailed, Tokens},
    ids::{TicketId, UserId},
    time::Timestamp,
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::TokenSecret;

/// The one algorithm that is accepted, whatever a token's header says.
const ALGORITHM: Algorithm = Algorithm::HS256;
const ISSUER: &str = "encore";
/// What tells the kinds apart: a token made for one audience is refused by the other.
const ACCESS_AUDIENCE: &str = "encore:access";
const QUEUE_AUDIENCE: &str = "encore:queue";
/// No token of ours is longer; a longer one is refused before anything is computed.
const BYTES_AT_MOST: usize = 2048;

/// Signs and checks tokens with a secret that all instances share.
pub struct JsonWebTokens {
    signing: EncodingKey,
    checking: DecodingKey,
    access: Validation,
    queue: Validation,
}

/// The issuer and the audience are looked at with the signature, and not read again.
#[derive(Serialize, Deserialize)]
struct AccessBody {
    #[serde(skip_deserializing)]
    iss: &'static str,
    #[serde(skip_deserializing)]
    aud: &'static str,
    sub: Uuid,
    iat: i64,
    exp: i64,
}

#[derive(Serialize, Deserialize)]
struct QueueBody {
    #[serde(skip_deserializing)]
    iss: &'static str,
    #[serde(skip_deserializing)]
    aud: &'static str,
    sub: Uuid,
    /// The ticket.
    jti: Uuid,
    /// The ticket's place in the order of arrival.
    number: u64,
    /// When the ticket was issued, in microseconds since 1970. The token may be younger.
    since: i64,
    iat: i64,
    exp: i64,
}

impl JsonWebTokens {
    /// Tokens signed with `secret`.
    #[must_use]
    pub fn new(secret: &TokenSecret) -> Self {
        Self {
            signing: EncodingKey::from_secret(secret.as_bytes()),
            checking: DecodingKey::from_secret(secret.as_bytes()),
            access: validation(ACCESS_AUDIENCE),
            queue: validation(QUEUE_AUDIENCE),
        }
    }

    fn sign(&self, body: &impl Serialize) -> Result<SignedToken, SigningFailed> {
        let token = jsonwebtoken::encode(&Header::new(ALGORITHM), body, &self.signing);
        token.map(SignedToken).map_err(|error| SigningFailed(error.into()))
    }

    fn check<B: DeserializeOwned>(&self, token: &str, validation: &Validation) -> Result<B, BadToken> {
        if token.len() > BYTES_AT_MOST {
            return Err(BadToken);
        }
        jsonwebtoken::decode(token, &self.checking, validation)
            .map(|token| token.claims)
            .map_err(|_| BadToken)
    }
}

/// Everything but the time, which is the business's own: see [`still_good`].
fn validation(audience: &str) -> Validation {
    let mut validation = Validation::new(ALGORITHM);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    validation.validate_exp = false;
    validation
}

fn still_good(exp: i64, now: Timestamp) -> Result<Timestamp, BadToken> {
    let expires_at = DateTime::from_timestamp(exp, 0).ok_or(BadToken)?;
    if now < expires_at { Ok(expires_at) } else { Err(BadToken) }
}

impl Tokens for JsonWebTokens {
    fn sign_access(&self, claims: &AccessClaims, now: Timestamp) -> Result<SignedToken, SigningFailed> {
        self.sign(&AccessBody {
            iss: ISSUER,
            aud: ACCESS_AUDIENCE,
            sub: claims.user.0,
            iat: now.timestamp(),
            exp: claims.expires_at.timestamp(),
        })
    }

    fn sign_queue(&self, claims: &QueueClaims, now: Timestamp) -> Result<SignedToken, SigningFailed> {
        self.sign(&QueueBody {
            iss: ISSUER,
            aud: QUEUE_AUDIENCE,
            sub: claims.user.0,
            jti: claims.ticket.0,
            number: claims.number,
            since: claims.issued_at.timestamp_micros(),
            iat: now.timestamp(),
            exp: claims.expires_at.timestamp(),
        })
    }

    fn verify_access(&self, token: &str, now: Timestamp) -> Result<AccessClaims, BadToken> {
        let body: AccessBody = self.check(token, &self.access)?;
        Ok(AccessClaims { user: UserId(body.sub), expires_at: still_good(body.exp, now)? })
    }

    fn verify_queue(&self, token: &str, now: Timestamp) -> Result<QueueClaims, BadToken> {
        let body: QueueBody = self.check(token, &self.queue)?;
        Ok(QueueClaims {
            user: UserId(body.sub),
            ticket: TicketId(body.jti),
            number: body.number,
            issued_at: DateTime::from_timestamp_micros(body.since).ok_or(BadToken)?,
            expires_at: still_good(body.exp, now)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn tokens(secret: &str) -> JsonWebTokens {
        JsonWebTokens::new(&TokenSecret::new(secret.repeat(32)).unwrap())
    }

    fn access() -> AccessClaims {
        AccessClaims { user: UserId(Uuid::from_u128(1)), expires_at: at(1_000) }
    }

    fn queue() -> QueueClaims {
        QueueClaims {
            user: UserId(Uuid::from_u128(1)),
            ticket: TicketId(Uuid::from_u128(2)),
            number: 7,
            issued_at: DateTime::from_timestamp_micros(123_456_789).unwrap(),
            expires_at: at(1_000),
        }
    }

    #[test]
    fn a_token_says_what_was_signed_until_just_before_it_runs_out() {
        let tokens = tokens("a");
        let (access_token, queue_token) =
            (tokens.sign_access(&access(), at(0)).unwrap().0, tokens.sign_queue(&queue(), at(0)).unwrap().0);
        assert_eq!(tokens.verify_access(&access_token, at(999)), Ok(access()));
        assert_eq!(tokens.verify_queue(&queue_token, at(999)), Ok(queue()));
        assert_eq!(tokens.verify_access(&access_token, at(1_000)), Err(BadToken));
        assert_eq!(tokens.verify_queue(&queue_token, at(1_000)), Err(BadToken));
    }

    #[test]
    fn a_token_of_one_kind_is_refused_as_the_other() {
        let tokens = tokens("a");
        let (access_token, queue_token) =
            (tokens.sign_access(&access(), at(0)).unwrap().0, tokens.sign_queue(&queue(), at(0)).unwrap().0);
        assert_eq!(tokens.verify_queue(&access_token, at(1)), Err(BadToken));
        assert_eq!(tokens.verify_access(&queue_token, at(1)), Err(BadToken));
    }

    #[test]
    fn a_token_signed_with_another_secret_is_refused() {
        let token = tokens("b").sign_access(&access(), at(0)).unwrap().0;
        assert_eq!(tokens("a").verify_access(&token, at(1)), Err(BadToken));
    }

    #[test]
    fn a_token_with_another_algorithm_is_refused() {
        let tokens = tokens("a");
        let body =
            AccessBody { iss: ISSUER, aud: ACCESS_AUDIENCE, sub: Uuid::from_u128(1), iat: 0, exp: 1_000 };
        let other = jsonwebtoken::encode(&Header::new(Algorithm::HS512), &body, &tokens.signing).unwrap();
        assert_eq!(tokens.verify_access(&other, at(1)), Err(BadToken));
        // {"alg":"none","typ":"JWT"} with a good body and no signature.
        let good = tokens.sign_access(&access(), at(0)).unwrap().0;
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", good.split('.').nth(1).unwrap());
        assert_eq!(tokens.verify_access(&unsigned, at(1)), Err(BadToken));
    }

    proptest! {
        #[test]
        fn a_token_with_any_character_changed_is_refused(place: prop::sample::Index, character in "[A-Za-z0-9_.=-]") {
            let tokens = tokens("a");
            let good = tokens.sign_queue(&queue(), at(0)).unwrap().0;
            let place = place.index(good.len());
            let changed = format!("{}{character}{}", &good[..place], &good[place + 1..]);
            prop_assume!(changed != good);
            prop_assert_eq!(tokens.verify_queue(&changed, at(1)), Err(BadToken));
        }

        #[test]
        fn whatever_is_sent_as_a_token_is_refused(text in "[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,200}\\.[A-Za-z0-9_-]{0,60}|.{0,300}") {
            let tokens = tokens("a");
            prop_assert_eq!(tokens.verify_queue(&text, at(1)), Err(BadToken));
            prop_assert_eq!(tokens.verify_access(&text, at(1)), Err(BadToken));
        }
    }

    #[test]
    fn a_garbled_token_is_refused() {
        let tokens = tokens("a");
        let good = tokens.sign_access(&access(), at(0)).unwrap().0;
        for length in 0..good.len() {
            assert_eq!(tokens.verify_access(&good[..length], at(1)), Err(BadToken), "cut to {length}");
        }
        for token in ["", ".", "..", "a.b.c", &"x".repeat(10_000)] {
            assert_eq!(tokens.verify_access(token, at(1)), Err(BadToken), "{token:.20}");
        }
    }
}
