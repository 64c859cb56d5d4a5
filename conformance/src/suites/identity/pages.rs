//! The list of users of a domain: its pages, and what limits it.

use bandwidth_fixtures::profile::PageBeyond;

use crate::{decode::tree::Tree, dialogue::identity::reply::text, suites::prelude::*};

/// Page size when one user is searched.
const SIZE: usize = 100;
/// No list has more pages than this.
const MOST_PAGES: usize = 100;

cases! {
    /// The list of a domain shows names, email, scope and state of a user
    "identity.list.shows-a-user" one, cites ["domain-users"], needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        let (reply, shown) = find(cx, "", &user.key).await?;
        let shown = shown.ok_or_else(|| reply.fail("the list does not show the user"))?;
        for (name, path) in [
            ("UserId", "UserId"),
            ("Email", "Email"),
            ("FirstName", "UserProfile/FirstName"),
            ("LastName", "UserProfile/LastName"),
            ("Scope", "UserSettings/Scope"),
            ("Active", "UserSettings/Active"),
        ] {
            reply.same(name, &Some(user.draft.text(path)), &text(&shown, name))?;
        }
        Ok(())
    }

    /// Pages count from 1: the second page of one user shows another user than the first one
    "identity.list.pages-count-from-1" one, cites ["domain-pages"], needs [IdentityWrites]
    |cx| {
        cx.domain_subject().await?;
        let mut pages = Vec::new();
        for number in 1..=2 {
            let reply = cx.read_domain(&format!("/users?page={number}&size=1")).await?;
            let page = reply.domain_page()?;
            if page.total < 2 {
                return Err(Stop::skip("the list has fewer than two users"));
            }
            reply.same("users on a page of one", &1, &page.users.len())?;
            let id = page.users.first().and_then(|user| text(user, "UserId"));
            pages.push(id.unwrap_or_default().to_owned());
            reply.same("whether the second page repeats the first one", &false, &(number == 2 && pages[0] == pages[1]))?;
        }
        Ok(())
    }

    /// A page that names no size has the users that the profile says
    "identity.list.page-size-as-the-profile-says" one,
    cites ["domain-pages", "profile-choice"], measures ["identity.page_size"], needs [IdentityWrites]
    |cx| {
        cx.domain_subject().await?;
        let reply = cx.read_domain("/users").await?;
        let page = reply.domain_page()?;
        let usual = usize::try_from(cx.profile().identity_page_size).unwrap_or(usize::MAX);
        reply.same("users on the first page", &page.total.min(usual), &page.users.len())
    }

    /// A page after the last one is empty, refused or the last one, as the profile says
    "identity.list.page-beyond-as-the-profile-says" none,
    cites ["domain-pages", "profile-choice"], measures ["identity.page_beyond"], needs [Identity]
    |cx| {
        let total = cx.read_domain("/users?page=1&size=1").await?.domain_page()?.total;
        if total == 0 {
            return Err(Stop::skip("the domain has no user"));
        }
        let reply = cx.read_domain(&format!("/users?page={}&size=1", total + 1_000)).await?;
        let users = match cx.profile().identity_page_beyond {
            PageBeyond::Refused => return reply.is("a page after the last one", 400),
            PageBeyond::Empty => 0,
            PageBeyond::Last => 1,
        };
        reply.same("users on a page after the last one", &users, &reply.domain_page()?.users.len())
    }

    /// The list can be limited to active users, and to others
    "identity.list.limited-by-state" one, cites ["domain-filter"], needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        limited(cx, &user.key, "isActive", "true", "false").await
    }

    /// The list can be limited to a scope
    "identity.list.limited-by-scope" one, cites ["domain-filter"], needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        limited(cx, &user.key, "scope", "Account", "AccountAdmin").await
    }

    /// A user of the domain is the same user in the list below the account
    "identity.list.same-user-below-the-account" one, cites ["domain-same-users"],
    needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        let reply = cx.list(cx.default_format()).await?;
        let users = reply.users()?;
        let found = users.iter().find(|one| one.username.as_deref() == Some(user.key.as_str()));
        let found = found.ok_or_else(|| reply.fail("the list below the account does not show the user"))?;
        let text = |path| Some(user.draft.text(path));
        reply.same("LastName", &text("UserProfile/LastName"), &found.last_name.as_deref())?;
        reply.same("Email", &text("Email"), &found.email.as_deref())
    }
}

/// Looks for a user on all pages of a list, limited by a query. Returns the last page too.
async fn find(cx: &mut Context, query: &str, key: &str) -> Result<(Reply, Option<Tree>), Stop> {
    let mut seen = 0;
    for number in 1..=MOST_PAGES {
        let path = format!("/users?page={number}&size={SIZE}{query}");
        let reply = cx.read_domain(&path).await?;
        let page = reply.domain_page()?;
        seen += page.users.len();
        let found = page.user(key).cloned();
        if found.is_some() || page.users.is_empty() || seen >= page.total {
            return Ok((reply, found));
        }
    }
    Err(Stop::inconclusive("the list has more pages than are read"))
}

/// The list shows a user with the one value of a parameter, and not with the other one.
async fn limited(
    cx: &mut Context,
    key: &str,
    parameter: &str,
    own: &str,
    other: &str,
) -> CaseResult {
    for (value, expected) in [(own, true), (other, false)] {
        let (reply, found) = find(cx, &format!("&{parameter}={value}"), key).await?;
        let what = format!("whether {parameter}={value} shows the user");
        reply.same(&what, &expected, &found.is_some())?;
    }
    Ok(())
}
