//! Creating users.

use bandwidth_fixtures::profile::{
    CreateResponse, EmailUnique, Telephone, UnknownFields, UsernameCase,
};
use reqwest::Url;

use super::get::shows;
use crate::{
    case::{
        Case,
        Level::{Characterise, Derived, Documented},
        Need::{Json, UserIds, Writing},
    },
    context::Context,
    outcome::CaseResult,
    wire::{EMAIL, Format, Value},
};

/// Each required field, with the topic of its case and the name of its error.
const REQUIRED: [(&str, &str, &str); 5] = [
    ("Username", "username", "username_required"),
    ("FirstName", "first-name", "first_name_required"),
    ("LastName", "last-name", "last_name_required"),
    (EMAIL, "email", "email_required"),
    ("Password", "password", "password_required"),
];

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "create.json.answers-with-the-user",
            Documented,
            "A create in JSON succeeds and answers with what the profile shows of the new user",
            "guide, Create User",
        )
        .needs(&[Json, Writing])
        .measures(&["create.status", "create.response"])
        .run(async |cx| answers_with_the_user(cx, Format::Json).await),
        Case::new(
            "create.xml.answers-with-the-user",
            Derived,
            "A create in XML succeeds and answers with what the profile shows of the new user",
            "guide, Create User; the API is XML by default",
        )
        .needs(&[Writing])
        .measures(&["create.status", "create.response"])
        .run(async |cx| answers_with_the_user(cx, Format::Xml).await),
        Case::new(
            "create.parity.xml-and-json-make-the-same",
            Derived,
            "A user created in XML and one created in JSON from the same values are the same but for name and id",
            "guide, Create User: XML or JSON of one resource",
        )
        .needs(&[Json, Writing])
        .tags(&["parity"])
        .run(parity),
        Case::new(
            "create.location.leads-to-the-user",
            Derived,
            "Location of a successful create is the path of the new user",
            "RFC 9110, sections 10.2.2 and 15.3.2",
        )
        .needs(&[Writing])
        .run(location),
        Case::new(
            "create.password.weak-is-400",
            Documented,
            "A weak password is refused with 400 and an error body, and no user comes of it",
            "guide, Create User, Watch out for",
        )
        .needs(&[Writing])
        .run(weak_password),
        Case::new(
            "create.username.taken-is-refused",
            Documented,
            "A username that another user has is refused, and the other user stays as it is",
            "guide, User object: unique within the account; ERR 12001",
        )
        .needs(&[Writing])
        .measures(&["errors.conflict"])
        .run(username_taken),
        Case::new(
            "create.username.case-as-the-profile-says",
            Documented,
            "Usernames that differ only in case are two names or, where the profile ignores case, one",
            "SUP: credentials are case-sensitive",
        )
        .needs(&[Writing])
        .measures(&["username.case"])
        .run(username_case),
        Case::new(
            "create.username.characters-are-limited",
            Documented,
            "A username may hold letters, digits, @ . _ and - and nothing else",
            "ERR 12502",
        )
        .needs(&[Writing])
        .run(username_characters),
        Case::new(
            "create.username.over-100-is-400",
            Documented,
            "A username of 100 characters is taken and one of 101 is refused",
            "ERR 12500",
        )
        .needs(&[Writing])
        .run(async |cx| {
            let name = cx.run.fresh_username();
            let longest = name.clone() + &"x".repeat(100 - name.len());
            let draft = cx.draft().with("Username", format!("{longest}x"));
            let reply = cx.post(&draft, cx.default_format()).await?;
            reply.refused("username_too_long")?;
            let draft = cx.draft().with("Username", longest);
            cx.create(draft, cx.default_format()).await.map(drop)
        }),
        Case::new(
            "create.names.over-100-are-400",
            Documented,
            "First and last names of 100 characters are taken, and of 101 are refused",
            "ERR 12506, 12508",
        )
        .needs(&[Writing])
        .run(async |cx| {
            for (field, error) in [
                ("FirstName", "first_name_too_long"),
                ("LastName", "last_name_too_long"),
            ] {
                let draft = cx.draft().with(field, "n".repeat(101));
                let reply = cx.post(&draft, cx.default_format()).await?;
                reply.refused(error)?;
                let draft = cx.draft().with(field, "n".repeat(100));
                cx.create(draft, cx.default_format()).await?;
            }
            Ok(())
        }),
        Case::new(
            "create.email.over-100-is-400",
            Documented,
            "An email of more than 100 characters is refused",
            "ERR 12625",
        )
        .needs(&[Writing])
        .run(async |cx| {
            let email = format!("{}@{}.example.com", "e".repeat(50), "d".repeat(50));
            let draft = cx.draft().with(EMAIL, email);
            let reply = cx.post(&draft, cx.default_format()).await?;
            reply.refused("email_too_long").map(drop)
        }),
        Case::new(
            "create.email.invalid-is-400",
            Documented,
            "An email that is no email address is refused",
            "ERR 12510",
        )
        .needs(&[Writing])
        .run(async |cx| {
            for email in ["nobody", "@example.com", "nobody@", "no body@example.com"] {
                let draft = cx.draft().with(EMAIL, email);
                let reply = cx.post(&draft, cx.default_format()).await?;
                reply.refused("email_invalid")?;
            }
            Ok(())
        }),
        Case::new(
            "create.email.taken-as-the-profile-says",
            Documented,
            "A second user with the same email is created or, where emails are unique, refused",
            "SUP; ERR 12071",
        )
        .needs(&[Writing])
        .measures(&["email.unique"])
        .run(email_taken),
        Case::new(
            "create.account-id.must-match-the-path",
            Documented,
            "AccountId in the body is taken when it is the path's, and refused when it is another",
            "guide, User object; ERR 12520",
        )
        .needs(&[Writing])
        .run(account_id),
        Case::new(
            "create.user-id.in-the-body",
            Characterise,
            "A create that brings its own UserId",
            "guide, User object: system-generated",
        )
        .needs(&[UserIds, Writing])
        .run(own_user_id),
        Case::new(
            "create.ids.are-never-used-again",
            Derived,
            "The id of a deleted user is not given to the next one",
            "guide, User object: a unique identifier; deleting is permanent",
        )
        .needs(&[UserIds, Writing])
        .run(async |cx| {
            let first = cx.new_user().await?;
            cx.delete(&first.key, cx.default_format()).await?.deleted()?;
            let second = cx.new_user().await?;
            second.reply.check(second.key != first.key, "the id of the deleted user came again")
        }),
        Case::new(
            "create.enabled.defaults-to-true",
            Documented,
            "A user created without Enabled is enabled, and one created with false is not",
            "guide, User object",
        )
        .needs(&[Writing])
        .run(enabled),
        Case::new(
            "create.unknown-field.as-the-profile-says",
            Derived,
            "A field that nobody knows is refused or ignored, as the profile says",
            "no source; the expected profile",
        )
        .needs(&[Writing])
        .measures(&["user.unknown_fields"])
        .run(async |cx| {
            for format in cx.formats() {
                let draft = cx.draft().with("Nickname", "Nim");
                let reply = cx.post(&draft, format).await?;
                match cx.profile().user_unknown_fields {
                    UnknownFields::Refused => drop(reply.error(400)?),
                    UnknownFields::Ignored => reply.is(cx.created_status())?,
                }
            }
            Ok(())
        }),
        Case::new(
            "create.telephone.as-the-profile-says",
            Documented,
            "TelephoneNumber is kept when it has the profile's form and refused when it has not, or is no field at all",
            "RAML; ERR 12511, 12512; SUP",
        )
        .needs(&[Writing])
        .measures(&["user.telephone"])
        .run(telephone),
        Case::new(
            "create.text.survives-escaping",
            Derived,
            "Characters that XML or JSON must escape, and characters beyond ASCII, come back as they were sent",
            "XML 1.0, section 2.4; RFC 8259, section 7",
        )
        .needs(&[Writing])
        .run(async |cx| {
            for format in cx.formats() {
                let draft = cx
                    .draft()
                    .with("FirstName", "Zoë <&> \"O'Neil\"")
                    .with("LastName", "名前 \\ ]]> 🦀");
                let created = cx.create(draft, format).await?;
                for shown in cx.formats() {
                    let reply = cx.get(&created.key, shown).await?;
                    shows(cx, &reply, &created)?;
                }
            }
            Ok(())
        }),
    ];
    cases.extend(REQUIRED.map(|(field, topic, error)| {
        Case::new(
            format!("create.{topic}.missing-is-400"),
            Documented,
            format!("A create without {field} is refused with 400"),
            "guide, User object: required on create; ERR 12501 to 12509",
        )
        .needs(&[Writing])
        .run(async move |cx| {
            for format in cx.formats() {
                let draft = cx.draft().without(field);
                cx.post(&draft, format).await?.refused(error)?;
            }
            Ok(())
        })
    }));
    cases
}

async fn answers_with_the_user(cx: &mut Context, format: Format) -> CaseResult {
    let draft = cx.draft();
    let created = cx.create(draft, format).await?;
    let reply = &created.reply;
    let shown = cx.profile().create_response;
    if shown == CreateResponse::Empty {
        return reply.has_no_body();
    }
    let answered = reply.user_body()?;
    let mut expected = cx.get(&created.key, format).await?.user()?;
    if shown == CreateResponse::WithoutEmail {
        expected.email = None;
    }
    reply.check(
        answered == expected,
        "the answer is not what the profile shows of the user",
    )
}

async fn parity(cx: &mut Context) -> CaseResult {
    let mut earlier = None;
    for format in [Format::Xml, Format::Json] {
        let draft = cx.draft().with("FirstName", "Zoë & Co");
        let created = cx.create(draft, format).await?;
        let reply = cx.get(&created.key, Format::Json).await?;
        let mut user = reply.user()?;
        (user.id, user.username, user.email) = (None, None, None);
        let same = earlier.get_or_insert_with(|| user.clone()) == &user;
        reply.check(same, "the user created in the other format differs")?;
    }
    Ok(())
}

async fn location(cx: &mut Context) -> CaseResult {
    for format in cx.formats() {
        let created = cx.create(cx.draft(), format).await?;
        let reply = &created.reply;
        let location = reply.response.header("location").unwrap_or("").to_owned();
        let (origin, path) = parts(&location);
        reply.check(
            path.starts_with('/'),
            "there is no Location, or it has no path",
        )?;
        let own = cx.run.endpoint.target.origin();
        if let Some(origin) = origin.filter(|origin| !same_place(origin, &own)) {
            // Behind a proxy that is no mistake of the API, but a client that follows it goes there.
            let fact = format!(
                "Location names {origin}; that is not the target, {own}, where its path was asked for"
            );
            if !cx.facts.contains(&fact) {
                cx.observe(fact);
            }
        }
        let found = cx.send(cx.ask("GET", path).accept(format)).await?;
        shows(cx, &found, &created)?;
    }
    Ok(())
}

/// The scheme and the authority of an absolute Location, and the path of any.
fn parts(location: &str) -> (Option<&str>, &str) {
    let authority_at = match (location.find("://"), location.starts_with("//")) {
        (_, true) => 2,
        (Some(scheme), _) if !location[..scheme].contains('/') => scheme + 3,
        _ => return (None, location),
    };
    let path = location[authority_at..].find('/');
    let (origin, path) = location.split_at(path.map_or(location.len(), |at| authority_at + at));
    (Some(origin), path)
}

/// Whether an absolute Location's beginning leads to `own`: a default port need not be written, and
/// without a scheme it is the same one.
fn same_place(origin: &str, own: &str) -> bool {
    let of = |text: &str| Url::parse(text).ok().map(|url| url.origin());
    let base = Url::parse(own).ok();
    let joined = base.and_then(|base| base.join(origin).ok());
    joined.map(|url| url.origin()) == of(own)
}

async fn weak_password(cx: &mut Context) -> CaseResult {
    for format in cx.formats() {
        let draft = cx.draft().with("Password", "abc");
        cx.post(&draft, format).await?.error(400)?;
        let reply = cx.list(format).await?;
        let name = Some(draft.text("Username").to_owned());
        let came = reply.users()?.iter().any(|user| user.username == name);
        reply.check(!came, "the refused user is in the list")?;
    }
    Ok(())
}

async fn username_taken(cx: &mut Context) -> CaseResult {
    let first = cx.new_user().await?;
    for format in cx.formats() {
        let draft = cx.draft().with("Username", first.username());
        cx.post(&draft, format).await?.conflict("username_taken")?;
        let reply = cx.get(&first.key, format).await?;
        shows(cx, &reply, &first)?;
    }
    Ok(())
}

async fn username_case(cx: &mut Context) -> CaseResult {
    let format = cx.default_format();
    let lower = cx.new_user().await?;
    let upper = cx.draft().with("Username", lower.username().to_uppercase());
    let reply = cx.post(&upper, format).await?;
    match cx.profile().username_case {
        UsernameCase::Sensitive => reply.is(cx.created_status()),
        UsernameCase::Insensitive => reply.conflict("username_taken").map(drop),
    }
}

async fn username_characters(cx: &mut Context) -> CaseResult {
    let format = cx.default_format();
    let name = cx.run.fresh_username();
    let draft = cx.draft().with("Username", format!("{name}.A_z@9"));
    cx.create(draft, format).await?;
    for wrong in [" ", "!", "/", "é", "+"] {
        let name = cx.run.fresh_username();
        let draft = cx.draft().with("Username", format!("{name}{wrong}"));
        let reply = cx.post(&draft, format).await?;
        reply.refused("username_characters")?;
    }
    Ok(())
}

async fn email_taken(cx: &mut Context) -> CaseResult {
    let first = cx.new_user().await?;
    let draft = cx.draft().with(EMAIL, first.draft.text(EMAIL));
    let reply = cx.post(&draft, cx.default_format()).await?;
    match cx.profile().email_unique {
        EmailUnique::None => reply.is(cx.created_status()),
        EmailUnique::Account | EmailUnique::Global => reply.conflict("email_taken").map(drop),
    }
}

async fn account_id(cx: &mut Context) -> CaseResult {
    let own = cx.run.credentials.account_id.clone();
    for format in cx.formats() {
        let draft = cx.draft().with("AccountId", format!("{own}9"));
        let reply = cx.post(&draft, format).await?;
        reply.refused("account_id_mismatch")?;
        let draft = cx.draft().with("AccountId", own.as_str());
        cx.create(draft, format).await?;
    }
    Ok(())
}

async fn own_user_id(cx: &mut Context) -> CaseResult {
    let wish = cx.absent_key();
    let draft = cx.draft().with("UserId", wish.as_str());
    let reply = cx.post(&draft, cx.default_format()).await?;
    let fact = if reply.status() != cx.created_status() {
        format!("is refused with {}", reply.status())
    } else if cx.run.ledger().owns(&wish) {
        "is given that id".to_owned()
    } else {
        "is given another id".to_owned()
    };
    cx.observe(format!("a create with its own UserId {fact}"));
    Ok(())
}

async fn enabled(cx: &mut Context) -> CaseResult {
    for format in cx.formats() {
        let by_default = cx.create(cx.draft(), format).await?;
        let reply = cx.get(&by_default.key, format).await?;
        reply.check(reply.user()?.is_enabled(), "the user is not enabled")?;
        let draft = cx.draft().with_value("Enabled", Value::Flag(false));
        let disabled = cx.create(draft, format).await?;
        let reply = cx.get(&disabled.key, format).await?;
        reply.check(!reply.user()?.is_enabled(), "the user is enabled")?;
    }
    Ok(())
}

async fn telephone(cx: &mut Context) -> CaseResult {
    let format = cx.default_format();
    let with = |cx: &Context, number: &str| cx.draft().with("TelephoneNumber", number);
    let (right, wrong) = match cx.profile().user_telephone {
        Telephone::Absent => {
            for number in ["9195550100", "+19195550100"] {
                let reply = cx.post(&with(cx, number), format).await?;
                match cx.profile().user_unknown_fields {
                    UnknownFields::Refused => drop(reply.error(400)?),
                    UnknownFields::Ignored => reply.is(cx.created_status())?,
                }
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
    let number = Some(created.draft.text("TelephoneNumber").to_owned());
    reply.check(
        reply.user()?.telephone == number,
        "the telephone number differs",
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
    reply.is(cx.created_status())
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
