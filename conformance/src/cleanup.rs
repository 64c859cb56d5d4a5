//! Removes what a run created, and nothing else: a user is deleted only when the target shows it
//! under a name that the ledger has. That it is gone is believed only when the target says so, by
//! a successful delete or by a list of users without it.

use std::{fmt, time::Duration};

use tokio::time::{sleep_until, timeout};

use crate::{
    decode::{
        json,
        tolerant::{member, objects_with, scalar},
        tree::Tree,
        xml,
    },
    exchange::{Log, Purpose},
    ledger::{Ledger, Remaining},
    run::{Halt, Run},
    transport::{Request, Response},
    wire::Format,
};

/// The code of the published error that says that a list has nothing in it.
const NO_RESULTS: &str = "230";
/// How long the last clean-up may take, beside the pauses that the run's limits ask for.
const TIME_TO_FINISH: Duration = Duration::from_secs(30);

/// A user that the run created, or may have created, and could not remove.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover {
    /// Its name.
    pub username: String,
    /// Its key, where it is known.
    pub key: Option<String>,
}

impl From<Remaining> for Leftover {
    fn from(user: Remaining) -> Self {
        Self {
            username: user.username,
            key: user.key,
        }
    }
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
    /// Whether it is not shown as deactivated.
    pub enabled: bool,
}

impl Shown {
    /// What names it in paths.
    pub fn key(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.username)
    }

    /// Whether that key names it.
    pub fn has(&self, key: &str) -> bool {
        key == self.key() || key == self.username
    }
}

/// The users that a body shows, whatever its format and however it names things: a clean-up must
/// not depend on what was expected of the target.
pub fn shown(body: &[u8]) -> Option<Vec<Shown>> {
    read(body).map(|(_, tree)| users_in(&tree))
}

/// The users that the answer to a list shows; `None` when it is no list of users. Only a list says
/// that nobody is there: an error, a gateway's page and an answer about something else do not.
pub fn listed(answer: &Response) -> Option<Vec<Shown>> {
    let (root, tree) = read(&answer.body)?;
    let succeeded = (200..300).contains(&answer.status);
    // The published error has no published status.
    if (succeeded || answer.status == 404) && says_no_results(&tree) {
        return Some(Vec::new());
    }
    // What has a name of its own is one user, or a message about one.
    if !succeeded || member(&tree, "Username").is_some() {
        return None;
    }
    let users = users_in(&tree);
    (!users.is_empty() || is_empty_list(&root, &tree)).then_some(users)
}

/// The name of the root, which JSON does not have, and what is in it.
fn read(body: &[u8]) -> Option<(String, Tree)> {
    match body.trim_ascii_start().first()? {
        b'<' => {
            let document = xml::read(body).ok()?;
            Some((document.root, document.content))
        }
        _ => Some((String::new(), json::read(body).ok()?)),
    }
}

fn users_in(tree: &Tree) -> Vec<Shown> {
    let users = objects_with(tree, "Username").into_iter();
    users
        .filter_map(|user| {
            let text = |name: &str| scalar(member(user, name)?).map(str::to_owned);
            Some(Shown {
                username: text("Username")?,
                id: text("UserId").or_else(|| text("id")),
                enabled: !member(user, "Enabled").is_some_and(is_false),
            })
        })
        .collect()
}

fn is_false(tree: &Tree) -> bool {
    match tree {
        Tree::Bool(value) => !value,
        Tree::Text(text) => text.trim().eq_ignore_ascii_case("false"),
        _ => false,
    }
}

/// Whether it is that error, in one of the shapes that are published.
fn says_no_results(tree: &Tree) -> bool {
    ["ErrorCode", "Code"].into_iter().any(|name| {
        objects_with(tree, name)
            .into_iter()
            .filter_map(|error| scalar(member(error, name)?))
            .any(|code| code.trim() == NO_RESULTS)
    })
}

/// Whether it is a list with nothing in it: a bare one, or something that is named after users.
fn is_empty_list(name: &str, tree: &Tree) -> bool {
    let of_users = name
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("users"));
    match tree {
        Tree::List(items) => items.is_empty() && (of_users || name.is_empty()),
        Tree::Text(text) => of_users && text.trim().is_empty(),
        Tree::Null => of_users,
        Tree::Object(members) => {
            (members.is_empty() && of_users)
                || members
                    .iter()
                    .any(|(name, value)| !name.is_empty() && is_empty_list(name, value))
        }
        Tree::Bool(_) | Tree::Number(_) => false,
    }
}

impl Run {
    /// Removes what a case created. What cannot be deleted is left for the end of the run, so that
    /// it is not asked for after each case. Returns what is known to be there still.
    pub async fn clean_up(&self, log: &mut Log) -> Vec<Leftover> {
        // An error is no news here: what is not done stays in the ledger.
        let _ = self.sweep(log).await;
        let mut left = self.leftovers();
        left.retain(|user| user.key.is_some());
        left
    }

    async fn sweep(&self, log: &mut Log) -> Result<(), Halt> {
        let refused = self.delete_all(log).await?;
        // A list that cannot be read is not asked for after each case either.
        let wanted = self.ledger().take_wish_for_a_look();
        if refused || wanted {
            self.look(true, log).await?;
        }
        Ok(())
    }

    /// Removes what the run created and has not removed yet, at its end. A last look at the list
    /// finds what no answer told of: users that a refused create made after all, that have another
    /// name now, or whose creates took effect after their clients had gone. Returns what is left,
    /// or may be.
    pub async fn finish(&self) -> Vec<Leftover> {
        if !self.ledger().has_entries() {
            return Vec::new();
        }
        // What is not done, or not in time, stays in the ledger.
        let _ = timeout(self.time_to_finish(), self.last_look(&mut Log::default())).await;
        // The file is only a help here: without these lines a clean-up looks for more names.
        let mut ledger = self.ledger();
        let _ = ledger.settle();
        let _ = ledger.give_up();
        drop(ledger);
        self.leftovers()
    }

    async fn last_look(&self, log: &mut Log) -> Result<(), Halt> {
        self.ledger().unstick();
        self.delete_all(log).await?;
        let tells = self.ledger().tells_at(self.limits.backoff.cap);
        if let Some(at) = tells {
            self.unless_interrupted(sleep_until(at.into())).await;
        }
        if self.look(true, log).await? {
            self.look(false, log).await?;
        }
        Ok(())
    }

    /// Who asked for an end does not want to wait for a target that is slow to answer.
    fn time_to_finish(&self) -> Duration {
        let requests = 2 * self.ledger().remaining().len() + 2;
        let backoff = self.limits.backoff;
        let patience = if self.is_interrupted() {
            Duration::ZERO
        } else {
            backoff.patience + backoff.cap
        };
        let pace = self.limits.interval;
        TIME_TO_FINISH + patience + pace.saturating_mul(requests.try_into().unwrap_or(u32::MAX))
    }

    fn leftovers(&self) -> Vec<Leftover> {
        let remaining = self.ledger().remaining();
        let mut left: Vec<Leftover> = remaining.into_iter().map(Leftover::from).collect();
        left.sort();
        left.dedup();
        left
    }

    /// Deletes every user of whom the ledger has the key. Returns whether one of the deletes did
    /// not succeed: the user may be gone all the same, or have another key now.
    async fn delete_all(&self, log: &mut Log) -> Result<bool, Halt> {
        let mut refused = false;
        let keys = self.ledger().deletable();
        for key in keys {
            refused |= !self.delete_or_leave(&key, log).await?;
        }
        Ok(refused)
    }

    /// Looks in the list for users of the ledger and deletes those that are there, if that is
    /// wanted. Returns whether it deleted any, so that another look would show something else.
    async fn look(&self, deleting: bool, log: &mut Log) -> Result<bool, Halt> {
        let users = self.list(log).await?;
        self.note_list(&users);
        if !deleting {
            return Ok(false);
        }
        let keys = self.ledger().deletable();
        for key in &keys {
            self.delete_or_leave(key, log).await?;
        }
        Ok(!keys.is_empty())
    }

    /// Writes down what the list says of the users of the ledger. The file is only a help here:
    /// when it cannot be written, a clean-up looks once more.
    fn note_list(&self, users: &[Shown]) {
        let mut ledger = self.ledger();
        let existing = ledger.remaining().into_iter().filter_map(|user| user.key);
        for key in existing {
            if !users.iter().any(|user| user.has(&key)) {
                let _ = ledger.deleted(&key);
            }
        }
        for user in users {
            if is_left(user, &ledger) && !ledger.has_user(|key| user.has(key)) {
                let _ = ledger.created(&user.username, user.key());
            }
        }
        ledger.unseen();
    }

    async fn list(&self, log: &mut Log) -> Result<Vec<Shown>, Halt> {
        let answer = self.clean("GET", &self.users_path(), log).await?;
        listed(&answer).ok_or(Halt::NoList(answer.status))
    }

    /// The users of the account that the ledger has a name of, and that are not deleted.
    pub async fn users_of_the_ledger(&self, log: &mut Log) -> Result<Vec<Shown>, Halt> {
        let mut users = self.list(log).await?;
        let ledger = self.ledger();
        users.retain(|user| is_left(user, &ledger));
        Ok(users)
    }

    async fn delete_or_leave(&self, key: &str, log: &mut Log) -> Result<bool, Halt> {
        match self.delete(key, log).await {
            Ok(()) => return Ok(true),
            Err(Halt::Ended(why)) => return Err(Halt::Ended(why)),
            Err(_) => self.ledger().stuck(key),
        }
        Ok(false)
    }

    /// Deletes the user with that key, who is one of the ledger.
    pub async fn delete(&self, key: &str, log: &mut Log) -> Result<(), Halt> {
        let path = format!("{}/{key}", self.users_path());
        let answer = self.clean("DELETE", &path, log).await?;
        if !matches!(answer.status, 200 | 204) {
            return Err(Halt::Answer(answer.status));
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

/// Whether the run created that user and did not delete it. On some targets a delete deactivates a
/// user, and does no more.
fn is_left(user: &Shown, ledger: &Ledger) -> bool {
    let deleted = !user.enabled && ledger.was_deleted(|key| user.has(key));
    ledger.names(&user.username) && !deleted
}

#[cfg(test)]
mod tests {
    use super::{Shown, listed, shown};
    use crate::transport::Response;

    #[test]
    fn users_are_found_in_any_shape() {
        let user = |username: &str, id: Option<&str>| Shown {
            username: username.to_owned(),
            id: id.map(str::to_owned),
            enabled: true,
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

    #[test]
    fn nobody_is_there_only_when_a_list_says_so() {
        let users = |status: u16, body: &str| {
            let users = listed(&Response {
                status,
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
            })?;
            Some(users.len())
        };
        for nobody in [
            "<UsersResponse><Users/></UsersResponse>",
            "<UsersResponse><Users>\n</Users></UsersResponse>",
            "<UsersResponse/>",
            "<Users></Users>",
            r#"{"Users":[]}"#,
            r#"{"users":null}"#,
            r#"{"data":{"users":[]},"total":0}"#,
            "[]",
        ] {
            assert_eq!(users(200, nobody), Some(0), "{nobody}");
            for status in [302, 400, 401, 403, 404, 500, 503] {
                assert_eq!(users(status, nobody), None, "{status} {nobody}");
            }
        }
        let no_results = "<UsersResponse><ResponseStatus><ErrorCode>230</ErrorCode></ResponseStatus></UsersResponse>";
        for (status, count) in [(200, Some(0)), (404, Some(0)), (401, None), (500, None)] {
            assert_eq!(users(status, no_results), count, "{status}");
        }
        for shape in [
            "<UsersResponse><Errors><Code>230</Code></Errors></UsersResponse>",
            r#"{"Error":{"Code":230,"Description":"none"}}"#,
        ] {
            assert_eq!(users(200, shape), Some(0), "{shape}");
        }
        for other in [
            "",
            "<html><body>Users</body></html>",
            "<UsersResponse><ResponseStatus><ErrorCode>1003</ErrorCode></ResponseStatus></UsersResponse>",
            "<User><Username>api-user</Username></User>",
            r#"{"status":"ok"}"#,
            r#"{"items":[]}"#,
            r#"{"Username":"api-user"}"#,
            "{}",
            "null",
        ] {
            assert_eq!(users(200, other), None, "{other}");
        }
        let one = r#"{"Users":[{"Username":"a","Enabled":false}]}"#;
        assert_eq!((users(200, one), users(500, one)), (Some(1), None));
    }

    #[test]
    fn a_deactivated_user_is_told_from_others() {
        for (body, enabled) in [
            (
                "<Users><User><Username>a</Username><Enabled>false</Enabled></User></Users>",
                false,
            ),
            (r#"[{"username":"a","enabled":false}]"#, false),
            (r#"[{"username":"a","enabled":true}]"#, true),
            (r#"[{"username":"a"}]"#, true),
        ] {
            assert_eq!(
                shown(body.as_bytes()).unwrap()[0].enabled,
                enabled,
                "{body}"
            );
        }
    }
}
