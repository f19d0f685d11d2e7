//! A request's id: the caller's, if it sent a sane one.

use actix_web::http::header::HeaderValue;
use uuid::Uuid;

/// The longest id that is taken over.
const CHARACTERS_AT_MOST: usize = 128;

/// What finds a request in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// The caller's id, or a new one.
    pub(crate) fn of(header: Option<&HeaderValue>) -> Self {
        header.and_then(sane).map_or_else(|| Self(Uuid::now_v7().to_string()), |id| Self(id.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// An id that can do no harm in a log or a header.
fn sane(header: &HeaderValue) -> Option<&str> {
    let id = header.to_str().ok()?;
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    ((1..=CHARACTERS_AT_MOST).contains(&id.len()) && id.bytes().all(harmless)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> String {
        RequestId::of(Some(&HeaderValue::from_str(text).unwrap())).as_str().to_owned()
    }

    #[test]
    fn a_sane_id_is_taken_over() {
        let longest = "a".repeat(128);
        for text in ["a", "req-1_2.3", &longest] {
            assert_eq!(id(text), text);
        }
    }

    #[test]
    fn any_other_id_is_replaced() {
        let too_long = "a".repeat(129);
        for text in ["", "a b", "a\"b", "a/b", "<script>", &too_long] {
            assert!(Uuid::try_parse(&id(text)).is_ok(), "{text:?}");
        }
        assert!(Uuid::try_parse(RequestId::of(None).as_str()).is_ok());
    }
}
