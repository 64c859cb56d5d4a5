//! The first user: how to create it, or the prepared one, and the names and ids in its responses.

use bandwidth_fixtures::{
    Profile,
    profile::{AccountIdInBody, EmailName, JsonCase, OptionValue as _, RequestRoot, UserKey},
};

use super::{
    seen::Seen,
    state::{Made, Probe, Sample},
    users::{E164, TELEPHONE, TEN_DIGITS, made},
};
use crate::{
    decode::users::Shown,
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
#[derive(Clone, Copy, PartialEq, Eq)]
struct Variant {
    /// The names of its body, and what the body has around the fields and beside them.
    profile: Profile,
    sample: Sample,
}

/// The variants of a create that are still to be tried, the next one first.
struct Variants(Vec<Variant>);

impl Variants {
    /// The first fields in every form, then the others in the first form, then the rest. The forms
    /// are each root, with `AccountId` or without, and if no user has shown the case of names, both
    /// cases: that of an error can differ.
    fn new(probe: &Probe) -> Self {
        let listed = probe.list.as_ref().map(Seen::users).unwrap_or_default();
        let mut emails = [EmailName::Email, EmailName::EmailAddress];
        if listed.iter().any(|user| user.has("EmailAddress")) {
            emails.reverse();
        }
        let own = probe.cx.profile().naming_json_case;
        let cases = match own {
            JsonCase::Pascal => [own, JsonCase::Camel],
            JsonCase::Camel => [own, JsonCase::Pascal],
        };
        let is_known = probe.format != Format::Json || probe.known("naming.json_case").is_some();
        let cases = &cases[..if is_known { 1 } else { 2 }];
        let mut forms = Vec::new();
        for root in [RequestRoot::Bare, RequestRoot::Wrapped] {
            for account in [AccountIdInBody::Optional, AccountIdInBody::Required] {
                for case in cases {
                    let mut form = probe.cx.profile();
                    form.user_request_root = root;
                    form.user_account_id = account;
                    form.naming_json_case = *case;
                    forms.push(form);
                }
            }
        }
        let mut all = Vec::new();
        for password_length in LENGTHS {
            for email in emails {
                for telephone in TELEPHONES {
                    let sample = Sample {
                        password_length,
                        telephone,
                    };
                    all.extend(forms.iter().map(|form| {
                        let mut profile = *form;
                        profile.naming_email = email;
                        Variant { profile, sample }
                    }));
                }
            }
        }
        let fields = |one: &Variant| (one.sample, one.profile.naming_email);
        let form = |one: &Variant| (one.profile.user_request_root, one.profile.user_account_id);
        let first = all[0];
        all.sort_by_key(|one| fields(one) != fields(&first) && form(one) != form(&first));
        Self(all)
    }

    /// Leaves out what a refusal of the first one rules out. What is likeliest then comes next.
    fn refused(&mut self, wrong: Wrong) {
        let refused = self.0.remove(0);
        let has_same_email =
            |one: &Variant| one.profile.naming_email == refused.profile.naming_email;
        let has_same_password = |one: &Variant| {
            let mut profile = one.profile;
            profile.naming_email = refused.profile.naming_email;
            profile == refused.profile
                && one.sample.password_length == refused.sample.password_length
        };
        match wrong {
            // A target may say what else is wrong only when the password is right.
            Wrong::Password => {
                self.0.retain(|one| !has_same_password(one));
                let rest = |one: &Variant| (one.profile, one.sample.telephone);
                self.0.sort_by_key(|one| rest(one) != rest(&refused));
            }
            Wrong::Email => {
                self.0
                    .retain(|one| !has_same_password(one) || !has_same_email(one));
                self.0.sort_by_key(|one| !has_same_password(one));
            }
            Wrong::Telephone => self.0.sort_by_key(|one| !has_same_password(one)),
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
    names(probe, &made, &user);
    probe.first_user = Some(made);
    Ok(())
}

/// The prepared user; only its responses are known.
async fn prepared(probe: &mut Probe, key: String) -> Result<(Made, Shown), Stop> {
    let of_creates = ["create.status", "create.response", "user.id_style"];
    probe.give_up(&of_creates, "--prepared-user creates no user");
    let user = after_unused_keys(probe, &key, async |probe: &mut Probe| {
        let seen = probe.get_user(&key).await?;
        seen.user().ok_or_else(|| {
            let status = seen.status;
            Stop::Skip(format!(
                "the prepared user cannot be read (status {status})"
            ))
        })
    });
    let user = user.await?;
    let mut draft = Draft::default();
    for name in ["Username", "FirstName", "LastName", TELEPHONE] {
        if let Some(text) = user.text(name) {
            draft = draft.with(name, text);
        }
    }
    if let Some(email) = &user.email {
        draft = draft.with(EMAIL, email.as_str());
    }
    if !user.enabled {
        draft = draft.with_value("Enabled", Value::Flag(false));
    }
    let roles: Vec<RoleRef> = user.role_refs();
    if !roles.is_empty() {
        draft = draft.with_value("Roles", Value::Roles(roles));
    }
    let enabled = user.enabled;
    let made = Made {
        key,
        draft,
        enabled,
        passwords: Vec::new(),
        doubted: true,
    };
    Ok((made, user))
}

/// Finds out how to create a user.
async fn created(probe: &mut Probe) -> Result<Made, Stop> {
    if let Some((sample, draft)) = probe.unanswered.clone() {
        match probe.listed(&draft).await {
            Ok(key) => {
                probe.sample = Some(sample);
                return Ok(made(key, &draft));
            }
            // No list shows it: the same create again shows whether it is refused.
            Err(Stop::Inconclusive(_)) => {}
            Err(stop) => return Err(stop),
        }
        let answer = probe.try_create(&draft).await?;
        probe.unanswered = None;
        if let Ok((made, _)) = answer {
            probe.sample = Some(sample);
            return Ok(made);
        }
    }
    let mut variants = Variants::new(probe);
    let from = probe.sent();
    let mut last = 0;
    for _ in 0..MOST {
        let Some(Variant { profile, sample }) = variants.0.first().copied() else {
            break;
        };
        probe.cx.profile = profile;
        let mut answer = attempt(probe, sample).await?;
        if answer.as_ref().is_err_and(|seen| seen.status == 415) && turn_to_xml(probe) {
            answer = attempt(probe, sample).await?;
        }
        match answer {
            Ok((made, _)) => {
                probe.sample = Some(sample);
                let about = &["user.telephone", "user.account_id", "user.request_root"];
                probe.are_about(from..probe.sent(), about);
                probe.last_is_about(&["create.status", "create.response"]);
                return Ok(made);
            }
            Err(seen) if seen.is_refusal() => {
                probe.leave_out_reason();
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
    true
}

/// Reads the new user by its key, or by its username. A key may belong to another user: the
/// response must show the run's prefix.
async fn read_new(probe: &mut Probe, mut made: Made) -> Result<(Made, Shown), Stop> {
    let username = made.username().to_owned();
    let keys = [made.key.clone(), username.clone()];
    let prefix = probe.cx.run.account.prefix.clone();
    let found = after_unused_keys(probe, &made.key, async |probe: &mut Probe| {
        let found = probe.settled(async |probe: &mut Probe| {
            for key in &keys {
                let user = probe.get_user(key).await?.user();
                if let Some(user) = user.filter(|user| user.carries(&prefix)) {
                    return Ok(Some((key.clone(), user)));
                }
            }
            Ok(None)
        });
        let unread = || Stop::inconclusive("the new user cannot be read");
        found.await?.ok_or_else(unread)
    });
    let (key, user) = found.await?;
    made.key = key;
    Ok((made, user))
}

/// Writes the next requests with the names that the user shows.
fn names(probe: &mut Probe, made: &Made, user: &Shown) {
    if let (Format::Json, Some(case)) = (probe.format, user.case()) {
        probe.assume("naming.json_case", &case.name());
    }
    match (user.has("Email"), user.has("EmailAddress")) {
        (true, false) => probe.assume("naming.email", "Email"),
        (false, true) => probe.assume("naming.email", "EmailAddress"),
        _ => {}
    }
    if made.key == made.username() {
        probe.assume("naming.user_key", "Username");
    }
}

/// Reads a user, after GET of keys of the same form that no user has. They come first, so that an
/// update may follow the read at once. If the user cannot be read, they show nothing.
async fn after_unused_keys<T>(
    probe: &mut Probe,
    key: &str,
    read: impl AsyncFnOnce(&mut Probe) -> Result<T, Stop>,
) -> Result<T, Stop> {
    const ABOUT: &[&str] = &["missing.user"];
    let from = probe.sent();
    let account = &probe.cx.run.account;
    let absent = account.absent_key(key, &mut probe.cx.log).await?;
    let asked = from..probe.sent();
    match read(probe).await {
        Ok(user) if asked.is_empty() => {
            if let Some(absent) = absent {
                probe.get_user(&absent).await?;
                probe.last_is_about(ABOUT);
            }
            Ok(user)
        }
        Ok(user) => {
            probe.are_about(asked, ABOUT);
            Ok(user)
        }
        Err(stop) => {
            probe.leave_out(asked);
            Err(stop)
        }
    }
}

/// GET of a username, if other keys name users.
pub(super) async fn by_username(probe: &mut Probe) -> Result<(), Stop> {
    if probe.cx.profile.naming_user_key == UserKey::Username {
        return Ok(());
    }
    let made = probe.subject().await?;
    let from = probe.sent();
    if probe.get_user(made.username()).await?.user().is_none() {
        probe.leave_out_since(from);
        probe.pause().await;
        probe.get_user(made.username()).await?;
    }
    probe.last_is_about(&["missing.by_username"]);
    Ok(())
}
