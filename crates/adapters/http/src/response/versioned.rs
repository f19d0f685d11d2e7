//! Answers that a caller may keep, if it asks each time whether they are still good.

use actix_web::{
    HttpResponse,
    http::header::{CacheControl, CacheDirective, ContentType, ETag, EntityTag},
    web::Bytes,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::json_bytes;
use crate::{problem::Problem, request::KnownVersions};

/// A body and its version. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Versioned {
    body: Bytes,
    version: EntityTag,
}

impl Versioned {
    pub(crate) fn of(body: &impl Serialize) -> Result<Self, Problem> {
        let body = json_bytes(body)?;
        Ok(Self { version: version_of(&body), body })
    }

    /// Answers with the body and its version, or without the body when the caller has kept this very version.
    pub(crate) fn unless_known(self, known: &KnownVersions) -> HttpResponse {
        let Self { body, version } = self;
        let is_known = known.contain(&version);
        let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        // What is listed is for those whose turn it is: nobody in between may keep it for others.
        let kept = CacheControl(vec![CacheDirective::Private, CacheDirective::NoCache]);
        answer.insert_header(kept).insert_header(ETag(version));
        if is_known {
            return answer.finish();
        }
        answer.insert_header(ContentType::json()).body(body)
    }
}

/// A body's version: the same for the same bytes, on every instance and in every release.
fn version_of(body: &[u8]) -> EntityTag {
    // Half of the hash is more than enough to tell the versions of a list apart.
    let hash = Sha256::digest(body).into_iter().take(16);
    let number = hash.fold(0_u128, |number, byte| number << 8 | u128::from(byte));
    EntityTag::new_strong(format!("{number:032x}"))
}

#[cfg(test)]
mod tests {
    use actix_web::{FromRequest, http::header, test::TestRequest};

    use super::*;

    #[test]
    fn a_version_is_that_of_the_bytes_alone() {
        assert_eq!(version_of(b"[]").to_string(), "\"4f53cda18c2baa0c0354bb5f9a3ecbe5\"");
        assert_ne!(version_of(b"[]"), version_of(b"[ ]"));
    }

    async fn status(known: &[&str]) -> u16 {
        let request = known.iter().fold(TestRequest::default(), |request, tags| {
            request.append_header((header::IF_NONE_MATCH, *tags))
        });
        let known = KnownVersions::extract(&request.to_http_request()).await.unwrap();
        Versioned::of(&[0; 0]).unwrap().unless_known(&known).status().as_u16()
    }

    #[actix_web::test]
    async fn who_has_kept_this_version_is_not_sent_it_again() {
        let same = "\"4f53cda18c2baa0c0354bb5f9a3ecbe5\"";
        let weak = format!("W/{same}");
        let listed = format!("\"another\" , W/\"third\",{same}");
        let good: [&[&str]; 5] = [&[same], &[&weak], &[&listed], &["\"another\"", same], &["*"]];
        for known in good {
            assert_eq!(status(known).await, 304, "{known:?}");
        }
    }

    #[actix_web::test]
    async fn who_has_not_kept_it_is_sent_it() {
        let unquoted = "4f53cda18c2baa0c0354bb5f9a3ecbe5";
        let bad: [&[&str]; 6] = [&[], &[""], &["\"another\""], &["\"a\", W/\"b\""], &[unquoted], &["\"*\""]];
        for known in bad {
            assert_eq!(status(known).await, 200, "{known:?}");
        }
    }
}
