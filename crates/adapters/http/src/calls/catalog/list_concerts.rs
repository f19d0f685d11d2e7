//! `GET /concerts`.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use catalog::ListConcerts;
use domain::{catalog::Concert, page::PageRequest};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::listings::Listings;
use crate::{
    openapi::problems,
    problem::Problem,
    request::{KnownVersions, PageParameters, Query, QueueCaller},
    response::{PageBody, Versioned},
    use_cases::UseCases,
};

/// A concert.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Concert)]
pub(crate) struct ConcertBody {
    /// The concert's id.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000010"))]
    concert_id: Uuid,
    /// What it is called.
    #[schema(examples("Winter Concert"))]
    name: String,
    /// The IANA name of its time zone.
    #[schema(examples("Asia/Seoul"))]
    time_zone: &'static str,
}

impl From<Concert> for ConcertBody {
    fn from(concert: Concert) -> Self {
        Self {
            concert_id: concert.id.0,
            name: concert.name.as_str().to_owned(),
            time_zone: concert.time_zone.name(),
        }
    }
}

problems!(ListConcertsProblems: ADMITTED, STORE; InvalidRequest);

/// Lists the concerts.
///
/// In the order in which they were put on the list.
#[utoipa::path(
    get, path = "/api/v1/concerts", operation_id = "listConcerts", tag = "Catalogue",
    params(PageParameters, KnownVersions),
    responses(
        (
            status = 200, description = "A page of concerts.", body = PageBody<ConcertBody>,
            headers(("ETag" = String, description = "The answer's version.")),
        ),
        (
            status = 304, description = "The caller has kept this very answer.",
            headers(("ETag" = String, description = "The answer's version.")),
        ),
        ListConcertsProblems,
    ),
    security(("queueToken" = [])),
)]
pub(crate) async fn list_concerts(
    caller: QueueCaller,
    query: Query,
    known: KnownVersions,
    use_cases: web::Data<UseCases>,
    listings: web::Data<Listings>,
) -> Result<HttpResponse, Problem> {
    caller.require_turn(&use_cases).await?;
    let page = query.page()?;
    let listing = listings.concerts.ask(page, listing(Arc::clone(&use_cases.list_concerts), page)).await?;
    Ok(listing.unless_known(&known))
}

async fn listing(list_concerts: Arc<ListConcerts>, page: PageRequest) -> Result<Versioned, Problem> {
    let concerts = list_concerts.handle(page).await?;
    Versioned::of(&PageBody::<ConcertBody>::from(concerts))
}
