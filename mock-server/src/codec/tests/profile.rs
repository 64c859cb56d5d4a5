//! Bodies under different profiles.

use bandwidth_fixtures::Secret;

use super::{first_name, rules};
use crate::{
    codec::{Format, user},
    wire::{RoleReference, UserBody},
};

#[test]
fn the_profile_names_fields_and_decides_about_unknown_ones() {
    let ignoring = rules(&["user.unknown_fields=ignored"]);
    let body = "<User a='1'><Colour>red</Colour><FirstName>J</FirstName></User>";
    assert_eq!(
        user(Format::Xml, body, &ignoring).map_err(|e| e.to_string()),
        first_name("J")
    );
    // Strictness about form stays.
    assert!(user(Format::Xml, "<User><a/><a/></User>", &ignoring).is_err());

    let camel = rules(&["naming.json_case=camelCase", "naming.email=EmailAddress"]);
    let body = user(Format::Json, r#"{"emailAddress":"a@example.com"}"#, &camel).unwrap();
    assert_eq!(body.texts.email.as_deref(), Some("a@example.com"));
    assert!(user(Format::Json, r#"{"EmailAddress":"a@example.com"}"#, &camel).is_err());
    assert!(user(Format::Json, r#"{"email":"a@example.com"}"#, &camel).is_err());

    let telephone = rules(&["user.telephone=e164_optional"]);
    let body = user(
        Format::Json,
        r#"{"TelephoneNumber":"+19195550100"}"#,
        &telephone,
    )
    .unwrap();
    assert_eq!(body.texts.telephone_number.as_deref(), Some("+19195550100"));
}

#[test]
fn a_null_is_what_the_profile_says() {
    let body = r#"{"FirstName":null,"Roles":null,"Enabled":null,"Password":null}"#;
    let read = |option: &str| {
        let rules = rules(&[&format!("format.json_null={option}")]);
        user(Format::Json, body, &rules).map_err(|error| error.to_string())
    };
    assert_eq!(read("absent"), Ok(UserBody::default()));
    let cleared = UserBody {
        roles: Some(Vec::new()),
        enabled: Some(true),
        password: Some(Secret::new("")),
        ..first_name("").unwrap()
    };
    assert_eq!(read("cleared"), Ok(cleared));
    let refused = "`FirstName` must not be null; leave it out.";
    assert_eq!(read("refused"), Err(refused.to_owned()));
    for option in ["absent", "cleared"] {
        let rules = rules(&[&format!("format.json_null={option}")]);
        for body in [r#"{"Colour":null}"#, r#"{"Roles":[null]}"#, "null"] {
            assert!(
                user(Format::Json, body, &rules).is_err(),
                "{option}: {body}"
            );
        }
    }
}

#[test]
fn what_encloses_a_user_is_as_the_profile_says() {
    let bare = [
        (Format::Xml, "<User><FirstName>J</FirstName></User>"),
        (Format::Json, r#"{"FirstName":"J"}"#),
    ];
    let wrapped = [
        (
            Format::Xml,
            "<UserRequest><User><FirstName>J</FirstName></User></UserRequest>",
        ),
        (Format::Json, r#"{"User":{"FirstName":"J"}}"#),
    ];
    let mut errors = Vec::new();
    for (option, reads_bare, reads_wrapped) in [
        ("bare", true, false),
        ("wrapped", false, true),
        ("either", true, true),
    ] {
        let rules = rules(&[&format!("user.request_root={option}")]);
        for (bodies, reads) in [(bare, reads_bare), (wrapped, reads_wrapped)] {
            for (format, body) in bodies {
                let read = user(format, body, &rules).map_err(|error| error.to_string());
                assert_eq!(read.is_ok(), reads, "{option}: {body}");
                match read {
                    Ok(read) => assert_eq!(Ok(read), first_name("J")),
                    Err(error) => errors.push(error),
                }
            }
        }
    }
    let rules = rules(&["user.request_root=wrapped"]);
    for (format, body) in [
        (Format::Json, "{}"),
        (Format::Json, r#"{"User":null}"#),
        (Format::Json, r#"{"User":{},"Colour":"red"}"#),
        (Format::Xml, "<UserRequest/>"),
        (Format::Xml, "<UserRequest><User/><User/></UserRequest>"),
    ] {
        errors.push(user(format, body, &rules).unwrap_err().to_string());
    }
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn roles_stand_where_the_profile_says() {
    let given = [
        (
            Format::Xml,
            "<User><Roles><Role>r1</Role></Roles></User>",
            false,
        ),
        (Format::Json, r#"{"Roles":["r1"]}"#, false),
        (
            Format::Xml,
            "<User><RoleIds><RoleId>r1</RoleId></RoleIds></User>",
            true,
        ),
        (Format::Json, r#"{"RoleIds":["r1"]}"#, true),
    ];
    let r1 = RoleReference {
        id: Some("r1".to_owned()),
        name: None,
    };
    let mut errors = Vec::new();
    for (option, roles, ids) in [
        ("Roles", true, false),
        ("RoleIds", false, true),
        ("either", true, true),
    ] {
        let rules = rules(&[&format!("role.request_field={option}")]);
        for (format, body, is_ids) in given {
            match user(format, body, &rules) {
                Ok(read) => {
                    assert!(if is_ids { ids } else { roles }, "{option}: {body}");
                    assert_eq!(read.roles, Some(vec![r1.clone()]));
                }
                Err(error) => errors.push(error.to_string()),
            }
        }
    }
    let either = rules(&["role.request_field=either"]);
    let both = user(Format::Json, r#"{"Roles":[],"RoleIds":[]}"#, &either);
    errors.push(both.unwrap_err().to_string());
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn a_name_in_other_case_gets_a_hint() {
    let camel = rules(&["naming.json_case=camelCase", "naming.email=EmailAddress"]);
    let guide = rules(&[]);
    let errors = [
        (&guide, Format::Json, r#"{"username":"a"}"#),
        (&guide, Format::Json, r#"{"emailAddress":"a"}"#),
        (&guide, Format::Json, r#"{"roleIds":[]}"#),
        (&guide, Format::Json, r#"{"Roles":[{"roleId":"r1"}]}"#),
        (&guide, Format::Json, r#"{"Role":"r1"}"#),
        (&guide, Format::Xml, "<User><userName>a</userName></User>"),
        (
            &guide,
            Format::Xml,
            "<User><EmailAddress>a</EmailAddress></User>",
        ),
        (&camel, Format::Json, r#"{"Username":"a"}"#),
        (&camel, Format::Json, r#"{"email":"a"}"#),
        (&camel, Format::Json, r#"{"username":1}"#),
        (&camel, Format::Json, r#"{"colour":1}"#),
        (&camel, Format::Json, r#"{"roles":[1]}"#),
        (&camel, Format::Xml, "<User><Roles><Role/></Roles></User>"),
    ]
    .map(|(rules, format, body)| user(format, body, rules).unwrap_err().to_string());
    insta::assert_snapshot!(errors.join("\n"));
}
