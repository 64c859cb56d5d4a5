//! Formats: which one answers, and which ones are read.

use bandwidth_fixtures::profile::{
    AcceptTie, JsonSupport, TypeCharset, Unacceptable, UntypedBody, WithoutAccept,
};

use super::{get::reads_back, prelude::*};

cases! {
    /// Without an Accept header users, roles and errors come in the default format, which is XML
    "formats.no-accept.gives-the-default" none,
    cites ["xml-default", "list-may-be-xml"], measures ["format.default"], needs [AccountList]
    |cx| {
        default_answers(cx, None).await
    }

    /// Creating, getting, updating and deleting a user without an Accept header is answered in the
    /// default format, whatever format the body has, unless the profile answers JSON with JSON
    "formats.no-accept.on-every-operation" many,
    cites ["xml-default"], measures ["format.default"]
    |cx, format| {
        let draft = cx.draft();
        let body = cx.body(&draft, format);
        let answered = without_accept(cx, format);
        let ask = cx.ask("POST", cx.users_path()).raw().body(format, body);
        let ask = ask.expecting(answered).creates(draft.text("Username"));
        let (reply, key) = cx.try_create(&draft, ask).await?;
        reply.created().at("without Accept")?;
        if !reply.response.body.is_empty() {
            reply.user_body().at("the answer to a create")?;
        }
        let key = key.ok_or_else(|| reply.fail("expected the key of the new user, got none"))?;
        let user = cx.user_path(&key);
        cx.send(cx.ask("GET", user.as_str()).raw()).await?.user()?;
        let body = cx.body(&draft.without("Password"), format);
        let ask = cx.ask("PUT", user.as_str()).raw().body(format, body);
        cx.send(ask.expecting(answered)).await?.user().at("the answer to an update")?;
        cx.send(cx.ask("DELETE", user).raw()).await?.deleted()
    }

    /// `Accept: */*` asks for nothing in particular and gets the default format
    "formats.any-accept.gives-the-default" none,
    cites ["xml-default"], measures ["format.default"], needs [AccountList]
    |cx| {
        default_answers(cx, Some("*/*")).await
    }

    /// `Accept: application/json` gets JSON, unless the profile has none
    "formats.json.is-chosen-by-accept" none, cites ["xml-default"], measures ["format.json"],
    needs [AccountList]
    |cx| {
        let expected = match cx.profile().format_json {
            JsonSupport::Negotiated => Format::Json,
            JsonSupport::Never => Format::Xml,
        };
        let ask = |path| cx.ask("GET", path).accepting("application/json", expected);
        let (users, roles) = (ask(cx.users_path()), ask(cx.roles_path()));
        cx.send(users).await?.users().at("with Accept: application/json")?;
        if cx.has_account_users() {
            cx.send(roles).await?.roles()?;
        }
        Ok(())
    }

    /// `Accept: application/xml` gets XML
    "formats.xml.is-chosen-by-accept" none, cites ["xml-default"], needs [AccountList]
    |cx| {
        cx.list(Format::Xml).await?.users().at("with Accept: application/xml")?;
        if cx.has_account_users() {
            cx.roles(Format::Xml).await?.roles()?;
        }
        Ok(())
    }

    /// Of two formats in Accept the one with the higher q-value is returned, and q=0 rejects one
    "formats.q-values.are-weighed" none, cites ["rfc9110-quality", "rfc9110-accept"], needs [AccountList, Json]
    |cx| {
        for (accept, expected) in [
            ("application/json;q=0.5, application/xml", Format::Xml),
            ("application/xml;q=0.1, application/json", Format::Json),
            ("application/xml;q=0.4, application/json;q=0.6", Format::Json),
            ("application/json;q=0.599, application/xml;q=0.6", Format::Xml),
            ("*/*;q=0.1, application/json", Format::Json),
            ("application/*;q=0.2, application/xml;q=0.9", Format::Xml),
            ("application/json;q=0, application/xml", Format::Xml),
            ("application/xml;q=0, application/json;q=0.1", Format::Json),
            ("text/html, application/json;q=0.9", Format::Json),
            ("Application/JSON", Format::Json),
        ] {
            let ask = cx.ask("GET", cx.users_path()).accepting(accept, expected);
            cx.send(ask).await?.users().at(&format!("with Accept: {accept}"))?;
        }
        Ok(())
    }

    /// When Accept prefers neither format, the default one answers
    "formats.tie.gives-the-default" none,
    cites ["default-on-tie"], measures ["format.default"], needs [AccountList, Json]
    |cx| {
        for accept in [
            "application/json, application/xml",
            "application/json;q=0.3, application/xml;q=0.3",
            "application/*",
        ] {
            default_answers(cx, Some(accept)).await?;
        }
        Ok(())
    }

    /// An Accept that names JSON and lets in every type with the same weight, as axios sends it, gets
    /// the default format or JSON, as the profile says
    "formats.accept-tie.as-the-profile-says" none,
    cites ["profile-choice"], measures ["format.accept_tie"], needs [AccountList, Json]
    |cx| {
        let expected = match cx.profile().format_accept_tie {
            AcceptTie::DefaultFormat => cx.default_format(),
            AcceptTie::NamedFormat => Format::Json,
        };
        for accept in ["application/json, text/plain, */*", "application/json, */*"] {
            let ask = cx.ask("GET", cx.users_path()).accepting(accept, expected);
            cx.send(ask).await?.users().at(&format!("with Accept: {accept}"))?;
        }
        Ok(())
    }

    /// An update in JSON without an Accept header gets the default format or JSON, as the profile
    /// says
    "formats.json-without-accept.as-the-profile-says" one,
    cites ["profile-choice"], measures ["format.without_accept"], needs [Json]
    |cx| {
        let created = cx.subject(cx.default_format()).await?;
        let body = cx.body(&created.update(), Format::Json);
        let ask = cx.ask("PUT", cx.user_path(&created.key)).raw().body(Format::Json, body);
        let ask = ask.expecting(without_accept(cx, Format::Json));
        cx.send(ask).await?.user().map(drop).at("an update in JSON without Accept")
    }

    /// The Content-Type of XML names the charset UTF-8, or none, as the profile says
    "formats.xml-charset.as-the-profile-says" none,
    cites ["profile-choice"], measures ["format.charset"], needs [AccountList]
    |cx| {
        let reply = cx.list(Format::Xml).await?;
        reply.users()?;
        let found = reply.response.header("content-type").unwrap_or("").to_ascii_lowercase();
        let found = found.replace([' ', '"'], "");
        let expected = match cx.profile().format_charset {
            TypeCharset::Absent => "application/xml",
            TypeCharset::Utf8 => "application/xml;charset=utf-8",
        };
        reply.same("Content-Type", expected, found.as_str())
    }

    /// An Accept that names neither format gets the default one or 406, as the profile says
    "formats.unknown-accept.as-the-profile-says" none,
    cites ["rfc9110-406", "profile-choice"], measures ["format.unacceptable"], needs [AccountList]
    |cx| {
        for accept in ["text/html", "image/png, text/plain;q=0.5"] {
            let ask = cx.ask("GET", cx.users_path());
            let reply = cx.send(ask.accepting(accept, cx.default_format())).await?;
            match cx.profile().format_unacceptable {
                Unacceptable::DefaultFormat => reply.users().map(drop),
                Unacceptable::NotAcceptable => reply.error(406).map(drop),
            }
            .at(&format!("with Accept: {accept}"))?;
        }
        Ok(())
    }

    /// A JSON body without Content-Type is not read as JSON, which is a 400, unless the profile says
    /// otherwise
    "formats.untyped-json-body.as-the-profile-says" one,
    cites ["json-needs-type"], measures ["format.body_without_type"], needs [Json]
    |cx| {
        untyped_body(cx, Format::Json).await
    }

    /// An XML body without Content-Type is read, unless the profile rejects it
    "formats.untyped-xml-body.as-the-profile-says" one,
    cites ["xml-body-by-default"], measures ["format.body_without_type"]
    |cx| {
        untyped_body(cx, Format::Xml).await
    }

    /// A create whose body has another type than XML and JSON is rejected with 415
    "formats.other-type.is-415" many, cites ["rfc9110-415"]
    |cx, format| {
        let draft = cx.draft();
        let body = cx.body(&draft, format);
        for content_type in OTHER_TYPES {
            let ask = cx.ask("POST", cx.users_path()).creates(draft.text("Username"));
            let ask = ask.accept(format).typed(content_type, body.as_str());
            cx.send(ask).await?.error(415).at(content_type)?;
        }
        Ok(())
    }

    /// An update whose body has another type than XML and JSON is rejected with 415
    "formats.other-type-on-update.is-415" one, cites ["rfc9110-415"]
    |cx, format| {
        let created = cx.subject(format).await?;
        for content_type in OTHER_TYPES {
            let reply = put_as(cx, &created, format, content_type).await?;
            reply.error(415).at(content_type)?;
        }
        Ok(())
    }

    /// A body whose Content-Type names the charset UTF-8, in any case, is read
    "formats.charset.utf-8-is-taken" one, cites ["rfc9110-charset"]
    |cx, format| {
        let created = cx.subject(format).await?;
        for charset in ["utf-8", "UTF-8", "\"utf-8\""] {
            let content_type = format!("{}; charset={charset}", format.media_type());
            let reply = put_as(cx, &created, format, &content_type).await?;
            reply.updated().at(&content_type)?;
        }
        Ok(())
    }

    /// Status of an update whose Content-Type names another charset than UTF-8
    "formats.charset.other-is-415" one
    |cx, format| {
        let created = cx.subject(format).await?;
        let content_type = format!("{}; charset=iso-8859-1", format.media_type());
        let status = put_as(cx, &created, format, &content_type).await?.status();
        cx.observe(format!("an update as {content_type} returns {status}"));
        Ok(())
    }

    /// The body's format and the answer's are chosen apart: XML in and JSON out, and the other way
    "formats.accept.and-content-type-are-independent" one,
    cites ["rfc9110-content-type", "rfc9110-accept"], needs [Json]
    |cx| {
        for (sent, asked) in [(Format::Xml, Format::Json), (Format::Json, Format::Xml)] {
            let created = cx.subject(cx.default_format()).await?;
            let body = cx.body(&created.update(), sent);
            let ask = cx.ask("PUT", cx.user_path(&created.key)).accept(asked);
            let reply = cx.send(ask.body(sent, body)).await?;
            reply.user().at(&format!("{} in, {} out", sent.as_str(), asked.as_str()))?;
        }
        Ok(())
    }

    /// A Content-Type on a GET, which has no body, changes nothing
    "formats.content-type-on-get.is-harmless" none, cites ["content-type-on-get"],
    needs [AccountList]
    |cx| {
        for content_type in ["application/xml", "application/json"] {
            let ask = cx.ask("GET", cx.users_path()).raw();
            let ask = ask.accept(Format::Xml).typed(content_type, Vec::new());
            cx.send(ask).await?.users().at(&format!("with Content-Type: {content_type}"))?;
        }
        Ok(())
    }

    /// XML declaration at the start of XML responses
    "formats.xml-declaration.is-there" none, needs [AccountList]
    |cx| {
        let text = cx.list(Format::Xml).await?.text();
        let end = text.find("?>").filter(|_| text.starts_with("<?xml"));
        cx.observe(end.map_or_else(
            || "XML answers have no declaration".to_owned(),
            |end| format!("XML answers begin with {}", &text[..end + 2]),
        ));
        Ok(())
    }
}

/// Types that no API of XML and JSON reads.
const OTHER_TYPES: [&str; 3] = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
];

/// The format that answers a request without Accept whose body has that format.
fn without_accept(cx: &Context, body: Format) -> Format {
    match (body, cx.profile().format_without_accept) {
        (Format::Json, WithoutAccept::AsTheBody) => Format::Json,
        _ => cx.default_format(),
    }
}

/// Users, roles and an error come in the default format when Accept is as given.
async fn default_answers(cx: &mut Context, accept: Option<&str>) -> CaseResult {
    let place = format!("with Accept: {}", accept.unwrap_or("(none)"));
    let asked = |cx: &Context, path: String| {
        let ask = cx.ask("GET", path).raw();
        match accept {
            Some(accept) => ask.accepting(accept, cx.default_format()),
            None => ask,
        }
    };
    let ask = asked(cx, cx.users_path());
    cx.send(ask).await?.users().at(&place)?;
    if cx.has_account_users() {
        let ask = asked(cx, cx.roles_path());
        cx.send(ask).await?.roles().at(&place)?;
    }
    let ask = asked(cx, format!("{}/nothing", cx.roles_path()));
    cx.send(ask).await?.error(404).map(drop).at(&place)
}

async fn untyped_body(cx: &mut Context, written: Format) -> CaseResult {
    let format = cx.default_format();
    let created = cx.subject(format).await?;
    let draft = created.update().with("FirstName", "Robin");
    let ask = cx.ask("PUT", cx.user_path(&created.key)).accept(format);
    let reply = cx.send(ask.untyped(cx.body(&draft, written))).await?;
    let read = match (cx.profile().format_body_without_type, written) {
        (UntypedBody::Refused, _) => reply.error(415).map(|_| false),
        (UntypedBody::Xml, Format::Json) => reply.error(400).map(|_| false),
        (UntypedBody::Xml, Format::Xml) | (UntypedBody::Detected, _) => {
            reply.updated().map(|()| true)
        }
    };
    let read = read.at("a body without Content-Type")?;
    let after = if read {
        Created { draft, ..created }
    } else {
        created
    };
    reads_back(cx, &after, format)
        .await
        .at("after a body without Content-Type")
}

/// The answer to an update that changes nothing, under that Content-Type.
async fn put_as(
    cx: &mut Context,
    created: &Created,
    format: Format,
    content_type: &str,
) -> Result<Reply, Stop> {
    let body = cx.body(&created.update(), format);
    let ask = cx.ask("PUT", cx.user_path(&created.key)).accept(format);
    cx.send(ask.typed(content_type, body)).await
}
