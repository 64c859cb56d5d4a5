//! What the traffic shows of the users: their state, their keys, and which of them it created.

use bandwidth_fixtures::BehaviourId;

use super::{hypotheses, people::Shown, subject::Subject, track::Track};
use crate::traffic::Exchange;

impl Track {
    /// Notes that the state of what a request touches is not known.
    pub(super) fn forget(&mut self, subject: &Subject, sent: Option<&Shown>) {
        match subject {
            Subject::User(key) => {
                self.unsure.insert(key.clone());
                self.forgotten.insert(key.clone());
                self.gone.remove(key);
            }
            Subject::Create | Subject::Unfollowed => {
                self.complete = false;
                self.unsure
                    .extend(sent.and_then(|sent| sent.username.clone()));
            }
            Subject::List => self.complete = false,
            Subject::Roles | Subject::Nothing => {}
        }
    }

    /// Notes that the state of every user is not known, nor how many logins failed.
    pub(super) fn forget_all(&mut self) {
        let users = self.worlds.iter();
        let users = users.flat_map(|world| world.saved.account.users());
        let known = users.flat_map(|user| [user.id.to_string(), user.username.to_string()]);
        self.unsure.extend(known);
        self.unsure.extend(self.own.iter().cloned());
        self.forgotten.extend(self.own.iter().cloned());
        self.gone.clear();
        self.complete = false;
        for world in &mut self.worlds {
            world.saved.forget_failures();
        }
    }

    /// The effect of a request is not known.
    pub(super) fn lose(&mut self, subject: &Subject, sent: Option<&Shown>, exchange: &Exchange) {
        if matches!(exchange.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
            return;
        }
        self.forget(subject, sent);
        self.complete = false;
    }

    /// Takes over the state that a response shows.
    pub(super) fn see(
        &mut self,
        subject: &Subject,
        exchange: &Exchange,
        status: u16,
        shown: &[Shown],
    ) {
        if exchange.method != "GET" || status != 200 {
            return;
        }
        let keys = |user: &Shown| {
            user.id
                .iter()
                .chain(&user.username)
                .cloned()
                .collect::<Vec<_>>()
        };
        match (subject, shown) {
            (Subject::List, _) => {
                let pages = exchange.answer.iter().flat_map(|answer| &answer.headers);
                let mut pages = pages.filter(|(name, _)| name.eq_ignore_ascii_case("link"));
                if pages.next().is_some() || exchange.url.contains('?') {
                    return;
                }
                for user in shown {
                    self.remember(user);
                }
                for world in &mut self.worlds {
                    hypotheses::replace_all(&mut world.saved.account, shown, &self.start.roles);
                }
                self.unsure.clear();
                self.complete = true;
            }
            (Subject::User(key), [user]) => {
                self.remember(user);
                for world in &mut self.worlds {
                    let account = &mut world.saved.account;
                    let known = keys(user)
                        .into_iter()
                        .find_map(|key| hypotheses::find(account, &key).cloned());
                    let known = known.or_else(|| hypotheses::find(account, key).cloned());
                    let number = known
                        .as_ref()
                        .map_or(self.earlier.len() as u64 + 100_000, |user| user.number);
                    let mut seen = hypotheses::user(account, user, &self.start.roles, number, None);
                    if let Some(known) = known {
                        seen.passwords.clone_from(&known.passwords);
                        seen.resources.clone_from(&known.resources);
                        if user.id.is_none() {
                            seen.id = known.id.clone();
                        }
                    }
                    account.put(seen);
                }
                self.unsure.remove(key);
                for key in keys(user) {
                    self.unsure.remove(&key);
                }
            }
            _ => {}
        }
    }

    /// Notes a user that was there before the traffic, and the id of one that was created in it.
    fn remember(&mut self, user: &Shown) {
        let keys = || user.id.iter().chain(&user.username);
        if keys().any(|key| self.own.contains(key)) {
            return self.own.extend(keys().cloned());
        }
        let same = |known: &Shown| known.id == user.id && known.username == user.username;
        if keys().next().is_some() && !self.earlier.iter().any(same) {
            self.earlier.push(user.clone());
        }
    }

    fn created(&mut self, id: Option<String>, sent: Option<&Shown>) {
        let name = sent.and_then(|sent| sent.username.clone());
        if id.is_none() && !self.is_keyed_by_name() {
            // A key that is not known may be this user's.
            self.complete = false;
            self.unsure.extend(name.clone());
        }
        for key in id.into_iter().chain(name) {
            self.gone.remove(&key);
            self.own.insert(key);
        }
    }

    /// True if usernames identify users, under every possible profile. Then no id is missing.
    fn is_keyed_by_name(&self) -> bool {
        let id: BehaviourId = "naming.user_key".parse().expect("it is a behaviour");
        let names = self.candidates.names(id);
        let mut places = self.domains.of(id);
        places.all(|place| names[usize::from(place)] == "Username")
    }

    /// Notes the keys that a user of the traffic may have after a request.
    pub(super) fn name_own(
        &mut self,
        subject: &Subject,
        succeeded: bool,
        id: Option<String>,
        sent: Option<&Shown>,
    ) {
        match subject {
            Subject::Create if succeeded => self.created(id, sent),
            Subject::User(key) if self.own.contains(key) => {
                // It may have this name from now on.
                self.own.extend(sent.and_then(|sent| sent.username.clone()));
            }
            _ => {}
        }
    }
}
