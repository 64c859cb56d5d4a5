//! Options that one exchange shows. A reading counts only if the response fits one option and no
//! other. It does not depend on the case that sent the request.

use bandwidth_fixtures::BehaviourId;

use crate::{
    decode::{
        json,
        tolerant::{member, names, objects_with},
        tree::Tree,
        xml,
    },
    transcript::Transcript,
};

/// A response, read without knowing how the target names things.
struct Sample<'a> {
    exchange: &'a Transcript,
    status: u16,
    is_json: bool,
    /// Without the root of XML; `None` if the body is neither XML nor JSON.
    tree: Option<Tree>,
}

type Reading = fn(&Sample<'_>) -> Option<&'static str>;

/// The behaviours that one exchange can show.
const READINGS: [(&str, Reading); 12] = [
    ("naming.email", email),
    ("naming.json_case", json_case),
    ("naming.user_key", user_key),
    ("user.default_fields", default_fields),
    ("role.form", role_form),
    ("create.status", create_status),
    ("create.response", create_response),
    ("delete.status", delete_status),
    ("errors.shape", error_shape),
    ("auth.failure_body", failure_body),
    ("auth.challenge", challenge),
    ("format.default", default_format),
];

/// The options that an exchange shows.
pub(super) fn options(exchange: &Transcript) -> Vec<(BehaviourId, &'static str)> {
    let Some(sample) = Sample::at(exchange) else {
        return Vec::new();
    };
    READINGS
        .iter()
        .filter_map(|(id, read)| Some((id.parse().ok()?, read(&sample)?)))
        .collect()
}

impl<'a> Sample<'a> {
    /// `None` if there is no response, or one that never has a body.
    fn at(exchange: &'a Transcript) -> Option<Self> {
        let status = exchange.status.filter(|_| exchange.method != "HEAD")?;
        let body = exchange.response_body.trim_start().as_bytes();
        let (is_json, tree) = match body.first() {
            Some(b'<') => (false, xml::read(body).ok().map(|document| document.content)),
            Some(b'{' | b'[') => (true, json::read(body).ok()),
            _ => (false, None),
        };
        Some(Self {
            exchange,
            status,
            is_json,
            tree,
        })
    }

    /// True for a success, by its body too: some targets return errors with 200.
    fn is_success(&self) -> bool {
        (200..300).contains(&self.status) && self.error_shape().is_none()
    }

    fn is_to_users(&self, method: &str) -> bool {
        let path = self.exchange.url.trim_end_matches('/');
        self.exchange.method == method && path.ends_with("/users")
    }

    /// The objects of a success that have that member.
    fn objects(&self, with: &str) -> Vec<&Tree> {
        match &self.tree {
            Some(tree) if self.is_success() => objects_with(tree, with),
            _ => Vec::new(),
        }
    }

    fn users(&self) -> Vec<&Tree> {
        self.objects("Username")
    }

    fn error_shape(&self) -> Option<&'static str> {
        let (name, value) = self.tree.as_ref()?.members()?.first()?;
        let has_code = member(value, "ErrorCode").is_some();
        match pascal(name).as_str() {
            "ResponseStatus" if has_code => Some("response_status"),
            "ResponseStatus" => Some("response_status_without_code"),
            "ErrorList" => Some("error_list"),
            "Error" => Some("error"),
            "Errors" => Some("errors"),
            _ => None,
        }
    }
}

/// A name with its first letter in upper case.
fn pascal(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// `value` if all are the same, and there is one.
fn unanimous(mut values: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// The name of the email field.
fn email_field(user: &Tree) -> Option<&'static str> {
    user.members()?
        .iter()
        .find_map(|(name, _)| match pascal(name).as_str() {
            "Email" => Some("Email"),
            "EmailAddress" => Some("EmailAddress"),
            _ => None,
        })
}

fn email(sample: &Sample<'_>) -> Option<&'static str> {
    unanimous(sample.users().into_iter().filter_map(email_field))
}

fn json_case(sample: &Sample<'_>) -> Option<&'static str> {
    /// Names of two words: one word in lower case is camelCase, or lower case throughout.
    const NAMES: [&str; 9] = [
        "UserId",
        "FirstName",
        "LastName",
        "EmailAddress",
        "TelephoneNumber",
        "RoleId",
        "RoleName",
        "ResponseStatus",
        "ErrorCode",
    ];
    let tree = sample.tree.as_ref().filter(|_| sample.is_json)?;
    let case = |name: &&str| {
        let known = NAMES
            .iter()
            .find(|known| known.eq_ignore_ascii_case(name))?;
        Some(if name == known {
            "PascalCase"
        } else if pascal(name) == **known {
            "camelCase"
        } else {
            "another case"
        })
    };
    unanimous(names(tree).iter().filter_map(case)).filter(|case| *case != "another case")
}

fn user_key(sample: &Sample<'_>) -> Option<&'static str> {
    let key = |user: &Tree| match member(user, "UserId") {
        Some(_) => "UserId",
        None => "Username",
    };
    unanimous(sample.users().into_iter().map(key))
}

fn default_fields(sample: &Sample<'_>) -> Option<&'static str> {
    let shown = |user: &Tree| match (member(user, "Enabled"), member(user, "Roles")) {
        (None, _) | (_, None) => Some("omitted"),
        (Some(Tree::Bool(true)), Some(_)) => Some("sent"),
        (Some(Tree::Text(text)), Some(_)) if text == "true" => Some("sent"),
        _ => None,
    };
    // A create's response may be shorter than the user.
    if sample.exchange.method != "GET" {
        return None;
    }
    unanimous(sample.users().into_iter().filter_map(shown))
}

fn role_form(sample: &Sample<'_>) -> Option<&'static str> {
    let form = |role: &Tree| match (member(role, "RoleId"), member(role, "Permissions")) {
        (Some(_), None) => "id_and_name",
        (None, Some(_)) => "name_and_permissions",
        _ => "another form",
    };
    let forms = sample.objects("RoleName").into_iter().map(form);
    unanimous(forms).filter(|form| *form != "another form")
}

fn create_status(sample: &Sample<'_>) -> Option<&'static str> {
    match sample.status {
        _ if !sample.is_to_users("POST") || !sample.is_success() => None,
        200 => Some("200"),
        201 => Some("201"),
        _ => None,
    }
}

fn create_response(sample: &Sample<'_>) -> Option<&'static str> {
    // What the request did not say cannot be missing in the response.
    let request = sample.exchange.request_body.to_ascii_lowercase();
    if !sample.is_to_users("POST") || !sample.is_success() || !request.contains("email") {
        return None;
    }
    match sample.users()[..] {
        [user] if email_field(user).is_some() => Some("full"),
        [_] => Some("without_email"),
        _ if sample.exchange.response_body.is_empty() => Some("empty"),
        _ => None,
    }
}

fn delete_status(sample: &Sample<'_>) -> Option<&'static str> {
    match sample.status {
        _ if sample.exchange.method != "DELETE" || !sample.is_success() => None,
        200 => Some("200"),
        204 => Some("204"),
        _ => None,
    }
}

fn error_shape(sample: &Sample<'_>) -> Option<&'static str> {
    sample.error_shape().filter(|_| sample.status >= 400)
}

fn failure_body(sample: &Sample<'_>) -> Option<&'static str> {
    match sample.error_shape() {
        _ if sample.status != 401 => None,
        Some(_) => Some("error"),
        None if sample.exchange.response_body.is_empty() => Some("empty"),
        None => None,
    }
}

fn challenge(sample: &Sample<'_>) -> Option<&'static str> {
    let challenge = sample.exchange.response_header("www-authenticate");
    match challenge {
        _ if sample.status != 401 => None,
        Some(_) => Some("sent"),
        None => Some("absent"),
    }
}

fn default_format(sample: &Sample<'_>) -> Option<&'static str> {
    let mut headers = sample.exchange.request_headers.iter();
    let accepts = headers.any(|header| header.name.eq_ignore_ascii_case("accept"));
    match sample.tree {
        Some(_) if sample.is_json => Some("json"),
        Some(_) => Some("xml"),
        None => None,
    }
    .filter(|_| sample.exchange.method == "GET" && sample.is_success() && !accepts)
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use bandwidth_fixtures::BehaviourId;

    use super::{READINGS, options};
    use crate::{
        exchange::Purpose,
        transcript::{Header, Transcript},
    };

    pub(in crate::fit) fn exchange(method: &str, url: &str, status: u16, body: &str) -> Transcript {
        Transcript {
            purpose: Purpose::Case,
            at_ms: 0,
            took_ms: 0,
            method: method.to_owned(),
            url: format!("http://x/api/accounts/1/{url}"),
            request_headers: Vec::new(),
            request_body: String::new(),
            status: Some(status),
            response_headers: Vec::new(),
            response_body: body.to_owned(),
            error: None,
            repeated: None,
            curl: String::new(),
        }
    }

    fn shown(exchange: &Transcript) -> BTreeMap<&'static str, &'static str> {
        let options = options(exchange).into_iter();
        options.map(|(id, option)| (id.as_str(), option)).collect()
    }

    #[test]
    fn every_reading_is_of_an_option_that_exists() {
        for (id, _) in READINGS {
            assert!(id.parse::<BehaviourId>().is_ok(), "{id}");
        }
        for (exchange, id, option) in [
            (
                r#"GET users/u 200 {"username":"a","emailAddress":"b"}"#,
                "naming.email",
                "EmailAddress",
            ),
            (
                r#"GET users/u 200 {"Username":"a","Email":"b"}"#,
                "naming.email",
                "Email",
            ),
            (
                r#"GET users/u 200 {"username":"a","firstName":"b"}"#,
                "naming.json_case",
                "camelCase",
            ),
            (
                r#"GET users/u 200 {"Username":"a","UserId":"b"}"#,
                "naming.json_case",
                "PascalCase",
            ),
            (
                r#"GET users/u 200 {"Username":"a","UserId":"b"}"#,
                "naming.user_key",
                "UserId",
            ),
            (
                r#"GET users/u 200 {"Username":"a"}"#,
                "naming.user_key",
                "Username",
            ),
            (
                r#"GET users/u 200 {"Username":"a","Enabled":true,"Roles":[]}"#,
                "user.default_fields",
                "sent",
            ),
            (
                r#"GET users/u 200 {"Username":"a"}"#,
                "user.default_fields",
                "omitted",
            ),
            (
                r#"GET roles 200 {"Roles":[{"RoleId":"1","RoleName":"a"}]}"#,
                "role.form",
                "id_and_name",
            ),
            (
                r#"GET roles 200 {"Roles":[{"RoleName":"a","Permissions":[]}]}"#,
                "role.form",
                "name_and_permissions",
            ),
            ("POST users 200 ", "create.status", "200"),
            ("POST users 201 ", "create.status", "201"),
            ("DELETE users/u 200 {}", "delete.status", "200"),
            ("DELETE users/u 204 ", "delete.status", "204"),
            (
                r#"GET users/u 404 {"ResponseStatus":{"ErrorCode":1}}"#,
                "errors.shape",
                "response_status",
            ),
            (
                r#"GET users/u 404 {"ResponseStatus":{"Description":"a"}}"#,
                "errors.shape",
                "response_status_without_code",
            ),
            (
                "GET users/u 404 <R><ErrorList><Error/></ErrorList></R>",
                "errors.shape",
                "error_list",
            ),
            (
                "GET users/u 404 <R><Error><Code>1</Code></Error></R>",
                "errors.shape",
                "error",
            ),
            (
                "GET users/u 404 <R><Errors><Code>1</Code></Errors></R>",
                "errors.shape",
                "errors",
            ),
            ("GET users 401 ", "auth.failure_body", "empty"),
            (
                "GET users 401 <R><Error><Code>1</Code></Error></R>",
                "auth.failure_body",
                "error",
            ),
            ("GET users 401 ", "auth.challenge", "absent"),
            ("GET users 200 <R><Users/></R>", "format.default", "xml"),
            (r#"GET users 200 {"Users":[]}"#, "format.default", "json"),
        ] {
            let parts: Vec<&str> = exchange.splitn(4, ' ').collect();
            let status = parts[2].parse().unwrap();
            let found = shown(&self::exchange(parts[0], parts[1], status, parts[3]));
            assert_eq!(found.get(id), Some(&option), "{exchange}: {found:?}");
            let behaviour = id.parse::<BehaviourId>().unwrap().behaviour();
            assert!(behaviour.option(option).is_some(), "{id} = {option}");
        }
    }

    #[test]
    fn what_fits_no_option_shows_none() {
        for (method, url, status, body) in [
            // Neither of the two cases.
            ("GET", "users", 200, r#"{"userid":"a"}"#),
            ("GET", "users", 200, r#"{"UserId":"a","firstName":"b"}"#),
            // An error with status 200 is not a success.
            (
                "POST",
                "users",
                200,
                "<R><ResponseStatus><ErrorCode>1</ErrorCode></ResponseStatus></R>",
            ),
            // A gateway's page.
            ("GET", "users", 404, "<html><body>no</body></html>"),
            ("HEAD", "users", 401, ""),
        ] {
            let mut exchange = exchange(method, url, status, body);
            let name = "Accept".to_owned();
            let value = "x/y".to_owned();
            exchange.request_headers = vec![Header { name, value }];
            assert_eq!(shown(&exchange), BTreeMap::new(), "{body}");
        }
    }

    #[test]
    fn a_create_is_judged_by_what_it_was_sent() {
        let mut create = exchange("POST", "users", 201, r#"{"UserId":"u","Username":"a"}"#);
        assert_eq!(shown(&create).get("create.response"), None);
        create.request_body = "<Email>a@b</Email>".to_owned();
        assert_eq!(shown(&create)["create.response"], "without_email");
        create.response_body = r#"{"Username":"a","Email":"a@b"}"#.to_owned();
        assert_eq!(shown(&create)["create.response"], "full");
        create.response_body = String::new();
        assert_eq!(shown(&create)["create.response"], "empty");
    }
}
