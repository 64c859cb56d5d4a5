//! Reads the whole list of users: it follows pages, and reports users that may be missing.

use super::users::Account;
use crate::{
    decode::{
        domain,
        users::{self, Shown, rest},
    },
    dispatch::SendError,
    exchange::{Exchange, Log, Purpose},
    limits::Surface,
    transport::Response,
};

/// No list has more pages than this.
const MOST_PAGES: usize = 200;
/// The page size that the run asks for.
const PAGE_SIZE: usize = 100;

/// Users in the list.
#[derive(Debug)]
pub struct Listing {
    pub users: Vec<Shown>,
    /// True if nothing hints at more users.
    pub complete: bool,
}

impl Listing {
    /// True if the list has a user with that key or that name.
    pub fn shows(&self, key: &str) -> bool {
        let mut users = self.users.iter();
        users.any(|user| user.id.as_deref() == Some(key) || user.username == key)
    }

    /// Adds the users of a page. Returns whether there was a new one.
    fn add(&mut self, page: Vec<Shown>) -> bool {
        let before = self.users.len();
        for user in page {
            let known = |other: &Shown| other.username == user.username && other.id == user.id;
            if !self.users.iter().any(known) {
                self.users.push(user);
            }
        }
        self.users.len() > before
    }
}

impl Account {
    /// All users that the target lists; `None` if its response is not a list of users.
    pub async fn list(
        &self,
        purpose: Purpose,
        log: &mut Log,
    ) -> Result<Option<Listing>, SendError> {
        let mut listing = Listing {
            users: Vec::new(),
            complete: true,
        };
        let mut path = self.users_path();
        let mut total = None;
        let mut linked = false;
        for _ in 0..MOST_PAGES {
            let answer = self.get(&path, purpose, log).await?;
            let Some(page) = self.listed(&answer) else {
                // A page that cannot be read takes the others with it.
                let empty = listing.users.is_empty() && self.is_as_before_first(&answer);
                return Ok(empty.then_some(listing));
            };
            let rest = rest(&answer);
            let progress = listing.add(page);
            total = rest.total.or(total);
            listing.complete &= !rest.more;
            match rest
                .next
                .as_deref()
                .and_then(|next| self.below_users(&path, next))
            {
                Some(next) if progress => {
                    linked = true;
                    path = next;
                }
                next => {
                    // A link that leads nowhere new, or elsewhere, hides what follows.
                    listing.complete &= next.is_none() && rest.next.is_none();
                    break;
                }
            }
        }
        if !linked && total.is_none_or(|total| total > listing.users.len()) {
            self.turn_pages(&mut listing, purpose, log).await?;
        }
        listing.complete &= total.is_none_or(|total| total <= listing.users.len());
        Ok(Some(listing))
    }

    /// Records an error of the list before the first create. An account without users may return
    /// one, in words of its own.
    pub(super) async fn note_list_before_first(&self, log: &mut Log) -> Result<(), SendError> {
        let path = self.users_path();
        let mut earlier = log.exchanges.iter().filter(|one| one.request.path == path);
        let shows_list = |one: &Exchange| {
            one.outcome
                .as_ref()
                .is_ok_and(|answer| self.listed(answer).is_some())
        };
        if earlier.any(shows_list) {
            return Ok(());
        }
        let answer = self.get(&path, Purpose::Check, log).await?;
        let is_error = self.listed(&answer).is_none() && matches!(answer.status, 200..=299 | 404);
        if is_error {
            self.state().before_first = Some((answer.status, answer.body));
        }
        Ok(())
    }

    /// True if the list has the same response as before the first create, and has shown a user
    /// since then: it shows none of the run.
    fn is_as_before_first(&self, answer: &Response) -> bool {
        let state = self.state();
        let same = state
            .before_first
            .as_ref()
            .is_some_and(|(status, body)| (*status, body) == (answer.status, &answer.body));
        same && state.ledger.listed() == Some(true)
    }

    /// The path and query of a link, when it leads to the list of users of this target.
    fn below_users(&self, from: &str, link: &str) -> Option<String> {
        let origin = self.dispatch.endpoint.target.origin();
        let base = reqwest::Url::parse(&format!("{origin}{from}")).ok()?;
        let url = base.join(link).ok()?;
        let query = url
            .query()
            .map_or_else(String::new, |query| format!("?{query}"));
        let same = url.origin() == base.origin() && url.path() == self.users_path();
        same.then(|| format!("{}{query}", url.path()))
    }

    /// Requests pages by number, unless the target is known to ignore that.
    async fn turn_pages(
        &self,
        listing: &mut Listing,
        purpose: Purpose,
        log: &mut Log,
    ) -> Result<(), SendError> {
        let known = self.state().paged;
        let paged = match known {
            Some(paged) => paged,
            None if listing.users.len() < 2 => return Ok(()),
            None => {
                let page = self.page(2, 1, purpose, log).await?;
                // One user of two or more: the parameters have an effect.
                let paged = page.is_some_and(|page| page.len() < listing.users.len());
                self.state().paged = Some(paged);
                paged
            }
        };
        if !paged {
            return Ok(());
        }
        // Pages count from 0 or from 1.
        for number in 0..MOST_PAGES {
            let page = self.page(number, PAGE_SIZE, purpose, log).await?;
            let progress = page.is_some_and(|page| listing.add(page));
            if !progress && number >= 2 {
                return Ok(());
            }
        }
        listing.complete = false;
        Ok(())
    }

    async fn page(
        &self,
        number: usize,
        size: usize,
        purpose: Purpose,
        log: &mut Log,
    ) -> Result<Option<Vec<Shown>>, SendError> {
        let path = format!("{}?page={number}&size={size}", self.users_path());
        Ok(self.listed(&self.get(&path, purpose, log).await?))
    }

    /// The users in the list's response; `None` if it is not a list of users.
    fn listed(&self, answer: &Response) -> Option<Vec<Shown>> {
        match self.home {
            Surface::Identity => domain::listed(answer),
            Surface::Account | Surface::Management => users::listed(answer),
        }
    }
}
