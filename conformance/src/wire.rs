//! The names that the expected profile gives to things, and bodies read and written with them.

mod draft;
mod format;
mod reader;

pub use self::{
    draft::{Draft, EMAIL, RoleRef, Value},
    format::{Format, email_name},
    reader::{ErrorBody, Reader, Role, User},
};

#[cfg(test)]
mod tests {
    use bandwidth_fixtures::NamedProfile;

    use super::{Draft, EMAIL, ErrorBody, Format, Reader, RoleRef, Value};

    fn profile(set: &[&str]) -> NamedProfile {
        let mut profile = NamedProfile::built_in("guide").unwrap();
        profile.set(set.iter().copied()).unwrap();
        profile
    }

    #[test]
    fn bodies_are_written_with_the_names_of_the_profile() {
        let published = NamedProfile::built_in("published").unwrap();
        let guide = profile(&[]);
        let draft = Draft::default()
            .with(EMAIL, "a&b@example.com")
            .with_value("Enabled", Value::Flag(false))
            .with_value(
                "Roles",
                Value::Roles(vec![
                    RoleRef::Plain("r1".into()),
                    RoleRef::Object("RoleName", "A".into()),
                ]),
            );
        assert_eq!(
            draft.body(guide.options(), Format::Json),
            r#"{"Email":"a&b@example.com","Enabled":false,"Roles":["r1",{"RoleName":"A"}]}"#
        );
        assert_eq!(
            draft.body(published.options(), Format::Json),
            r#"{"emailAddress":"a&b@example.com","enabled":false,"roles":["r1",{"roleName":"A"}]}"#
        );
        assert_eq!(
            draft.body(published.options(), Format::Xml),
            "<User><EmailAddress>a&amp;b@example.com</EmailAddress><Enabled>false</Enabled>\
             <Roles><Role>r1</Role><Role><RoleName>A</RoleName></Role></Roles></User>"
        );
    }

    #[test]
    fn each_error_shape_is_read_and_no_other() {
        let shapes = [
            (
                "response_status",
                "<UserResponse><ResponseStatus><ErrorCode>7</ErrorCode><Description>d</Description></ResponseStatus></UserResponse>",
                r#"{"ResponseStatus":{"ErrorCode":7,"Description":"d"}}"#,
            ),
            (
                "response_status_without_code",
                "<UserResponse><ResponseStatus><Description>d</Description></ResponseStatus></UserResponse>",
                r#"{"ResponseStatus":{"Description":"d"}}"#,
            ),
            (
                "error_list",
                "<UserResponse><ErrorList><Error><Code>7</Code><Description>d</Description></Error></ErrorList></UserResponse>",
                r#"{"ErrorList":[{"Code":7,"Description":"d"}]}"#,
            ),
            (
                "error",
                "<UserResponse><Error><Code>7</Code><Description>d</Description></Error></UserResponse>",
                r#"{"Error":{"Code":7,"Description":"d"}}"#,
            ),
            (
                "iris_status",
                "<ErrorResponse><irisStatus><Code>7</Code><Description>d</Description></irisStatus></ErrorResponse>",
                r#"{"irisStatus":{"Code":7,"Description":"d"}}"#,
            ),
            (
                "errors",
                "<UserResponse><Errors><Code>7</Code><Description>d</Description></Errors></UserResponse>",
                r#"{"Errors":[{"Code":7,"Description":"d"}]}"#,
            ),
        ];
        for (expected, ..) in shapes {
            let profile = profile(&[&format!("errors.shape={expected}")]);
            let profile = *profile.options();
            for (shape, xml, json) in shapes {
                for (format, body) in [(Format::Xml, xml), (Format::Json, json)] {
                    let read = Reader { format, profile }.error(body.as_bytes());
                    assert_eq!(read.is_ok(), shape == expected, "{expected}: {body}");
                    if let Ok(ErrorBody { code, description }) = read {
                        assert_eq!(description, "d");
                        assert_eq!(code.is_none(), shape == "response_status_without_code");
                    }
                }
            }
        }
    }

    #[test]
    fn a_user_with_a_wrong_field_or_type_is_refused() {
        let profile = profile(&[]);
        let read = |body: &str| {
            Reader {
                format: Format::Json,
                profile: *profile.options(),
            }
            .user(body.as_bytes())
        };
        assert!(read(r#"{"UserId":"u1","Username":"x","Enabled":false}"#).is_ok());
        for body in [
            r#"{"userId":"u1"}"#,
            r#"{"UserId":1}"#,
            r#"{"UserId":null}"#,
            r#"{"Password":"x"}"#,
            r#"{"EmailAddress":"x"}"#,
            r#"{"Enabled":"false"}"#,
            r#"{"Roles":[{"RoleId":"r1"}]}"#,
            r#"{"Roles":{"RoleId":"r1"}}"#,
            r#"{"User":{"UserId":"u1"}}"#,
            "\"\"",
        ] {
            assert!(read(body).is_err(), "{body}");
        }
    }
}
