//! Errors: unknown paths and methods, and bodies that cannot be read. The bodies are sent as updates
//! of one user, so that a target that reads them after all creates no user.

use bandwidth_fixtures::profile::ErrorShape;

use super::{get::reads_back, golden::methods, prelude::*};
use crate::dialogue::identity::reply::text;

cases! {
    /// A path that nothing is served on is 404 with an error body
    "errors.unknown-path.is-404" none, cites ["rfc9110-404"]
    |cx, format| {
        let account = format!("/api/accounts/{}", cx.account_id());
        let unused = cx.unused_key().await?;
        let absent = cx.user_path(&unused);
        for path in [
            format!("{account}/nothing"),
            format!("{absent}/nothing"),
            format!("{account}/roles/r1"),
            "/api/nothing".to_owned(),
        ] {
            cx.read(&path, format).await?.error(404).at(&path)?;
        }
        Ok(())
    }

    /// Neither SCIM nor webhooks are there: their usual paths are 404
    "errors.scim-and-webhooks.are-not-there" none, cites ["no-scim", "no-webhooks"]
    |cx, format| {
        let account = format!("/api/accounts/{}", cx.account_id());
        for path in [
            format!("{account}/webhooks"),
            format!("{account}/scim/v2/Users"),
            "/api/scim/v2/Users".to_owned(),
        ] {
            cx.read(&path, format).await?.error(404).at(&path)?;
        }
        Ok(())
    }

    /// A path with a method that it does not have is 405 with an error body, and Allow lists those
    /// that it has
    "errors.method.is-405-with-allow" many, cites ["rfc9110-405"], needs [BuiltIn]
    |cx, format| {
        let unused = cx.unused_key().await?;
        let user = cx.user_path(&unused);
        for (method, path, allowed) in [
            ("PATCH", cx.users_path(), &["GET", "POST"][..]),
            ("PATCH", user.clone(), &["GET", "PUT", "DELETE"]),
            ("POST", user.clone(), &["GET", "PUT", "DELETE"]),
            ("POST", cx.roles_path(), &["GET"]),
        ] {
            let ask = cx.ask(method, path).accept(format).body(format, "x");
            not_allowed(cx, ask, method, allowed).await?;
        }
        Ok(())
    }

    /// Reading a path that can only be written is 405 with an error body, and Allow says so
    "errors.read-of-a-password.is-405-with-allow" none, cites ["rfc9110-405"], needs [LoginPaths]
    |cx, format| {
        let path = format!("/api/users/{}/password", cx.unused_key().await?);
        let ask = cx.ask("GET", path).accept(format);
        not_allowed(cx, ask, "GET", &["PUT"]).await
    }

    /// Status of an update of two MiB
    "errors.too-large.is-413" one
    |cx, format| {
        let created = cx.subject(format).await?;
        let draft = created.update().with("FirstName", "n".repeat(2 << 20));
        let body = cx.body(&draft, format);
        let ask = put(cx, &created, format, body).raw();
        let status = cx.send(ask).await?.status();
        cx.observe(format!("an update of two MiB returns {status}"));
        Ok(())
    }

    /// An error body has the shape that the profile says, with a number as code and a text
    "errors.body.has-the-expected-shape" one, cites ["error-shapes"], measures ["errors.shape"]
    |cx, format| {
        let created = cx.subject(format).await?;
        let draft = created.update().with(EMAIL, "nobody");
        let error = cx.put(&created.key, &draft, format).await?.error(400)?;
        cx.observe(format!("{}: {:?}", format.media_type(), error.description));
        Ok(())
    }

    /// The root element of an error in XML is named after what was asked for: UserResponse for a user,
    /// unless the profile's shape has a root of its own
    "errors.xml-root.is-named-after-the-resource" one, cites ["error-root"]
    |cx| {
        let created = cx.subject(Format::Xml).await?;
        let draft = created.update().with(EMAIL, "nobody");
        let reply = cx.put(&created.key, &draft, Format::Xml).await?;
        reply.error(400)?;
        let text = reply.text();
        let mut tags = text.split('<').skip(1).filter(|tag| !tag.starts_with(['?', '!']));
        let root = tags.next().and_then(|tag| tag.split(['>', ' ', '/']).next());
        let expected = match cx.profile().errors_shape {
            ErrorShape::IrisStatus => "ErrorResponse",
            _ => "UserResponse",
        };
        reply.same("the root of an error about a user", &Some(expected), &root)
    }

    /// An error comes in the format of Accept, whatever format the body that caused it has
    "errors.format.is-the-one-asked-for" one, cites ["rfc9110-accept"], needs [Json]
    |cx| {
        let created = cx.subject(cx.default_format()).await?;
        for (sent, asked) in [(Format::Xml, Format::Json), (Format::Json, Format::Xml)] {
            let ask = cx.ask("PUT", cx.user_path(&created.key)).accept(asked);
            let reply = cx.send(ask.body(sent, "broken")).await?;
            reply.error(400).at(&format!("{} in, {} out", sent.as_str(), asked.as_str()))?;
        }
        Ok(())
    }

    /// The same mistake has the same status and code in XML and in JSON
    "errors.parity.xml-and-json-tell-the-same" one,
    cites ["rfc9110-representations"], needs [Json, PasswordPolicy], tags ["parity"]
    |cx| {
        let created = cx.subject(cx.default_format()).await?;
        for (field, wrong) in [(EMAIL, "nobody"), ("Password", WEAK)] {
            let mut earlier = None;
            for format in [Format::Xml, Format::Json] {
                let draft = created.update().with(field, wrong);
                let reply = cx.put(&created.key, &draft, format).await?;
                let code = reply.error(400)?.code.map(|code| code.to_string());
                let first = earlier.get_or_insert_with(|| code.clone());
                let what = format!("the code for a wrong {field} in JSON after the one in XML");
                reply.same(&what, &first.as_deref(), &code.as_deref())?;
            }
        }
        Ok(())
    }

    /// Words of a parser or a framework in the error for an unreadable body
    "errors.text.tells-nothing-of-the-server" one
    |cx, format| {
        let created = cx.subject(format).await?;
        let bodies = match format {
            Format::Xml => ["<User><FirstName>x</LastName></User>", "<User>&x;</User>"],
            Format::Json => ["{\"FirstName\":1", "{\"FirstName\":[1]}"],
        };
        for body in bodies {
            let ask = put(cx, &created, format, body);
            let text = cx.send(ask).await?.text().to_ascii_lowercase();
            let leaks: Vec<&str> = LEAKS.into_iter().filter(|leak| text.contains(leak)).collect();
            cx.observe(match leaks.as_slice() {
                [] => "an error holds no words of a parser or a framework".to_owned(),
                leaks => format!("an error holds `{}`", leaks.join("`, `")),
            });
        }
        Ok(())
    }
}

/// Words of parsers and frameworks that have no place in an answer.
const LEAKS: [&str; 8] = [
    "serde",
    "quick_xml",
    "quick-xml",
    "axum",
    "hyper",
    "panicked",
    "at line",
    "expected `",
];

/// The first name in bodies that are spoilt; no other field holds it.
const NAME: &str = "Casimira";

/// A body that cannot be read: its topic, what is wrong, the rule that says so, and how a readable
/// one becomes so. Without a rule it is read by some and refused by others, which is written down.
struct Unreadable {
    topic: &'static str,
    wrong: &'static str,
    rule: Option<&'static str>,
    spoil: fn(&str) -> Vec<u8>,
}

/// Rows of topic, what is wrong, how it becomes so, and the rule, if there is one.
macro_rules! unreadable {
    ($($topic:literal, $wrong:literal, |$body:pat_param| $spoilt:expr $(, $rule:literal)?;)*) => {
        &[$(Unreadable {
            topic: $topic,
            wrong: $wrong,
            rule: unreadable!(@rule $($rule)?),
            spoil: |$body| Vec::from($spoilt),
        }),*]
    };
    (@rule) => { None };
    (@rule $rule:literal) => { Some($rule) };
}

static UNREADABLE: &[Unreadable] = unreadable! {
    "xml-truncated", "that ends in the middle", |body| &body[..body.len() - 9], "xml-tags-match";
    "xml-empty", "that is empty but for a space", |_| " ", "xml-one-root";
    "xml-wrong-root", "whose root is not User", |body| body.replace("User>", "Person>");
    "xml-response-root", "wrapped in UserResponse as answers are",
        |body| format!("<UserResponse>{body}</UserResponse>");
    "xml-repeated-element", "with one element twice",
        |body| body.replace("</User>", "<FirstName>Twice</FirstName></User>");
    "xml-mismatched-end", "whose end tags do not match",
        |body| body.replace("</FirstName>", "</LastName>"), "xml-tags-match";
    "xml-text-between", "with text between elements", |body| body.replace("</User>", "text</User>");
    "xml-after-root", "with an element after the root", |body| format!("{body}<User/>"),
        "xml-one-root";
    "xml-doctype", "with a DOCTYPE", |body| format!("<!DOCTYPE User>{body}");
    "xml-entity", "that declares and uses an entity", |body| {
        let body = body.replace(NAME, "&name;");
        format!("<!DOCTYPE User [<!ENTITY name \"{NAME}\">]>{body}")
    };
    "xml-undefined-entity", "that uses an entity that is not defined",
        |body| body.replace(NAME, "&casey;"), "xml-entity-declared";
    "xml-control-character", "with a control character",
        |body| body.replace(NAME, "Ca\u{1}sey"), "xml-characters";
    "xml-control-reference", "with a reference to a control character",
        |body| body.replace(NAME, "Ca&#1;sey"), "xml-legal-character";
    "xml-invalid-utf-8", "that is not UTF-8", |body| not_utf_8(body), "xml-encoding";
    "xml-utf-16", "in UTF-16", |body| {
        let units = body.encode_utf16().flat_map(u16::to_le_bytes);
        [0xff, 0xfe].into_iter().chain(units).collect::<Vec<u8>>()
    };
    "xml-nesting", "that nests 10,000 deep",
        |body| body.replace(NAME, &("<a>".repeat(10_000) + &"</a>".repeat(10_000)));
    "json-truncated", "that ends in the middle", |body| &body[..body.len() - 2], "json-objects-end";
    "json-empty", "that is empty but for a space", |_| " ", "json-one-value";
    "json-array-root", "that is a list of a user", |body| format!("[{body}]");
    "json-repeated-key", "with one key twice", |body| {
        let names = ["FirstName", "firstName"].into_iter();
        let again = names.filter(|name| body.contains(name)).collect::<String>();
        format!("{},\"{again}\":\"Twice\"}}", &body[..body.len() - 1])
    };
    "json-wrong-type", "with a number where text belongs",
        |body| body.replace(&format!("\"{NAME}\""), "4711"), "text-fields";
    "json-after-value", "with a second value after the first", |body| format!("{body}{{}}"),
        "json-one-value";
    "json-control-character", "with a raw control character",
        |body| body.replace(NAME, "Ca\u{1}sey"), "json-strings";
    "json-invalid-utf-8", "that is not UTF-8", |body| not_utf_8(body), "json-utf-8";
    "json-nesting", "that nests 10,000 deep",
        |body| body.replace(&format!("\"{NAME}\""), &("[".repeat(10_000) + &"]".repeat(10_000)));
    "json-single-quotes", "with single quotes", |body| body.replace('"', "'"), "json-strings";
};

/// Bytes that are no text instead of the first name.
fn not_utf_8(body: &str) -> Vec<u8> {
    let (before, after) = body.split_once(NAME).unwrap_or((body, ""));
    [before.as_bytes(), b"\xff\xfe", after.as_bytes()].concat()
}

pub(super) fn unreadable_bodies() -> impl Iterator<Item = Case> {
    UNREADABLE.iter().map(Unreadable::case)
}

impl Unreadable {
    fn format(&self) -> Format {
        if self.topic.starts_with("xml-") {
            Format::Xml
        } else {
            Format::Json
        }
    }

    fn case(&'static self) -> Case {
        let kind = match self.format() {
            Format::Xml => "an XML",
            Format::Json => "a JSON",
        };
        let wrong = self.wrong;
        let says = match self.rule {
            Some(_) => format!(
                "An update with {kind} body {wrong} is refused with 400 and changes nothing"
            ),
            None => format!("What comes of an update with {kind} body {wrong}"),
        };
        let case = Case::new(format!("errors.{}.is-400", self.topic), says, Users::One);
        let case = case.tags(&["raw"]).once(move |cx| Box::pin(self.check(cx)));
        let case = match self.rule {
            Some(rule) => case.cites(&[rule, "rfc9110-400"]),
            None => case,
        };
        case.needs(match self.format() {
            Format::Xml => &[OurUser],
            Format::Json => &[Json],
        })
    }

    async fn check(&self, cx: &mut Context) -> CaseResult {
        if cx.has_users_in_domain() {
            return self.check_in_domain(cx).await;
        }
        let format = self.format();
        let created = cx.subject(format).await?;
        let readable = cx.body(&created.update().with("FirstName", NAME), format);
        let ask = put(cx, &created, format, (self.spoil)(&readable)).raw();
        let reply = cx.send(ask).await?;
        if self.rule.is_none() {
            let status = reply.status();
            cx.observe(format!("a body {} returns {status}", self.wrong));
            return Ok(());
        }
        reply.error(400).at(&format!("a body {}", self.wrong))?;
        reads_back(cx, &created, format)
            .await
            .at("after a body that cannot be read")
    }

    /// The same below an identity domain.
    async fn check_in_domain(&self, cx: &mut Context) -> CaseResult {
        const NAMED: &str = "UserProfile/FirstName";
        let user = cx.domain_subject().await?;
        let readable = cx.domain_body(&user.draft.clone().with(NAMED, NAME));
        let path = Context::domain_user(&user.key, "");
        let ask = cx.ask_domain("PUT", &path);
        let ask = ask.body(Format::Xml, (self.spoil)(&readable)).raw();
        let reply = cx.send(ask).await?;
        if self.rule.is_none() {
            let status = reply.status();
            cx.observe(format!("a body {} returns {status}", self.wrong));
            return Ok(());
        }
        reply.domain_refusal(&format!("a body {}", self.wrong), 400)?;
        let reply = cx.read_domain(&path).await?;
        let shown = reply.domain_user()?;
        let name = Some(user.draft.text(NAMED));
        reply
            .same("FirstName", &name, &text(&shown, NAMED))
            .at("after a body that cannot be read")
    }
}

/// An update of that user with a body as written.
fn put(cx: &Context, created: &Created, format: Format, body: impl Into<Vec<u8>>) -> Ask {
    let ask = cx.ask("PUT", cx.user_path(&created.key)).accept(format);
    ask.body(format, body)
}

/// A method is rejected, and Allow lists others.
async fn not_allowed(cx: &mut Context, ask: Ask, method: &str, allowed: &[&str]) -> CaseResult {
    let reply = cx.send(ask).await?;
    reply.error(405).at(method)?;
    let allow = reply.response.header("allow").unwrap_or("");
    let listed: Vec<&str> = methods(allow).collect();
    let wrong = allowed.iter().copied();
    let wrong: Vec<&str> = wrong.filter(|name| !listed.contains(name)).collect();
    let lacking = format!("methods that Allow ({allow}) lacks");
    reply.same(&lacking, &Vec::new(), &wrong)?;
    let lists_it = format!("whether Allow ({allow}) lists {method}");
    reply.same(&lists_it, &false, &listed.contains(&method))
}
