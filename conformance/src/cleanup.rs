//! Removes what a run created, and nothing else: a user is deleted only when the target shows it
//! under a name that the ledger has.

use std::fmt;

use crate::{
    decode::{
        json,
        tolerant::{member, objects_with, scalar},
        xml,
    },
    exchange::{Log, Purpose},
    ledger::Remaining,
    run::{Halt, Run},
    transport::{Request, Response},
    wire::Format,
};

/// A user that the run created, or may have created, and could not remove.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover {
    /// Its name.
    pub username: String,
    /// Its key, where it is known.
    pub key: Option<String>,
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{} (key {key})", self.username),
            None => write!(f, "{} (perhaps)", self.username),
        }
    }
}

/// A user as any target shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its name.
    pub username: String,
    /// Its internal id, where it has one.
    pub id: Option<String>,
}

impl Shown {
    /// What names it in paths.
    pub fn key(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.username)
    }
}

/// The users that a body shows, whatever its format and however it names things: a clean-up must
/// not depend on what was expected of the target.
pub fn shown(body: &[u8]) -> Option<Vec<Shown>> {
    let tree = match body.trim_ascii_start().first()? {
        b'<' => xml::read(body).ok()?.content,
        _ => json::read(body).ok()?,
    };
    let users = objects_with(&tree, "Username")
        .into_iter()
        .filter_map(|user| {
            let text = |name: &str| scalar(member(user, name)?).map(str::to_owned);
            Some(Shown {
                username: text("Username")?,
                id: text("UserId").or_else(|| text("id")),
            })
        });
    Some(users.collect())
}

impl Run {
    /// Deletes what the ledger says is still there. Returns what could not be deleted.
    pub async fn clean_up(&self, log: &mut Log) -> Vec<Leftover> {
        let remaining = self.ledger().remaining();
        let mut left = Vec::new();
        let mut lost = Vec::new();
        for user in remaining {
            match &user.key {
                Some(key) => match self.remove(key, log).await {
                    Ok(()) => {}
                    Err(_) => left.push(Leftover {
                        username: user.username.clone(),
                        key: Some(key.clone()),
                    }),
                },
                None => lost.push(user),
            }
        }
        if !lost.is_empty() {
            left.extend(self.reconcile(&lost, log).await);
        }
        left.sort();
        left.dedup();
        left
    }

    /// Looks in the list for users whose creates were not answered, and deletes those that are
    /// there.
    pub async fn reconcile(&self, lost: &[Remaining], log: &mut Log) -> Vec<Leftover> {
        let perhaps = |user: &Remaining| Leftover {
            username: user.username.clone(),
            key: None,
        };
        let Ok(found) = self.users_of_the_ledger(log).await else {
            return lost.iter().map(perhaps).collect();
        };
        let mut left = Vec::new();
        for user in lost {
            let mut kept = false;
            for shown in found
                .iter()
                .filter(|shown| shown.username.eq_ignore_ascii_case(&user.username))
            {
                if self.remove(shown.key(), log).await.is_err() {
                    kept = true;
                    left.push(Leftover {
                        username: shown.username.clone(),
                        key: Some(shown.key().to_owned()),
                    });
                }
            }
            if !kept {
                // What is not in the list was never created. The file is only a help here: when
                // it cannot be written, a clean-up looks once more.
                let _ = self.ledger().refused(&user.username);
            }
        }
        left
    }

    /// The users of the account that the ledger has a name of.
    pub async fn users_of_the_ledger(&self, log: &mut Log) -> Result<Vec<Shown>, Halt> {
        let answer = self.clean("GET", &self.users_path(), log).await?;
        let none = answer.status == 404 || answer.body.is_empty();
        let users = match shown(&answer.body) {
            Some(users) if answer.status < 300 => users,
            _ if none => Vec::new(),
            _ => {
                return Err(Halt::Answer(answer.status));
            }
        };
        let ledger = self.ledger();
        Ok(users
            .into_iter()
            .filter(|user| ledger.names(&user.username))
            .collect())
    }

    /// Deletes the user with that key, who is one of the ledger.
    pub async fn remove(&self, key: &str, log: &mut Log) -> Result<(), Halt> {
        let path = format!("{}/{key}", self.users_path());
        let answer = self.clean("DELETE", &path, log).await?;
        if !matches!(answer.status, 200 | 204 | 404) {
            // It may be the answer to a repetition, which some targets refuse: the list decides.
            let there = self.users_of_the_ledger(log).await?;
            if there.iter().any(|user| user.key() == key) {
                return Err(Halt::Answer(answer.status));
            }
        }
        // A deletion that is not in the file is tried once more by a clean-up, and finds nobody.
        let _ = self.ledger().deleted(key);
        Ok(())
    }

    async fn clean(&self, method: &str, path: &str, log: &mut Log) -> Result<Response, Halt> {
        let request = Request::new(method, path)
            .header("Authorization", self.authorization().await?)
            .header("Accept", Format::Xml.media_type());
        self.send(&request, Purpose::CleanUp, log).await
    }
}

#[cfg(test)]
mod tests {
    use super::{Shown, shown};

    #[test]
    fn users_are_found_in_any_shape() {
        let user = |username: &str, id: Option<&str>| Shown {
            username: username.to_owned(),
            id: id.map(str::to_owned),
        };
        for (body, users) in [
            (
                &b"<UsersResponse><Users><User><UserId>u1</UserId><Username>a</Username></User><User><Username>b</Username></User></Users></UsersResponse>"[..],
                Some(vec![user("a", Some("u1")), user("b", None)]),
            ),
            (
                br#"{"users":[{"userId":7,"username":"a"}]}"#,
                Some(vec![user("a", Some("7"))]),
            ),
            (b"[{\"id\":\"x\",\"userName\":\"a\"}]", Some(vec![user("a", Some("x"))])),
            (b"{}", Some(vec![])),
            (b"<html>", None),
            (b"", None),
        ] {
            assert_eq!(shown(body), users);
        }
    }
}
