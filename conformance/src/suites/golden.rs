//! Goldens as cases. Against the embedded emulator each is exact: its own server, its own bytes. Any
//! other target has users and ids of its own, so there a golden is compared by meaning, with the
//! target's names put in the place of the example's.

use std::collections::BTreeSet;

use bandwidth_fixtures::{EvidenceKind, Golden, golden::Message, goldens};

use crate::{
    case::{
        Case,
        Level::{Derived, Documented},
        Need::Writing,
    },
    context::{Ask, Context},
    decode::{json, tree::Tree, xml},
    login::Credentials,
    outcome::{CaseResult, Stop},
    reply::Reply,
    run::{GoldenMode, Run},
    wire::{EMAIL, Format},
};

/// The demo seed's account, user and next user id, as they stand in goldens.
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
        EvidenceKind::Assumed => Derived,
        _ => Documented,
    };
    let (method, path) = golden.request.method_and_path();
    let claim = format!(
        "{method} {path} is answered with {}, as recorded",
        golden.response.start
    );
    let case = Case::new(
        format!("golden.{}", golden.id.replace('/', ".")),
        level,
        claim.replace("HTTP/1.1 ", ""),
        format!("{}, {}", golden.evidence.as_str(), golden.source),
    );
    let case = match method {
        "GET" => case,
        _ => case.needs(&[Writing]),
    };
    let case = case.tags(&["golden", "raw"]);
    case.run(async move |cx| match cx.run.goldens {
        GoldenMode::Exact => exact(cx, golden).await,
        GoldenMode::Symbolic => symbolic(cx, golden).await,
    })
}

#[cfg(feature = "embedded")]
async fn exact(cx: &mut Context, golden: &Golden) -> CaseResult {
    use crate::{
        exchange::{Exchange, Purpose},
        target::embedded::Embedded,
        transport::{Endpoint, Request, raw},
    };

    let server = Embedded::of_golden(golden).map_err(Stop::Error)?;
    let mut last = None;
    let (address, _way) = cx.run.way_to(server.address());
    let endpoint = Endpoint::local(address);
    for message in golden.before.iter().chain([&golden.request]) {
        cx.run.count_elsewhere(1);
        let (method, path) = message.method_and_path();
        let sent = std::time::Instant::now();
        let outcome = raw::send(&endpoint, method, &message.to_bytes()).await;
        let mut request = Request::new(method, path).raw().body(message.body.as_str());
        request.headers.clone_from(&message.headers);
        let times = (cx.run.started, sent);
        let origin = endpoint.target.origin();
        let exchange = Exchange::new(Purpose::Case, origin, times, request, &outcome);
        cx.log.exchanges.push(exchange);
        let response =
            outcome.map_err(|error| Stop::Inconclusive(format!("{}: {error}", message.start)))?;
        last = Some(response);
    }
    let response = last.ok_or_else(|| Stop::Error("the golden has no request".to_owned()))?;
    let expected = &golden.response;
    let headers = expected
        .headers
        .iter()
        .all(|(name, value)| response.headers_named(name).any(|found| found == value));
    if expected.status() == Some(response.status)
        && headers
        && response.body == expected.body.as_bytes()
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
#[cfg(feature = "embedded")]
fn as_text(response: &crate::transport::Response, golden: &Message) -> String {
    let mut text = format!("HTTP/1.1 {}\n", response.status);
    for (name, value) in &response.headers {
        if golden.header(name).is_some() {
            text = text + name + ": " + value + "\n";
        }
    }
    text + "\n" + &String::from_utf8_lossy(&response.body)
}

#[cfg(not(feature = "embedded"))]
#[expect(
    clippy::unused_async,
    reason = "has the shape of the one that starts an emulator"
)]
async fn exact(_: &mut Context, _: &Golden) -> CaseResult {
    Err(Stop::Error(
        "this build has no embedded emulator".to_owned(),
    ))
}

/// What stands in the place of the example's names.
struct Names {
    replaced: Vec<(String, String)>,
    key: Option<String>,
}

impl Names {
    /// Puts the run's names in the place of the example's.
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
        return Err(Context::skip(&reason));
    }
    let names = prepare(cx, golden).await?;
    let (ask, own_login) = ask(cx, golden, &names);
    let outcome = cx.send(ask).await;
    if !own_login {
        // A login that locks after failures in a row has now seen a success.
        cx.list(cx.default_format()).await?;
    }
    let reply = outcome?;
    reply.is(golden.response.status().unwrap_or(0))?;
    headers_match(&reply, &golden.response, &names)?;
    body_matches(&reply, golden, &names)
}

/// Why a golden cannot be run against a server that was not started for it.
fn not_symbolic(cx: &Context, golden: &Golden) -> Option<String> {
    let expected = cx.run.expected.name();
    let (method, path) = golden.request.method_and_path();
    let segment = path.split_once("/users/").map(|(_, rest)| rest);
    let body = tree_of(
        golden.request.header("content-type"),
        golden.request.body.as_bytes(),
    );
    let username = body.ok().and_then(|body| find(&body, "Username"));
    if golden.profile != expected {
        Some(format!(
            "it was recorded under the profile {}",
            golden.profile
        ))
    } else if !golden.set.is_empty() || !golden.faults.is_empty() || !golden.before.is_empty() {
        Some("it needs a server that is set up for it".to_owned())
    } else if golden.seed != "demo" {
        Some(format!("it needs a server with the seed {}", golden.seed))
    } else if golden.request.header("content-length").is_some() {
        Some("it announces a body that it does not send".to_owned())
    } else if method != "GET" && segment.is_some_and(|rest| rest != USER) {
        Some("it would change a user that this run did not create".to_owned())
    } else if method != "GET" && !path.contains(&format!("/accounts/{ACCOUNT}/")) {
        Some("it would change another account".to_owned())
    } else if method == "POST" && username.is_some_and(|name| !USERNAMES.contains(&name.as_str())) {
        Some("it names a user with a name that is not the run's own".to_owned())
    } else if method == "POST" && golden.response.body.contains("12728") {
        Some("its password belongs to the example's own names".to_owned())
    } else {
        None
    }
}

/// Names for this golden, with the user that it is about where it is about one.
async fn prepare(cx: &mut Context, golden: &Golden) -> Result<Names, Stop> {
    let fresh = USERNAMES.map(|_| cx.run.fresh_username());
    let mut replaced = vec![
        (
            MAIL_DOMAIN.to_owned(),
            format!(".{}{MAIL_DOMAIN}", fresh[1]),
        ),
        (ACCOUNT.to_owned(), cx.run.credentials.account_id.clone()),
    ];
    for (name, own) in USERNAMES.iter().zip(&fresh) {
        replaced.push(((*name).to_owned(), own.clone()));
    }
    let mut names = Names {
        replaced,
        key: None,
    };
    let (method, _) = golden.request.method_and_path();
    let text = format!("{}{}", golden.request.start, golden.response.body);
    if method != "POST" && (text.contains(USER) || text.contains(USERNAMES[0])) {
        let draft = cx
            .draft()
            .with("Username", fresh[0].as_str())
            .with("FirstName", "John")
            .with("LastName", "Doe")
            .with(
                EMAIL,
                names.put_in(&format!("{}{MAIL_DOMAIN}", USERNAMES[0])),
            );
        names.key = Some(cx.create(draft, cx.default_format()).await?.key);
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
                && let Some(password) = find(&tree, "Password")
            {
                cx.run.redactor.add(&password);
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
    let demo = Run::basic(username, password);
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
                let stem = |path: &str| path.rsplit_once('/').map(|(stem, _)| stem.to_owned());
                stem(found) == stem(&names.put_in(value))
            }),
            // A realm and a length are the target's own affair.
            _ => found.is_some(),
        };
        reply.check(same, &format!("expected the header {name}: {value}"))?;
    }
    Ok(())
}

/// A media type without its parameters, such as a charset.
fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// The methods in a value of Allow, whose order says nothing.
fn methods(allow: &str) -> impl Iterator<Item = &str> {
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
            // The account has users beside the example's: it is enough that this one is listed.
            let entries = |tree: &Tree| leaves(tree);
            let listed = entries(&found);
            let all = entries(&expected)
                .iter()
                .all(|wanted| listed.iter().any(|entry| same(wanted, entry, names)));
            return reply.check(all, "the list does not hold the recorded user");
        }
        if path.ends_with("/roles") && !same(&expected, &found, names) {
            return Err(Context::skip(
                "the account has other roles than the example",
            ));
        }
    }
    let recorded = names.put_in(&golden.response.body);
    reply.check(
        same(&expected, &found, names),
        &format!("the body does not say what was recorded, which is\n{recorded}"),
    )
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

/// Whether the target's answer says what the golden says. The wording of a description is free,
/// and a new user's id is the target's own.
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

/// The first text below a member of that name.
fn find(tree: &Tree, name: &str) -> Option<String> {
    match tree {
        Tree::Object(members) => members.iter().find_map(|(known, value)| {
            if known.eq_ignore_ascii_case(name) {
                return value.text().map(str::to_owned);
            }
            find(value, name)
        }),
        Tree::List(items) => items.iter().find_map(|item| find(item, name)),
        _ => None,
    }
}
