//! Cases about request bodies: encoding, the element around a user, and nulls. Each is sent as an
//! update of one user.

use bandwidth_fixtures::profile::{JsonNull, RequestRoot, UnknownFields};

use super::prelude::*;

/// A first name that ASCII cannot write.
const NAME: &str = "Zoë";

cases! {
    /// A body in UTF-16 with a byte order mark is read
    "bodies.utf-16.is-read" one, cites ["xml-utf-16"]
    |cx| {
        let created = cx.subject(Format::Xml).await?;
        let draft = created.update().with("FirstName", NAME);
        let declaration = "<?xml version=\"1.0\" encoding=\"UTF-16\"?>";
        let body = declaration.to_owned() + &cx.body(&draft, Format::Xml);
        let units = body.encode_utf16().flat_map(u16::to_le_bytes);
        let bytes: Vec<u8> = [0xff, 0xfe].into_iter().chain(units).collect();
        put(cx, &created, Format::Xml, bytes).await?.updated().at("a body in UTF-16")?;
        let reply = cx.get(&created.key, Format::Xml).await?;
        reply.same("FirstName", &Some(NAME), &reply.user()?.first_name.as_deref())
    }

    /// Status of a body that declares another encoding than UTF-8
    "bodies.declared-encoding.is-read" one
    |cx| {
        let created = cx.subject(Format::Xml).await?;
        let body = cx.body(&created.update().with("FirstName", "Zo&#235;"), Format::Xml);
        let ascii = body.replace("&amp;#235;", "&#235;").into_bytes();
        let (before, after) = body.split_once("&amp;#235;").unwrap_or_default();
        let latin = [before.as_bytes(), b"\xeb", after.as_bytes()].concat();
        for (encoding, body) in [
            ("us-ascii", &ascii),
            ("ISO-8859-1", &latin),
            ("windows-1252", &latin),
        ] {
            let declaration = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>");
            let body = [declaration.as_bytes(), body].concat();
            let status = put(cx, &created, Format::Xml, body).await?.status();
            cx.observe(format!("a body that declares {encoding} returns {status}"));
        }
        Ok(())
    }

    /// Status of a body that starts with the byte order mark of UTF-8
    "bodies.byte-order-mark.is-skipped" one
    |cx, format| {
        let created = cx.subject(format).await?;
        let body = format!("\u{feff}{}", cx.body(&created.update(), format));
        let status = put(cx, &created, format, body.into_bytes()).await?.status();
        cx.observe(format!("a body with a byte order mark returns {status}"));
        Ok(())
    }

    /// Effect of an element with `xsi:nil`
    "bodies.nil-element.is-absent" one
    |cx| {
        let created = cx.subject(Format::Xml).await?;
        let body = cx.body(&created.update(), Format::Xml);
        let nil = "<Enabled xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/>";
        let body = body.replace("</User>", &format!("{nil}</User>"));
        let status = put(cx, &created, Format::Xml, body.into_bytes()).await?.status();
        cx.observe(format!("an element with xsi:nil returns {status}"));
        Ok(())
    }

    /// Username as null is an empty one, is left out or is rejected, as the profile says
    "bodies.null.as-the-profile-says" one,
    cites ["profile-choice"], measures ["format.json_null"], needs [Json]
    |cx| {
        let created = cx.subject(Format::Json).await?;
        let draft = created.update().with_value("Username", Value::Null);
        let reply = cx.put(&created.key, &draft, Format::Json).await?;
        match cx.profile().format_json_null {
            JsonNull::Cleared => reply.refused("username_required").map(drop),
            JsonNull::Absent => reply.updated(),
            JsonNull::Refused => reply.refused("unreadable_body").map(drop),
        }
        .at("Username as null")
    }

    /// A user in a request is below UserRequest or not, as the profile says
    "bodies.root.as-the-profile-says" one,
    cites ["profile-choice"], measures ["user.request_root"]
    |cx, format| {
        let root = cx.profile().user_request_root;
        let created = cx.subject(format).await?;
        for (wrapped, taken, place) in [
            (false, root != RequestRoot::Wrapped, "a user that is the root"),
            (true, root != RequestRoot::Bare, "a user below UserRequest"),
        ] {
            // There the enclosing key is a field like any other.
            let ignored = cx.profile().user_unknown_fields == UnknownFields::Ignored;
            if format == Format::Json && wrapped && !taken && ignored {
                continue;
            }
            let body = created.update().enclosed(&cx.profile(), format, wrapped);
            let reply = put(cx, &created, format, body.into_bytes()).await?;
            if taken {
                reply.updated()
            } else {
                reply.error(400).map(drop)
            }
            .at(place)?;
        }
        Ok(())
    }
}

async fn put(
    cx: &mut Context,
    created: &Created,
    format: Format,
    body: Vec<u8>,
) -> Result<Reply, Stop> {
    let ask = cx.ask("PUT", cx.user_path(&created.key)).accept(format);
    cx.send(ask.body(format, body).raw()).await
}
