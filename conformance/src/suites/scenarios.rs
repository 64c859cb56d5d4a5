//! The guide's scenarios, step by step: provisioning, deprovisioning, and a sync from an identity
//! provider, which meets a 429 on the way.

use bandwidth_fixtures::profile::UserKey;

use super::{
    delete::gone,
    get::{reads_back, seen},
    list::{list_after_delete, one},
    prelude::*,
};

cases! {
    /// A user is created with a strong password, its id is taken from the answer, an update gives it
    /// a role by id, and GET shows it with that
    "scenarios.provision.new-user-with-roles" many,
    cites ["provision", "strong-password"], needs [AnyRole], tags ["scenario"]
    |cx, format| {
        let role = cx.role().await?;
        let created = cx.create(cx.draft(), format).await?;
        reads_back(cx, &created, format).await?;
        let draft = created.update().with_value("Roles", Context::role_value(&role));
        cx.put(&created.key, &draft, format).await?.updated()?;
        let reply = cx.get(&created.key, format).await?;
        reply.same("Roles after the update", &vec![role], &reply.user()?.roles().to_vec())
    }

    /// A user is found in the list by its username, deleted by the id that is there, and GET of
    /// that id then finds no user
    "scenarios.deprovision.found-by-username" many, cites ["deprovision"], tags ["scenario"]
    |cx, format| {
        deprovision(cx, format, "Username", |user| user.username.as_deref()).await
    }

    /// A user is found in the list by its email, deleted by the id that is there, and GET of that
    /// id then finds no user
    "scenarios.deprovision.found-by-email" many, cites ["deprovision"], tags ["scenario"]
    |cx, format| {
        deprovision(cx, format, EMAIL, |user| user.email.as_deref()).await
    }

    /// A sync maps email, first and last name, creates who is new, updates who changed, deletes who
    /// was deactivated, and a second sync of the same directory finds nothing to do
    "scenarios.sync.from-an-identity-provider" many, cites ["sync"], tags ["scenario"]
    |cx| {
        sync(cx).await
    }

    /// The same sync ends well when a 429 comes in its middle: it waits, longer each time and by
    /// chance, and sends the refused request again
    "scenarios.sync.survives-429" many, cites ["429", "backoff"], tags ["scenario"]
    |cx| {
        // Against an emulator of its own the case has 429s come: the list, then two creates, of which
        // the second is rejected twice. Elsewhere it can only wait for one.
        let Some(mut there) = cx.private(&["status=429,after=2,times=2"])? else {
            sync(cx).await?;
            let limited = cx.times_limited();
            cx.observe(format!("{limited} answers were 429"));
            return Ok(());
        };
        let result = sync(&mut there).await;
        let limited = there.times_limited();
        cx.take_over(there);
        result.at("a sync that meets a 429")?;
        if limited != 2 {
            return Err(Stop::Fail(format!("expected 2 answers that are 429, got {limited}")));
        }
        Ok(())
    }

    /// A client that polls the list of users sees a user appear, change and disappear
    "scenarios.poll.sees-what-changed" many, cites ["polling"], tags ["scenario"]
    |cx| {
        let format = cx.default_format();
        let created = cx.new_user().await?;
        seen(cx, &created, format).await?;
        let username: fn(&User) -> Option<&str> = |user| user.username.as_deref();
        let reply = cx.list(format).await?;
        let user = one(&reply, "Username", created.username(), username);
        let user = user.at("after a create")?;
        let first_name = created.draft.given("FirstName");
        reply.same("FirstName in the list", &first_name, &user.first_name.as_deref())?;
        let changed = created.update().with("FirstName", "Robin");
        cx.put(&created.key, &changed, format).await?.updated()?;
        let reply = cx.list(format).await?;
        let user = one(&reply, "Username", created.username(), username)?;
        let what = "FirstName in the list after an update";
        reply.same(what, &Some("Robin"), &user.first_name.as_deref())?;
        cx.delete(&created.key, format).await?.deleted()?;
        let reply = cx.list(format).await?;
        list_after_delete(cx, &reply, &created)
    }

    /// Number of 429s at the pace of the run
    "scenarios.pace.was-answered" none, tags ["scenario"], needs [AccountList]
    |cx| {
        const READS: usize = 10;
        for _ in 0..READS {
            cx.list(cx.default_format()).await?.is("a list of users", 200)?;
        }
        let limited = cx.times_limited();
        cx.observe(format!("{READS} lists one after the other met {limited} times 429"));
        Ok(())
    }
}

/// The key of that user in paths, according to a list.
fn key_in_list(cx: &Context, user: &User) -> Option<String> {
    match cx.profile().naming_user_key {
        UserKey::UserId => user.id.clone(),
        UserKey::Username => user.username.clone(),
    }
}

async fn deprovision(
    cx: &mut Context,
    format: Format,
    field: &str,
    of: fn(&User) -> Option<&str>,
) -> CaseResult {
    let wanted = cx.create(cx.draft(), format).await?;
    let other = cx.create(cx.draft(), format).await?;
    seen(cx, &wanted, format).await?;
    let reply = cx.list(format).await?;
    let found = one(&reply, field, wanted.draft.text(field), of)?;
    let key = key_in_list(cx, &found);
    let what = "the key in the list after the one in the answer to the create";
    reply.same(what, &Some(wanted.key.as_str()), &key.as_deref())?;
    cx.delete(&wanted.key, format).await?.deleted()?;
    gone(cx, &wanted, format).await?;
    reads_back(cx, &other, format)
        .await
        .at("another user after the delete")
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

/// Brings the account to where the directory is. Returns how many users it created, updated and
/// deleted.
async fn sync_once(cx: &mut Context, directory: &[Person]) -> Result<[usize; 3], Stop> {
    let format = cx.default_format();
    let listed = cx.list(format).await?.users()?;
    let [mut created, mut updated, mut deleted] = [0; 3];
    for person in directory {
        let name = person.draft.text("Username");
        let known = listed
            .iter()
            .find(|user| user.username.as_deref() == Some(name) && user.is_enabled());
        let key = known.and_then(|user| key_in_list(cx, user));
        match (known, key, person.active) {
            (None, _, true) => {
                cx.create(person.draft.clone(), format).await?;
                created += 1;
            }
            (Some(user), Some(key), true) if !person.is_like(user) => {
                let update = person.draft.clone().without("Password");
                cx.put(&key, &update, format).await?.updated()?;
                updated += 1;
            }
            (Some(_), Some(key), false) => {
                cx.delete(&key, format).await?.deleted()?;
                deleted += 1;
            }
            _ => {}
        }
    }
    Ok([created, updated, deleted])
}

/// Three syncs: of a directory, of the same with changes, and of that again.
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
        let what = format!("whether {name} is in the account as in the directory");
        reply.same(&what, &true, &right)?;
    }
    Ok(())
}

async fn expect(cx: &mut Context, directory: &[Person], expected: &[usize; 3]) -> CaseResult {
    let done = sync_once(cx, directory).await?;
    if done == *expected {
        return Ok(());
    }
    Err(Stop::Fail(format!(
        "a sync: expected {expected:?} users to create, update and delete, got {done:?}"
    )))
}
