//! `GET /docs` and `GET /api-docs/openapi.json`.

use std::{borrow::Cow, convert::Infallible, sync::Arc};

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    body::SizedStream,
    http::header::{self, ContentType},
    web::{self, Bytes},
};
use futures_util::stream::{self, Stream};
use utoipa_swagger_ui::Config;

use crate::problem::{Code, Problem};

/// How much of a file is put before a client at a time, in bytes.
const PIECE: usize = 16_384;

/// Where the description of the API is.
pub(crate) const DESCRIPTION_PATH: &str = "/api-docs/openapi.json";

/// The description of the API, written once.
#[derive(Clone, Debug)]
pub(crate) struct Description(pub(crate) web::Bytes);

/// Describes the API.
///
/// This very document.
#[utoipa::path(
    get, path = "/api-docs/openapi.json", operation_id = "openapi", tag = "Around the API",
    responses((
        status = 200, description = "An OpenAPI 3.1 document.", content_type = "application/json", body = Object,
        example = json!({"openapi": "3.1.0", "info": {"title": "Encore", "version": "1"}, "paths": {}}),
    )),
    security(()),
)]
pub(crate) async fn description(description: web::Data<Description>) -> HttpResponse {
    in_pieces(description.0.clone(), HttpResponse::Ok().content_type(ContentType::json()))
}

/// Leads from `/docs` to where the page's relative links are right.
pub(crate) async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

/// A file of the page that shows the description. It asks nobody else for anything, a validator included.
pub(crate) async fn docs_file(path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let config = Config::from(DESCRIPTION_PATH).validator_url("none");
    let file = utoipa_swagger_ui::serve(&path, Arc::new(config))
        .map_err(|error| Problem::internal(error.to_string()))?;
    let file = file.ok_or_else(|| Problem::new(Code::NotFound))?;
    let content = match file.bytes {
        Cow::Borrowed(content) => Bytes::from_static(content),
        Cow::Owned(content) => content.into(),
    };
    Ok(in_pieces(content, HttpResponse::Ok().content_type(file.content_type)))
}

/// What is large is not copied for each client at once: one that does not read would keep all of it in memory.
fn in_pieces(content: Bytes, response: &mut HttpResponseBuilder) -> HttpResponse {
    response.body(SizedStream::new(content.len().try_into().unwrap_or(u64::MAX), pieces(content)))
}

fn pieces(content: Bytes) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(content, |mut content| async {
        let piece = content.split_to(content.len().min(PIECE));
        (!piece.is_empty()).then_some((Ok(piece), content))
    })
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[actix_web::test]
    async fn what_is_large_goes_out_in_pieces_and_whole() {
        let content = Bytes::from((0..=255).cycle().take(2 * PIECE + 7).collect::<Vec<u8>>());
        let sent: Vec<_> = pieces(content.clone()).map(Result::unwrap).collect().await;
        assert_eq!(sent.iter().map(Bytes::len).collect::<Vec<_>>(), [PIECE, PIECE, 7]);
        assert_eq!(sent.concat(), content);
        assert_eq!(pieces(Bytes::new()).count().await, 0);
    }
}
