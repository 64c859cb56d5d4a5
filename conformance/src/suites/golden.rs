//! Goldens as cases. Against the embedded emulator each is exact: its own server, its own bytes. Any
//! other target has users and ids of its own, so there a golden is compared by meaning, with the
//! target's names put instead of the example's.

use std::collections::BTreeSet;

use bandwidth_fixtures::{EvidenceKind, Golden, golden::Message, goldens};

use super::{create::parts, prelude::*};
use crate::{
    claims,
    decode::{json, tolerant::find, tree::Tree, xml},
    dialogue::run::Emulator,
    login::{Credentials, basic_header},
    transport::Response,
    verdict::Level,
};

/// The demo seed's account, user and next user id in goldens.
const ACCOUNT: &str = "12345";
const USER: &str = "u1";
const NEXT_USER: &str = "u2";
/// Usernames that goldens use; each becomes a name of the run.
const USERNAMES: [&str; 2] = ["jdoe", "asmith"];
const MAIL_DOMAIN: &str = "@example.com";

pub(super) fn cases() -> Vec<Case> {
    goldens().iter().map(case).collect()
}

fn case(golden: &'static Golden) -> Case {
    let level = match golden.evidence {
        EvidenceKind::Assumed => Level::Derived,
        _ => Level::Documented,
    };
    let (method, path) = golden.request.method_and_path();
    let says = format!(
        "{method} {path} returns {}, as recorded",
        golden.response.start.replace("HTTP/1.1 ", "")
    );
    let id = format!("golden.{}", golden.id.replace('/', "."));
    let source = format!("{}, {}", golden.evidence.as_str(), golden.source);
    let mut case = Case::new(id, says, users(golden))
        .known_from(level, source)
        .own_server()
        .tags(&["golden", "raw"]);
    let shown = claims::all().iter();
    case.cites = shown.filter(|claim| claim.is_shown_by(golden)).collect();
    // What these ask for concerns the next server on the way, which may be another one.
    let mut of_the_hop = ["expect", "transfer-encoding"].into_iter();
    let is_of_the_hop = of_the_hop.any(|name| golden.request.header(name).is_some());
    if is_of_the_hop || !["GET", "POST", "PUT", "DELETE"].contains(&method) {
        case = case.needs(&[BuiltIn]);
    } else if path.starts_with("/api/accounts/") && !path.contains(&format!("/accounts/{ACCOUNT}/"))
    {
        case = case.needs(&[ForeignAccounts]);
    } else if method == "DELETE" {
        case = case.needs(&[Writing]);
    }
    case.once(move |cx| {
        Box::pin(async move {
            match cx.emulator_of(golden)? {
                Some(emulator) => exact(cx, &emulator, golden).await,
                None => symbolic(cx, golden).await,
            }
        })
    })
}

/// Users that it needs if it is compared by meaning.
fn users(golden: &Golden) -> Users {
    match golden.request.method_and_path().0 {
        "GET" if is_about_a_user(golden) => Users::One,
        "GET" => Users::None,
        "PUT" => Users::One,
        _ => Users::Many,
    }
}

/// True if it shows or changes an existing user.
fn is_about_a_user(golden: &Golden) -> bool {
    let text = format!("{}{}", golden.request.start, golden.response.body);
    text.contains(USER) || text.contains(USERNAMES[0])
}

async fn exact(cx: &mut Context, emulator: &Emulator, golden: &Golden) -> CaseResult {
    for message in &golden.before {
        cx.send_as_is(emulator.address, message).await?;
    }
    let response = cx.send_as_is(emulator.address, &golden.request).await?;
    let expected = &golden.response;
    let headers = expected
        .headers
        .iter()
        .all(|(name, value)| response.headers_named(name).any(|found| found == value));
    if expected.status() == Some(response.status)
        && headers
        && std::str::from_utf8(&response.body).is_ok_and(|body| expected.has_body(body))
    {
        return Ok(());
    }
    let found = as_text(&response, expected);
    let expected = String::from_utf8_lossy(&expected.to_bytes()).replace("\r\n", "\n");
    Err(Stop::Fail(format!(
        "the answer is not the recorded one\nexpected:\n{expected}\ngot:\n{found}"
    )))
}

/// The parts of a response that a golden records.
fn as_text(response: &Response, golden: &Message) -> String {
    let mut text = format!("HTTP/1.1 {}\n", response.status);
    for (name, value) in &response.headers {
        if golden.header(name).is_some() {
            text = text + name + ": " + value + "\n";
        }
    }
    text + "\n" + &String::from_utf8_lossy(&response.body)
}

/// Names in place of the example's.
struct Names {
    replaced: Vec<(String, String)>,
    key: Option<String>,
}

impl Names {
    /// Puts the run's names instead of the example's.
    fn put_in(&self, text: &str) -> String {
        let text = self
            .replaced
            .iter()
            .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        match &self.key {
            None => text,
            Some(_) if text == USER => self.key.clone().unwrap_or_default(),
            Some(key) => text
                .replace(&format!("/{USER}"), &format!("/{key}"))
                .replace(&format!(">{USER}<"), &format!(">{key}<"))
                .replace(&format!("\"{USER}\""), &format!("\"{key}\"")),
        }
    }
}

async fn symbolic(cx: &mut Context, golden: &Golden) -> CaseResult {
    if let Some(reason) = not_symbolic(cx, golden) {
        return Err(Stop::skip(&reason));
    }
    let names = prepare(cx, golden).await?;
    let (ask, own_login) = ask(cx, golden, &names);
    let outcome = cx.send(ask).await;
    if !own_login {
        // A login that locks after failures in a row has now seen a success.
        cx.list(cx.default_format()).await?;
    }
    let reply = outcome?;
    let status = golden.response.status().unwrap_or(0);
    reply.same("status", &status, &reply.status())?;
    headers_match(&reply, &golden.response, &names)?;
    body_matches(&reply, golden, &names)
}

/// Why a golden cannot be run against a server that was not started for it.
fn not_symbolic(cx: &Context, golden: &Golden) -> Option<String> {
    let expected = cx.profile_name();
    let (method, path) = golden.request.method_and_path();
    let segment = path.split_once("/users/").map(|(_, rest)| rest);
    let body = tree_of(
        golden.request.header("content-type"),
        golden.request.body.as_bytes(),
    );
    let body = body.ok();
    let username = body.as_ref().and_then(|body| find(body, &["Username"]));
    if golden.profile != expected {
        Some(format!("the example needs --profile {}", golden.profile))
    } else if !golden.set.is_empty()
        || !golden.faults.is_empty()
        || !golden.before.iter().all(makes_room)
    {
        Some("the example needs a server with its own seed, faults or settings".to_owned())
    } else if golden.seed != "demo" {
        Some(format!(
            "the example needs a server with the seed {}",
            golden.seed
        ))
    } else if method != "GET" && golden.request.body.contains("Roles") {
        Some("the example assigns a role of its own account".to_owned())
    } else if golden.request.header("content-length").is_some() {
        Some("the example announces a body and sends none".to_owned())
    } else if method != "GET" && segment.is_some_and(|rest| rest != USER) {
        Some("the example changes a user that this run did not create".to_owned())
    } else if method != "GET" && !path.contains(&format!("/accounts/{ACCOUNT}/")) {
        Some("the example changes another account".to_owned())
    } else if method == "POST" && username.is_some_and(|name| !USERNAMES.contains(&name)) {
        Some("the example creates a user without the run's prefix".to_owned())
    } else if method == "POST" && golden.response.body.contains("12728") {
        Some("the example's password fits only its own names".to_owned())
    } else {
        None
    }
}

/// True if a request before a golden only frees a name. The run's own names are free.
fn makes_room(before: &Message) -> bool {
    before.method_and_path().0 == "DELETE"
}

/// Names for this golden, with the user that it is about where it is about one.
async fn prepare(cx: &mut Context, golden: &Golden) -> Result<Names, Stop> {
    let mut fresh = USERNAMES.map(|_| cx.fresh_username());
    let mail = format!(".{}@{}", fresh[1], cx.email_domain());
    let (method, _) = golden.request.method_and_path();
    let subject = if method != "POST" && is_about_a_user(golden) {
        let created = cx.subject(cx.default_format()).await?;
        created.username().clone_into(&mut fresh[0]);
        Some(created)
    } else {
        None
    };
    let account = cx.account_id().to_owned();
    let mut replaced = vec![
        (MAIL_DOMAIN.to_owned(), mail),
        (ACCOUNT.to_owned(), account),
    ];
    replaced.extend(USERNAMES.map(str::to_owned).into_iter().zip(fresh));
    if golden.request.body.contains(NEXT_USER) {
        // The id of a user that the example does not have: on an account it may be a real user's.
        let unused = cx.unused_key().await?;
        replaced.extend([
            (format!(">{NEXT_USER}<"), format!(">{unused}<")),
            (format!("\"{NEXT_USER}\""), format!("\"{unused}\"")),
        ]);
    }
    let mut names = Names {
        replaced,
        key: None,
    };
    if let Some(created) = subject {
        let email = names.put_in(&format!("{}{MAIL_DOMAIN}", USERNAMES[0]));
        let draft = created
            .update()
            .with("FirstName", "John")
            .with("LastName", "Doe")
            .with(EMAIL, email);
        let reply = cx.put(&created.key, &draft, cx.default_format()).await?;
        let made = reply.updated();
        made.control("the example's user must be made by an update")?;
        names.key = Some(created.key);
    }
    Ok(names)
}

/// The golden's request as this run sends it, and whether it is from the run's own login.
fn ask(cx: &Context, golden: &Golden, names: &Names) -> (Ask, bool) {
    let request = &golden.request;
    let (method, path) = request.method_and_path();
    let format = match golden.response.header("content-type") {
        Some("application/json") => Format::Json,
        _ => Format::Xml,
    };
    let mut ask = cx.ask(method, names.put_in(path)).raw();
    if let Some(accept) = request.header("accept") {
        ask = ask.accepting(accept, format);
    }
    let body = names.put_in(&request.body);
    match request.header("content-type") {
        Some(content_type) => {
            if let Ok(tree) = tree_of(Some(content_type), body.as_bytes())
                && let Some(password) = find(&tree, &["Password"])
            {
                cx.keep_secret("", password);
            }
            ask = ask.typed(content_type, body.as_str());
        }
        None if !body.is_empty() => ask = ask.untyped(body.as_str()),
        None => {}
    }
    if method == "POST"
        && let Some((_, own)) = names.replaced.iter().find(|(name, own)| {
            USERNAMES.contains(&name.as_str()) && body.contains(own.as_str()) && !own.contains('@')
        })
    {
        ask = ask.creates(own);
    }
    let demo = Credentials::demo();
    let (username, password) = demo.basic().unwrap_or_default();
    let demo = basic_header(username, password);
    let own_login = request.header("authorization") == Some(demo.as_str());
    if !own_login {
        ask = ask.authorization(request.header("authorization"));
    }
    (ask, own_login)
}

fn headers_match(reply: &Reply, golden: &Message, names: &Names) -> CaseResult {
    for (name, value) in &golden.headers {
        let found = reply.response.header(name);
        let same = match name.to_ascii_lowercase().as_str() {
            "content-type" => found.is_some_and(|found| essence(found) == essence(value)),
            "allow" => {
                let allowed = reply.response.headers_named(name);
                allowed.flat_map(methods).collect::<BTreeSet<_>>() == methods(value).collect()
            }
            "location" => found.is_some_and(|found| {
                // Where the host is, is the target's own affair too.
                let stem = |location: &str| {
                    let (_, path) = parts(location);
                    path.rsplit_once('/').map(|(stem, _)| stem.to_owned())
                };
                stem(found) == stem(&names.put_in(value))
            }),
            // A realm and a length are the target's own affair.
            _ => found.is_some(),
        };
        if !same {
            let found = found.unwrap_or("nothing");
            return Err(reply.fail(&format!("header {name}: expected {value}, got {found}")));
        }
    }
    Ok(())
}

/// A media type without its parameters, such as a charset.
fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// The methods in a value of Allow, whose order says nothing.
pub(super) fn methods(allow: &str) -> impl Iterator<Item = &str> {
    allow
        .split(',')
        .map(str::trim)
        .filter(|method| !method.is_empty())
}

fn body_matches(reply: &Reply, golden: &Golden, names: &Names) -> CaseResult {
    if golden.response.body.is_empty() {
        return reply.has_no_body();
    }
    let content_type = golden.response.header("content-type");
    let expected = tree_of(content_type, golden.response.body.as_bytes()).map_err(Stop::Error)?;
    let found = tree_of(content_type, &reply.response.body)
        .map_err(|error| reply.fail(&format!("the body cannot be read: {error}")))?;
    let (method, path) = golden.request.method_and_path();
    if method == "GET" && golden.response.status() == Some(200) {
        if path.ends_with("/users") {
            // The account has users next to the example's: it is enough that this one is listed.
            let entries = |tree: &Tree| leaves(tree);
            let listed = entries(&found);
            let all = entries(&expected)
                .iter()
                .all(|wanted| listed.iter().any(|entry| same(wanted, entry, names)));
            let what = "whether the list holds the recorded user";
            return reply.same(what, &true, &all);
        }
        if path.ends_with("/roles") && !same(&expected, &found, names) {
            return Err(Stop::skip("the account has other roles than the example"));
        }
    }
    let recorded = names.put_in(&golden.response.body);
    if same(&expected, &found, names) {
        return Ok(());
    }
    let got = reply.text();
    Err(reply.fail(&format!(
        "the body does not say what was recorded\nexpected:\n{recorded}\ngot:\n{got}"
    )))
}

/// The entries of a list: the objects that hold no other object.
fn leaves(tree: &Tree) -> Vec<Tree> {
    match tree {
        Tree::List(items) => items.iter().flat_map(leaves).collect(),
        Tree::Object(members) => {
            let inner: Vec<Tree> = members
                .iter()
                .flat_map(|(_, value)| leaves(value))
                .collect();
            if inner.is_empty() {
                vec![tree.clone()]
            } else {
                inner
            }
        }
        _ => Vec::new(),
    }
}

/// True if the target's response means the same as the golden. The wording of a description and a
/// new user's id may differ.
fn same(expected: &Tree, found: &Tree, names: &Names) -> bool {
    match (expected, found) {
        (Tree::Text(text), Tree::Text(found)) if text == NEXT_USER => !found.is_empty(),
        (Tree::Text(text), Tree::Text(found)) => names.put_in(text) == *found,
        (Tree::List(expected), Tree::List(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .zip(found)
                    .all(|(one, other)| same(one, other, names))
        }
        (Tree::Object(expected), Tree::Object(found)) => {
            let mut rest: Vec<&(String, Tree)> = found.iter().collect();
            expected.len() == found.len()
                && expected.iter().all(|(name, value)| {
                    let at = rest.iter().position(|(other, found)| {
                        name == other
                            && (name.eq_ignore_ascii_case("Description")
                                || same(value, found, names))
                    });
                    at.map(|at| rest.swap_remove(at)).is_some()
                })
        }
        _ => expected == found,
    }
}

/// A body of either format; the root of XML is a member like any other.
fn tree_of(content_type: Option<&str>, body: &[u8]) -> Result<Tree, String> {
    match content_type {
        Some("application/json") => json::read(body),
        _ => xml::read(body).map(|document| Tree::Object(vec![(document.root, document.content)])),
    }
}

#[cfg(test)]
mod tests {
    use super::methods;

    #[test]
    fn methods_are_listed_in_any_order_and_with_any_spaces() {
        let listed: Vec<&str> = methods("PUT ,GET,  HEAD").collect();
        assert_eq!(listed, ["PUT", "GET", "HEAD"]);
        assert_eq!(methods("").count(), 0);
    }
}
