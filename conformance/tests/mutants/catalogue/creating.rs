//! Defects of creates.

use super::{Mutant, accept, is_create, refuse, rename, shorten};
use crate::message;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "emails-differ-in-case",
        "an email in other case is another one",
        "create.email.case-as-the-profile-says",
        "an email that another user has in other case: error `email_taken`: expected status 409, got 201",
    )
    .expects(&["email.unique=account"])
    .set(&["email.case=sensitive"]),
    Mutant::new(
        "location-is-a-url",
        "Location of a new user is a whole URL",
        "create.location.has-the-form-of-the-profile",
        "whether Location is a URL: expected false, got true",
    )
    .set(&["create.location=url"]),
    Mutant::new(
        "id-used-again",
        "a new user gets the id of one that was deleted",
        "create.ids.are-never-used-again",
        "expected a new id, got u",
    )
    .before(|ask, memory| {
        if ask.is_user()
            && let Some(real) = memory.texts.get(ask.last()).cloned()
        {
            let key = ask.last().to_owned();
            rename(ask, &key, &real);
        }
    })
    .after(|ask, answer, memory| {
        if ask.method == "DELETE" && answer.is_ok() {
            memory
                .texts
                .insert("gone".to_owned(), ask.last().to_owned());
        }
        if is_create(ask)
            && let Some(real) = answer.field("UserId")
            && let Some(gone) = memory.texts.remove("gone")
        {
            answer.replace("UserId", |_| gone.clone());
            let location = answer.headers.get("location").replace(&real, &gone);
            answer.headers.set("Location", &location);
            memory.texts.insert(gone, real);
        }
    }),
    Mutant::new(
        "account-id-left-out",
        "a create need not have AccountId",
        "create.account-id.left-out-as-the-profile-says",
        "a create without AccountId: error `account_id_required`: expected status 400, got 201",
    )
    .expects(&["user.account_id=required"])
    .set(&["user.account_id=optional"]),
    Mutant::new(
        "create-is-200",
        "a create returns 200",
        "create.json.answers-with-the-user",
        "a create that succeeds: expected status 201, got 200",
    )
    .set(&["create.status=200"]),
    Mutant::new(
        "create-answers-nothing",
        "a create returnsout a body",
        "create.xml.answers-with-the-user",
        "expected a user, got no body",
    )
    .set(&["create.response=empty"]),
    Mutant::new(
        "create-in-json-lacks-last-name",
        "a user that was created in JSON has no last name in XML's words",
        "create.parity.xml-and-json-make-the-same",
        "the user created in JSON after the one created in XML: LastName: expected \"Nimble\", got \"Other\"",
    )
    .before(|ask, _| {
        if is_create(ask) && ask.body.starts_with('{') {
            ask.body = message::replace(&ask.body, "LastName", |_| "Other".to_owned());
        }
    }),
    Mutant::new(
        "no-location",
        "a create tells no Location",
        "create.location.leads-to-the-user",
        "expected a Location with a path, got none",
    )
    .after(|_, answer, _| answer.headers.remove("Location")),
    Mutant::new(
        "location-of-another",
        "Location leads to another user",
        "create.location.leads-to-the-user",
        "GET of Location: Username: expected \"cf-",
    )
    .after(|ask, answer, _| {
        if is_create(ask) && answer.is_ok() {
            answer
                .headers
                .set("Location", "/api/accounts/12345/users/u1");
        }
    }),
    Mutant::new(
        "conflicts-are-accepted",
        "a create that ought to be refused with 409 returns 201",
        "create.username.taken-is-refused",
        "error `username_taken`: expected status 409, got 201",
    )
    .after(|ask, answer, _| {
        if is_create(ask) && answer.status == 409 {
            accept(ask, answer, 201);
        }
    }),
    Mutant::new(
        "usernames-in-any-case",
        "usernames that differ only in case are the same",
        "create.username.case-as-the-profile-says",
        "a name that differs in case: a create that succeeds: expected status 201, got 409",
    )
    .set(&["username.case=insensitive"]),
    Mutant::new(
        "emails-are-unique",
        "an email can be given to one user only",
        "create.email.taken-as-the-profile-says",
        "an email that another user has: a create that succeeds: expected status 201, got 409",
    )
    .set(&["email.unique=account"]),
    Mutant::new(
        "long-values-are-cut",
        "what is longer than 100 characters is cut, not refused",
        "create.names.over-100-are-400",
        "error `first_name_too_long`: expected status 400, got 201",
    )
    .before(|ask, _| {
        for field in ["Username", "FirstName", "LastName", "Email"] {
            ask.body = message::replace(&ask.body, field, shorten);
        }
    }),
    Mutant::new(
        "unknown-fields-the-other-way",
        "an unknown field is treated as the profile does not say",
        "create.unknown-field.as-the-profile-says",
        "an unknown field: a refusal: expected status 400, got 201",
    )
    .set(&["user.unknown_fields=ignored"]),
    Mutant::new(
        "telephone-required",
        "a user needs a telephone number",
        "create.telephone.as-the-profile-says",
        "TelephoneNumber 9195550100: an unknown field: a refusal: expected status 400, got 201",
    )
    .set(&["user.telephone=ten_digits_required"]),
    Mutant::new(
        "never-enabled",
        "every user is created disabled",
        "create.enabled.defaults-to-true",
        "Enabled of a user created with None: expected true, got false",
    )
    .after(|ask, answer, _| {
        if ask.is_user() || is_create(ask) {
            answer.body = answer
                .body
                .replace("</User>", "<Enabled>false</Enabled></User>");
            answer.body = answer
                .body
                .replacen("{\"UserId\"", "{\"Enabled\":false,\"UserId\"", 1);
        }
    }),
    Mutant::new(
        "weak-passwords-taken",
        "every password is strong enough",
        "create.password.weak-is-400",
        "a weak password: a refusal: expected status 400, got 201",
    )
    .before(|ask, _| {
        ask.body = message::replace(&ask.body, "Password", |_| "Teal-Wagon.47".to_owned());
    }),
    Mutant::new(
        "passwords-with-markup-refused",
        "a password with an escaped character is refused",
        "create.text.survives-escaping",
        "text with escaped characters: a create that succeeds: expected status 201, got 400",
    )
    .after(|ask, answer, _| {
        if ask.body.contains("&amp;") || ask.body.contains("&lt;") || ask.body.contains("\\\"") {
            refuse(ask, answer, 400);
        }
    }),
];
