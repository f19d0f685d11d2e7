//! Pages of lists.

use domain::page::Page;
use serde::Serialize;
use utoipa::ToSchema;

use crate::request::encode_cursor;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Page)]
pub(crate) struct PageBody<T> {
    /// The items, in the list's order.
    items: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last.
    #[schema(required, examples("000637f1f4a2c0000192f0c17e7b70008000000000000001"))]
    next: Option<String>,
}

impl<T, U: From<T>> From<Page<T>> for PageBody<U> {
    fn from(page: Page<T>) -> Self {
        Self { items: page.items.into_iter().map(U::from).collect(), next: page.next.map(encode_cursor) }
    }
}
