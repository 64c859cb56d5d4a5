//! Users: how to create and remove one, and who is nobody.

use bandwidth_fixtures::profile::UserKey;

use super::{
    Probe,
    seen::{ErrorBody, OTHER_BODY, Seen, UserSeen},
};
use crate::{
    context::{Ask, Context},
    outcome::Stop,
    password::{self, Class},
    reply::Reply,
    wire::{Draft, EMAIL, Format, RoleRef},
};

/// Lengths of passwords to begin with.
const LENGTHS: [usize; 11] = [16, 12, 24, 10, 32, 8, 48, 64, 6, 100, 5];
/// A telephone number of ten digits, and one in E.164; the area code's exchange is for fiction.
pub(super) const TEN_DIGITS: &str = "9195550100";
pub(super) const E164: &str = "+19195550100";

/// Names that are no words. Each has a letter that no password of the probe has, so that none holds
/// a name by chance.
const FIRST_NAME: &str = "Kwzl";
pub(super) const LAST_NAME: &str = "Dfgl";
/// The field of a telephone number.
pub(super) const TELEPHONE: &str = "TelephoneNumber";

/// A number that a user may have by that option of `user.telephone`.
pub(super) fn a_number(option: &str) -> Option<&'static str> {
    match option {
        "absent" => None,
        "e164_optional" => Some(E164),
        _ => Some(TEN_DIGITS),
    }
}

/// So many users may be created before one is seen to be removed again, where users must be: an
/// answer can be lost.
const UNSEEN_REMOVED: u64 = 2;

/// What a create needs, as far as it is known.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The length of a password that is taken.
    pub password_length: usize,
    /// A telephone number, where a create needs one.
    pub telephone: Option<&'static str>,
}

/// A user that the probe created.
#[derive(Clone)]
pub struct Made {
    /// What names it in paths.
    pub key: String,
    /// What it was created from.
    pub draft: Draft,
    /// The answer to the create.
    pub seen: Seen,
}

impl Made {
    /// Its username.
    pub fn username(&self) -> &str {
        self.draft.text("Username")
    }

    /// The body of an update that changes nothing, without the password.
    pub fn update(&self) -> Draft {
        self.draft.clone().without("Password")
    }
}

impl Probe {
    /// What a new user needs.
    pub(super) fn draft(&self) -> Result<Draft, Stop> {
        let sample = self
            .sample
            .clone()
            .ok_or_else(|| Stop::Skip("no user could be created".to_owned()))?;
        Ok(self.draft_of(&sample))
    }

    fn draft_of(&self, sample: &Sample) -> Draft {
        let username = self.cx.run.fresh_username();
        let number = username.rsplit('-').next().unwrap_or("").to_owned();
        let password = password::of(sample.password_length, &Class::ALL);
        self.cx.run.redactor.add_login(&username, &password);
        let draft = Draft::default()
            .with("Username", username.as_str())
            .with("FirstName", FIRST_NAME)
            .with("LastName", LAST_NAME)
            .with(EMAIL, format!("mqrt{number}@{username}.example.com"))
            .with("Password", password);
        match sample.telephone {
            Some(telephone) => draft.with(TELEPHONE, telephone),
            None => draft,
        }
    }

    /// Up to two of the account's roles, those that are given to users of the probe. The first
    /// one is often an administrator's.
    pub(super) fn spare_roles(&self) -> Vec<RoleRef> {
        let last = self.roles.len().saturating_sub(2);
        self.roles[last..].iter().map(Context::role_ref).collect()
    }

    /// Tries to create a user.
    pub(super) async fn try_create(&mut self, draft: &Draft) -> Result<Result<Made, Seen>, Stop> {
        if self.must_remove && self.removal.is_err() && self.cx.run.users() >= UNSEEN_REMOVED {
            return Err(Stop::Skip(format!(
                "{UNSEEN_REMOVED} users were created, and none was seen to be removed"
            )));
        }
        let reply = self.cx.post(draft, self.format).await?;
        let seen = Seen::of(&reply.response);
        if !seen.is_success() {
            return Ok(Err(seen));
        }
        let username = draft.text("Username");
        let located = self.cx.key_of(username, &reply.response);
        let key = self.key_of_new(username, located, &seen).await?;
        Ok(Ok(Made {
            key,
            draft: draft.clone(),
            seen,
        }))
    }

    /// What names a new user in paths, from what the answer to its create says. An id is more than
    /// the username, which may change; and where the answer says nothing, the list may.
    async fn key_of_new(
        &mut self,
        username: &str,
        located: Option<String>,
        seen: &Seen,
    ) -> Result<String, Stop> {
        let is_new = |user: &UserSeen| user.text("Username").as_deref() == Some(username);
        let Some(key) = located else {
            let path = self.cx.users_path();
            let listed = self.read(&path).await?.users();
            let user = listed.into_iter().find(is_new).ok_or_else(|| {
                Stop::Inconclusive(
                    "a create was answered without a word of the new user, and the list has none"
                        .to_owned(),
                )
            })?;
            let key = user.text("UserId").unwrap_or_else(|| username.to_owned());
            let _ = self.cx.run.ledger().created(username, &key);
            return Ok(key);
        };
        if key != username || self.cx.profile.naming_user_key == UserKey::Username {
            return Ok(key);
        }
        let id = seen
            .user()
            .filter(is_new)
            .and_then(|user| user.text("UserId"));
        let Some(id) = id.filter(|id| *id != key) else {
            return Ok(key);
        };
        let _ = self.cx.run.ledger().renamed(&key, &id);
        Ok(id)
    }

    /// Creates a user that nothing is wrong with.
    pub(super) async fn create(&mut self) -> Result<Made, Stop> {
        let draft = self.draft()?;
        self.create_from(draft).await
    }

    /// The same from a draft.
    pub(super) async fn create_from(&mut self, draft: Draft) -> Result<Made, Stop> {
        self.try_create(&draft).await?.map_err(|seen| {
            Stop::Inconclusive(format!(
                "a create that should succeed was answered with {}",
                seen.status
            ))
        })
    }

    /// GET of a user, in the probe's own format.
    pub(super) async fn get_user(&mut self, key: &str) -> Result<Seen, Stop> {
        let path = self.cx.user_path(key);
        self.read(&path).await
    }

    /// PUT of a user, in that format.
    pub(super) async fn put(
        &mut self,
        key: &str,
        draft: &Draft,
        format: Format,
    ) -> Result<Seen, Stop> {
        let first = self.cx.put(key, draft, format).await;
        match self.or_500(first)? {
            seen if seen.status == 500 => {
                let again = self.cx.put(key, draft, format).await;
                self.steady(again)
            }
            seen => Ok(seen),
        }
    }

    /// Sends what has the same effect however often it is sent.
    pub(super) async fn steadily(&mut self, ask: Ask) -> Result<Seen, Stop> {
        let first = self.cx.send(ask.clone()).await;
        match self.or_500(first)? {
            seen if seen.status == 500 => {
                let again = self.cx.send(ask).await;
                self.steady(again)
            }
            seen => Ok(seen),
        }
    }

    /// The status of the last answer, if there was one.
    pub(super) fn last_status(&self) -> Option<u16> {
        let last = self.cx.log.exchanges.last()?.outcome.as_ref();
        last.ok().map(|answer| answer.status)
    }

    /// An answer, a 500 among them.
    fn or_500(&self, result: Result<Reply, Stop>) -> Result<Seen, Stop> {
        let last = self.cx.log.exchanges.last().map(|last| &last.outcome);
        match (result, last) {
            (Ok(reply), _) => Ok(Seen::of(&reply.response)),
            (Err(_), Some(Ok(answer))) if answer.status == 500 => Ok(Seen::of(answer)),
            (Err(stop), _) => Err(stop),
        }
    }

    /// The second answer after a 500. One that comes again is no distress: it is how the target
    /// answers that request.
    fn steady(&self, again: Result<Reply, Stop>) -> Result<Seen, Stop> {
        match self.or_500(again)? {
            seen if seen.status == 500 => Ok(seen),
            seen => Err(Stop::Inconclusive(format!(
                "the same request was answered with 500, and then with {}",
                seen.status
            ))),
        }
    }

    /// Goes on in XML, where there is any: bodies in JSON are not taken.
    fn turn_to_xml(&mut self) -> bool {
        if self.other_format != Some(Format::Xml) {
            return false;
        }
        self.format = Format::Xml;
        self.other_format = None;
        self.note(
            "format.json",
            "a create in JSON is answered with 415, so that the rest was asked in XML",
        );
        true
    }
}

/// What the refusal of a create says is wrong, by code or by words.
#[derive(PartialEq, Eq)]
enum Wrong {
    Telephone,
    Email,
    Password,
    Unsaid,
}

fn wrong(seen: &Seen) -> Wrong {
    let words = seen.words();
    match seen.code() {
        Some(12511 | 12512) => Wrong::Telephone,
        Some(12509 | 12510) => Wrong::Email,
        Some(12504 | 12619 | 12725..=12730) => Wrong::Password,
        _ if words.contains("password") => Wrong::Password,
        _ if words.contains("telephone") || words.contains("phone") => Wrong::Telephone,
        _ if words.contains("mail") => Wrong::Email,
        _ => Wrong::Unsaid,
    }
}

/// Finds out how to create a user, and what comes of it.
pub(super) async fn first(probe: &mut Probe) -> Result<(), Stop> {
    // Which key names a user shows when one is there; until then an id is what to expect.
    probe.cx.profile.naming_user_key = UserKey::UserId;
    let path = probe.cx.users_path();
    let listed = probe.read(&path).await?.users();
    let mut emails = vec!["Email", "EmailAddress"];
    if listed.iter().any(|user| user.has("EmailAddress")) {
        emails.reverse();
    }
    let mut telephones = vec![None, Some(TEN_DIGITS), Some(E164)];
    let mut last = None;
    let mut made = None;
    'lengths: for length in LENGTHS {
        for email in emails.clone() {
            for telephone in telephones.clone() {
                let sample = Sample {
                    password_length: length,
                    telephone,
                };
                probe.choose("naming.email", email);
                let draft = probe.draft_of(&sample);
                let mut answer = probe.try_create(&draft).await?;
                if answer.as_ref().is_err_and(|seen| seen.status == 415) && probe.turn_to_xml() {
                    answer = probe.try_create(&draft).await?;
                }
                match answer {
                    Ok(user) => {
                        probe.sample = Some(sample);
                        made = Some(user);
                        break 'lengths;
                    }
                    Err(seen) if seen.is_refusal() => {
                        let wrong = wrong(&seen);
                        last = Some(seen.status);
                        match wrong {
                            // All but the password is right, so that only lengths are left to try.
                            Wrong::Password => {
                                emails = vec![email];
                                telephones = vec![telephone];
                                continue 'lengths;
                            }
                            Wrong::Email => break,
                            Wrong::Telephone | Wrong::Unsaid => {}
                        }
                    }
                    Err(seen) => {
                        return Err(Stop::Skip(format!(
                            "a create is answered with {}",
                            seen.status
                        )));
                    }
                }
            }
        }
    }
    let made = made.ok_or_else(|| {
        Stop::Skip(format!(
            "no create was taken, whatever the password's length, the email's name and the telephone number; the last was answered with {}",
            last.unwrap_or_default()
        ))
    })?;
    match made.seen.status {
        status @ (200 | 201) => probe.observed("create.status", status),
        status => probe.leave_open(
            "create.status",
            &format!("a create is answered with {status}"),
        ),
    }
    let response = match made.seen.user() {
        None if !made.seen.has_body => Some("empty"),
        None => None,
        Some(user) if user.email().is_some() => Some("full"),
        Some(_) => Some("without_email"),
    };
    match response {
        Some(option) => probe.observed("create.response", option),
        None => probe.leave_open("create.response", "its body shows no user"),
    }
    let (made, user) = read_new(probe, made).await?;
    let email = if user.has("EmailAddress") {
        "EmailAddress"
    } else {
        "Email"
    };
    if user.has(email) {
        probe.observed("naming.email", email);
    } else {
        probe.leave_open("naming.email", "a user is shown without an email");
    }
    id(probe, &made, user.text("UserId").as_deref());
    probe.first_user = Some(made);
    let (enabled, roles) = (user.has("Enabled"), user.has("Roles"));
    match (enabled, roles) {
        (true, true) => probe.observed("user.default_fields", "sent"),
        (false, false) => probe.observed("user.default_fields", "omitted"),
        _ => probe.leave_open("user.default_fields", "one of Enabled and Roles is sent"),
    }
    Ok(())
}

/// Reads the new user by its key; by its username, where nobody has that key.
async fn read_new(probe: &mut Probe, mut made: Made) -> Result<(Made, UserSeen), Stop> {
    let seen = probe.get_user(&made.key).await?;
    if let Some(user) = seen.user() {
        return Ok((made, user));
    }
    let username = made.username().to_owned();
    let by_name = probe.get_user(&username).await?;
    let user = by_name.user().ok_or_else(|| {
        Stop::Inconclusive(format!(
            "the new user cannot be read (status {})",
            seen.status
        ))
    })?;
    let _ = probe.cx.run.ledger().renamed(&made.key, &username);
    made.key = username;
    Ok((made, user))
}

/// What names users, and what their ids look like.
fn id(probe: &mut Probe, made: &Made, id: Option<&str>) {
    let by_name = made.key == made.username();
    let Some(id) = id else {
        if by_name {
            probe.observed("naming.user_key", "Username");
        } else {
            let why = "what names a user in paths is not shown in bodies";
            probe.leave_open("naming.user_key", why);
        }
        probe.leave_open("user.id_style", "no answer shows an internal id");
        return;
    };
    if id == made.key {
        probe.observed("naming.user_key", "UserId");
    } else {
        if by_name {
            probe.choose("naming.user_key", "Username");
        }
        let why = "bodies have a UserId, and paths take something else";
        probe.leave_open("naming.user_key", why);
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(id) {
        probe.observed("user.id_style", "numeric");
    } else if id.strip_prefix('u').is_some_and(digits) {
        probe.observed("user.id_style", "prefixed");
    } else if id.len() == 36 && id.matches('-').count() == 4 {
        probe.observed("user.id_style", "uuid");
    } else {
        probe.leave_open(
            "user.id_style",
            "an internal id has none of the known forms",
        );
    }
}

impl Probe {
    /// Tries an option that is not known yet.
    fn choose(&mut self, id: &str, option: &str) {
        let id = id.parse().expect("experiments name behaviours");
        self.cx.profile.choose(id, option);
    }
}

pub(super) async fn missing(probe: &mut Probe) -> Result<(), Stop> {
    let absent = probe.cx.absent_key();
    let seen = probe.get_user(&absent).await?;
    match (seen.status, seen.error_body()) {
        (404, Some(ErrorBody::Error)) => probe.observed("missing.user", "not_found"),
        (404, Some(ErrorBody::Empty)) => probe.observed("missing.user", "not_found_empty"),
        (403, Some(ErrorBody::Error)) => probe.observed("missing.user", "forbidden"),
        (status @ (403 | 404), body) => {
            let body = body.map_or(OTHER_BODY, |_| "it has no body");
            let why = format!("a missing user is answered with {status}, and {body}");
            probe.leave_open("missing.user", &why);
        }
        (status, _) => {
            let why = format!("a missing user is answered with {status}");
            probe.leave_open("missing.user", &why);
        }
    }
    if probe.cx.profile.naming_user_key == UserKey::Username {
        probe.leave_open(
            "missing.by_username",
            "users are named by their usernames anyway",
        );
        return Ok(());
    }
    let made = probe.create().await?;
    let by_name = probe.get_user(made.username()).await?;
    match by_name.user() {
        Some(user) if user.text("Username").as_deref() == Some(made.username()) => {
            probe.observed("missing.by_username", "found");
        }
        _ if by_name.status == seen.status => probe.observed("missing.by_username", "not_found"),
        _ => {
            let why = format!("a username in the path is answered with {}", by_name.status);
            probe.leave_open("missing.by_username", &why);
        }
    }
    Ok(())
}
