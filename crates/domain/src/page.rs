//! Lists that are read a page at a time.

use uuid::Uuid;

/// How many items a page holds: 1 to 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageLimit(u8);

/// A page was asked for with no item or with too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be within 1 to {}", PageLimit::MOST)]
pub struct PageLimitError;

impl PageLimit {
    /// The most items a page holds.
    pub const MOST: u8 = 200;

    /// Checks a limit.
    ///
    /// # Errors
    ///
    /// [`PageLimitError`] when it is not within 1 to 200.
    pub fn new(limit: i64) -> Result<Self, PageLimitError> {
        match u8::try_from(limit) {
            Ok(limit @ 1..=Self::MOST) => Ok(Self(limit)),
            _ => Err(PageLimitError),
        }
    }

    /// The number of items.
    #[must_use]
    pub fn get(self) -> usize {
        usize::from(self.0)
    }

    /// The number of rows to read: one more than asked for tells whether there is a next page.
    #[must_use]
    pub fn and_one_more(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(50)
    }
}

/// Where a list goes on: behind the item with this position, and with this id among those of one position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// What the list is ordered by: microseconds since 1970, or a number in a ledger.
    pub position: i64,
    /// The item's id.
    pub id: Uuid,
}

/// Which page of a list is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// The last item of the page before; none for the first page.
    pub after: Option<Cursor>,
    /// The most items wanted.
    pub limit: PageLimit,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Where the list goes on; none on the last page.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of up to [`PageLimit::and_one_more`] rows, where `cursor` tells a row's place.
    pub fn of(mut rows: Vec<T>, limit: PageLimit, cursor: impl Fn(&T) -> Cursor) -> Self {
        let more = rows.len() > limit.get();
        rows.truncate(limit.get());
        let next = if more { rows.last().map(cursor) } else { None };
        Self { items: rows, next }
    }

    /// The same page with every item turned into another.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(turn).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(position: i64) -> Cursor {
        Cursor { position, id: Uuid::nil() }
    }

    #[test]
    fn a_limit_is_within_1_to_200() {
        assert_eq!(PageLimit::default().get(), 50);
        for good in [1, 200] {
            assert!(PageLimit::new(good).is_ok(), "{good}");
        }
        for bad in [-1, 0, 201, 256 + 1, i64::MAX] {
            assert_eq!(PageLimit::new(bad), Err(PageLimitError), "{bad}");
        }
    }

    #[test]
    fn a_page_that_is_not_the_last_tells_its_last_item() {
        let limit = PageLimit::new(2).unwrap();
        let page = Page::of(vec![1, 2, 3], limit, |item| cursor(*item));
        assert_eq!(page, Page { items: vec![1, 2], next: Some(cursor(2)) });
    }

    #[test]
    fn a_page_that_is_just_full_is_the_last() {
        let limit = PageLimit::new(2).unwrap();
        assert_eq!(Page::of(vec![1, 2], limit, |item| cursor(*item)), Page { items: vec![1, 2], next: None });
    }

    #[test]
    fn one_row_more_than_wanted_is_read() {
        assert_eq!(PageLimit::new(7).unwrap().and_one_more(), 8);
    }
}
