//! Defects of formats.

use super::{Mutant, refuse};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "json-called-xml",
        "JSON is sent as application/xml",
        "formats.json.is-chosen-by-accept",
        "with Accept: application/json: Content-Type: expected \"application/json\", got \"application/xml\"",
    )
    .after(|_, answer, _| {
        if answer.is_json() {
            answer.headers.set("Content-Type", "application/xml");
        }
    }),
    Mutant::new(
        "xml-called-text",
        "XML is sent as text/xml",
        "formats.xml.is-chosen-by-accept",
        "with Accept: application/xml: Content-Type: expected \"application/xml\", got \"text/xml\"",
    )
    .after(|_, answer, _| {
        if answer.body.starts_with('<') {
            answer.headers.set("Content-Type", "text/xml");
        }
    }),
    Mutant::new(
        "json-by-default",
        "JSON comes where none was asked for",
        "formats.no-accept.gives-the-default",
        "with Accept: (none): Content-Type: expected \"application/xml\", got \"application/json\"",
    )
    .set(&["format.default=json"]),
    Mutant::new(
        "utf-16-unread",
        "a body in UTF-16 is not read",
        "bodies.utf-16.is-read",
        "a body in UTF-16: an update that succeeds: expected status 200, got 400",
    )
    .before(|ask, _| {
        if ask.body.starts_with('\u{FFFD}') {
            "<User>".clone_into(&mut ask.body);
        }
    }),
    Mutant::new(
        "null-left-out",
        "a field that is null is left out",
        "bodies.null.as-the-profile-says",
        "Username as null: error `username_required`: expected status 400, got 200",
    )
    .set(&["format.json_null=absent"]),
    Mutant::new(
        "any-root",
        "a user below UserRequest is read too",
        "bodies.root.as-the-profile-says",
        "a user below UserRequest: a refusal: expected status 400, got 200",
    )
    .set(&["user.request_root=either"]),
    Mutant::new(
        "json-never",
        "JSON never comes",
        "formats.json.is-chosen-by-accept",
        "with Accept: application/json: Content-Type: expected \"application/json\", got \"application/xml\"",
    )
    .set(&["format.json=never"]),
    Mutant::new(
        "any-accept-is-json",
        "`Accept: */*` gets JSON",
        "formats.any-accept.gives-the-default",
        "with Accept: */*: Content-Type: expected \"application/xml\", got \"application/json\"",
    )
    .before(|ask, _| {
        if ask.headers.get("accept") == "*/*" {
            ask.headers.set("Accept", "application/json");
        }
    }),
    Mutant::new(
        "xml-refused",
        "`Accept: application/xml` is not acceptable",
        "formats.xml.is-chosen-by-accept",
        "with Accept: application/xml: a list of users: expected status 200, got 406",
    )
    .after(|ask, answer, _| {
        if ask.headers.get("accept") == "application/xml" {
            refuse(ask, answer, 406);
        }
    }),
    Mutant::new(
        "q-values-ignored",
        "the first format in Accept wins, whatever its q-value",
        "formats.q-values.are-weighed",
        "with Accept: application/json;q=0.5, application/xml: Content-Type: expected \"application/xml\", got \"application/json\"",
    )
    .before(|ask, _| {
        let accept = ask.headers.get("accept").to_owned();
        if accept.contains(',') {
            let first = accept.split([',', ';']).next().unwrap_or("").to_owned();
            ask.headers.set("Accept", &first);
        }
    }),
    Mutant::new(
        "tie-gives-json",
        "JSON wins when Accept prefers neither",
        "formats.tie.gives-the-default",
        "with Accept: application/json, application/xml: Content-Type: expected \"application/xml\", got \"application/json\"",
    )
    .before(|ask, _| {
        let accept = ask.headers.get("accept").to_owned();
        if accept.contains("xml") && accept.contains("json") && !accept.contains("q=0.") {
            ask.headers.set("Accept", "application/json");
        }
    }),
    Mutant::new(
        "accept-tie-gives-json",
        "a type that Accept names wins over one that a wildcard allows",
        "formats.accept-tie.as-the-profile-says",
        "with Accept: application/json, text/plain, */*: Content-Type: expected \"application/xml\", got \"application/json\"",
    )
    .set(&["format.accept_tie=named_format"]),
    Mutant::new(
        "json-gets-json-without-accept",
        "a JSON body without Accept is answered in JSON",
        "formats.json-without-accept.as-the-profile-says",
        "an update in JSON without Accept: Content-Type: expected \"application/xml\", got \"application/json\"",
    )
    .set(&["format.without_accept=as_the_body"]),
    Mutant::new(
        "xml-names-its-charset",
        "XML is sent with a charset",
        "formats.xml-charset.as-the-profile-says",
        "Content-Type: expected \"application/xml\", got \"application/xml;charset=utf-8\"",
    )
    .set(&["format.charset=utf_8"]),
    Mutant::new(
        "keep-alive-hint",
        "answers say how long a connection stays open",
        "http.keep-alive.as-the-profile-says",
        "whether Keep-Alive names a timeout: expected false, got true",
    )
    .set(&["http.keep_alive=sent"]),
    Mutant::new(
        "open-to-all-origins",
        "pages of every origin may read answers",
        "http.cors.as-the-profile-says",
        "whether another origin may read it: expected false, got true",
    )
    .set(&["http.cors=any_origin"]),
    Mutant::new(
        "unknown-accept-is-406",
        "an Accept that names neither format is refused",
        "formats.unknown-accept.as-the-profile-says",
        "with Accept: text/html: a list of users: expected status 200, got 406",
    )
    .set(&["format.unacceptable=not_acceptable"]),
    Mutant::new(
        "untyped-body-is-detected",
        "a body without Content-Type is read as what it looks like",
        "formats.untyped-json-body.as-the-profile-says",
        "a body without Content-Type: a refusal: expected status 400, got 200",
    )
    .set(&["format.body_without_type=detected"]),
    Mutant::new(
        "untyped-body-is-refused",
        "an XML body without Content-Type is refused",
        "formats.untyped-xml-body.as-the-profile-says",
        "a body without Content-Type: an update that succeeds: expected status 200, got 415",
    )
    .after(|ask, answer, _| {
        if !ask.body.is_empty() && ask.headers.get("content-type").is_empty() && answer.is_ok() {
            refuse(ask, answer, 415);
        }
    }),
    Mutant::new(
        "other-type-is-400",
        "a body of an unknown type is 400",
        "formats.other-type.is-415",
        "text/plain: a refusal: expected status 415, got 400",
    )
    .after(|_, answer, _| {
        if answer.status == 415 {
            answer.status = 400;
        }
    }),
    Mutant::new(
        "charset-utf-8-refused",
        "a charset in Content-Type is refused, UTF-8 too",
        "formats.charset.utf-8-is-taken",
        "application/xml; charset=utf-8: an update that succeeds: expected status 200, got 415",
    )
    .after(|ask, answer, _| {
        let kind = ask.headers.get("content-type").to_ascii_lowercase();
        if kind.contains("charset") && kind.contains("utf-8") {
            refuse(ask, answer, 415);
        }
    }),
    Mutant::new(
        "charset-ignored",
        "a charset other than UTF-8 is read as UTF-8",
        "formats.charset.other-is-415",
        "an update as application/xml; charset=iso-8859-1 returns 200",
    )
    .before(|ask, _| {
        let kind = ask.headers.get("content-type").to_owned();
        if let Some((kind, _)) = kind.split_once(';') {
            ask.headers.set("Content-Type", kind);
        }
    }),
    Mutant::new(
        "answer-follows-the-body",
        "the answer comes in the format of the body",
        "formats.accept.and-content-type-are-independent",
        "xml in, json out: Content-Type: expected \"application/json\", got \"application/xml\"",
    )
    .before(|ask, _| {
        let kind = ask.headers.get("content-type").to_owned();
        if !kind.is_empty() && !ask.body.is_empty() {
            ask.headers.set("Accept", &kind);
        }
    }),
    Mutant::new(
        "type-on-get-refused",
        "a GET with Content-Type is refused",
        "formats.content-type-on-get.is-harmless",
        "with Content-Type: application/xml: a list of users: expected status 200, got 415",
    )
    .after(|ask, answer, _| {
        if ask.method == "GET" && !ask.headers.get("content-type").is_empty() {
            refuse(ask, answer, 415);
        }
    }),
    Mutant::new(
        "no-accept-is-406-on-changes",
        "changing something without Accept is refused",
        "formats.no-accept.on-every-operation",
        "without Accept: a create that succeeds: expected status 201, got 406",
    )
    .after(|ask, answer, _| {
        if ask.headers.get("accept").is_empty() && ask.method != "GET" {
            refuse(ask, answer, 406);
        }
    }),
];
