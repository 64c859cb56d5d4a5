//! Leaving ends access: what the password and the token of a user open once it is deleted or
//! deactivated. Both were seen to open the API before.

use bandwidth_fixtures::{Secret, profile::ManagedRemoval};

use super::{credentials::token_of_gone_owner, prelude::*};
use crate::login::Client;

cases! {
    /// The password of a user that is deleted opens nothing any more
    "leaving.delete.ends-the-password" many,
    cites ["gone-cannot-log-in"], measures ["auth.user_logins"],
    needs [AccountList, OurUser, UserLogins]
    |cx| {
        let created = cx.our_user().await?;
        let login = cx.list_as(created.username(), created.password());
        works(cx, &login).await?;
        cx.delete_ours(&created).await?;
        cx.send(login).await?.unauthenticated().at("the password of a deleted user")
    }

    /// The token of a user that is deleted ends or lives on, as the profile says, and the user gets
    /// no new one
    "leaving.delete.token-as-the-profile-says" many,
    cites ["gone-cannot-log-in", "profile-choice"], measures ["auth.token_owner_gone"],
    needs [AccountList, OurUser, UserTokens]
    |cx| {
        let created = cx.our_user().await?;
        let (client, token) = token_of(cx, created.username(), created.password()).await?;
        cx.delete_ours(&created).await?;
        ended(cx, &client, &token).await
    }

    /// The token of a user that is deactivated ends or lives on, as the profile says, and the user
    /// gets no new one
    "leaving.deactivation.token-as-the-profile-says" many,
    cites ["disabled-cannot-log-in", "profile-choice"], measures ["auth.token_owner_gone"],
    needs [AccountList, OurUser, UserTokens]
    |cx| {
        let created = cx.our_user().await?;
        let (client, token) = token_of(cx, created.username(), created.password()).await?;
        cx.deactivate_ours(&created).await?;
        ended(cx, &client, &token).await
    }

    /// The password of a user that today's API deactivates opens nothing any more
    "leaving.management-deactivation.ends-the-password" many,
    cites ["disabled-cannot-log-in", "deactivated"], needs [AccountList, ManagementWrites, UserLogins]
    |cx| {
        let (created, password) = with_password(cx).await?;
        let login = cx.list_as(created.draft.text("username"), &password);
        works(cx, &login).await?;
        let draft = cx.managed_state(created.draft.clone(), false);
        cx.managed_put(&created.key, &draft).await?.managed_user()?;
        cx.send(login).await?.unauthenticated().at("the password of a deactivated user")
    }

    /// The token of a user that today's API deactivates ends or lives on, as the profile says
    "leaving.management-deactivation.token-as-the-profile-says" many,
    cites ["disabled-cannot-log-in", "profile-choice"], measures ["auth.token_owner_gone"],
    needs [AccountList, ManagementWrites, UserTokens]
    |cx| {
        let (created, password) = with_password(cx).await?;
        let (client, token) = token_of(cx, created.draft.text("username"), &password).await?;
        let draft = cx.managed_state(created.draft.clone(), false);
        cx.managed_put(&created.key, &draft).await?.managed_user()?;
        ended(cx, &client, &token).await
    }

    /// The password of a user that today's API deletes opens nothing any more, where it deletes
    "leaving.management-delete.ends-the-password" many,
    cites ["gone-cannot-log-in", "profile-choice"], measures ["management.removal"],
    needs [AccountList, ManagementWrites, UserLogins]
    |cx| {
        if cx.profile().management_removal == ManagedRemoval::None {
            return Err(Stop::skip(
                "today's API of the expected profile has no DELETE (management.removal=none)",
            ));
        }
        let (created, password) = with_password(cx).await?;
        let login = cx.list_as(created.draft.text("username"), &password);
        works(cx, &login).await?;
        let ask = cx.ask_managed("DELETE", cx.managed_path(&created.key));
        cx.send(ask).await?.is("a DELETE of today's API", 204)?;
        cx.send(login).await?.unauthenticated().at("the password of a user that is gone")
    }
}

/// The login opens the API, or the case has no verdict.
async fn works(cx: &mut Context, login: &Ask) -> CaseResult {
    let before = cx.send(login.clone()).await?.user_let_in();
    before.control("the password must be seen to open the API")
}

/// A user of today's API with a password, which another surface gives it: the real one comes by mail.
async fn with_password(cx: &mut Context) -> Result<(Managed, String), Stop> {
    let (created, _) = cx.managed_user().await?;
    let password = cx.strong_password();
    let shown = |key| created.draft.text(key).to_owned();
    let draft = Draft::default()
        .with("Username", shown("username"))
        .with("FirstName", shown("firstName"))
        .with("LastName", shown("lastName"))
        .with(EMAIL, shown("email"))
        .with("Password", password.as_str());
    let format = cx.default_format();
    let given = cx.give_password(&created.account_key, &draft, format).await;
    given.control("the user must get a password")?;
    Ok((created, password))
}

/// A user as a client, with a token that opens the API.
async fn token_of(
    cx: &mut Context,
    username: &str,
    password: &str,
) -> Result<(Client, String), Stop> {
    let client = Client {
        id: username.to_owned(),
        secret: Secret::new(password),
    };
    let token = cx.token(&client, ClientIn::Header).await;
    let token = token.control("the user must get a token")?;
    let ask = cx.ask_with_token(&cx.users_path(), &token);
    let before = cx.send(ask).await?.user_let_in();
    before.control("the token must be seen to open the API")?;
    Ok((client, token))
}

/// The client gets no new token, and its old one is as the profile says.
async fn ended(cx: &mut Context, client: &Client, token: &str) -> CaseResult {
    let reply = cx.send(cx.ask_token(client, ClientIn::Header)).await?;
    let refused = reply.token_refused(401, "invalid_client");
    refused.at("a new token for a user that left")?;
    let ask = cx.ask_with_token(&cx.users_path(), token);
    let reply = cx.send(ask).await?;
    token_of_gone_owner(cx, &reply)
}
