//! One stretch of a list.

/// Which stretch of a list is wanted: at most `limit` items that come after the cursor.
///
/// The cursor is typed, so that a licence's identifier cannot be used to walk a list of persons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPage<C> {
    /// The last item already seen.
    pub after: Option<C>,
    /// At most so many items.
    pub limit: i64,
}

impl<C> ListPage<C> {
    /// The most items one page may hold.
    pub const LIMIT_MAX: i64 = 200;

    /// The first page. The limit is brought into 1 ..= [`Self::LIMIT_MAX`].
    pub fn first(limit: i64) -> Self {
        Self { after: None, limit: limit.clamp(1, Self::LIMIT_MAX) }
    }

    /// The page after a cursor.
    pub fn after(cursor: C, limit: i64) -> Self {
        Self { after: Some(cursor), limit: limit.clamp(1, Self::LIMIT_MAX) }
    }
}

impl<C: AsRef<str>> ListPage<C> {
    /// The bound of a list that begins with the newest: what comes next lies below it. There is one on the first page
    /// too, above every identifier in whatever order a database compares text, so that all pages are asked for alike.
    pub fn below(&self) -> &str {
        self.after.as_ref().map_or("zzz", AsRef::as_ref)
    }

    /// The bound of a list that begins with the oldest: what comes next lies above it.
    pub fn above(&self) -> &str {
        self.after.as_ref().map_or("", AsRef::as_ref)
    }
}

/// The items of one page and where the next begins.
#[derive(Clone, Debug)]
pub struct PageOf<T, C> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The cursor of the next page; none when this is the last.
    pub next: Option<C>,
}

impl<T, C> PageOf<T, C> {
    /// Makes a page out of up to `limit + 1` rows: the row over the limit only tells that there is more.
    pub fn from_rows(mut rows: Vec<T>, limit: i64, cursor: impl Fn(&T) -> C) -> Self {
        let limit = limit.max(0) as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(cursor) } else { None };
        Self { items: rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_over_the_limit_is_not_shown_but_announced() {
        let page = PageOf::from_rows(vec![1, 2, 3], 2, |row| *row);
        assert_eq!((page.items, page.next), (vec![1, 2], Some(2)));
        let page = PageOf::from_rows(vec![1, 2], 2, |row| *row);
        assert_eq!((page.items, page.next), (vec![1, 2], None));
    }

    #[test]
    fn the_first_page_has_a_bound_that_keeps_nothing_out() {
        let first = ListPage::<&str>::first(1);
        for prefix in [crate::id::ApplicationId::PREFIX, crate::id::LicenceId::PREFIX, crate::id::StaffId::PREFIX] {
            assert!(first.above() < prefix && prefix < first.below(), "{prefix}");
        }
        let second = ListPage::after("lic_1", 1);
        assert_eq!((second.above(), second.below()), ("lic_1", "lic_1"));
    }
}
