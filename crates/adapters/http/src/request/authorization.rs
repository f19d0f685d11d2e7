//! The `Authorization` header.

use actix_web::http::header::{self, HeaderMap};

use crate::problem::{Code, Problem};

/// The one bearer token of a request (RFC 6750, 2.1).
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let value = values.next().ok_or_else(|| unauthenticated("There is no token."))?;
    if values.next().is_some() {
        return Err(unauthenticated("There is more than one `Authorization` header."));
    }
    let text = value.to_str().map_err(|_| unauthenticated("The `Authorization` header is garbled."))?;
    token_of(text)
        .ok_or_else(|| unauthenticated("The `Authorization` header must be `Bearer` and one token."))
}

fn token_of(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_matches(' ');
    // Without a way out: all of a good token is looked at in any case, many bytes at a time.
    let graphic = token.bytes().fold(true, |graphic, byte| graphic & byte.is_ascii_graphic());
    let whole = graphic && !token.is_empty();
    (whole && scheme.eq_ignore_ascii_case("bearer")).then_some(token)
}

fn unauthenticated(detail: &'static str) -> Problem {
    Problem::because(Code::Unauthenticated, detail)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn token(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        bearer_token(&headers).ok().map(str::to_owned)
    }

    #[test]
    fn the_scheme_is_compared_without_case() {
        for value in ["Bearer a.b-c_d", "bearer a.b-c_d", "BEARER  a.b-c_d"] {
            assert_eq!(token(&[value]).as_deref(), Some("a.b-c_d"), "{value}");
        }
    }

    #[test]
    fn what_is_not_one_bearer_token_is_refused() {
        let bad: [&[&str]; 8] = [
            &[],
            &[""],
            &["Bearer"],
            &["Bearer "],
            &["Basic abc"],
            &["Bearer a b"],
            &["abc"],
            &["Bearer a", "Bearer a"],
        ];
        for values in bad {
            assert_eq!(token(values), None, "{values:?}");
        }
    }
}
