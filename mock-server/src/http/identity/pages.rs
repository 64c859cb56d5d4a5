//! Pages of a list, which count from 1, and the parameters of a query.

use std::collections::HashMap;

use axum::http::request::Parts;
use bandwidth_fixtures::{ApiError, Consultation, profile::PageBeyond};

/// The parameters of a query. If one is there twice, the last one counts.
pub(super) fn query(head: &Parts) -> HashMap<String, String> {
    let query = head.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

/// The requested part of a list.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub(super) number: usize,
    pub(super) size: usize,
}

impl Page {
    /// The page of a request, or the first one. Without a size, a page is the whole list.
    pub(super) fn of(head: &Parts, usual: Option<u32>) -> Result<Self, ApiError> {
        let query = query(head);
        let number = |name: &str, error: ApiError| {
            let text = query.get(name);
            let number = text.map(|text| text.parse::<usize>().map_err(|_| error));
            number.transpose()
        };
        let page = Self {
            number: number("page", ApiError::PageNotANumber)?.unwrap_or(1),
            size: match number("size", ApiError::SizeNotANumber)? {
                Some(size) => size,
                None => usual.map_or(usize::MAX, |size| size.try_into().unwrap_or(usize::MAX)),
            },
        };
        if page.number == 0 || page.size == 0 {
            return Err(ApiError::PageTooSmall);
        }
        Ok(page)
    }

    /// The part of a list.
    pub(super) fn cut<'i, T>(
        self,
        items: &'i [T],
        rules: &Consultation,
    ) -> Result<&'i [T], ApiError> {
        let pages = items.chunks(self.size);
        let last = pages.len();
        let number = if self.number > last && self.number > 1 {
            match rules.identity_page_beyond() {
                PageBeyond::Empty => return Ok(&[]),
                PageBeyond::Refused => return Err(ApiError::PageBeyondLast),
                PageBeyond::Last => last.max(1),
            }
        } else {
            self.number
        };
        Ok(items.chunks(self.size).nth(number - 1).unwrap_or(&[]))
    }

    /// True if there are items after this page.
    pub(super) fn has_next<T>(self, items: &[T]) -> bool {
        items.len() > self.number.saturating_mul(self.size)
    }
}
