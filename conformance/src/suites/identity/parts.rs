//! Settings, profile, password and preferences of a user of a domain, and who logs in.

use bandwidth_fixtures::profile::{
    CodesVintage, GuiLogins, IdentityPutEmpty, PasswordErrors, PasswordShown, PhoneRequired,
    ScopeAbove, UserStateShown,
};

use crate::{
    decode::tree::Tree,
    dialogue::identity::{DomainDraft, reply::text},
    password::{self, Class},
    suites::prelude::*,
};

const INACTIVE: &str = "<UserSettings><Active>false</Active></UserSettings>";
const ACTIVE: &str = "<UserSettings><Active>true</Active></UserSettings>";

cases! {
    /// The settings of a user have a path of their own
    "identity.settings.read" one, cites ["domain-settings"], needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        let (reply, settings) = settings(cx, &user.key).await?;
        for (name, path) in [("Scope", "UserSettings/Scope"), ("Active", "UserSettings/Active")] {
            reply.same(name, &Some(user.draft.text(path)), &text(&settings, name))?;
        }
        let origin = text(&settings, "AllowedApiOrigin").unwrap_or_default();
        let known = ["API", "GUI", "BOTH"].contains(&origin);
        reply.same("whether AllowedApiOrigin is API, GUI or BOTH", &true, &known)
    }

    /// A PUT of settings deactivates a user
    "identity.settings.deactivates" one, cites ["domain-settings", "deactivated"],
    needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        let path = Context::domain_user(&user.key, "/settings");
        let reply = cx.domain_call("PUT", &path, INACTIVE).await?;
        reply.domain_part("settings", 200, "UserSettingsResponse", "User/UserSettings")?;
        let (reply, settings) = settings(cx, &user.key).await?;
        reply.same("Active", &Some("false"), &text(&settings, "Active"))
    }

    /// Settings have a lock state or not, as the profile says
    "identity.settings.lock-state-as-the-profile-says" one,
    cites ["domain-lock-state", "profile-choice"], measures ["identity.user_state"],
    needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        let (reply, settings) = settings(cx, &user.key).await?;
        let expected = match cx.profile().identity_user_state {
            UserStateShown::Shown => Some("UNLOCKED"),
            UserStateShown::Absent => None,
        };
        reply.same("UserState", &expected, &text(&settings, "UserState"))
    }

    /// A scope above the caller's own is rejected or taken, as the profile says
    "identity.settings.scope-above-as-the-profile-says" many,
    cites ["domain-scope", "profile-choice"], measures ["identity.scope_above", "identity.codes"],
    needs [IdentityWrites, BuiltIn]
    |cx| {
        let draft = cx.domain_draft();
        let user = cx.domain_create(draft).await?;
        let path = Context::domain_user(&user.key, "/settings");
        let above = "<UserSettings><Scope>All</Scope></UserSettings>";
        let reply = cx.domain_call("PUT", &path, above).await?;
        let name = match (cx.profile().identity_scope_above, cx.profile().identity_codes) {
            (ScopeAbove::Accepted, _) => return reply.is("a scope above one's own", 200),
            (ScopeAbove::Refused, CodesVintage::Later) => "scope_too_high",
            (ScopeAbove::Refused, CodesVintage::Earlier) => "scope_priority",
        };
        reply.domain_error("a scope above one's own", 400, name).map(drop)
    }

    /// A user without an account cannot be activated: 403 with the published code
    "identity.settings.active-without-account-is-403" many, cites ["domain-account-needed"],
    needs [IdentityWrites, BuiltIn]
    |cx| {
        let draft = cx.domain_draft();
        let user = cx.domain_create(draft).await?;
        let path = Context::domain_user(&user.key, "/settings");
        cx.domain_call("PUT", &path, INACTIVE).await?.is("deactivation", 200)?;
        let account = format!("/accounts/{}", cx.account_id());
        let account = Context::domain_user(&user.key, &account);
        let taken = cx.domain_call("DELETE", &account, "").await?.is("an account taken", 200);
        taken.control("the user must have no account")?;
        let reply = cx.domain_call("PUT", &path, ACTIVE).await?;
        reply.domain_error("activation without an account", 403, "account_needed").map(drop)
    }

    /// A PUT of a profile changes names, address and telephone numbers
    "identity.profile.reads-back" one, cites ["domain-profile"], needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        let paths = [
            "FirstName",
            "StreetAddress/HouseNumber",
            "StreetAddress/City",
            "TelephoneNumbers/CellPhone",
        ];
        let values = ["Robin", "12", "Raleigh", "9195550122"];
        let given = paths.iter().zip(values).fold(user.draft.clone(), |draft, (path, value)| {
            draft.with(&format!("UserProfile/{path}"), value)
        });
        let path = Context::domain_user(&user.key, "/profile");
        let reply = cx.domain_call("PUT", &path, &given.part("UserProfile")).await?;
        reply.domain_part("a profile", 200, "UserProfileResponse", "User/UserProfile")?;
        let reply = cx.read_domain(&path).await?;
        let part = "User/UserProfile";
        let profile = reply.domain_part("a profile", 200, "UserProfileResponse", part)?;
        for (path, value) in paths.into_iter().zip(values) {
            reply.same(path, &Some(value), &text(&profile, path))?;
        }
        Ok(())
    }

    /// A PUT of a profile that leaves no telephone number is rejected or not, as the profile says
    "identity.profile.phone-as-the-profile-says" one,
    cites ["domain-phone", "profile-choice"], measures ["identity.phone_required"],
    needs [IdentityWrites]
    |cx| {
        if cx.profile().identity_put_empty == IdentityPutEmpty::Kept {
            return Err(Stop::skip(
                "the expected profile keeps what is sent empty (identity.put_empty=kept)",
            ));
        }
        let user = cx.domain_subject().await?;
        let empty = user.draft.clone().with("UserProfile/TelephoneNumbers", "");
        let path = Context::domain_user(&user.key, "/profile");
        let reply = cx.domain_call("PUT", &path, &empty.part("UserProfile")).await?;
        if cx.profile().identity_phone_required == PhoneRequired::Never {
            return reply.is("a profile without a number", 200);
        }
        reply.domain_error("a profile without a number", 400, "phone_required").map(drop)
    }

    /// Only the user itself changes its password: 403 with the published code for another login
    "identity.password.only-the-own" one, cites ["domain-password-own"], needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        let path = Context::domain_user(&user.key, "/password");
        let body = password_body(cx, &user.key, &cx.strong_password());
        let reply = cx.domain_call("PUT", &path, &body).await?;
        reply.domain_error("another user's password", 403, "not_own_login").map(drop)
    }

    /// A user changes its own password, which the answer shows or not, as the profile says
    "identity.password.changes-the-own" many,
    cites ["domain-password-shown", "profile-choice"], measures ["identity.password_shown"],
    needs [IdentityWrites, UserLogins]
    |cx| {
        let user = login_user(cx).await?;
        let key = user.text("UserId").to_owned();
        let old = user.text("Password").to_owned();
        let new = cx.strong_password();
        let body = password_body(cx, &key, &new);
        let ask = cx.ask_domain("PUT", &Context::domain_user(&key, "/password"));
        let reply = cx.send(ask.login(&key, &old).body(Format::Xml, body)).await?;
        let root = "LdapUserPasswordResponse";
        let shown = reply.domain_part("a change of a password", 200, root, "User")?;
        let expected = match cx.profile().identity_password_shown {
            PasswordShown::Shown => Some(new.as_str()),
            PasswordShown::Hidden => None,
        };
        let shown = text(&shown, "Password");
        reply.same("whether the answer shows the password", &expected.is_some(), &shown.is_some())?;
        reply.same("whether it is the new one", &true, &(shown == expected))?;
        let_in(cx, &key, &new, true).await?;
        let_in(cx, &key, &old, false).await
    }

    /// A password that is too short is a 400 with the published code
    "identity.password.short-is-400" many, cites ["domain-password-short"],
    needs [IdentityWrites, UserLogins]
    |cx| {
        let profile = cx.profile();
        if profile.password_min_length < 2 {
            return Err(Stop::skip("no password is too short (password.min_length)"));
        }
        let user = login_user(cx).await?;
        let key = user.text("UserId").to_owned();
        let least = usize::try_from(profile.password_min_length).unwrap_or(usize::MAX);
        let short = password::of(least - 1, &Class::ALL);
        let body = password_body(cx, &key, &short);
        let ask = cx.ask_domain("PUT", &Context::domain_user(&key, "/password"));
        let ask = ask.login(&key, user.text("Password")).body(Format::Xml, body);
        let reply = cx.send(ask).await?;
        let name = match profile.password_errors {
            PasswordErrors::Named => "too_short",
            PasswordErrors::Opaque => "password_refused",
        };
        reply.domain_error("a password that is too short", 400, name).map(drop)
    }

    /// A user of the web interface alone gets into the API or not, as the profile says
    "identity.login.gui-as-the-profile-says" many,
    cites ["profile-choice"], measures ["identity.gui_logins"], needs [IdentityWrites, UserLogins]
    |cx| {
        let user = login_user(cx).await?;
        let key = user.text("UserId");
        let path = Context::domain_user(key, "/settings");
        let gui = "<UserSettings><AllowedApiOrigin>GUI</AllowedApiOrigin></UserSettings>";
        cx.domain_call("PUT", &path, gui).await?.is("settings", 200)?;
        let accepted = cx.profile().identity_gui_logins == GuiLogins::Accepted;
        let_in(cx, key, user.text("Password"), accepted).await
    }

    /// A preference of a user is created, read, changed and deleted; the published codes refuse a
    /// second one and one that is not there
    "identity.preferences.live-and-go" many, cites ["domain-preferences", "domain-preference-codes"],
    needs [IdentityWrites]
    |cx| {
        let draft = cx.domain_draft();
        let user = cx.domain_create(draft).await?;
        let list = Context::domain_user(&user.key, "/preferences");
        let one = format!("{list}/tnFormat");
        let reply = cx.domain_call("POST", &list, &preference("tnFormat", "E.164")).await?;
        reply.is("a preference that is new", 201)?;
        let reply = cx.domain_call("POST", &list, &preference("tnFormat", "E.164")).await?;
        reply.domain_error("a preference that is there", 409, "preference_taken")?;
        let reply = cx.domain_call("PUT", &one, &preference("tnFormat", "10D")).await?;
        reply.is("a change of a preference", 200)?;
        let reply = cx.read_domain(&one).await?;
        let shown = reply.domain("a preference", 200, "UserPreference")?;
        reply.same("PreferenceValue", &Some("10D"), &text(&shown, "PreferenceValue"))?;
        cx.domain_call("DELETE", &one, "").await?.is("a preference that goes", 200)?;
        let reply = cx.read_domain(&one).await?;
        reply.domain_error("a preference that is gone", 404, "preference_missing").map(drop)
    }

    /// A preference that there is not, and a value that it cannot have, are a 422 with published codes
    "identity.preferences.wrong-ones-are-422" many, cites ["domain-preference-codes"],
    needs [IdentityWrites]
    |cx| {
        let draft = cx.domain_draft();
        let user = cx.domain_create(draft).await?;
        let path = Context::domain_user(&user.key, "/preferences");
        for (name, value, error) in [
            ("tnFormat", "no-such-value", "preference_value"),
            ("noSuchPreference", "E.164", "preference_unknown"),
        ] {
            let reply = cx.domain_call("POST", &path, &preference(name, value)).await?;
            reply.domain_error(&format!("{name} with {value}"), 422, error)?;
        }
        Ok(())
    }
}

/// The settings of a user.
async fn settings(cx: &mut Context, key: &str) -> Result<(Reply, Tree), Stop> {
    let reply = cx
        .read_domain(&Context::domain_user(key, "/settings"))
        .await?;
    let part = "User/UserSettings";
    let settings = reply.domain_part("settings", 200, "UserSettingsResponse", part)?;
    Ok((reply, settings))
}

fn preference(name: &str, value: &str) -> String {
    DomainDraft::default()
        .with("UserPreference/PreferenceName", name)
        .with("UserPreference/PreferenceValue", value)
        .part("UserPreference")
}

/// The body of a change of a password, which will not be printed.
fn password_body(cx: &Context, key: &str, password: &str) -> String {
    cx.keep_secret(key, password);
    DomainDraft::default()
        .with("Password", password)
        .part("Password")
}

/// A user that was seen to get in with its password.
async fn login_user(cx: &mut Context) -> Result<DomainDraft, Stop> {
    let draft = cx.domain_login_draft();
    let user = cx.domain_create(draft).await?;
    let seen = let_in(cx, &user.key, user.draft.text("Password"), true).await;
    seen.control("the user must be seen to get in")?;
    Ok(user.draft)
}

/// A user gets into the domain with that password, or is rejected with 401. What its roles permit
/// does not matter.
async fn let_in(cx: &mut Context, key: &str, password: &str, expected: bool) -> CaseResult {
    let ask = cx.ask_domain("GET", "").login(key, password);
    let reply = cx.send(ask).await?;
    let known = matches!(reply.status(), 200 | 401 | 403);
    if !known {
        return reply.is("a login of a user", 200);
    }
    reply.same(
        "whether the password lets the user in",
        &expected,
        &(reply.status() != 401),
    )
}
