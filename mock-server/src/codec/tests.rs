//! The codecs, from literal bytes and by law.

use bandwidth_fixtures::{Consultation, NamedProfile, Secret, Texts};
use proptest::prelude::*;

use super::{
    Document, Format, encode, is_xml_char, json, list_frame, list_items, node::Node, password,
    text, user, xml,
};
use crate::{
    charset::Charset,
    wire::{ErrorView, RoleReference, UserBody, UserView},
};

mod profile;

fn rules(set: &[&str]) -> Consultation {
    let mut profile = NamedProfile::built_in("guide").unwrap();
    profile.set(set.iter().copied()).unwrap();
    Consultation::of(*profile.options())
}

fn from_xml(body: &str) -> Result<UserBody, String> {
    user(Format::Xml, body, &rules(&[])).map_err(|error| error.to_string())
}

fn from_json(body: &str) -> Result<UserBody, String> {
    user(Format::Json, body, &rules(&[])).map_err(|error| error.to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with results")]
fn first_name(value: &str) -> Result<UserBody, String> {
    Ok(UserBody {
        texts: Texts {
            first_name: Some(value.to_owned()),
            ..Texts::default()
        },
        ..UserBody::default()
    })
}

#[test]
fn both_formats_read_the_same_user() {
    let expected = UserBody {
        user_id: Some("u1".to_owned()),
        username: Some("jdoe".to_owned()),
        texts: Texts {
            first_name: Some("John & Jane".to_owned()),
            last_name: Some(String::new()),
            email: Some("jdoe@example.com".to_owned()),
            ..Texts::default()
        },
        roles: Some(vec![
            RoleReference {
                id: Some("r1".to_owned()),
                name: None,
            },
            RoleReference {
                id: Some("r2".to_owned()),
                name: None,
            },
            RoleReference {
                id: None,
                name: Some("Admin".to_owned()),
            },
        ]),
        enabled: Some(false),
        account_id: Some("12345".to_owned()),
        password: Some(Secret::new("Secret123!")),
    };
    let xml = "<?xml version='1.0' encoding='utf-8'?>\n<User>\n  <UserId>u1</UserId>\n  \
        <Username>jdoe</Username><FirstName>John &amp; Jane</FirstName><LastName/>\n\
        <Email>jdoe@example.com</Email><Roles> <Role>r1</Role> <Role><RoleId>r2</RoleId></Role>\
        <Role><RoleName>Admin</RoleName></Role></Roles><Enabled> false </Enabled>\
        <AccountId>12345</AccountId><Password>Secret123!</Password></User>\n";
    assert_eq!(from_xml(xml), Ok(expected.clone()));
    let json = r#" {"UserId":"u1","Username":"jdoe","FirstName":"John & Jane","LastName":null,
        "Email":"jdoe@example.com","Roles":["r1",{"RoleId":"r2"},{"RoleName":"Admin"}],
        "Enabled":false,"AccountId":"12345","Password":"Secret123!"} "#;
    assert_eq!(from_json(json), Ok(expected));
}

#[test]
fn xml_is_read_as_xml_says() {
    for (value, expected) in [
        ("&lt;&gt;&amp;&quot;&apos;", "<>&\"'"),
        ("&#74;&#x4A;&#x1F600;", "JJ\u{1F600}"),
        ("<![CDATA[a<b&amp;]]>c", "a<b&amp;c"),
        ("a<!-- not this -->b", "ab"),
        ("a<?target data?>b", "ab"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a&#13;b", "a\rb"),
        (" spaces  stay ", " spaces  stay "),
        ("\t", "\t"),
        ("", ""),
        ("é漢𝄞", "é漢𝄞"),
    ] {
        let body = format!("<User><FirstName>{value}</FirstName></User>");
        assert_eq!(from_xml(&body), first_name(expected), "{value:?}");
    }
    for body in [
        "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><User><FirstName>J</FirstName></User>",
        "<!-- before --><User><FirstName>J</FirstName></User><!-- after -->\n<?after?>",
        "<User xmlns=\"http://example.com/a\"><FirstName>J</FirstName></User>",
        "<b:User xmlns:b=\"http://example.com/a\"><b:FirstName>J</b:FirstName></b:User>",
        "<User xmlns:unused='x' xml:lang='en'><FirstName xml:space='preserve'>J</FirstName></User>",
        "<User xmlns:xml='http://www.w3.org/XML/1998/namespace'><FirstName>J</FirstName></User>",
        "<User><FirstName >J</FirstName\n></User >",
    ] {
        assert_eq!(from_xml(body), first_name("J"), "{body}");
    }
    assert_eq!(from_xml("<User/>"), Ok(UserBody::default()));
    assert_eq!(from_xml("<User>\n</User>"), Ok(UserBody::default()));
}

#[test]
fn each_wrong_xml_has_its_own_error() {
    let deep = format!("{}{}", "<User>".repeat(33), "</User>".repeat(33));
    let bodies = [
        "",
        " \n",
        "hello",
        "{\"Username\":\"jdoe\"}",
        "<UserResponse><User/></UserResponse>",
        "<user/>",
        "<User><Username>a</Username><Username>b</Username></User>",
        "<User><Username>a</Username>text</User>",
        "<User>text<Username>a</Username></User>",
        "<User><![CDATA[ text ]]><Username>a</Username></User>",
        "<User><Username>a</Username>&amp;</User>",
        "<User/><User/>",
        "<User/>text",
        "<User/>&amp;",
        "<User/><![CDATA[]]>",
        "<!DOCTYPE User><User/>",
        "<!DOCTYPE User [<!ENTITY x \"y\">]><User><FirstName>&x;</FirstName></User>",
        "<!DOCTYPE><User/>",
        "<User><FirstName>&x;</FirstName></User>",
        "<User><FirstName>&nbsp;</FirstName></User>",
        "<User><FirstName>a & b</FirstName></User>",
        "<User><FirstName>a &b</FirstName></User>",
        "<User><FirstName>&;</FirstName></User>",
        "<User><FirstName>&#0;</FirstName></User>",
        "<User><FirstName>&#1;</FirstName></User>",
        "<User><FirstName>&#xFFFF;</FirstName></User>",
        "<User><FirstName>&#xD800;</FirstName></User>",
        "<User><FirstName>&#x110000;</FirstName></User>",
        "<User><FirstName>&#x;</FirstName></User>",
        "<User><FirstName>\u{1}</FirstName></User>",
        "<User><FirstName>\u{FFFE}</FirstName></User>",
        "<User><FirstName>]]></FirstName></User>",
        "<User><FirstName>a<b</FirstName></User>",
        "<User><!-- a -- b --></User>",
        "<User>",
        "<User><FirstName></User>",
        "</User>",
        "<User",
        "<User></User",
        "<User><![CDATA[ </User>",
        "<User><!-- </User>",
        "<1User/>",
        "<User><First Name/></User>",
        "<User><FirstName a=b/></User>",
        "<User><FirstName a='1' a='2'/></User>",
        "<User><FirstName a='1'b='2'/></User>",
        "<User a='<'/>",
        "<User a='&x;'/>",
        "<User a='1'/>",
        "<User><x:FirstName>J</x:FirstName></User>",
        "<User x:a='1'/>",
        "<User><Roles xmlns:x='a'><x:Role xmlns:x=''/></Roles></User>",
        "<User><Roles xmlns:x='a'/><x:FirstName>J</x:FirstName></User>",
        "<User><FirstName xmlns='other'>J</FirstName></User>",
        "<User><xmlns:FirstName>J</xmlns:FirstName></User>",
        "<User><xml:FirstName>J</xml:FirstName></User>",
        "<User xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<User xmlns='http://www.w3.org/XML/1998/namespace'/>",
        "<User xmlns:a='&#x68;ttp://www.w3.org/2000/xmlns/'/>",
        "<User xmlns:xml='a'/>",
        "<User xmlns:a=''/>",
        "<User xmlns:a='x' xmlns:b='x' a:c='' b:c=''/>",
        "<User xmlns:a='x'><a:FirstName/><a:FirstName/></User>",
        " <?xml version='1.0'?><User/>",
        "\u{FEFF}\u{FEFF}<?xml version='1.0'?><User/>",
        "\u{FEFF} <?xml version='1.0'?><User/>",
        "\u{FEFF}\u{FEFF}<User/>",
        "<User/><?xml version='1.0'?>",
        "<?xml version='1.1'?><User/>",
        "<?xml encoding='UTF-8'?><User/>",
        "<?xml version='1.0' encoding='1'?><User/>",
        "<?xml version='1.0' standalone='maybe'?><User/>",
        "<?xml version='1.0' standalote='yes'?><User/>",
        "<?xml version='1.0' standalone='yes' encoding='UTF-8'?><User/>",
        "<?xml version='1.0'encoding='UTF-8'?><User/>",
        "<?XML version='1.0'?><User/>",
        "<User><Colour>red</Colour></User>",
        "<User><Secret123!>red</Secret123!></User>",
        "<User><FirstName><b>J</b></FirstName></User>",
        "<User>text</User>",
        "<User><Enabled>yes</Enabled></User>",
        "<User><Roles>r1</Roles></User>",
        "<User><Roles><Rolle>r1</Rolle></Roles></User>",
        "<User><Roles><Role/></Roles></User>",
        "<User><Roles><Role><RoleId>r1</RoleId><RoleId>r2</RoleId></Role></Roles></User>",
        "<User><TelephoneNumber>1</TelephoneNumber></User>",
        "<User><EmailAddress>a@example.com</EmailAddress></User>",
        &deep,
    ];
    let errors: Vec<String> = bodies
        .iter()
        .map(|body| format!("{:.70?}\n    {}", body, from_xml(body).unwrap_err()))
        .collect();
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn each_wrong_json_has_its_own_error() {
    let deep = format!("{{\"Roles\":{}{}}}", "[".repeat(32), "]".repeat(32));
    let bodies = [
        "",
        "  ",
        "<User/>",
        "{",
        "{\"Username\":\"jdoe\"",
        "{\"Username\":jdoe}",
        "{\"Username\":\"jdoe\",}",
        "{'Username':'jdoe'}",
        "{\"Username\":\"jdoe\"} {}",
        "{} x",
        "\u{FEFF}\u{FEFF}{}",
        "[]",
        "\"jdoe\"",
        "null",
        "{\"Username\":\"a\",\"Username\":\"b\"}",
        "{\"Username\":\"a\",\"User\\u006eame\":\"b\"}",
        "{\"username\":\"a\"}",
        "{\"Colour\":\"red\"}",
        "{\"Secret123!\":\"red\"}",
        "{\"\":\"red\"}",
        "{\"Username\":1}",
        "{\"Username\":[\"a\"]}",
        "{\"Username\":{}}",
        "{\"Username\":true}",
        "{\"Enabled\":\"true\"}",
        "{\"Enabled\":1}",
        "{\"Roles\":\"r1\"}",
        "{\"Roles\":{\"Role\":\"r1\"}}",
        "{\"Roles\":[1]}",
        "{\"Roles\":[{}]}",
        "{\"Roles\":[{\"RoleId\":\"r1\",\"RoleId\":\"r2\"}]}",
        "{\"FirstName\":\"\\u0001\"}",
        "{\"FirstName\":\"\\uFFFF\"}",
        "{\"FirstName\":\"\\uD800\"}",
        "{\"FirstName\":\"\\uD800\\u0041\"}",
        "{\"FirstName\":\"\\uDC00\"}",
        "{\"FirstName\":\"\\u12\"}",
        "{\"Colour\":1e999}",
        "{\"FirstName\":\"\u{1}\"}",
        "{\"FirstName\":\"a\nb\"}",
        "{\"\\u0000\":\"a\"}",
        &deep,
    ];
    let errors: Vec<String> = bodies
        .iter()
        .map(|body| format!("{:.70?}\n    {}", body, from_json(body).unwrap_err()))
        .collect();
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn bytes_that_are_not_what_they_say_are_refused() {
    let declared = |name: &str| format!("<?xml version='1.0' encoding='{name}'?><User/>");
    let errors = [
        (&b"<User>\xFF</User>"[..], None),
        (b"<User>\xE9</User>", Some("us-ascii")),
        (b"\xFF\xFE<\0U", None),
        (b"<\0U\0s\0e\0r\0/\0>\0", None),
        (b"<\0U\0s\0e\0r\0/\0>\0", Some("utf-16")),
        (declared("utf-16").as_bytes(), None),
        (declared("utf-99").as_bytes(), None),
    ]
    .map(|(bytes, charset)| {
        let charset = charset.and_then(Charset::named);
        text(Format::Xml, bytes, charset).unwrap_err().to_string()
    });
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn xml_schema_has_attributes_on_any_element() {
    const XSI: &str = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    for body in [
        format!(
            "<User {XSI} xsi:schemaLocation='a b' xsi:noNamespaceSchemaLocation='c'><FirstName xsi:type='d'>J</FirstName></User>"
        ),
        format!(
            "<User {XSI}><Enabled xsi:nil='true'/><Roles xsi:nil='1'> </Roles><FirstName xsi:nil='false'>J</FirstName></User>"
        ),
        format!(
            "<User {XSI}><Password xsi:nil=' true '></Password><FirstName>J</FirstName></User>"
        ),
    ] {
        assert_eq!(from_xml(&body), first_name("J"), "{body}");
    }
    let roles = format!("<User {XSI}><Roles><Role xsi:nil='true'/></Roles></User>");
    assert_eq!(from_xml(&roles).unwrap().roles, Some(Vec::new()));
    let errors = [
        format!("<User {XSI}><FirstName xsi:nil='true'>J</FirstName></User>"),
        format!("<User {XSI}><Roles xsi:nil='true'><Role/></Roles></User>"),
        format!("<User {XSI}><FirstName xsi:nil='yes'/></User>"),
        format!("<User {XSI}><Colour xsi:nil='true'/></User>"),
        format!("<User {XSI}><FirstName xsi:nil='true'/><FirstName>J</FirstName></User>"),
        format!("<User {XSI} xsi:colour='red'/>"),
        "<User xmlns:xsi='other'><FirstName xsi:nil='true'/></User>".to_owned(),
        "<User><FirstName nil='true'/></User>".to_owned(),
        "<User><Roles type='array'/></User>".to_owned(),
    ]
    .map(|body| from_xml(&body).unwrap_err());
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn thirty_two_levels_are_not_too_deep() {
    let xml = format!(
        "<User>{}{}</User>",
        "<Colour>".repeat(31),
        "</Colour>".repeat(31)
    );
    assert_eq!(
        from_xml(&xml),
        Err("`Colour` is not a field of this request.".to_owned())
    );
    let json = format!("{{\"Colour\":{}{}}}", "[".repeat(31), "]".repeat(31));
    assert_eq!(
        from_json(&json),
        Err("`Colour` is not a field of this request.".to_owned())
    );
}

#[test]
fn passwords_have_their_own_body() {
    let read = |format, body: &str| {
        password(format, body, &rules(&[]))
            .map(|password| password.expose().to_owned())
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        read(Format::Xml, "<Password>a&amp;b</Password>"),
        Ok("a&b".to_owned())
    );
    assert_eq!(
        read(Format::Json, r#"{"Password":"a&b"}"#),
        Ok("a&b".to_owned())
    );
    assert_eq!(read(Format::Xml, "<Password/>"), Ok(String::new()));
    assert_eq!(read(Format::Json, "{}"), Ok(String::new()));
    assert!(
        read(Format::Xml, "<User><Password>a</Password></User>")
            .unwrap_err()
            .contains("root")
    );
    assert!(read(Format::Json, r#"{"Password":"a","Password":"b"}"#).is_err());
    assert!(read(Format::Json, r#"{"Passwort":"a"}"#).is_err());
}

fn view(first_name: &str) -> UserView<'_> {
    UserView {
        user_id: Some("u1"),
        username: "jdoe",
        texts: Texts {
            first_name: Some(first_name),
            ..Texts::default()
        },
        roles: Some(Vec::new()),
        enabled: Some(true),
        accounts: None,
    }
}

#[test]
fn responses_as_literal_bytes() {
    let encoded = |format| {
        let view = view("<a>&\"b\"\u{7F}\r\n\t\\é");
        let frame = list_frame(format, &rules(&[]));
        let items = list_items(format, [view].into_iter(), &rules(&[]));
        String::from_utf8([frame.start, items, frame.end].concat()).unwrap()
    };
    assert_eq!(
        encoded(Format::Xml),
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><UsersResponse><Users><User>\
         <UserId>u1</UserId><Username>jdoe</Username>\
         <FirstName>&lt;a&gt;&amp;\"b\"\u{7F}&#13;\n\t\\é</FirstName>\
         <Roles/><Enabled>true</Enabled></User></Users></UsersResponse>"
    );
    assert_eq!(
        encoded(Format::Json),
        "{\"Users\":[{\"UserId\":\"u1\",\"Username\":\"jdoe\",\
         \"FirstName\":\"<a>&\\\"b\\\"\u{7F}\\r\\n\\t\\\\é\",\"Roles\":[],\"Enabled\":true}]}"
    );
    let nothing =
        |format| String::from_utf8(encode(format, &Document::Nothing, &rules(&[]))).unwrap();
    assert!(nothing(Format::Xml).ends_with("?><UserResponse/>"));
    assert_eq!(nothing(Format::Json), "{}");
}

/// A string of characters that XML can carry.
fn xml_text() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        any::<char>().prop_filter("XML allows it", |c| is_xml_char(*c)),
        0..40,
    )
    .prop_map(String::from_iter)
}

fn field<'n>(node: &'n Node, path: &[&str]) -> &'n Node {
    path.iter().fold(node, |node, name| match node {
        Node::Fields(fields) => &fields.iter().find(|(known, _)| known == name).unwrap().1,
        other => panic!("{other:?} has no fields"),
    })
}

fn node_of(text: &str) -> Node {
    if text.is_empty() {
        Node::Empty
    } else {
        Node::Text(text.to_owned())
    }
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded_to_the_same(text in xml_text()) {
        let rules = rules(&[]);
        let document = Document::User(view(&text));
        let bytes = String::from_utf8(encode(Format::Xml, &document, &rules)).unwrap();
        let tree = xml::read(&bytes).unwrap();
        prop_assert_eq!(&*tree.root, "UserResponse");
        prop_assert_eq!(field(&tree.content, &["User", "FirstName"]), &node_of(&text));
        let bytes = String::from_utf8(encode(Format::Json, &document, &rules)).unwrap();
        let tree = json::read(&bytes).unwrap();
        prop_assert_eq!(field(&tree, &["FirstName"]), &Node::Text(text));
    }

    #[test]
    fn both_formats_decode_what_a_client_sends(text in xml_text()) {
        let error = ErrorView { code: 1, description: &text };
        let document = Document::Error { root: "UserResponse", error };
        let described = String::from_utf8(encode(Format::Xml, &document, &rules(&[]))).unwrap();
        let start = described.find("<Description").unwrap();
        let end = described.find("</ResponseStatus>").unwrap();
        let element = described[start..end].replace("Description", "FirstName");
        let expected = first_name(&text);
        prop_assert_eq!(from_xml(&format!("<User>{element}</User>")), expected.clone());
        let json = serde_json::json!({ "FirstName": text }).to_string();
        prop_assert_eq!(from_json(&json), expected);
    }

    #[test]
    fn forbidden_characters_are_refused_however_written(c in any::<char>().prop_filter("XML forbids it", |c| !is_xml_char(*c))) {
        let code = u32::from(c);
        for body in [format!("{c}"), format!("&#{code};"), format!("&#x{code:X};"), format!("<![CDATA[{c}]]>")] {
            let body = format!("<User><FirstName>{body}</FirstName></User>");
            prop_assert!(from_xml(&body).is_err());
        }
        let json = serde_json::json!({ "FirstName": c.to_string() }).to_string();
        prop_assert!(from_json(&json).is_err());
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for format in [Format::Xml, Format::Json] {
            if let Ok(text) = text(format, &bytes, None) {
                let _ = user(format, &text, &rules(&[]));
            }
        }
    }

    #[test]
    fn no_xml_like_text_makes_a_reader_panic(text in "(<|>|/|!|\\?|&|;|#|\\[|\\]|-|=|'|\"|User|Roles|CDATA|DOCTYPE|xml|xmlns|:| |x|1){0,60}") {
        let _ = user(Format::Xml, &text, &rules(&[]));
    }
}
