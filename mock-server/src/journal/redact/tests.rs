use bytes::Bytes;
use proptest::prelude::*;

use bandwidth_fixtures::Operation;

use super::{answer_body, request};

const CANARY: &str = "Canary-Bird.7913";

fn body_of(content_type: &str, body: &str) -> String {
    let headers = [("content-type", content_type.as_bytes())];
    let body = Bytes::copy_from_slice(body.as_bytes());
    request("/api", headers.into_iter(), &body)
        .body_text()
        .into_owned()
}

/// `P` stands for the password.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_is_secret_goes_and_the_rest_stays() {
    for (sent, kept) in [
        // JSON
        (
            r#"{"Username":"jd", "Password" : "P"}"#,
            r#"{"Username":"jd", "Password" : "[removed]"}"#,
        ),
        (
            r#"{"P\u0061ssword":"P","a":1}"#,
            r#"{"P\u0061ssword":"[removed]","a":1}"#,
        ),
        (
            r#"{"Password":{"a":["P"]},"b":[1,2]}"#,
            r#"{"Password":"[removed]","b":[1,2]}"#,
        ),
        (
            r#"{"Password":"P","Password":"P"}"#,
            r#"{"Password":"[removed]","Password":"[removed]"}"#,
        ),
        (
            r#"[{"newPassword":null},"P"]"#,
            r#"[{"newPassword":"[removed]"},"P"]"#,
        ),
        (
            r#"{"Password":"P","Username":"P"}"#,
            r#"{"Password":"[removed]","Username":"[removed]"}"#,
        ),
        (
            r#"{"Password":12345678,"n":12345678}"#,
            r#"{"Password":"[removed]","n":[removed]}"#,
        ),
        // XML
        (
            "<User><Username>jd</Username><Password>P</Password></User>",
            "<User><Username>jd</Username><Password>[removed]</Password></User>",
        ),
        ("<Password>P</Password>", "<Password>[removed]</Password>"),
        (
            "<a:Password xmlns:a='u'>P</a:Password>",
            "<a:Password>[removed]</a:Password>",
        ),
        (
            "<User><Password/><Email>e</Email></User>",
            "<User><Password/><Email>e</Email></User>",
        ),
        ("<User><Password a='P'/></User>", "<User><Password/></User>"),
        ("<User password='P'><b/></User>", "<User><b/></User>"),
        (
            "<User><Password><b>P</b><Password>P</Password></Password></User>",
            "<User><Password>[removed]</Password></User>",
        ),
        (
            "<User><Password><![CDATA[P]]></Password></User>",
            "<User><Password>[removed]</Password></User>",
        ),
        (
            "<User><!-- the password is P --><b/></User>",
            "<User><!-- [removed] --><b/></User>",
        ),
        (
            "<!DOCTYPE User [<!ENTITY e \"P\">]><User><Password>&amp;</Password></User>",
            "<!DOCTYPE removed><User><Password>[removed]</Password></User>",
        ),
        (
            "<User><Email>P</Email><Password>P</Password></User>",
            "<User><Email>[removed]</Email><Password>[removed]</Password></User>",
        ),
        // What only looks like one
        (
            r#"{"LastName":"Passmore","Email":"j@compass.com","Username":"password"}"#,
            r#"{"LastName":"Passmore","Email":"j@compass.com","Username":"password"}"#,
        ),
        (
            "<User><LastName>Passmore</LastName><Company>Compass Group</Company></User>",
            "<User><LastName>Passmore</LastName><Company>Compass Group</Company></User>",
        ),
        // Byte order marks
        (
            "\u{FEFF}<User><FirstName>Béla</FirstName><Password>P</Password></User>",
            "\u{FEFF}<User><FirstName>Béla</FirstName><Password>[removed]</Password></User>",
        ),
        (
            "\u{FEFF}\u{FEFF}<User><Password>P</Password><Email>P</Email></User>",
            "\u{FEFF}\u{FEFF}<User><Password>[removed]</Password><Email>[removed]</Email></User>",
        ),
        (
            "\u{FEFF}{\"Password\":\"P\"}",
            "\u{FEFF}{\"Password\":\"[removed]\"}",
        ),
        // Neither
        ("Password=P", "[25 bytes]"),
        (r#"{"Username":"jd","Password":"P"#, "[45 bytes]"),
        (
            "<User><Username>jd</Username><Password>P</Pass",
            "[61 bytes]",
        ),
        ("just text", "[9 bytes]"),
    ] {
        let sent = sent.replace("\"P\"", &format!("\"{CANARY}\""));
        let sent = sent.replace(">P<", &format!(">{CANARY}<"));
        let sent = sent.replace("'P'", &format!("'{CANARY}'"));
        let sent = sent.replace("[P]", &format!("[{CANARY}]"));
        let sent = sent.replace("=P", &format!("={CANARY}"));
        let sent = sent.replace("is P ", &format!("is {CANARY} "));
        let sent = match sent.strip_suffix(":\"P") {
            Some(start) => format!("{start}:\"{CANARY}"),
            None => sent,
        };
        let kept = kept.replace("\"P\"", &format!("\"{CANARY}\""));
        let seen = body_of("application/xml", &sent);
        assert_eq!(seen, kept, "{sent}");
    }
}

#[test]
fn forms_and_queries_lose_the_values_of_secret_keys() {
    let form = "grant_type=client_credentials&client_id=me&client%5Fsecret=Canary-Bird.7913";
    assert_eq!(
        body_of("application/x-www-form-urlencoded", form),
        "grant_type=client_credentials&client_id=me&client%5Fsecret=[removed]"
    );
    let target = "/api/users?a=1&PassWord=Canary-Bird.7913&b=Canary-Bird.7913";
    let kept = request(target, std::iter::empty(), &Bytes::new());
    assert_eq!(kept.target, "/api/users?a=1&PassWord=[removed]&b=[removed]");
}

#[test]
fn credentials_leave_the_headers_and_go_everywhere_else_too() {
    // api-user:Canary-Bird.7913
    let basic = "Basic YXBpLXVzZXI6Q2FuYXJ5LUJpcmQuNzkxMw==";
    let headers = [
        ("authorization", basic.as_bytes()),
        ("proxy-authorization", b"bearer abcdefgh12345678"),
        ("x-auth-token", b"abcdefgh87654321"),
        ("cookie", b"a=b"),
        ("user-agent", b"curl Canary-Bird.7913"),
        (
            "x-note",
            b"YXBpLXVzZXI6Q2FuYXJ5LUJpcmQuNzkxMw== abcdefgh12345678",
        ),
        ("x-raw", b"\xFFraw"),
    ];
    let body = Bytes::from_static(b"{\"Email\":\"Canary-Bird.7913\",\"Name\":\"api-user\"}");
    let kept = request("/api/Canary-Bird.7913", headers.into_iter(), &body);
    assert_eq!(kept.target, "/api/[removed]");
    let values: Vec<&str> = kept
        .headers
        .iter()
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(
        values,
        [
            "Basic [removed]",
            "bearer [removed]",
            "[removed]",
            "[removed]",
            "curl [removed]",
            "[removed] [removed]",
            "\u{FFFD}raw",
        ]
    );
    assert_eq!(
        kept.body_text(),
        r#"{"Email":"[removed]","Name":"api-user"}"#
    );
}

#[test]
fn of_bytes_that_are_no_text_the_length_stays() {
    let utf16: Vec<u8> = format!("<Password>{CANARY}</Password>")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let kept = request("/", std::iter::empty(), &utf16.clone().into());
    let expected = format!("[{} bytes]", utf16.len());
    assert_eq!(kept.body_text(), expected);
    let latin = Bytes::from_static(b"Password=Canary-Bird.7913\xFF");
    let kept = request("/", std::iter::empty(), &latin);
    assert_eq!(kept.body_text(), "[26 bytes]");
}

#[test]
fn depth_and_size_are_no_danger() {
    for body in [
        "[".repeat(100_000) + &"]".repeat(100_000),
        "{\"Password\":".repeat(100_000),
        "<a>".repeat(100_000) + &"</a>".repeat(100_000),
        "<a>".repeat(300_000),
        format!("{{{}\"b\":1}}", "\"a\":1,".repeat(150_000)),
    ] {
        body_of("application/json", &body);
    }
}

#[test]
fn tokens_leave_the_answer() {
    let answer = br#"{"access_token":"abc.def","token_type":"Bearer","expires_in":3600}"#;
    assert_eq!(
        answer_body(Some(Operation::IssueToken), answer),
        r#"{"access_token":"[removed]","token_type":"[removed]","expires_in":3600}"#
    );
    assert_eq!(
        answer_body(Some(Operation::IssueToken), b"no JSON"),
        "[removed]"
    );
    let refusal = br#"{"error":"invalid_client","error_description":"the client secret is wrong"}"#;
    assert_eq!(
        answer_body(Some(Operation::IssueToken), refusal).as_bytes(),
        refusal
    );
}

proptest! {
    #[test]
    fn no_input_breaks_it(bytes: Vec<u8>, target in "[ -~]*", value: Vec<u8>) {
        let headers = [("authorization", value.as_slice()), ("content-type", value.as_slice())];
        request(&target, headers.into_iter(), &bytes.into());
    }

    #[test]
    fn no_markup_breaks_it(text in r#"\u{FEFF}{0,2}[<>/"'!&;:{}\[\],a-cPassword\\ué \-]{0,80}"#) {
        body_of("application/xml", &text);
        body_of("application/x-www-form-urlencoded", &text);
    }

    #[test]
    fn a_password_in_json_is_never_kept(
        before in "[a-z\"\\\\<é]{0,10}",
        password in "[A-Za-z0-9\"\\\\<&é]{8,20}",
        key in "(Password|newPassword|PASSWORD|client_secret)",
    ) {
        let object = serde_json::json!({ "n": before, key: format!("{password}!X!"), "m": [1, null] });
        let kept = body_of("application/json", &object.to_string());
        let read: serde_json::Value = serde_json::from_str(&kept).unwrap();
        prop_assert!(!kept.contains("!X!"), "{}", kept);
        prop_assert_eq!(&read["n"], &object["n"]);
    }

    #[test]
    fn a_password_in_xml_is_never_kept(
        bom in "\u{FEFF}{0,2}",
        name in "[a-zé]{0,10}",
        password in "[A-Za-z0-9é]{8,20}",
        wrap in "(<b>X</b>|<!\\[CDATA\\[X\\]\\]>|X|&lt;X|<c d='X'/>)",
    ) {
        let inner = wrap.replace('X', &format!("{password}!X!"));
        let xml = format!("{bom}<User><FirstName>{name}</FirstName><Password>{inner}</Password></User>");
        let kept = body_of("application/xml", &xml);
        prop_assert!(!kept.contains("!X!"), "{}", kept);
        let stays = format!("<FirstName>{name}</FirstName>");
        prop_assert!(kept.contains(&stays), "{}", kept);
    }

    #[test]
    fn without_secrets_nothing_changes(name in "[a-z <>é]{0,20}") {
        let json = serde_json::json!({ "Username": name, "Roles": [1, 2] }).to_string();
        prop_assert_eq!(body_of("application/json", &json), json);
    }
}

#[test]
fn an_answer_in_xml_keeps_all_but_its_secrets() {
    let answer = |body: &str| answer_body(Some(Operation::ChangePassword), body.as_bytes());
    assert_eq!(
        answer(
            "<LdapUserPasswordResponse><User><UserId>asmith</UserId><Password>canary</Password></User></LdapUserPasswordResponse>"
        ),
        "<LdapUserPasswordResponse><User><UserId>asmith</UserId><Password>[removed]</Password></User></LdapUserPasswordResponse>"
    );
    assert_eq!(
        answer("<R><Password><b>canary</b></Password></R>"),
        "<R><Password>[removed]</Password></R>"
    );
    assert_eq!(answer("<R><Password>canary"), "[removed]");
    assert_eq!(answer("<R><User>asmith"), "<R><User>asmith");
}
