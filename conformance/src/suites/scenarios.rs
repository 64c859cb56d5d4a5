//! The guide's scenarios, step by step: provisioning, deprovisioning, and a sync from an identity
//! provider, which meets a 429 on the way.

use bandwidth_fixtures::profile::{DeleteEffect, UserKey};

use super::get::shows;
use crate::{
    case::{
        Case,
        Level::{Characterise, Documented},
        Need::{Role as AnyRole, Writing},
    },
    context::{Context, Created},
    outcome::{CaseResult, Stop},
    wire::{Draft, EMAIL, Format, User},
};

const TAGS: &[&str] = &["scenario"];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "scenarios.provision.new-user-with-roles",
            Documented,
            "A user is created with a strong password, its id is taken from the answer, an update gives it roles by id, and GET shows it with them",
            "guide, Provision a new user",
        )
        .needs(&[AnyRole, Writing])
        .tags(TAGS)
        .run(async |cx| {
            for format in cx.formats() {
                provision(cx, format).await?;
            }
            Ok(())
        }),
        Case::new(
            "scenarios.deprovision.found-by-username",
            Documented,
            "A user is found in the list by its username, deleted by the id that stands there, and GET of that id then finds nobody",
            "guide, Deprovision a user",
        )
        .needs(&[Writing])
        .tags(TAGS)
        .run(async |cx| {
            for format in cx.formats() {
                deprovision(cx, format, |user| user.username.clone(), "Username").await?;
            }
            Ok(())
        }),
        Case::new(
            "scenarios.deprovision.found-by-email",
            Documented,
            "A user is found in the list by its email, deleted by the id that stands there, and GET of that id then finds nobody",
            "guide, Deprovision a user",
        )
        .needs(&[Writing])
        .tags(TAGS)
        .run(async |cx| {
            for format in cx.formats() {
                deprovision(cx, format, |user| user.email.clone(), EMAIL).await?;
            }
            Ok(())
        }),
        Case::new(
            "scenarios.sync.from-an-identity-provider",
            Documented,
            "A sync maps email, first and last name, creates who is new, updates who changed, deletes who was deactivated, and a second sync of the same directory finds nothing to do",
            "guide, Sync users from an IdP (Okta) without SCIM",
        )
        .needs(&[Writing])
        .tags(TAGS)
        .run(async |cx| sync(cx).await.map(drop)),
        Case::new(
            "scenarios.sync.survives-429",
            Documented,
            "The same sync ends well when a 429 comes in its middle: it waits, longer each time and by chance, and sends the refused request again",
            "guide, Why building this yourself is a trap: 429 should be handled with exponential backoff",
        )
        .needs(&[Writing])
        .tags(TAGS)
        .run(sync_with_429),
        Case::new(
            "scenarios.poll.sees-what-changed",
            Documented,
            "Who polls the list of users sees a user appear, change and go",
            "guide, Rate limits, pagination, and events: alternative event strategy",
        )
        .needs(&[Writing])
        .tags(TAGS)
        .run(poll),
        Case::new(
            "scenarios.pace.was-answered",
            Characterise,
            "How often the run was limited at the pace at which it asked",
            "guide, Rate limits: not publicly specified",
        )
        .tags(TAGS)
        .run(async |cx| {
            const READS: usize = 10;
            for _ in 0..READS {
                cx.list(cx.default_format()).await?.is(200)?;
            }
            let limited = cx.times_limited();
            cx.observe(format!("{READS} lists one after the other met {limited} times 429"));
            Ok(())
        }),
    ]
}

async fn provision(cx: &mut Context, format: Format) -> CaseResult {
    let roles = cx.some_roles().await?;
    let created = cx.create(cx.draft(), format).await?;
    let reply = cx.get(&created.key, format).await?;
    shows(cx, &reply, &created)?;
    let refs = roles.iter().map(Context::role_ref).collect();
    let draft = created
        .update()
        .with_value("Roles", crate::wire::Value::Roles(refs));
    cx.put(&created.key, &draft, format).await?.is(200)?;
    let reply = cx.get(&created.key, format).await?;
    let user = reply.user()?;
    reply.check(
        roles.iter().all(|role| user.roles().contains(role)),
        "the user does not have the roles that the update gave it",
    )
}

/// What a list calls that user in paths.
fn key_in_list(cx: &Context, user: &User) -> Option<String> {
    match cx.profile().naming_user_key {
        UserKey::UserId => user.id.clone(),
        UserKey::Username => user.username.clone(),
    }
}

async fn deprovision(
    cx: &mut Context,
    format: Format,
    by: fn(&User) -> Option<String>,
    field: &str,
) -> CaseResult {
    let wanted = cx.create(cx.draft(), format).await?;
    let other = cx.create(cx.draft(), format).await?;
    let reply = cx.list(format).await?;
    let users = reply.users()?;
    let text = wanted.draft.text(field);
    let found: Vec<&User> = users
        .iter()
        .filter(|user| by(user).as_deref() == Some(text))
        .collect();
    reply.check(
        found.len() == 1,
        &format!("{} users are listed with that {field}", found.len()),
    )?;
    let key = key_in_list(cx, found[0]);
    reply.check(
        key.as_deref() == Some(wanted.key.as_str()),
        "the list names another id than the create",
    )?;
    cx.delete(&wanted.key, format).await?.deleted()?;
    gone(cx, &wanted, format).await?;
    let reply = cx.get(&other.key, format).await?;
    shows(cx, &reply, &other)
}

/// GET finds nobody or, where deleting deactivates, somebody who is not enabled.
async fn gone(cx: &mut Context, user: &Created, format: Format) -> CaseResult {
    let reply = cx.get(&user.key, format).await?;
    match cx.profile().delete_effect {
        DeleteEffect::Removed => reply.missing_user(),
        DeleteEffect::Deactivated => {
            reply.check(!reply.user()?.is_enabled(), "the deleted user is enabled")
        }
    }
}

/// A person in the identity provider's directory, under the username that the sync gives them.
#[derive(Clone)]
struct Person {
    draft: Draft,
    active: bool,
}

impl Person {
    fn is_like(&self, user: &User) -> bool {
        let same =
            |found: &Option<String>, name: &str| found.as_deref() == Some(self.draft.text(name));
        same(&user.email, EMAIL)
            && same(&user.first_name, "FirstName")
            && same(&user.last_name, "LastName")
    }
}

/// What a sync did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Work {
    created: usize,
    updated: usize,
    deleted: usize,
}

/// Brings the account to where the directory is.
async fn sync_once(cx: &mut Context, directory: &[Person]) -> Result<Work, Stop> {
    let format = cx.default_format();
    let listed = cx.list(format).await?.users()?;
    let mut work = Work::default();
    for person in directory {
        let name = person.draft.text("Username");
        let known = listed
            .iter()
            .find(|user| user.username.as_deref() == Some(name) && user.is_enabled());
        let key = known.and_then(|user| key_in_list(cx, user));
        match (known, key, person.active) {
            (None, _, true) => {
                cx.create(person.draft.clone(), format).await?;
                work.created += 1;
            }
            (Some(user), Some(key), true) if !person.is_like(user) => {
                let update = person.draft.clone().without("Password");
                cx.put(&key, &update, format).await?.is(200)?;
                work.updated += 1;
            }
            (Some(_), Some(key), false) => {
                cx.delete(&key, format).await?.deleted()?;
                work.deleted += 1;
            }
            _ => {}
        }
    }
    Ok(work)
}

/// Three syncs: of a directory, of the same with changes, and of that once more.
async fn sync(cx: &mut Context) -> Result<(), Stop> {
    let person = |cx: &Context, first: &str, last: &str| Person {
        draft: cx.draft().with("FirstName", first).with("LastName", last),
        active: true,
    };
    let mut directory = vec![
        person(cx, "Ines", "Quartz"),
        person(cx, "Tomas", "Birch"),
        person(cx, "Wilma", "Onyx"),
    ];
    expect(cx, &directory, &[3, 0, 0]).await?;
    directory[0].draft = directory[0].draft.clone().with("LastName", "Quartz-Elm");
    directory[1].active = false;
    directory.push(person(cx, "Yara", "Fern"));
    expect(cx, &directory, &[1, 1, 1]).await?;
    expect(cx, &directory, &[0, 0, 0]).await?;
    let reply = cx.list(cx.default_format()).await?;
    let users = reply.users()?;
    for person in &directory {
        let name = person.draft.text("Username");
        let mut found = users
            .iter()
            .filter(|user| user.username.as_deref() == Some(name) && user.is_enabled());
        let first = found.next();
        let right = match first {
            Some(user) => person.active && person.is_like(user) && found.next().is_none(),
            None => !person.active,
        };
        reply.check(
            right,
            &format!("{name} is not in the account as in the directory"),
        )?;
    }
    Ok(())
}

async fn expect(cx: &mut Context, directory: &[Person], expected: &[usize; 3]) -> CaseResult {
    let work = sync_once(cx, directory).await?;
    let [created, updated, deleted] = *expected;
    let wanted = Work {
        created,
        updated,
        deleted,
    };
    if work == wanted {
        return Ok(());
    }
    Err(Stop::Fail(format!(
        "the sync should have found {wanted:?} to do, and found {work:?}"
    )))
}

/// Against an emulator of its own the case has 429s come; elsewhere it can only wait for one.
async fn sync_with_429(cx: &mut Context) -> CaseResult {
    // The list, then two creates, of which the second is refused twice.
    let private = cx.private(&["status=429,after=2,times=2"])?;
    let Some(mut there) = private else {
        sync(cx).await?;
        let limited = cx.times_limited();
        cx.observe(format!("{limited} answers were 429"));
        return Ok(());
    };
    let result = sync(&mut there).await;
    let limited = there.times_limited();
    cx.take_over(there).await;
    result?;
    if limited != 2 {
        return Err(Stop::Fail(format!(
            "two answers should have been 429, and {limited} were"
        )));
    }
    Ok(())
}

async fn poll(cx: &mut Context) -> CaseResult {
    let format = cx.default_format();
    let created = cx.create(cx.draft(), format).await?;
    let name = created.username().to_owned();
    let seen = async |cx: &mut Context| -> Result<Option<User>, Stop> {
        let users = cx.list(format).await?.users()?;
        let mut users = users.into_iter();
        Ok(users.find(|user| user.username.as_deref() == Some(name.as_str())))
    };
    let fail = |what: &str| Err(Stop::Fail(format!("the list {what}")));
    match seen(cx).await? {
        Some(user) if user.first_name.as_deref() == Some("Casey") => {}
        _ => return fail("does not show a user that was created"),
    }
    let changed = created.update().with("FirstName", "Robin");
    cx.put(&created.key, &changed, format).await?.is(200)?;
    match seen(cx).await? {
        Some(user) if user.first_name.as_deref() == Some("Robin") => {}
        _ => return fail("does not show a change"),
    }
    cx.delete(&created.key, format).await?.deleted()?;
    match (seen(cx).await?, cx.profile().delete_effect) {
        (None, DeleteEffect::Removed) => Ok(()),
        (Some(user), DeleteEffect::Deactivated) if !user.is_enabled() => Ok(()),
        _ => fail("does not show that a user was deleted"),
    }
}
