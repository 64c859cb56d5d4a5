//! Creating users.

use bandwidth_fixtures::profile::{
    AccountIdInBody, CreateResponse, EmailCase, EmailUnique, LocationForm, Telephone,
    UnknownFields, UsernameCase,
};
use reqwest::Url;

use super::{
    get::{reads_back, seen, shows},
    list::one,
    prelude::*,
    refusal::{As, Refusal, refusals},
};

cases! {
    /// A create in JSON succeeds and returns what the profile shows of the new user
    "create.json.answers-with-the-user" many,
    cites ["endpoints", "create-body"], measures ["create.status", "create.response"], needs [Json]
    |cx| {
        let created = cx.create(cx.draft(), Format::Json).await?;
        answers_with_the_user(cx, &created).await
    }

    /// A create in XML succeeds and returns what the profile shows of the new user
    "create.xml.answers-with-the-user" one,
    cites ["rfc9110-representations"], measures ["create.status", "create.response"],
    needs [NewUser]
    |cx| {
        let created = cx.subject(Format::Xml).await?;
        if created.reply.format() != Format::Xml {
            return Err(Stop::skip("the run's one user was created in JSON"));
        }
        answers_with_the_user(cx, &created).await
    }

    /// A user created in XML and one created in JSON from the same values are the same except for name
    /// and id
    "create.parity.xml-and-json-make-the-same" many,
    cites ["rfc9110-representations"], needs [Json], tags ["parity"]
    |cx| {
        let mut earlier = None;
        for format in [Format::Xml, Format::Json] {
            let draft = cx.draft().with("FirstName", "Zoë & Co");
            let created = cx.create(draft, format).await?;
            let reply = cx.get(&created.key, Format::Json).await?;
            let mut user = reply.user()?;
            (user.id, user.username, user.email) = (None, None, None);
            let first = earlier.get_or_insert_with(|| user.clone());
            reply.same("the user created in JSON after the one created in XML", first, &user)?;
        }
        Ok(())
    }

    /// Location of a successful create is the path of the new user
    "create.location.leads-to-the-user" one, cites ["rfc9110-location"], needs [NewUser]
    |cx, format| {
        let created = cx.subject(format).await?;
        let location = created.reply.response.header("location").unwrap_or("").to_owned();
        let (origin, path) = parts(&location);
        if !path.starts_with('/') {
            return Err(created.reply.fail("expected a Location with a path, got none"));
        }
        let own = cx.origin();
        if let Some(origin) = origin.filter(|origin| !same_place(origin, &own)) {
            // Behind a proxy that is no mistake of the API, but a client that follows it goes there.
            cx.observe(format!(
                "Location names {origin}; that is not the target, {own}, where its path was asked for"
            ));
        }
        let found = cx.read(path, format).await?;
        shows(cx, &found, &created).at("GET of Location")
    }

    /// Location of a successful create is a path or a whole URL, as the profile says
    "create.location.has-the-form-of-the-profile" one,
    cites ["profile-choice"], measures ["create.location"], needs [NewUser]
    |cx, format| {
        let reply = cx.subject(format).await?.reply;
        let location = reply.response.header("location").unwrap_or("");
        let is_url = parts(location).0.is_some();
        let expected = cx.profile().create_location == LocationForm::Url;
        reply.same("whether Location is a URL", &expected, &is_url)
    }

    /// A weak password is rejected with 400 and an error body, and creates no user
    "create.password.weak-is-400" many, cites ["weak-password"], needs [PasswordPolicy]
    |cx, format| {
        let draft = cx.draft().with("Password", WEAK);
        cx.post(&draft, format).await?.error(400).at("a weak password")?;
        // A user that is created after it and is in the list shows that the list would show it too.
        let later = cx.create(cx.draft(), format).await?;
        let reply = cx.list(format).await?;
        let control = one(&reply, "Username", later.username(), |user| user.username.as_deref());
        control.control("the list must show users that were just created")?;
        let name = Some(draft.text("Username"));
        let users = reply.users()?;
        let came = users.iter().filter(|user| user.username.as_deref() == name);
        reply.same("users in the list with the name that was refused", &0, &came.count())
    }

    /// A username that another user has is rejected, and the other user stays as it is
    "create.username.taken-is-refused" many,
    cites ["username", "err-12001", "unique-in-app"], measures ["errors.conflict"]
    |cx, format| {
        let first = cx.create(cx.draft(), format).await?;
        seen(cx, &first, format).await?;
        let draft = cx.draft().with("Username", first.username());
        cx.post(&draft, format).await?.conflict("username_taken")?;
        reads_back(cx, &first, format).await.at("the user that had the name")
    }

    /// Usernames that differ only in case are two names or, where the profile ignores case, one
    "create.username.case-as-the-profile-says" many,
    cites ["case-sensitive"], measures ["username.case"]
    |cx| {
        let lower = cx.new_user().await?;
        seen(cx, &lower, cx.default_format()).await?;
        let upper = cx.draft().with("Username", lower.username().to_uppercase());
        let reply = cx.post(&upper, cx.default_format()).await?;
        match cx.profile().username_case {
            UsernameCase::Sensitive => reply.created(),
            UsernameCase::Insensitive => reply.conflict("username_taken").map(drop),
        }
        .at("a name that differs in case")
    }

    /// A second user with the same email is created or, where emails are unique, refused
    "create.email.taken-as-the-profile-says" many,
    cites ["err-12071", "unique-in-app"], measures ["email.unique"]
    |cx| {
        let first = cx.new_user().await?;
        seen(cx, &first, cx.default_format()).await?;
        let draft = cx.draft().with(EMAIL, first.draft.text(EMAIL));
        let reply = cx.post(&draft, cx.default_format()).await?;
        match cx.profile().email_unique {
            EmailUnique::None => reply.created(),
            EmailUnique::Account | EmailUnique::Global => reply.conflict("email_taken").map(drop),
        }
        .at("an email that another user has")
    }

    /// An email in other case than that of another user is the same one or not, as the profile says,
    /// where emails are unique
    "create.email.case-as-the-profile-says" many,
    cites ["profile-choice"], measures ["email.case"], needs [OurUser]
    |cx| {
        if cx.profile().email_unique == EmailUnique::None {
            return Err(Stop::skip("emails of the expected profile are not unique (email.unique=none)"));
        }
        let first = cx.our_user().await?;
        let draft = cx.draft().with(EMAIL, first.draft.text(EMAIL).to_uppercase());
        let reply = cx.post_ours(&draft, Format::Xml).await?;
        match (cx.profile().email_case, cx.has_users_in_domain()) {
            (EmailCase::Sensitive, false) => reply.created(),
            (EmailCase::Sensitive, true) => reply.is("a create below a domain", 201),
            (EmailCase::Insensitive, false) => reply.conflict("email_taken").map(drop),
            (EmailCase::Insensitive, true) => {
                reply.domain_error("a create below a domain", 400, "email_taken").map(drop)
            }
        }
        .at("an email that another user has in other case")
    }

    /// AccountId in the body is taken when it is the path's
    "create.account-id.of-the-path-is-taken" many, cites ["account-fixed", "err-12520"]
    |cx, format| {
        let draft = cx.draft().with("AccountId", cx.account_id());
        cx.create(draft, format).await.at("the AccountId of the path").map(drop)
    }

    /// A create without AccountId succeeds or is rejected, as the profile says
    "create.account-id.left-out-as-the-profile-says" many,
    cites ["account-on-create", "err-12520"], measures ["user.account_id"]
    |cx, format| {
        let draft = cx.draft().without("AccountId");
        let reply = cx.post(&draft, format).await?;
        match cx.profile().user_account_id {
            AccountIdInBody::Optional => reply.created(),
            AccountIdInBody::Required => reply.refused("account_id_required").map(drop),
        }
        .at("a create without AccountId")
    }

    /// Result of a create with a UserId of its own
    "create.user-id.in-the-body" many, needs [UserIds]
    |cx| {
        let chosen = cx.unused_key().await?;
        let draft = cx.draft().with("UserId", chosen.as_str());
        let ask = cx.ask_create(&draft, cx.default_format());
        let (reply, key) = cx.try_create(&draft, ask).await?;
        let fact = if reply.created().is_err() {
            format!("is refused with {}", reply.status())
        } else if key == Some(chosen) {
            "is given that id".to_owned()
        } else {
            "is given another id".to_owned()
        };
        cx.observe(format!("a create with its own UserId {fact}"));
        Ok(())
    }

    /// The id of a deleted user is not given to the next one
    "create.ids.are-never-used-again" many, cites ["ids-not-reused"], needs [UserIds]
    |cx| {
        let first = cx.new_user().await?;
        cx.delete(&first.key, cx.default_format()).await?.deleted()?;
        let second = cx.new_user().await?;
        if second.key == first.key {
            let message = format!("expected a new id, got {} of the deleted user", first.key);
            return Err(second.reply.fail(&message));
        }
        Ok(())
    }

    /// A user created without Enabled is enabled, and one created with false is not
    "create.enabled.defaults-to-true" many, cites ["enabled"]
    |cx, format| {
        for (given, expected) in [(None, true), (Some(false), false)] {
            let draft = match given {
                Some(flag) => cx.draft().with_value("Enabled", Value::Flag(flag)),
                None => cx.draft(),
            };
            let created = cx.create(draft, format).await?;
            let reply = cx.get(&created.key, format).await?;
            let what = format!("Enabled of a user created with {given:?}");
            reply.same(&what, &expected, &reply.user()?.is_enabled())?;
        }
        Ok(())
    }

    /// An unknown field is rejected or ignored, as the profile says
    "create.unknown-field.as-the-profile-says" many,
    cites ["profile-choice"], measures ["user.unknown_fields"]
    |cx, format| {
        let draft = cx.draft().with("Nickname", "Nim");
        let reply = cx.post(&draft, format).await?;
        unknown_field(cx, &reply)
    }

    /// TelephoneNumber is kept when it has the profile's form and refused when it has not, or is no
    /// field at all
    "create.telephone.as-the-profile-says" many,
    cites ["telephone"], measures ["user.telephone"]
    |cx| {
        telephone(cx).await
    }

    /// Characters that XML or JSON must escape, and characters beyond ASCII, come back as they were
    /// sent
    "create.text.survives-escaping" many, cites ["xml-escaping", "json-escaping"]
    |cx, format| {
        let draft = cx
            .draft()
            .with("FirstName", "Zoë <&> \"O'Neil\"")
            .with("LastName", "名前 \\ ]]> 🦀");
        let created = cx.create(draft, format).await.at("text with escaped characters")?;
        for shown in cx.formats() {
            reads_back(cx, &created, shown).await?;
        }
        Ok(())
    }
}

/// Creates with one thing wrong.
static REFUSED: [Refusal; 11] = refusals! { As::Create;
    /// A create without Username is rejected with 400
    "create.username.missing-is-400" cites ["username"]
    wrong [|_, draft| draft.without("Username")] as ["username_required"]

    /// A create without FirstName is rejected with 400
    "create.first-name.missing-is-400" cites ["names"]
    wrong [|_, draft| draft.without("FirstName")] as ["first_name_required"]

    /// A create without LastName is rejected with 400
    "create.last-name.missing-is-400" cites ["names"]
    wrong [|_, draft| draft.without("LastName")] as ["last_name_required"]

    /// A create without Email is rejected with 400
    "create.email.missing-is-400" cites ["email"]
    wrong [|_, draft| draft.without(EMAIL)] as ["email_required"]

    /// A create without Password is rejected with 400
    "create.password.missing-is-400" cites ["password"]
    wrong [|_, draft| draft.without("Password")] as ["password_required"]

    /// A username may hold letters, digits, @ . _ and - and nothing else
    "create.username.characters-are-limited" cites ["err-12500"]
    wrong [
        |_, draft| longer(draft, "Username", " "),
        |_, draft| longer(draft, "Username", "!"),
        |_, draft| longer(draft, "Username", "/"),
        |_, draft| longer(draft, "Username", "é"),
        |_, draft| longer(draft, "Username", "+")
    ] as ["username_characters"]
    right [|_, draft| longer(draft, "Username", ".A_z@9")]

    /// A username of 100 characters is taken and one of 101 is rejected
    "create.username.over-100-is-400" cites ["err-12500"]
    wrong [|_, draft| filled(draft, "Username", 101)] as ["username_too_long"]
    right [|_, draft| filled(draft, "Username", 100)]

    /// First and last names of 100 characters are taken, and of 101 are rejected
    "create.names.over-100-are-400" cites ["err-12506"]
    wrong [
        |_, draft| filled(draft, "FirstName", 101),
        |_, draft| filled(draft, "LastName", 101)
    ] as ["first_name_too_long", "last_name_too_long"]
    right [
        |_, draft| filled(draft, "FirstName", 100),
        |_, draft| filled(draft, "LastName", 100)
    ]

    /// An email of more than 100 characters is rejected
    "create.email.over-100-is-400" cites ["err-12510"]
    wrong [|_, draft| {
        let below = format!("@{}.{}.", "d".repeat(50), "e".repeat(50));
        let email = draft.text(EMAIL).replacen('@', &below, 1);
        draft.with(EMAIL, email)
    }] as ["email_too_long"]

    /// An email that is not an email address is rejected
    "create.email.invalid-is-400" cites ["err-12510"]
    wrong [
        |_, draft| email_of(draft, |local, _| local.to_owned()),
        |_, draft| email_of(draft, |_, domain| format!("@{domain}")),
        |_, draft| email_of(draft, |local, _| format!("{local}@")),
        |_, draft| email_of(draft, |local, domain| format!("no {local}@{domain}"))
    ] as ["email_invalid"]

    /// An AccountId in the body that is not the path's is rejected
    "create.account-id.must-match-the-path" cites ["account-fixed", "err-12520"]
    needs [ForeignAccounts]
    wrong [|cx, draft| draft.with("AccountId", format!("{}9", cx.account_id()))]
    as ["account_id_mismatch"]
};

pub(super) fn refused() -> impl Iterator<Item = Case> {
    REFUSED.iter().map(Refusal::case)
}

/// A field with `end` after its text.
fn longer(draft: Draft, field: &str, end: &str) -> Draft {
    let text = draft.text(field).to_owned() + end;
    draft.with(field, text)
}

/// A field with letters after its text, up to that length.
fn filled(draft: Draft, field: &str, length: usize) -> Draft {
    let missing = length - draft.text(field).len();
    longer(draft, field, &"x".repeat(missing))
}

/// An email made of the two parts of the draft's own.
fn email_of(draft: Draft, made: fn(&str, &str) -> String) -> Draft {
    let email = draft.text(EMAIL);
    let email = email
        .split_once('@')
        .map(|(local, domain)| made(local, domain));
    draft.with(EMAIL, email.unwrap_or_default())
}

async fn answers_with_the_user(cx: &mut Context, created: &Created) -> CaseResult {
    let reply = &created.reply;
    reply.created()?;
    let shown = cx.profile().create_response;
    if shown == CreateResponse::Empty {
        return reply.has_no_body();
    }
    let answered = reply.user_body()?;
    let mut expected = cx.get(&created.key, reply.format()).await?.user()?;
    if shown == CreateResponse::WithoutEmail {
        expected.email = None;
    }
    reply.same("the user in the answer", &expected, &answered)
}

/// A create with a field that the profile does not know is answered as it says.
fn unknown_field(cx: &Context, reply: &Reply) -> CaseResult {
    match cx.profile().user_unknown_fields {
        UnknownFields::Refused => reply.error(400).map(drop),
        UnknownFields::Ignored => reply.created(),
    }
    .at("an unknown field")
}

/// The scheme and the authority of an absolute Location, and the path of any.
pub(super) fn parts(location: &str) -> (Option<&str>, &str) {
    let authority_at = match (location.find("://"), location.starts_with("//")) {
        (_, true) => 2,
        (Some(scheme), _) if !location[..scheme].contains('/') => scheme + 3,
        _ => return (None, location),
    };
    let path = location[authority_at..].find('/');
    let (origin, path) = location.split_at(path.map_or(location.len(), |at| authority_at + at));
    (Some(origin), path)
}

/// True if the beginning of an absolute Location leads to `own`: a default port may be left out,
/// and a missing scheme means the same one.
fn same_place(origin: &str, own: &str) -> bool {
    let of = |text: &str| Url::parse(text).ok().map(|url| url.origin());
    let base = Url::parse(own).ok();
    let joined = base.and_then(|base| base.join(origin).ok());
    joined.map(|url| url.origin()) == of(own)
}

async fn telephone(cx: &mut Context) -> CaseResult {
    let format = cx.default_format();
    let with = |cx: &Context, number: &str| cx.draft().with("TelephoneNumber", number);
    let (right, wrong) = match cx.profile().user_telephone {
        Telephone::Absent => {
            for number in ["9195550100", "+19195550100"] {
                let reply = cx.post(&with(cx, number), format).await?;
                unknown_field(cx, &reply).at(&format!("TelephoneNumber {number}"))?;
            }
            return Ok(());
        }
        Telephone::TenDigitsOptional | Telephone::TenDigitsRequired => (
            with(cx, "9195550100"),
            [with(cx, "+19195550100"), with(cx, "919555010")],
        ),
        Telephone::E164Optional => (
            with(cx, "+19195550100"),
            [with(cx, "9195550100"), with(cx, "+0195550100")],
        ),
    };
    let created = cx.create(right, format).await?;
    let reply = cx.get(&created.key, format).await?;
    let number = created.draft.given("TelephoneNumber");
    reply.same(
        "TelephoneNumber",
        &number,
        &reply.user()?.telephone.as_deref(),
    )?;
    for draft in wrong {
        let reply = cx.post(&draft, format).await?;
        reply.refused("telephone_invalid")?;
    }
    let without = cx.draft().without("TelephoneNumber");
    let reply = cx.post(&without, format).await?;
    if cx.profile().user_telephone == Telephone::TenDigitsRequired {
        return reply.refused("telephone_required").map(drop);
    }
    reply.created().at("without a TelephoneNumber")
}

#[cfg(test)]
mod tests {
    use super::{parts, same_place};

    #[test]
    fn a_location_is_taken_apart_and_its_place_compared() {
        let own = "https://x.example";
        for (location, origin, path, same) in [
            ("/api/u1", None, "/api/u1", true),
            ("api/u1", None, "api/u1", true),
            ("", None, "", true),
            ("/api/a://b", None, "/api/a://b", true),
            (
                "https://x.example/api/u1",
                Some("https://x.example"),
                "/api/u1",
                true,
            ),
            (
                "https://X.example:443/u1",
                Some("https://X.example:443"),
                "/u1",
                true,
            ),
            ("//x.example/api/u1", Some("//x.example"), "/api/u1", true),
            (
                "http://x.example/u1",
                Some("http://x.example"),
                "/u1",
                false,
            ),
            (
                "http://node-7.evil:99/u1",
                Some("http://node-7.evil:99"),
                "/u1",
                false,
            ),
            ("//node-7.evil/u1", Some("//node-7.evil"), "/u1", false),
            (
                "https://x.example@evil/u1",
                Some("https://x.example@evil"),
                "/u1",
                false,
            ),
            ("https://x.example", Some("https://x.example"), "", true),
        ] {
            assert_eq!(parts(location), (origin, path), "{location}");
            if let Some(origin) = origin {
                assert_eq!(same_place(origin, own), same, "{location}");
            }
        }
    }
}
