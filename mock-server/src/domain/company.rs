//! The accounts of a domain.

use std::sync::Arc;

/// One of the accounts of a domain.
#[derive(Debug)]
pub struct Company {
    /// The id of the account.
    pub id: Arc<str>,
    /// The company's name.
    pub name: Box<str>,
    alone: Arc<[Arc<str>]>,
}

impl Company {
    /// The account of that id.
    pub fn new(id: &str, name: &str) -> Self {
        let id: Arc<str> = id.into();
        Self {
            alone: Arc::new([Arc::clone(&id)]),
            id,
            name: name.into(),
        }
    }

    /// The accounts of a user that has this one alone. All such users share the list.
    pub fn alone(&self) -> &Arc<[Arc<str>]> {
        &self.alone
    }
}
