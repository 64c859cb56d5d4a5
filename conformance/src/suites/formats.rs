//! Formats: which one answers, and which ones are read.

use bandwidth_fixtures::profile::{JsonSupport, Unacceptable, UntypedBody};

use crate::{
    case::{
        Case,
        Level::{Characterise, Derived, Documented},
        Need::{Json, Writing},
    },
    context::Context,
    outcome::{CaseResult, Stop},
    wire::Format,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "formats.no-accept.gives-the-default",
            Documented,
            "Without an Accept header users, roles and errors come in the default format, which is XML",
            "guide, Summary and recommendation; RAML",
        )
        .measures(&["format.default"])
        .run(async |cx| default_answers(cx, None).await),
        Case::new(
            "formats.no-accept.on-every-operation",
            Documented,
            "Creating, getting, updating and deleting a user without an Accept header is answered in the default format, whatever format the body has",
            "guide, Summary and recommendation; RAML",
        )
        .needs(&[Writing])
        .measures(&["format.default"])
        .run(every_operation),
        Case::new(
            "formats.any-accept.gives-the-default",
            Documented,
            "`Accept: */*` asks for nothing in particular and gets the default format",
            "guide, Summary and recommendation; SDK: PyPI bandwidth-numbers-sdk sends it and parses XML",
        )
        .measures(&["format.default"])
        .run(async |cx| default_answers(cx, Some("*/*")).await),
        Case::new(
            "formats.json.is-chosen-by-accept",
            Documented,
            "`Accept: application/json` gets JSON, unless the profile has none",
            "guide, Summary and recommendation",
        )
        .measures(&["format.json"])
        .run(json_by_accept),
        Case::new(
            "formats.xml.is-chosen-by-accept",
            Documented,
            "`Accept: application/xml` gets XML",
            "SDK: ruby and csharp bandwidth-iris send it",
        )
        .run(async |cx| {
            cx.list(Format::Xml).await?.users()?;
            let ask = cx.ask("GET", cx.roles_path()).accept(Format::Xml);
            cx.send(ask).await?.roles().map(drop)
        }),
        Case::new(
            "formats.q-values.are-weighed",
            Derived,
            "Of two formats in Accept the one with the higher q-value answers, and q=0 refuses one",
            "RFC 9110, sections 12.4.2 and 12.5.1",
        )
        .needs(&[Json])
        .run(q_values),
        Case::new(
            "formats.tie.gives-the-default",
            Derived,
            "When Accept prefers neither format, the default one answers",
            "guide, Summary and recommendation: XML unless JSON is asked for",
        )
        .needs(&[Json])
        .measures(&["format.default"])
        .run(async |cx| {
            for accept in [
                "application/json, application/xml",
                "application/json;q=0.3, application/xml;q=0.3",
                "application/*",
            ] {
                default_answers(cx, Some(accept)).await?;
            }
            Ok(())
        }),
        Case::new(
            "formats.unknown-accept.as-the-profile-says",
            Derived,
            "An Accept that names neither format gets the default one or 406, as the profile says",
            "RFC 9110, section 15.5.7; the expected profile",
        )
        .measures(&["format.unacceptable"])
        .run(unknown_accept),
        Case::new(
            "formats.untyped-json-body.as-the-profile-says",
            Documented,
            "A JSON body without Content-Type is not read as JSON, which is a 400, unless the profile says otherwise",
            "guide, Summary and recommendation",
        )
        .needs(&[Json, Writing])
        .measures(&["format.body_without_type"])
        .run(async |cx| untyped_body(cx, Format::Json).await),
        Case::new(
            "formats.untyped-xml-body.as-the-profile-says",
            Derived,
            "An XML body without Content-Type is read, unless the profile refuses it",
            "guide, Summary and recommendation: XML by default",
        )
        .needs(&[Writing])
        .measures(&["format.body_without_type"])
        .run(async |cx| untyped_body(cx, Format::Xml).await),
        Case::new(
            "formats.other-type.is-415",
            Derived,
            "A body of another type than XML and JSON is refused with 415, on create and on update",
            "RFC 9110, section 15.5.16",
        )
        .needs(&[Writing])
        .run(other_type),
        Case::new(
            "formats.charset.utf-8-is-taken",
            Derived,
            "A body whose Content-Type names the charset UTF-8, in any case, is read",
            "RFC 9110, section 8.3.2",
        )
        .needs(&[Writing])
        .run(async |cx| {
            for format in cx.formats() {
                for charset in ["utf-8", "UTF-8", "\"utf-8\""] {
                    with_charset(cx, format, charset, cx.created_status()).await?;
                }
            }
            Ok(())
        }),
        Case::new(
            "formats.charset.other-is-415",
            Derived,
            "A body whose Content-Type names another charset than UTF-8 is refused with 415",
            "RFC 9110, section 15.5.16",
        )
        .needs(&[Writing])
        .run(async |cx| {
            for format in cx.formats() {
                with_charset(cx, format, "iso-8859-1", 415).await?;
            }
            Ok(())
        }),
        Case::new(
            "formats.accept.and-content-type-are-independent",
            Derived,
            "The body's format and the answer's are chosen apart: XML in and JSON out, and the other way",
            "RFC 9110, sections 8.3 and 12.5.1",
        )
        .needs(&[Json, Writing])
        .run(async |cx| {
            for (sent, asked) in [(Format::Xml, Format::Json), (Format::Json, Format::Xml)] {
                let draft = cx.draft();
                let body = draft.body(cx.run.profile(), sent);
                let ask = cx.ask("POST", cx.users_path()).creates(draft.text("Username"));
                let reply = cx.send(ask.accept(asked).body(sent, body)).await?;
                reply.is(cx.created_status())?;
                if !reply.response.body.is_empty() {
                    reply.user_body()?;
                }
            }
            Ok(())
        }),
        Case::new(
            "formats.content-type-on-get.is-harmless",
            Documented,
            "A Content-Type on a GET, which has no body, changes nothing",
            "SDK: PyPI bandwidth-numbers-sdk 1.2.0 sends it",
        )
        .run(async |cx| {
            for content_type in ["application/xml", "application/json"] {
                let ask = cx.ask("GET", cx.users_path()).raw();
                let ask = ask.accept(Format::Xml).typed(content_type, Vec::new());
                cx.send(ask).await?.users()?;
            }
            Ok(())
        }),
        Case::new(
            "formats.xml-declaration.is-there",
            Characterise,
            "Whether XML answers begin with an XML declaration",
            "XML 1.0, section 2.8",
        )
        .run(async |cx| {
            let text = cx.list(Format::Xml).await?.text();
            let end = text.find("?>").filter(|_| text.starts_with("<?xml"));
            cx.observe(end.map_or_else(
                || "XML answers have no declaration".to_owned(),
                |end| format!("XML answers begin with {}", &text[..end + 2]),
            ));
            Ok(())
        }),
    ]
}

/// Users, roles and an error come in the default format when Accept is as given.
async fn default_answers(cx: &mut Context, accept: Option<&str>) -> CaseResult {
    let asked = |cx: &Context, path: String| {
        let ask = cx.ask("GET", path).raw();
        match accept {
            Some(accept) => ask.accepting(accept, cx.default_format()),
            None => ask,
        }
    };
    let ask = asked(cx, cx.users_path());
    cx.send(ask).await?.users()?;
    let ask = asked(cx, cx.roles_path());
    cx.send(ask).await?.roles()?;
    let ask = asked(cx, format!("{}/nothing", cx.roles_path()));
    cx.send(ask).await?.error(404).map(drop)
}

async fn every_operation(cx: &mut Context) -> CaseResult {
    for sent in cx.formats() {
        let draft = cx.draft();
        let body = draft.body(cx.run.profile(), sent);
        let ask = cx.ask("POST", cx.users_path()).raw().body(sent, body);
        let reply = cx.send(ask.creates(draft.text("Username"))).await?;
        reply.is(cx.created_status())?;
        if !reply.response.body.is_empty() {
            reply.user_body()?;
        }
        let key = cx.key_of(draft.text("Username"), &reply.response);
        let key = key.ok_or_else(|| reply.fail("the answer names no new user"))?;
        let user = cx.user_path(&key);
        cx.send(cx.ask("GET", user.as_str()).raw()).await?.user()?;
        let body = draft.without("Password").body(cx.run.profile(), sent);
        let ask = cx.ask("PUT", user.as_str()).raw().body(sent, body);
        cx.send(ask).await?.user()?;
        cx.send(cx.ask("DELETE", user).raw()).await?.deleted()?;
    }
    Ok(())
}

async fn json_by_accept(cx: &mut Context) -> CaseResult {
    let expected = match cx.profile().format_json {
        JsonSupport::Negotiated => Format::Json,
        JsonSupport::Never => Format::Xml,
    };
    for (path, is_users) in [(cx.users_path(), true), (cx.roles_path(), false)] {
        let ask = cx.ask("GET", path).accepting("application/json", expected);
        let reply = cx.send(ask).await?;
        if is_users {
            reply.users()?;
        } else {
            reply.roles()?;
        }
    }
    Ok(())
}

async fn q_values(cx: &mut Context) -> CaseResult {
    for (accept, expected) in [
        ("application/json;q=0.5, application/xml", Format::Xml),
        ("application/xml;q=0.1, application/json", Format::Json),
        (
            "application/xml;q=0.4, application/json;q=0.6",
            Format::Json,
        ),
        (
            "application/json;q=0.599, application/xml;q=0.6",
            Format::Xml,
        ),
        ("*/*;q=0.1, application/json", Format::Json),
        ("application/*;q=0.2, application/xml;q=0.9", Format::Xml),
        ("application/json;q=0, application/xml", Format::Xml),
        ("application/xml;q=0, application/json;q=0.1", Format::Json),
        ("text/html, application/json;q=0.9", Format::Json),
        ("Application/JSON", Format::Json),
    ] {
        let ask = cx.ask("GET", cx.users_path()).accepting(accept, expected);
        let reply = cx.send(ask).await?;
        let judged = reply.users().map(drop);
        judged.map_err(|stop| match stop {
            Stop::Fail(text) => Stop::Fail(format!("with Accept: {accept}: {text}")),
            other => other,
        })?;
    }
    Ok(())
}

async fn unknown_accept(cx: &mut Context) -> CaseResult {
    for accept in ["text/html", "image/png, text/plain;q=0.5"] {
        let ask = cx.ask("GET", cx.users_path());
        let reply = cx.send(ask.accepting(accept, cx.default_format())).await?;
        match cx.profile().format_unacceptable {
            Unacceptable::DefaultFormat => drop(reply.users()?),
            Unacceptable::NotAcceptable => drop(reply.error(406)?),
        }
    }
    Ok(())
}

async fn untyped_body(cx: &mut Context, written: Format) -> CaseResult {
    let draft = cx.draft();
    let body = draft.body(cx.run.profile(), written);
    let ask = cx
        .ask("POST", cx.users_path())
        .creates(draft.text("Username"));
    let asked = cx.default_format();
    let reply = cx.send(ask.accept(asked).untyped(body)).await?;
    match (cx.profile().format_body_without_type, written) {
        (UntypedBody::Refused, _) => reply.error(415).map(drop),
        (UntypedBody::Xml, Format::Json) => reply.error(400).map(drop),
        (UntypedBody::Xml, Format::Xml) | (UntypedBody::Detected, _) => {
            reply.is(cx.created_status())
        }
    }
}

async fn other_type(cx: &mut Context) -> CaseResult {
    let created = cx.new_user().await?;
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
    ] {
        let draft = cx.draft();
        for format in cx.formats() {
            let body = draft.body(cx.run.profile(), format);
            let ask = cx
                .ask("POST", cx.users_path())
                .creates(draft.text("Username"));
            let ask = ask.accept(format).typed(content_type, body);
            cx.send(ask).await?.error(415)?;
            let body = created.update().body(cx.run.profile(), format);
            let ask = cx.ask("PUT", cx.user_path(&created.key));
            let ask = ask.accept(format).typed(content_type, body);
            cx.send(ask).await?.error(415)?;
        }
    }
    Ok(())
}

async fn with_charset(cx: &mut Context, format: Format, charset: &str, status: u16) -> CaseResult {
    let draft = cx.draft();
    let body = draft.body(cx.run.profile(), format);
    let ask = cx
        .ask("POST", cx.users_path())
        .creates(draft.text("Username"));
    let content_type = format!("{}; charset={charset}", format.media_type());
    let reply = cx
        .send(ask.accept(format).typed(&content_type, body))
        .await?;
    if status == 415 {
        return reply.error(415).map(drop);
    }
    reply.is(status)
}
