//! Errors: unknown paths and methods, and bodies that cannot be read.

use crate::{
    case::{
        Case,
        Level::{Derived, Documented},
        Need::{Json, Writing},
    },
    context::Context,
    outcome::CaseResult,
    wire::Format,
};

/// Makes an unreadable body out of a readable one.
type Spoil = fn(&str) -> Vec<u8>;

/// Bodies that cannot be read: topic, format, what is wrong, how it becomes so.
const UNREADABLE: &[(&str, Format, &str, Spoil)] = &[
    (
        "xml-truncated",
        Format::Xml,
        "that ends in the middle",
        |body| body.as_bytes()[..body.len() - 9].to_vec(),
    ),
    (
        "xml-empty",
        Format::Xml,
        "that is empty but for a space",
        |_| b" ".to_vec(),
    ),
    (
        "xml-wrong-root",
        Format::Xml,
        "whose root is not User",
        |body| {
            body.replace("<User>", "<Person>")
                .replace("</User>", "</Person>")
                .into_bytes()
        },
    ),
    (
        "xml-response-root",
        Format::Xml,
        "wrapped in UserResponse as answers are",
        |body| format!("<UserResponse>{body}</UserResponse>").into_bytes(),
    ),
    (
        "xml-repeated-element",
        Format::Xml,
        "with one element twice",
        |body| {
            body.replace("</User>", "<FirstName>Twice</FirstName></User>")
                .into_bytes()
        },
    ),
    (
        "xml-mismatched-end",
        Format::Xml,
        "whose end tags do not match",
        |body| body.replace("</FirstName>", "</LastName>").into_bytes(),
    ),
    (
        "xml-text-between",
        Format::Xml,
        "with text between elements",
        |body| body.replace("</User>", "text</User>").into_bytes(),
    ),
    (
        "xml-after-root",
        Format::Xml,
        "with an element after the root",
        |body| format!("{body}<User/>").into_bytes(),
    ),
    ("xml-doctype", Format::Xml, "with a DOCTYPE", |body| {
        format!("<!DOCTYPE User>{body}").into_bytes()
    }),
    (
        "xml-entity",
        Format::Xml,
        "that declares and uses an entity",
        |body| {
            let body = body.replace("Casey", "&casey;");
            format!("<!DOCTYPE User [<!ENTITY casey \"Casey\">]>{body}").into_bytes()
        },
    ),
    (
        "xml-undefined-entity",
        Format::Xml,
        "that uses an entity nobody defined",
        |body| body.replace("Casey", "&casey;").into_bytes(),
    ),
    (
        "xml-control-character",
        Format::Xml,
        "with a control character",
        |body| body.replace("Casey", "Ca\u{1}sey").into_bytes(),
    ),
    (
        "xml-control-reference",
        Format::Xml,
        "with a reference to a control character",
        |body| body.replace("Casey", "Ca&#1;sey").into_bytes(),
    ),
    (
        "xml-invalid-utf-8",
        Format::Xml,
        "that is not UTF-8",
        |body| spliced(body, b"\xff\xfe"),
    ),
    ("xml-utf-16", Format::Xml, "in UTF-16", |body| {
        let units = body.encode_utf16().flat_map(u16::to_le_bytes);
        [0xff, 0xfe].into_iter().chain(units).collect()
    }),
    (
        "xml-nesting",
        Format::Xml,
        "that nests 10,000 deep",
        |body| {
            let deep = "<a>".repeat(10_000) + &"</a>".repeat(10_000);
            body.replace("Casey", &deep).into_bytes()
        },
    ),
    (
        "json-truncated",
        Format::Json,
        "that ends in the middle",
        |body| body.as_bytes()[..body.len() - 2].to_vec(),
    ),
    (
        "json-empty",
        Format::Json,
        "that is empty but for a space",
        |_| b" ".to_vec(),
    ),
    (
        "json-array-root",
        Format::Json,
        "that is a list of a user",
        |body| format!("[{body}]").into_bytes(),
    ),
    (
        "json-repeated-key",
        Format::Json,
        "with one key twice",
        |body| {
            let again = if body.contains("\"FirstName\"") {
                "FirstName"
            } else {
                "firstName"
            };
            format!("{},\"{again}\":\"Twice\"}}", &body[..body.len() - 1]).into_bytes()
        },
    ),
    (
        "json-wrong-type",
        Format::Json,
        "with a number where text belongs",
        |body| body.replace("\"Casey\"", "4711").into_bytes(),
    ),
    (
        "json-after-value",
        Format::Json,
        "with a second value after the first",
        |body| format!("{body}{{}}").into_bytes(),
    ),
    (
        "json-control-character",
        Format::Json,
        "with a raw control character",
        |body| body.replace("Casey", "Ca\u{1}sey").into_bytes(),
    ),
    (
        "json-invalid-utf-8",
        Format::Json,
        "that is not UTF-8",
        |body| spliced(body, b"\xff\xfe"),
    ),
    (
        "json-nesting",
        Format::Json,
        "that nests 10,000 deep",
        |body| {
            let deep = "[".repeat(10_000) + &"]".repeat(10_000);
            body.replace("\"Casey\"", &deep).into_bytes()
        },
    ),
    (
        "json-single-quotes",
        Format::Json,
        "with single quotes",
        |body| body.replace('"', "'").into_bytes(),
    ),
];

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

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "errors.unknown-path.is-404",
            Derived,
            "A path that nothing is served on is 404 with an error body; SCIM and webhooks are such paths",
            "RFC 9110, section 15.5.5; guide: no SCIM, no webhooks",
        )
        .run(unknown_path),
        Case::new(
            "errors.method.is-405-with-allow",
            Derived,
            "A path with a method that it does not have is 405 with an error body, and Allow lists those that it has",
            "RFC 9110, section 15.5.6",
        )
        .run(method),
        Case::new(
            "errors.too-large.is-413",
            Derived,
            "A body of two MiB is refused with 413 and an error body",
            "RFC 9110, section 15.5.14",
        )
        .needs(&[Writing])
        .run(async |cx| {
            for format in cx.formats() {
                let draft = cx.draft().with("FirstName", "n".repeat(2 << 20));
                let ask = cx.ask_create(&draft, format).raw();
                cx.send(ask).await?.error(413)?;
            }
            Ok(())
        }),
        Case::new(
            "errors.body.has-the-expected-shape",
            Documented,
            "An error body has the shape that the profile says, with a number as code and a text",
            "RAML; ERR; V2",
        )
        .needs(&[Writing])
        .measures(&["errors.shape"])
        .run(async |cx| {
            for format in cx.formats() {
                let draft = cx.draft().without("LastName");
                let reply = cx.post(&draft, format).await?;
                let error = reply.error(400)?;
                cx.observe(format!("{}: {:?}", format.media_type(), error.description));
            }
            Ok(())
        }),
        Case::new(
            "errors.xml-root.is-named-after-the-resource",
            Documented,
            "The root element of an error in XML is named after what was asked for: UserResponse for a user",
            "RAML: UserResponse>ResponseStatus",
        )
        .needs(&[Writing])
        .run(async |cx| {
            let reply = cx.post(&cx.draft().without("LastName"), Format::Xml).await?;
            reply.error(400)?;
            reply.check(reply.text().contains("<UserResponse>"), "the root is not UserResponse")
        }),
        Case::new(
            "errors.format.is-the-one-asked-for",
            Derived,
            "An error comes in the format of Accept, whatever format the body that caused it has",
            "RFC 9110, section 12.5.1",
        )
        .needs(&[Json, Writing])
        .run(async |cx| {
            for (sent, asked) in [(Format::Xml, Format::Json), (Format::Json, Format::Xml)] {
                let ask = cx.ask("POST", cx.users_path()).accept(asked);
                cx.send(ask.body(sent, "broken")).await?.error(400)?;
            }
            Ok(())
        }),
        Case::new(
            "errors.parity.xml-and-json-tell-the-same",
            Derived,
            "The same mistake has the same status and code in XML and in JSON",
            "RFC 9110, section 12.1: representations of one thing",
        )
        .needs(&[Json, Writing])
        .tags(&["parity"])
        .run(async |cx| {
            for field in ["LastName", "Password"] {
                let mut earlier = None;
                for format in [Format::Xml, Format::Json] {
                    let reply = cx.post(&cx.draft().without(field), format).await?;
                    let code = reply.error(400)?.code;
                    reply.check(
                        *earlier.get_or_insert(code) == code,
                        "the other format tells another code",
                    )?;
                }
            }
            Ok(())
        }),
        Case::new(
            "errors.text.tells-nothing-of-the-server",
            Derived,
            "What an error says about an unreadable body is not the text of a parser or a framework",
            "RFC 9110, section 17.1",
        )
        .needs(&[Writing])
        .run(leaks),
    ];
    cases.extend(UNREADABLE.iter().map(|(topic, format, wrong, spoil)| {
        let kind = if *format == Format::Xml {
            "An XML"
        } else {
            "A JSON"
        };
        let needs: &[_] = if *format == Format::Xml {
            &[Writing]
        } else {
            &[Json, Writing]
        };
        Case::new(
            format!("errors.{topic}.is-400"),
            Derived,
            format!("{kind} body {wrong} is refused with 400 and an error body"),
            "RFC 9110, section 15.5.1; XML 1.0; RFC 8259",
        )
        .needs(needs)
        .tags(&["raw"])
        .run(async move |cx| unreadable(cx, *format, *spoil).await)
    }));
    cases
}

/// `bytes` in the place of the first name.
fn spliced(body: &str, bytes: &[u8]) -> Vec<u8> {
    let (before, after) = body.split_once("Casey").unwrap_or((body, ""));
    [before.as_bytes(), bytes, after.as_bytes()].concat()
}

async fn unreadable(cx: &mut Context, format: Format, spoil: Spoil) -> CaseResult {
    let draft = cx.draft();
    let body = spoil(&draft.body(cx.run.profile(), format));
    let ask = cx.ask("POST", cx.users_path()).raw().accept(format);
    let ask = ask.body(format, body).creates(draft.text("Username"));
    cx.send(ask).await?.error(400).map(drop)
}

async fn unknown_path(cx: &mut Context) -> CaseResult {
    let account = format!("/api/accounts/{}", cx.run.credentials.account_id);
    for format in cx.formats() {
        for path in [
            format!("{account}/nothing"),
            format!("{account}/users/u1/nothing"),
            format!("{account}/roles/r1"),
            format!("{account}/webhooks"),
            format!("{account}/scim/v2/Users"),
            "/api/nothing".to_owned(),
            "/api/scim/v2/Users".to_owned(),
        ] {
            let ask = cx.ask("GET", path).accept(format);
            cx.send(ask).await?.error(404)?;
        }
    }
    Ok(())
}

async fn method(cx: &mut Context) -> CaseResult {
    let user = cx.user_path(&cx.absent_key());
    for format in cx.formats() {
        for (method, path, allowed) in [
            ("PATCH", cx.users_path(), &["GET", "POST"][..]),
            ("PATCH", user.clone(), &["GET", "PUT", "DELETE"]),
            ("POST", user.clone(), &["GET", "PUT", "DELETE"]),
            ("POST", cx.roles_path(), &["GET"]),
        ] {
            let ask = cx.ask(method, path).accept(format).body(format, "x");
            let reply = cx.send(ask).await?;
            reply.error(405)?;
            let allow = reply.response.header("allow").unwrap_or("");
            let listed: Vec<&str> = allow.split(',').map(str::trim).collect();
            let all = allowed.iter().all(|method| listed.contains(method));
            reply.check(
                all && !listed.contains(&method),
                "Allow does not list the methods",
            )?;
        }
    }
    Ok(())
}

async fn leaks(cx: &mut Context) -> CaseResult {
    for (format, body) in [
        (Format::Xml, "<User><FirstName>x</LastName></User>"),
        (Format::Xml, "<User>&x;</User>"),
        (Format::Json, "{\"FirstName\":1"),
        (Format::Json, "{\"FirstName\":[1]}"),
    ] {
        if !cx.formats().contains(&format) {
            continue;
        }
        let ask = cx.ask("POST", cx.users_path()).accept(format);
        let reply = cx.send(ask.body(format, body)).await?;
        let text = reply.error(400)?.description.to_ascii_lowercase();
        if let Some(leak) = LEAKS.iter().find(|leak| text.contains(**leak)) {
            return Err(reply.fail(&format!("the text holds `{leak}`")));
        }
    }
    Ok(())
}
