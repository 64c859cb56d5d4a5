//! Updates of the shared user. Each is a template; one that every possible profile answers alike is
//! not sent.

use bandwidth_fixtures::{
    Profile,
    profile::{PutSemantics, RequestRoot, RoleField, RoleForm},
};

use super::{
    findings::{Behaviours, behaviour},
    seen::Seen,
    state::{Made, Probe},
    users::{E164, LAST_NAME, TELEPHONE, TEN_DIGITS},
};
use crate::{
    decode::users::Shown,
    dialogue::Ask,
    exchange::Exchange,
    verdict::Stop,
    wire::{Draft, EMAIL, Format, RoleRef, Value},
};

/// The most rounds through the templates.
const ROUNDS: usize = 3;

/// A field that users do not have.
const UNKNOWN_FIELD: &str = "Nickname";

/// An update that may be sent.
struct Template {
    /// Its name in messages.
    name: &'static str,
    /// The behaviours that it is about.
    about: Behaviours,
    /// The behaviours that it prepares the user for.
    prepares: Behaviours,
    /// True if it is sent also where every possible profile predicts the same: another server may
    /// do otherwise.
    always: bool,
    write: fn(&Probe, &Subject) -> Option<Written>,
}

impl Template {
    const fn about(
        about: Behaviours,
        name: &'static str,
        write: fn(&Probe, &Subject) -> Option<Written>,
    ) -> Self {
        Self {
            name,
            about,
            prepares: &[],
            always: false,
            write,
        }
    }

    const fn preparing(self, prepares: Behaviours) -> Self {
        Self { prepares, ..self }
    }

    const fn always(self) -> Self {
        Self {
            always: true,
            ..self
        }
    }
}

/// The user, and what updates gave it.
struct Subject {
    made: Made,
    /// Optional fields that an update was accepted with.
    optional: Vec<(&'static str, Value)>,
    /// A key that no user has.
    absent: String,
    /// Number of roles that it was last shown with.
    roles: usize,
    /// True after an update with an empty list of ids of roles.
    was_asked_without_ids: bool,
}

impl Subject {
    /// The body of an update that keeps everything.
    fn full(&self) -> Draft {
        let with =
            |draft: Draft, (name, value): &(&str, Value)| draft.with_value(name, value.clone());
        self.optional.iter().fold(self.made.update(), with)
    }

    /// True if an update gave it that optional field.
    fn has(&self, name: &str) -> bool {
        self.optional.iter().any(|(known, _)| *known == name)
    }

    fn is_by_name(&self) -> bool {
        self.made.key == self.made.username()
    }
}

/// An update in the making.
struct Written {
    draft: Draft,
    format: Format,
    /// The names and the root of its body.
    profile: Profile,
    /// True if it has no Content-Type.
    is_untyped: bool,
    /// The optional fields that later updates keep if the user shows them.
    kept: &'static [&'static str],
}

impl Written {
    fn new(probe: &Probe, draft: Draft) -> Self {
        Self {
            draft,
            format: probe.format,
            profile: probe.cx.profile(),
            is_untyped: false,
            kept: &[],
        }
    }

    fn in_format(self, probe: &Probe, format: Format) -> Option<Self> {
        let is_known = probe.formats().contains(&format);
        is_known.then_some(Self { format, ..self })
    }

    fn is_in_other_format(&self, probe: &Probe) -> bool {
        !self.is_untyped && self.format != probe.format
    }

    fn untyped(self) -> Self {
        Self {
            is_untyped: true,
            ..self
        }
    }

    fn keeping(self, kept: &'static [&'static str]) -> Self {
        Self { kept, ..self }
    }

    fn with_roles_in(mut self, field: RoleField) -> Self {
        self.profile.role_request_field = field;
        self
    }

    fn below(mut self, root: RequestRoot) -> Self {
        self.profile.user_request_root = root;
        self
    }

    fn ask(&self, probe: &Probe, key: &str, name: &str) -> Ask {
        let draft = self.draft.clone().with("FirstName", name);
        let body = draft.body(&self.profile, self.format);
        let ask = probe.cx.ask("PUT", probe.cx.user_path(key));
        let ask = ask.accept(probe.format);
        let ask = if self.is_untyped {
            ask.untyped(body)
        } else {
            ask.body(self.format, body)
        };
        ask.creates(draft.text("Username"))
    }
}

const SEMANTICS: &[&str] = &["put.semantics"];
const ROLES: &[&str] = &["role.request_field"];
const TELEPHONES: &[&str] = &["user.telephone"];

/// The templates, in the order in which they are looked at. Those that give the user something come
/// before those that may take it away.
const TEMPLATES: &[Template] = &[
    Template::about(ROLES, "a role in Roles", |probe, user| {
        with_role(probe, user, RoleField::Roles)
    }),
    Template::about(ROLES, "a role in RoleIds", |probe, user| {
        with_role(probe, user, RoleField::RoleIds)
    }),
    Template::about(TELEPHONES, "a number of ten digits", |probe, user| {
        Some(with_number(probe, user, TEN_DIGITS))
    }),
    Template::about(TELEPHONES, "a number in E.164", |probe, user| {
        let written = with_number(probe, user, E164);
        (!user.has(TELEPHONE)).then_some(written)
    })
    .always(),
    Template::about(&[], "a disabled user with a role", |probe, user| {
        let role = probe.spare_roles().pop()?;
        let draft = user.full().with_value("Roles", Value::Roles(vec![role]));
        let draft = draft.with_value("Enabled", Value::Flag(false));
        Some(Written::new(probe, draft).keeping(&["Enabled", "Roles"]))
    })
    .preparing(SEMANTICS)
    .always(),
    Template::about(&[], "a disabled user", |probe, user| {
        let draft = user.full().with_value("Enabled", Value::Flag(false));
        let written = Written::new(probe, draft).keeping(&["Enabled"]);
        (!user.has("Enabled")).then_some(written)
    })
    .preparing(SEMANTICS)
    .always(),
    Template::about(SEMANTICS, "an email alone", |probe, user| {
        Some(Written::new(probe, least(probe, user)))
    })
    .always(),
    Template::about(SEMANTICS, "an email and a last name", |probe, user| {
        let draft = least(probe, user).with("LastName", last_name(user));
        Some(Written::new(probe, draft))
    }),
    Template::about(
        SEMANTICS,
        "no more than it needs, in the other format",
        |probe, user| {
            let least = least(probe, user);
            let draft = match probe.cx.profile().put_semantics {
                PutSemantics::ReplaceRequiringFields => least.with("LastName", last_name(user)),
                PutSemantics::Replace | PutSemantics::Merge => least,
            };
            Written::new(probe, draft).in_format(probe, probe.other_format?)
        },
    )
    .always(),
    Template::about(ROLES, "no roles in RoleIds", |probe, user| {
        without_roles(probe, user, RoleField::RoleIds)
    }),
    // A role that even this does not take away says nothing of the other field.
    Template::about(ROLES, "no roles in Roles", |probe, user| {
        let written = without_roles(probe, user, RoleField::Roles);
        written.filter(|_| user.roles > 0 && user.was_asked_without_ids)
    })
    .always(),
    // A target that rejects this one rejects another for no mismatch.
    Template::about(
        &["put.id_mismatch"],
        "the user's own UserId",
        |probe, user| {
            let draft = user.full().with("UserId", user.made.key.as_str());
            (!user.is_by_name()).then(|| Written::new(probe, draft))
        },
    )
    .always(),
    Template::about(&["put.id_mismatch"], "another UserId", |probe, user| {
        let draft = user.full().with("UserId", user.absent.as_str());
        (!user.is_by_name()).then(|| Written::new(probe, draft))
    }),
    Template::about(&["role.unknown"], "an unknown role", |probe, user| {
        // A known role shows what is about roles, and what about the unknown one.
        let role = match probe.cx.profile().role_form {
            RoleForm::IdAndName => RoleRef::Plain("cf-no-such-role".to_owned()),
            RoleForm::NameAndPermissions => {
                RoleRef::Object("RoleName", "CF_NO_SUCH_ROLE".to_owned())
            }
        };
        let draft = user.full().with_value("Roles", Value::Roles(vec![role]));
        user.has("Roles").then(|| Written::new(probe, draft))
    }),
    // A number that is accepted and not shown may be an unknown field, too.
    Template::about(
        &["user.unknown_fields"],
        "an unknown field",
        |probe, user| {
            let draft = user.full().with(UNKNOWN_FIELD, "Vrk");
            Some(Written::new(probe, draft))
        },
    )
    .preparing(TELEPHONES)
    .always(),
    Template::about(
        &["user.request_root"],
        "a user below another root",
        |probe, user| {
            let other = match probe.cx.profile().user_request_root {
                RequestRoot::Wrapped => RequestRoot::Bare,
                RequestRoot::Bare | RequestRoot::Either => RequestRoot::Wrapped,
            };
            // The root of XML is no field, which a target could ignore.
            let written = Written::new(probe, user.full()).below(other);
            let format = probe.formats().into_iter().find(|one| *one == Format::Xml);
            written.in_format(probe, format.unwrap_or(probe.format))
        },
    ),
    Template::about(
        &["format.body_without_type"],
        "XML without a Content-Type",
        |probe, user| Some(untyped(probe, user, Format::Xml)),
    ),
    Template::about(
        &["format.body_without_type"],
        "JSON without a Content-Type",
        |probe, user| Some(untyped(probe, user, Format::Json)),
    ),
    Template::about(
        &["format.json_null"],
        "null for the last name",
        |probe, user| {
            let draft = user.full().with_value("LastName", Value::Null);
            Written::new(probe, draft).in_format(probe, Format::Json)
        },
    ),
    // It also puts the user back, so that it is the last control if it is accepted.
    Template::about(&["username.update"], "another username", |probe, user| {
        let mut draft = user
            .made
            .update()
            .with("Username", probe.cx.fresh_username());
        if user.made.enabled && user.has("Enabled") {
            draft = draft.with_value("Enabled", Value::Flag(true));
        }
        if user.roles > 0 && draft.value("Roles").is_none() {
            draft = draft.with_value("Roles", Value::Roles(Vec::new()));
        }
        Some(Written::new(probe, draft))
    }),
];

fn with_role(probe: &Probe, user: &Subject, field: RoleField) -> Option<Written> {
    let role = probe.spare_roles().pop()?;
    let draft = user.full().with_value("Roles", Value::Roles(vec![role]));
    Some(
        Written::new(probe, draft)
            .with_roles_in(field)
            .keeping(&["Roles"]),
    )
}

fn without_roles(probe: &Probe, user: &Subject, field: RoleField) -> Option<Written> {
    probe.spare_roles().pop()?;
    let draft = user.full().with_value("Roles", Value::Roles(Vec::new()));
    Some(Written::new(probe, draft).with_roles_in(field))
}

fn with_number(probe: &Probe, user: &Subject, number: &str) -> Written {
    let draft = user.full().with(TELEPHONE, number);
    Written::new(probe, draft).keeping(&[TELEPHONE])
}

fn untyped(probe: &Probe, user: &Subject, format: Format) -> Written {
    let written = Written::new(probe, user.full()).untyped();
    Written { format, ..written }
}

/// The fields that every update may need.
fn least(probe: &Probe, user: &Subject) -> Draft {
    let draft = Draft::default().with(EMAIL, user.made.draft.text(EMAIL));
    // A number that a create needs, a PUT may need too.
    match probe.sample.and_then(|sample| sample.telephone) {
        Some(telephone) => draft.with(TELEPHONE, telephone),
        None => draft,
    }
}

fn last_name(user: &Subject) -> &str {
    match user.made.draft.text("LastName") {
        "" => LAST_NAME,
        name => name,
    }
}

pub(super) async fn updates(probe: &mut Probe) -> Result<(), Stop> {
    let absent = probe.cx.unused_key().await?;
    let made = probe.subject().await?;
    let mut subject = Subject {
        made,
        optional: Vec::new(),
        absent,
        roles: 0,
        was_asked_without_ids: false,
    };
    let mut sent = vec![0; TEMPLATES.len()];
    for _ in 0..ROUNDS {
        let mut told = false;
        for (template, times) in TEMPLATES.iter().zip(&mut sent) {
            let mut ids = template.about.iter().chain(template.prepares);
            if !ids.any(|id| probe.choice.wants(id) && !probe.given_up.contains_key(*id)) {
                continue;
            }
            let Some(written) = (template.write)(probe, &subject) else {
                continue;
            };
            let ask = written.ask(probe, &subject.made.key, "Klzz");
            let tells = probe.tells(template.about, &ask)?;
            if tells || (template.always && *times == 0) {
                told |= tells;
                *times += 1;
                send(probe, &mut subject, template, written).await?;
            }
        }
        if !told {
            break;
        }
    }
    // A target that stopped accepting changes refused for no reason of theirs.
    let from = probe.sent();
    probe.subject().await?;
    let mut controls = probe.cx.log.exchanges[from..].iter();
    let is_rejected = |one: &Exchange| {
        let answer = one
            .outcome
            .as_ref()
            .ok()
            .filter(|_| one.request.method == "PUT");
        answer.is_some_and(|answer| Seen::of(answer).is_refusal())
    };
    if controls.any(is_rejected) {
        let why = "an update that takes the roles away is rejected, with the name and without";
        probe.give_up(&["username.update"], why);
    }
    Ok(())
}

async fn send(
    probe: &mut Probe,
    subject: &mut Subject,
    template: &Template,
    written: Written,
) -> Result<(), Stop> {
    let has_no_roles =
        matches!(written.draft.value("Roles"), Some(Value::Roles(roles)) if roles.is_empty());
    subject.was_asked_without_ids |=
        has_no_roles && written.profile.role_request_field == RoleField::RoleIds;
    let from = probe.sent();
    let key = subject.made.key.clone();
    let name = probe.first_name();
    let username = written.draft.text("Username").to_owned();
    let is_renaming = !username.is_empty() && username != subject.made.username();
    let is_by_name = subject.is_by_name();
    let keys = [username.as_str(), &key];
    let keys = &keys[usize::from(!is_renaming || !is_by_name)..];
    let shown = match probe.steadily(written.ask(probe, &key, &name)).await {
        Ok(seen) if seen.status == 415 && written.is_in_other_format(probe) => {
            probe.other_format = None;
            probe.leave_out_since(from);
            return Ok(());
        }
        Ok(seen) => {
            if seen.is_success() && is_renaming {
                probe.cx.run.account.note_rename(&key, &username);
            }
            probe.shown(keys, &name, seen).await
        }
        Err(stop) => Err(stop),
    };
    let is_clear = match &shown {
        Ok(Ok(_)) => true,
        Ok(Err(seen)) => seen.is_refusal(),
        Err(_) => false,
    };
    if !is_clear && written.draft.text("UserId") == subject.absent {
        probe.cx.run.account.note_moved(&subject.absent);
    }
    match shown {
        Ok(Ok((_, user))) => {
            keep(subject, &written, &user);
            subject.roles = user.roles();
            let is_back = user.enabled == subject.made.enabled && user.roles() == 0;
            if is_back && !probe.is_prepared() {
                probe.back = Some(user.clone());
            }
            if user.has(UNKNOWN_FIELD) {
                let why = "an unknown field is accepted and shown";
                probe.give_up(&["user.unknown_fields"], why);
            }
            if is_renaming && user.text("Username").as_deref() == Some(&username) {
                let draft = subject.made.draft.clone();
                subject.made.draft = draft.with("Username", username.as_str());
                if is_by_name {
                    subject.made.key = username;
                }
                probe.first_user = Some(subject.made.clone());
            }
        }
        Ok(Err(seen)) if !seen.is_refusal() => {
            let why = format!("an update with {} returns {}", template.name, seen.status);
            probe.give_up(template.about, &why);
        }
        Ok(Err(_)) => {}
        Err(Stop::Skip(why)) => {
            probe.leave_out_since(from);
            let why = format!("with {}, {why}", template.name);
            probe.give_up(template.about, &why);
            subject.made = probe.subject().await?;
            return Ok(());
        }
        Err(stop) => return Err(stop),
    }
    probe.are_about(from..probe.sent(), template.about);
    probe.hear(None)?;
    for id in template.about {
        // The next updates are written so.
        let id = behaviour(id);
        let inquiry = probe.inquiry()?;
        if !inquiry.is_open(id) {
            let option = inquiry.option(id).to_owned();
            probe.assume(id.as_str(), &option);
        }
    }
    Ok(())
}

/// Keeps optional fields for later updates, if the user shows them.
fn keep(subject: &mut Subject, written: &Written, user: &Shown) {
    for name in written.kept.iter().copied() {
        let is_shown = match name {
            "Roles" => user.roles() > 0,
            "Enabled" => !user.enabled,
            name => user.has(name),
        };
        if let Some(value) = written.draft.value(name).filter(|_| is_shown) {
            subject.optional.retain(|(known, _)| *known != name);
            subject.optional.push((name, value.clone()));
        }
    }
}
