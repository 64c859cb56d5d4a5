//! Records and enumerations, which Gson reads.

use std::fmt::Write as _;

use super::{Field, Kind, Shape, Type, Types};

const HEAD: &str = "// Written by `cargo xtask gen` from the mock's OpenAPI description. Do not edit.\npackage bandwidthmock;\n\n";

pub(super) fn types(types: &Types) -> String {
    let mut text = format!(
        "{HEAD}import com.google.gson.annotations.SerializedName;\nimport java.util.List;\n\
         import java.util.Map;\n\n/** Types of the control API. */\n\
         public final class ControlApi {{\n    private ControlApi() {{}}\n"
    );
    for (name, each) in types {
        text.push('\n');
        match &each.shape {
            Shape::Fields(fields) => record(&mut text, name, each, fields),
            Shape::Values(values) => {
                let _ = writeln!(text, "    /** {} */", each.doc);
                enumeration(&mut text, "    ", name, values);
            }
        }
    }
    text + "}\n"
}

pub(super) fn operations(operations: &[String]) -> String {
    let mut text = format!(
        "{HEAD}import com.google.gson.annotations.SerializedName;\n\n\
         /** An operation of the emulated API. */\n"
    );
    enumeration(&mut text, "", "Operation", operations);
    text
}

fn record(text: &mut String, name: &str, each: &Type, fields: &[Field]) {
    let _ = writeln!(text, "    /**\n     * {}\n     *", each.doc);
    for field in fields {
        let null = if field.nullable && !field.doc.contains("null") {
            " May be null."
        } else {
            ""
        };
        let _ = writeln!(text, "     * @param {} {}{null}", field.key, field.doc);
    }
    let components: Vec<String> = fields
        .iter()
        .map(|field| {
            let kind = if field.nullable {
                boxed(&field.kind)
            } else {
                plain(&field.kind)
            };
            format!("\n        {kind} {}", field.key)
        })
        .collect();
    let _ = writeln!(
        text,
        "     */\n    public record {name}({}) {{}}",
        components.join(",")
    );
}

fn enumeration(text: &mut String, indent: &str, name: &str, values: &[String]) {
    let _ = writeln!(text, "{indent}public enum {name} {{");
    for value in values {
        let upper = value.to_ascii_uppercase();
        let _ = writeln!(
            text,
            "{indent}    @SerializedName(\"{value}\")\n{indent}    {upper},"
        );
    }
    let _ = writeln!(text, "{indent}}}");
}

fn plain(kind: &Kind) -> String {
    match kind {
        Kind::Integer => "long".to_owned(),
        Kind::Status => "int".to_owned(),
        Kind::Number => "double".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        other => boxed(other),
    }
}

/// The type as a reference, which may be null.
fn boxed(kind: &Kind) -> String {
    match kind {
        Kind::Text => "String".to_owned(),
        Kind::Integer => "Long".to_owned(),
        Kind::Status => "Integer".to_owned(),
        Kind::Number => "Double".to_owned(),
        Kind::Boolean => "Boolean".to_owned(),
        Kind::Any => "Object".to_owned(),
        Kind::List(of) => format!("List<{}>", boxed(of)),
        Kind::Map(of) => format!("Map<String, {}>", boxed(of)),
        Kind::Named(name) => name.clone(),
    }
}
