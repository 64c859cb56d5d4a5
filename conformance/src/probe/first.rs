//! The first user: how to create it, or the prepared one, and the names and ids in its responses.

use bandwidth_fixtures::profile::{
    AccountIdInBody, JsonCase, OptionValue as _, RequestRoot, UserKey,
};

use super::{
    seen::{Seen, UserSeen, letter_case},
    state::{Made, Probe, Sample},
    users::{E164, TELEPHONE, TEN_DIGITS, made, unreadable},
};
use crate::{
    decode::tree::Tree,
    verdict::Stop,
    wire::{Draft, EMAIL, Format, RoleRef, Value},
};

/// Lengths of passwords, the likeliest first.
const LENGTHS: [usize; 11] = [16, 12, 24, 10, 32, 8, 48, 64, 6, 100, 5];
const TELEPHONES: [Option<&str>; 3] = [None, Some(TEN_DIGITS), Some(E164)];

/// The problem that a refused create names, by code or by words.
#[derive(Clone, Copy, PartialEq, Eq)]
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

/// The most creates that are tried.
const MOST: usize = 150;

/// A create that may be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Variant {
    form: Form,
    /// The length of the password.
    length: usize,
    /// The name of the email.
    email: &'static str,
    telephone: Option<&'static str>,
}

/// The variants of a create that are still to be tried, the next one first.
struct Variants(Vec<Variant>);

impl Variants {
    /// The first fields in every form, then the others in the first form, then the rest.
    fn new(emails: [&'static str; 2], forms: &[Form]) -> Self {
        let mut all = Vec::new();
        for length in LENGTHS {
            for email in emails {
                for telephone in TELEPHONES {
                    let variant = |form: &Form| Variant {
                        form: *form,
                        length,
                        email,
                        telephone,
                    };
                    all.extend(forms.iter().map(variant));
                }
            }
        }
        let first = all[0];
        let same_fields = |one: &Variant| {
            Variant {
                form: first.form,
                ..*one
            } == first
        };
        let same_form = |one: &Variant| {
            (one.form.root, one.form.account) == (first.form.root, first.form.account)
        };
        all.sort_by_key(|one| !same_fields(one) && !same_form(one));
        Self(all)
    }

    /// Leaves out what a refusal of the first one rules out. What is likeliest then comes next.
    fn refused(&mut self, wrong: Wrong) {
        let refused = self.0.remove(0);
        let same_length = |one: &Variant| (one.form, one.length) == (refused.form, refused.length);
        match wrong {
            // A target may say what else is wrong only when the password is right.
            Wrong::Password => {
                self.0.retain(|one| !same_length(one));
                let same = |one: &Variant| {
                    let length = refused.length;
                    Variant { length, ..*one } == refused
                };
                self.0.sort_by_key(|one| !same(one));
            }
            Wrong::Email => {
                self.0
                    .retain(|one| !same_length(one) || one.email != refused.email);
                self.0.sort_by_key(|one| !same_length(one));
            }
            Wrong::Telephone => self.0.sort_by_key(|one| !same_length(one)),
            Wrong::Unsaid => {}
        }
    }
}

pub(super) async fn first(probe: &mut Probe) -> Result<(), Stop> {
    // Which key names a user shows when one is there; until then an id is what to expect.
    probe.assume("naming.user_key", "UserId");
    let (made, user) = if let Some(key) = probe.cx.run.limits().prepared_user.clone() {
        prepared(probe, key).await?
    } else {
        let made = match probe.first_user.clone() {
            // An earlier try of this experiment created it.
            Some(made) => made,
            None => created(probe).await?,
        };
        probe.first_user = Some(made.clone());
        read_new(probe, made).await?
    };
    let names = names(probe, &user);
    let id = user.text("UserId");
    match names {
        Ok(()) => key_name(probe, &made, id.as_deref()),
        Err(why) => {
            for id in ["naming.json_case", "naming.email", "naming.user_key"] {
                probe.leave_open(id, &why);
            }
        }
    }
    match user.field("UserId") {
        Some(Tree::Number(_)) => {
            probe.leave_open(
                "user.id_style",
                "ids are JSON numbers, which is not an option",
            );
        }
        _ => id_style(probe, id.as_deref()),
    }
    default_fields(probe, &user);
    probe.first_user = Some(made);
    Ok(())
}

/// The prepared user; only its responses are known.
async fn prepared(probe: &mut Probe, key: String) -> Result<(Made, UserSeen), Stop> {
    for id in ["create.status", "create.response"] {
        probe.leave_open(id, "--prepared-user creates no user");
    }
    let seen = probe.get_user(&key).await?;
    let user = seen.user().ok_or_else(|| {
        let status = seen.status;
        Stop::Skip(format!(
            "the prepared user cannot be read (status {status})"
        ))
    })?;
    if user.has("EmailAddress") {
        probe.assume("naming.email", "EmailAddress");
    }
    let mut draft = Draft::default();
    for name in ["Username", "FirstName", "LastName", TELEPHONE] {
        if let Some(text) = user.text(name) {
            draft = draft.with(name, text);
        }
    }
    if let Some(email) = user.email() {
        draft = draft.with(EMAIL, email);
    }
    if !user.is_enabled() {
        draft = draft.with_value("Enabled", Value::Flag(false));
    }
    let roles: Vec<RoleRef> = user.role_refs();
    if !roles.is_empty() {
        draft = draft.with_value("Roles", Value::Roles(roles));
    }
    let enabled = user.is_enabled();
    let made = Made {
        key,
        draft,
        enabled,
        passwords: Vec::new(),
        doubted: true,
    };
    Ok((made, user))
}

/// What a body of a create has around the fields and beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    case: JsonCase,
    root: RequestRoot,
    account: AccountIdInBody,
}

impl Form {
    /// The form that the probe writes.
    fn written(probe: &Probe) -> Self {
        let profile = probe.cx.profile();
        Self {
            case: profile.naming_json_case,
            root: profile.user_request_root,
            account: profile.user_account_id,
        }
    }

    /// The forms that a create may need: the names in either case, where no user has shown it (that
    /// of an error, which an empty list may be, can differ); and each root, with `AccountId` or
    /// without.
    fn all(probe: &Probe) -> Vec<Self> {
        let case_is_known =
            probe.format != Format::Json || probe.known("naming.json_case").is_some();
        let own = Self::written(probe);
        let other = match own.case {
            JsonCase::Pascal => JsonCase::Camel,
            JsonCase::Camel => JsonCase::Pascal,
        };
        let mut forms = Vec::new();
        for root in [RequestRoot::Bare, RequestRoot::Wrapped] {
            for account in [AccountIdInBody::Optional, AccountIdInBody::Required] {
                forms.push(Self {
                    root,
                    account,
                    ..own
                });
                if !case_is_known {
                    let case = other;
                    forms.push(Self {
                        case,
                        root,
                        account,
                    });
                }
            }
        }
        forms
    }

    /// Has the probe write bodies so.
    fn write(self, probe: &mut Probe) {
        probe.assume("naming.json_case", &self.case.name());
        probe.assume("user.request_root", &self.root.name());
        probe.assume("user.account_id", &self.account.name());
    }
}

/// Finds out how to create a user.
async fn created(probe: &mut Probe) -> Result<Made, Stop> {
    if let Some((sample, draft)) = probe.unanswered.clone() {
        match probe.listed(&draft).await {
            Ok(key) => {
                probe.sample = Some(sample);
                for id in ["create.status", "create.response"] {
                    probe.leave_open(id, "the response to the create was dropped");
                }
                return Ok(made(key, &draft));
            }
            // No list shows it: the same create again shows whether it is refused.
            Err(Stop::Inconclusive(_)) => {}
            Err(stop) => return Err(stop),
        }
        let ask = probe.cx.ask_create(&draft, probe.format);
        let (reply, key) = probe.cx.try_create(&draft, ask).await?;
        probe.unanswered = None;
        let seen = Seen::of(&reply.response);
        if let (true, Some(key)) = (seen.is_success(), key) {
            probe.sample = Some(sample);
            answer_to_create(probe, &seen);
            return Ok(made(key, &draft));
        }
    }
    let path = probe.cx.users_path();
    let listed = probe.read(&path).await?.users();
    let mut emails = ["Email", "EmailAddress"];
    if listed.iter().any(|user| user.has("EmailAddress")) {
        emails.reverse();
    }
    let mut variants = Variants::new(emails, &Form::all(probe));
    let mut last = 0;
    for _ in 0..MOST {
        let Some(variant) = variants.0.first().copied() else {
            break;
        };
        let sample = Sample {
            password_length: variant.length,
            telephone: variant.telephone,
        };
        probe.assume("naming.email", variant.email);
        variant.form.write(probe);
        let mut answer = attempt(probe, sample).await?;
        if answer.as_ref().is_err_and(|seen| seen.status == 415) && turn_to_xml(probe) {
            answer = attempt(probe, sample).await?;
        }
        match answer {
            Ok((made, seen)) => {
                probe.sample = Some(sample);
                answer_to_create(probe, &seen);
                return Ok(made);
            }
            Err(seen) if seen.is_refusal() => {
                last = seen.status;
                variants.refused(wrong(&seen));
            }
            Err(seen) => {
                let status = seen.status;
                return Err(Stop::Skip(format!("a create returns {status}")));
            }
        }
    }
    Err(Stop::Skip(format!(
        "every create is refused, whatever the password's length, the email's name, the telephone number, the root of the body and AccountId; the last returned {last}"
    )))
}

/// Tries a create, and keeps the request until there is a response.
async fn attempt(probe: &mut Probe, sample: Sample) -> Result<Result<(Made, Seen), Seen>, Stop> {
    let draft = probe.draft_of(&sample);
    let before = probe.cx.run.account.users();
    let answer = probe.try_create(&draft).await;
    if answer.is_err() && probe.cx.run.account.users() > before {
        probe.unanswered = Some((sample, draft));
    }
    answer
}

/// Continues in XML, if the target has it: it rejects bodies in JSON.
fn turn_to_xml(probe: &mut Probe) -> bool {
    if probe.other_format != Some(Format::Xml) {
        return false;
    }
    probe.format = Format::Xml;
    probe.other_format = None;
    let note = "a create in JSON returns 415, so the rest was sent in XML";
    probe.note("format.json", note);
    true
}

fn answer_to_create(probe: &mut Probe, seen: &Seen) {
    let status = match seen.status {
        status @ (200 | 201) => Ok(status),
        status => Err(format!("a create returns {status}")),
    };
    probe.settle("create.status", status);
    let response = match seen.user() {
        None if !seen.has_body => Ok("empty"),
        None => Err("its body shows no user"),
        Some(user) if user.email().is_some() => Ok("full"),
        Some(_) => Ok("without_email"),
    };
    probe.settle("create.response", response);
    let form = Form::written(probe);
    probe.observed("user.account_id", form.account.name());
    if form.root == RequestRoot::Wrapped {
        probe.observed("user.request_root", "wrapped");
    }
}

/// Reads the new user by its key, or by its username. A key may belong to another user: the
/// response must show the run's prefix.
async fn read_new(probe: &mut Probe, mut made: Made) -> Result<(Made, UserSeen), Stop> {
    let username = made.username().to_owned();
    let keys = [made.key.clone(), username.clone()];
    let prefix = probe.cx.run.account.prefix.clone();
    let found = probe.settled(async |probe: &mut Probe| {
        for key in &keys {
            let user = probe.get_user(key).await?.user();
            if let Some(user) = user.filter(|user| user.carries(&prefix)) {
                return Ok(Some((key.clone(), user)));
            }
        }
        Ok(None)
    });
    let (key, user) = found
        .await?
        .ok_or_else(|| Stop::inconclusive("the new user cannot be read"))?;
    if key != made.key {
        made.key = key;
    }
    Ok((made, user))
}

/// Reads the names of fields from the user's own body.
fn names(probe: &mut Probe, user: &UserSeen) -> Result<(), String> {
    let list = probe
        .list
        .clone()
        .filter(|list| list.format == Some(probe.format));
    let list = list.and_then(|list| list.tree);
    let trees: Vec<&Tree> = list.iter().chain([user.tree()]).collect();
    let case = letter_case(&trees)?.ok_or("a user is shown without names")?;
    if probe.format == Format::Json {
        probe.observed("naming.json_case", case);
    } else if case != "PascalCase" {
        return Err(format!(
            "names in XML are written in {case}, which is not an option"
        ));
    }
    let email = match (user.has("Email"), user.has("EmailAddress")) {
        (true, false) => Ok("Email"),
        (false, true) => Ok("EmailAddress"),
        (false, false) => Err("a user is shown without an email"),
        (true, true) => Err("a user is shown with both names"),
    };
    probe.settle("naming.email", email);
    Ok(())
}

/// Decides whether ids or usernames identify users in paths and bodies.
fn key_name(probe: &mut Probe, made: &Made, id: Option<&str>) {
    let by_name = made.key == made.username();
    let why = match id {
        None if by_name => return probe.observed("naming.user_key", "Username"),
        Some(id) if id == made.key => return probe.observed("naming.user_key", "UserId"),
        None => "bodies do not show the key that paths use",
        Some(_) => "bodies have a UserId, and paths need another key",
    };
    if by_name {
        probe.assume("naming.user_key", "Username");
    }
    probe.leave_open("naming.user_key", why);
}

/// Decides the form of internal ids.
fn id_style(probe: &mut Probe, id: Option<&str>) {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let style = match id {
        None => Err("no answer shows an internal id"),
        Some(id) if digits(id) => Ok("numeric"),
        Some(id) if id.strip_prefix('u').is_some_and(digits) => Ok("prefixed"),
        Some(id) if id.len() == 36 && id.matches('-').count() == 4 => Ok("uuid"),
        Some(_) => Err("an internal id has none of the known forms"),
    };
    probe.settle("user.id_style", style);
}

/// Decides whether fields with default values are shown.
fn default_fields(probe: &mut Probe, user: &UserSeen) {
    let shown = match (user.has("Enabled"), user.has("Roles")) {
        _ if !user.is_enabled() || user.roles() > 0 => {
            Err("the user holds no defaults: it has a role or is disabled")
        }
        (true, true) => Ok("sent"),
        (false, false) => Ok("omitted"),
        _ => Err("one of Enabled and Roles is sent"),
    };
    probe.settle("user.default_fields", shown);
}

pub(super) async fn missing(probe: &mut Probe) -> Result<(), Stop> {
    use super::seen::{ErrorBody, OTHER_BODY};

    let made = probe.subject().await?;
    let absent = probe.cx.unused_key().await?;
    let seen = probe.get_user(&absent).await?;
    let missing = match (seen.status, seen.error_body()) {
        (404, Some(ErrorBody::Error)) => Ok("not_found"),
        (404, Some(ErrorBody::Empty)) => Ok("not_found_empty"),
        (403, Some(ErrorBody::Error)) => Ok("forbidden"),
        (status @ (403 | 404), body) => {
            let body = body.map_or(OTHER_BODY, |_| "it has no body");
            Err(format!("a missing user returns {status}, and {body}"))
        }
        (status, _) => Err(format!("a missing user returns {status}")),
    };
    probe.settle("missing.user", missing);
    if probe.cx.profile.naming_user_key == UserKey::Username {
        let why = "usernames identify users";
        probe.leave_open("missing.by_username", why);
        return Ok(());
    }
    let mut last = None;
    for _ in 0..2 {
        let by_name = probe.get_user(made.username()).await?;
        match by_name.user() {
            Some(user) if user.text("Username").as_deref() == Some(made.username()) => {
                probe.observed("missing.by_username", "found");
                return Ok(());
            }
            Some(_) => return Err(unreadable(&by_name)),
            None => last = Some(by_name),
        }
        probe.pause().await;
    }
    // The user is there under its id.
    probe.read_back(&made).await?;
    let by_username = match last {
        Some(by_name) if (by_name.status, by_name.code()) == (seen.status, seen.code()) => {
            Ok("not_found")
        }
        Some(by_name) => {
            let status = by_name.status;
            Err(format!("a username in the path returns {status}"))
        }
        None => return Ok(()),
    };
    probe.settle("missing.by_username", by_username);
    Ok(())
}
