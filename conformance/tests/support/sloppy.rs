//! An account server that is correct in its own way: it serves the paths, bodies and errors of
//! profile `guide`, written without the emulator, and differs from it in chosen ways. It starts with
//! users of others, among them some whose keys come out when a key of another user goes into a path
//! unencoded. What happened to whom can be asked of it.

mod api;
pub(crate) mod bodies;
pub(crate) mod modes;
pub(crate) mod request;
mod store;

use std::sync::{Arc, Mutex, PoisonError};

use self::{
    api::Api,
    modes::Modes,
    store::{Owner, Store},
};
use super::http::Server;

pub(crate) use self::store::PREPARED;

/// The login, which is the one that the suite takes for targets on this machine.
pub(crate) const LOGIN: (&str, &str) = ("api-user", "Api-Passw0rd!23");
pub(crate) const ACCOUNT: &str = "12345";

/// A user as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) key: String,
    pub(crate) username: String,
    pub(crate) enabled: bool,
    /// Created by a request, and not by the server itself.
    pub(crate) is_new: bool,
}

/// A running server; it ends when it is dropped.
pub(crate) struct Target {
    server: Server,
    store: Arc<Mutex<Store>>,
}

impl Target {
    /// With modes as [`Modes::parse`] reads them.
    pub(crate) fn start(modes: &str) -> Self {
        let modes = Modes::parse(modes);
        let store = Arc::new(Mutex::new(Store::new(&modes)));
        let api = Api::new(modes, Arc::clone(&store));
        Self {
            server: Server::start(move |request| api.answer(&request)),
            store,
        }
    }

    /// As `--target` takes it.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    fn store<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        look(&self.store.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The users that exist now, whatever the reads show.
    pub(crate) fn users(&self) -> Vec<Known> {
        self.store(|store| {
            let present = store.users.iter().filter_map(|user| {
                let card = user.now()?;
                Some(Known {
                    key: user.id.clone(),
                    username: card.username.clone(),
                    enabled: card.enabled,
                    is_new: user.owner == Owner::Client,
                })
            });
            present.collect()
        })
    }

    /// Users that were created by requests and are there still, deactivated or not.
    pub(crate) fn left(&self) -> Vec<Known> {
        let mut users = self.users();
        users.retain(|user| user.is_new);
        users
    }

    /// How many users were created by requests.
    pub(crate) fn created(&self) -> usize {
        self.store(|store| {
            let new = store.users.iter();
            new.filter(|user| user.owner == Owner::Client).count()
        })
    }

    /// True if the user that was set aside is unchanged, except for its password.
    pub(crate) fn prepared_is_as_it_was(&self) -> bool {
        self.store(Store::prepared_is_as_it_was)
    }

    /// Changes to users of others.
    pub(crate) fn harm(&self) -> Vec<String> {
        self.store(|store| store.harm.clone())
    }

    /// Method, path and status of every request.
    pub(crate) fn log(&self) -> Vec<String> {
        self.store(|store| store.log.clone())
    }

    /// Every password that came in a body.
    pub(crate) fn passwords(&self) -> Vec<String> {
        self.store(|store| store.passwords.iter().cloned().collect())
    }
}
