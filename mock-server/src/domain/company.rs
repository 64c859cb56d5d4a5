//! The accounts of a domain, and which users a caller reaches through them.

use std::sync::Arc;

use super::User;

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

    /// The reach of a caller with this account alone.
    pub fn reach(&self) -> Reach {
        Reach::Accounts(Arc::clone(&self.alone))
    }

    /// The accounts of a user that has this one alone. All such users share the list.
    pub fn alone(&self) -> &Arc<[Arc<str>]> {
        &self.alone
    }
}

/// The part of a domain that a caller reaches.
#[derive(Debug, Clone)]
pub enum Reach {
    /// All of it.
    Domain,
    /// These accounts, and the users that have at least one of them.
    Accounts(Arc<[Arc<str>]>),
}

impl Reach {
    /// The accounts that it names; none where it reaches all.
    pub fn accounts(&self) -> Arc<[Arc<str>]> {
        match self {
            Self::Domain => Arc::default(),
            Self::Accounts(ids) => Arc::clone(ids),
        }
    }

    /// True if it includes the account with that id, in this domain.
    pub fn opens(&self, account: &str) -> bool {
        match self {
            Self::Domain => true,
            Self::Accounts(ids) => ids.iter().any(|id| **id == *account),
        }
    }

    /// True if it includes a user of the domain.
    pub fn includes(&self, user: &User) -> bool {
        match self {
            Self::Domain => true,
            Self::Accounts(ids) => user.accounts.iter().any(|id| ids.contains(id)),
        }
    }

    /// The account, if it is one alone.
    pub fn alone(&self) -> Option<&str> {
        match self {
            Self::Accounts(ids) if ids.len() == 1 => Some(&ids[0]),
            _ => None,
        }
    }
}
