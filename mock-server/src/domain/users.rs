//! The users of an account, in the order of their creation, and by what they are looked up by.

use std::{cell::OnceCell, collections::BTreeMap, sync::Arc};

use super::{
    Company, Reach,
    id::number_in,
    index::{Index, folded},
    user::{User, UserNumber},
};

/// A user before and after.
pub(super) type Change = (Option<Arc<User>>, Arc<User>);

/// Users by number, id, name and email.
#[derive(Debug, Clone, Default)]
pub(super) struct Users {
    by_number: BTreeMap<UserNumber, Arc<User>>,
    /// Another one after each change.
    version: u64,
    /// The list that users of the main account alone share.
    main: Arc<[Arc<str>]>,
    /// Number of users with another list.
    elsewhere: usize,
    /// Recorded changes while recording is on: the user before, if it existed, and after.
    watched: Option<Vec<Change>>,
    /// The user that changed last, as it was before.
    last: Option<(UserNumber, Option<Arc<User>>)>,
    /// For ids that do not contain their user's number.
    ids: Index,
    usernames: Index,
    /// Built at the first use: few profiles need it.
    emails: OnceCell<Index>,
}

impl Users {
    pub(super) fn of(main: &Company) -> Self {
        Self {
            main: Arc::clone(main.alone()),
            ..Self::default()
        }
    }

    /// The users within a reach.
    pub(super) fn within<'u>(&'u self, reach: &Reach) -> impl Iterator<Item = &'u Arc<User>> {
        let all = self.elsewhere == 0 && self.main.iter().all(|main| reach.opens(main));
        self.iter().filter(move |user| all || reach.includes(user))
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<User>> {
        self.by_number.values()
    }

    pub(super) fn after(&self, number: UserNumber) -> impl Iterator<Item = &Arc<User>> {
        let later = self.by_number.range(number.saturating_add(1)..);
        later.map(|(_, user)| user)
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn get(&self, number: UserNumber) -> Option<&Arc<User>> {
        self.by_number.get(&number)
    }

    pub(super) fn with_id(&self, id: &str) -> Option<&Arc<User>> {
        let said = number_in(id).and_then(|number| self.get(number));
        said.filter(|user| *user.id == *id).or_else(|| {
            let mut found = self.found(&self.ids, id);
            found.find(|user| *user.id == *id)
        })
    }

    /// The users with that name, ignoring case, oldest first.
    pub(super) fn named<'u>(&'u self, username: &str) -> impl Iterator<Item = &'u Arc<User>> {
        let name = folded(username);
        self.found(&self.usernames, &name)
            .filter(move |user| folded(&user.username) == name)
    }

    /// The users with that email, ignoring case, oldest first.
    pub(super) fn with_email<'u>(&'u self, email: &str) -> impl Iterator<Item = &'u Arc<User>> {
        let emails = self.emails.get_or_init(|| {
            let mut emails = Index::default();
            for user in self.iter() {
                if let Some(email) = &user.texts.email {
                    emails.insert(&folded(email), user.number);
                }
            }
            emails
        });
        let email = folded(email);
        self.found(emails, &email).filter(move |user| {
            let own = user.texts.email.as_deref();
            own.is_some_and(|own| folded(own) == email)
        })
    }

    fn found<'u>(
        &'u self,
        index: &Index,
        text: &str,
    ) -> impl Iterator<Item = &'u Arc<User>> + use<'u> {
        let candidates = index.candidates(text).into_iter();
        candidates.filter_map(|number| self.get(number))
    }

    /// Puts a user there, instead of the one with that number.
    pub(super) fn put(&mut self, user: User) -> Arc<User> {
        let user = Arc::new(user);
        let before = self.by_number.insert(user.number, Arc::clone(&user));
        if let Some(before) = &before {
            self.left(before);
        }
        self.version += 1;
        self.last = Some((user.number, before.clone()));
        self.reindex(&user, Index::insert);
        self.elsewhere += usize::from(!Arc::ptr_eq(&user.accounts, &self.main));
        if let Some(watched) = &mut self.watched {
            watched.push((before, Arc::clone(&user)));
        }
        user
    }

    pub(super) fn remove(&mut self, number: UserNumber) -> Option<Arc<User>> {
        self.version += 1;
        let user = self.by_number.remove(&number)?;
        self.left(&user);
        self.last = Some((number, Some(Arc::clone(&user))));
        Some(user)
    }

    /// Takes a user that is there no more out of what finds it.
    fn left(&mut self, user: &User) {
        self.reindex(user, Index::remove);
        self.elsewhere -= usize::from(!Arc::ptr_eq(&user.accounts, &self.main));
    }

    /// Takes back the last change.
    pub(super) fn undo(&mut self) {
        match self.last.take() {
            Some((_, Some(before))) => drop(self.put(User::clone(&before))),
            Some((number, None)) => drop(self.remove(number)),
            None => {}
        }
    }

    pub(super) fn forget_last_change(&mut self) {
        self.last = None;
    }

    /// Watches from now on what is put there.
    pub(super) fn watch(&mut self) {
        self.watched = Some(Vec::new());
    }

    /// Ends the recording, and returns the changes.
    pub(super) fn unwatch(&mut self) -> Vec<Change> {
        self.watched.take().unwrap_or_default()
    }

    fn reindex(&mut self, user: &User, change: impl Fn(&mut Index, &str, UserNumber)) {
        let number = user.number;
        if number_in(&user.id) != Some(number) {
            change(&mut self.ids, &user.id, number);
        }
        change(&mut self.usernames, &folded(&user.username), number);
        if let (Some(emails), Some(email)) = (self.emails.get_mut(), &user.texts.email) {
            change(emails, &folded(email), number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bandwidth_fixtures::{AccountScope, Texts};

    use super::{User, UserNumber, Users};

    fn user(number: UserNumber, username: &str) -> User {
        User {
            number,
            id: format!("id-of-{number}").into(),
            username: username.into(),
            texts: Texts {
                email: Some(format!("{username}@example.com").into()),
                ..Texts::default()
            },
            scope: AccountScope::Account,
            accounts: Arc::default(),
            roles: Box::default(),
            enabled: true,
            passwords: Box::default(),
            resources: Box::default(),
            details: None,
        }
    }

    fn numbers<'u>(found: impl Iterator<Item = &'u Arc<User>>) -> Vec<UserNumber> {
        found.map(|user| user.number).collect()
    }

    #[test]
    fn users_are_found_oldest_first_by_what_they_have_now() {
        let mut users = Users::default();
        for (number, name) in [(3, "ann"), (1, "Ann"), (2, "ANN"), (4, "eva"), (4, "eva")] {
            users.put(user(number, name));
            // The index of emails is there before the other users.
            users.with_email("x").for_each(drop);
        }
        assert_eq!(numbers(users.named("aNN")), [1, 2, 3]);
        assert_eq!(numbers(users.with_email("ann@EXAMPLE.com")), [1, 2, 3]);
        assert_eq!(numbers(users.named("eva")), [4]);
        users.put(user(2, "eva"));
        users.remove(3);
        users.remove(7);
        assert_eq!(numbers(users.named("ann")), [1]);
        assert_eq!(numbers(users.with_email("eva@example.com")), [2, 4]);
        assert_eq!(users.with_id("id-of-4").unwrap().number, 4);
        assert!(users.with_id("id-of-3").is_none());
    }

    #[test]
    fn many_users_are_distinguished_as_the_index_grows() {
        let mut users = Users::default();
        for number in 0..3_000 {
            users.put(user(number, &format!("user-{number}")));
        }
        for number in 0..3_000 {
            assert_eq!(numbers(users.named(&format!("user-{number}"))), [number]);
        }
        assert!(users.named("user-3000").next().is_none());
    }
}
