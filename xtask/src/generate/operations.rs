//! The Rust of `fixtures/operations.toml`.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::{Context as _, Result, ensure};
use bandwidth_fixtures::behaviour::table::Row;
use serde::Deserialize;

use super::{
    behaviour_code,
    source::{Code, pascal},
};

const SOURCE: &str = "fixtures/operations.toml";
pub(super) const TEXT: &str = include_str!("../../../fixtures/operations.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    examples: BTreeMap<String, String>,
    surface: Vec<Surface>,
    operation: Vec<Operation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Surface {
    name: String,
    meaning: String,
    bases: Vec<String>,
    #[serde(default)]
    versions: Vec<String>,
    needs: Option<String>,
    media: Vec<String>,
}

#[derive(Deserialize)]
enum Method {
    #[serde(rename = "GET")]
    Get,
    #[serde(rename = "POST")]
    Post,
    #[serde(rename = "PUT")]
    Put,
    #[serde(rename = "PATCH")]
    Patch,
    #[serde(rename = "DELETE")]
    Delete,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Login {
    Read,
    Write,
    Own,
    Client,
    Token,
    Admin,
    Credentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shape {
    Assumed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operation {
    name: String,
    reported_as: Option<String>,
    surface: String,
    method: Method,
    path: String,
    summary: String,
    login: Login,
    needs: Option<String>,
    #[serde(default)]
    changes: bool,
    shape: Option<Shape>,
    request: Option<String>,
    response: Option<String>,
    error: Option<String>,
    success: Vec<u16>,
    #[serde(default)]
    refusals: Vec<u16>,
    #[serde(default)]
    goldens: Vec<String>,
}

impl Method {
    fn name(&self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl Operation {
    fn reported(&self) -> &str {
        self.reported_as.as_ref().unwrap_or(&self.name)
    }

    /// The names in braces, and the other segments.
    fn segments(&self) -> impl Iterator<Item = Result<&str, &str>> {
        let segments = self.path.split('/').skip(1);
        segments.map(|segment| {
            let name = segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            name.ok_or(segment)
        })
    }

    /// Its row in `resources!`. What it has in common with most is left out.
    fn code(&self, behaviours: &[Row]) -> Result<String> {
        let mut code = format!(
            "        {} {}: method: {:?}, login: Login::{:?}, summary: {:?}",
            pascal(&self.name),
            pascal(self.reported()),
            self.method.name(),
            self.login,
            self.summary,
        );
        if let Some(needs) = &self.needs {
            write!(code, ", needs: {}", need(behaviours, Some(needs))?)?;
        }
        for (name, is_set) in [
            ("changes", self.changes),
            ("shape_assumed", self.shape.is_some()),
        ] {
            if is_set {
                write!(code, ", {name}: true")?;
            }
        }
        for (name, text) in [
            ("request", &self.request),
            ("response", &self.response),
            ("error", &self.error),
        ] {
            if text.is_some() {
                write!(code, ", {name}: {text:?}")?;
            }
        }
        write!(code, ", success: &{:?}", self.success)?;
        if !self.refusals.is_empty() {
            write!(code, ", refusals: &{:?}", self.refusals)?;
        }
        Ok(code + ";\n")
    }
}

/// A value of `Option<Need>`.
fn need(behaviours: &[Row], needs: Option<&str>) -> Result<String> {
    let Some(needs) = needs else {
        return Ok("None".to_owned());
    };
    let condition = behaviour_code::condition(behaviours, needs).context(SOURCE)?;
    Ok(format!(
        "Some(Need {{ text: {needs:?}, is_met: |rules| {condition} }})"
    ))
}

/// The rows that the journal reports under a name of their own, and the parameters of all paths.
/// A row that contradicts another one is an error.
fn checked<'a>(
    rows: &'a [Operation],
    surfaces: &[Surface],
) -> Result<(Vec<&'a Operation>, Vec<&'a str>)> {
    let mut reported: Vec<&Operation> = Vec::new();
    let mut parameters: Vec<&str> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let earlier = &rows[..index];
        let name = &row.name;
        ensure!(
            earlier.iter().all(|other| other.name != *name),
            "{SOURCE}: `{name}` is there twice"
        );
        let known = surfaces.iter().any(|surface| surface.name == row.surface);
        ensure!(
            known,
            "{SOURCE}, `{name}`: there is no surface `{}`",
            row.surface
        );
        if earlier
            .iter()
            .all(|other| other.reported() != row.reported())
        {
            ensure!(
                row.reported_as.is_none(),
                "{SOURCE}, `{name}`: reported_as names a later row"
            );
            reported.push(row);
        }
        for parameter in row.segments().flatten() {
            if !parameters.contains(&parameter) {
                parameters.push(parameter);
            }
        }
    }
    Ok((reported, parameters))
}

/// The operations as Rust.
pub(super) fn files(text: &str) -> Result<[Code; 2]> {
    let File {
        examples,
        surface: surfaces,
        operation: rows,
    } = toml::from_str(text).context(SOURCE)?;
    let behaviours = behaviour_code::rows()?;
    let (reported, parameters) = checked(&rows, &surfaces)?;
    let mut code = "mod resources;

        pub use self::resources::RESOURCES;
        use super::{Need, SurfaceFacts};\n\n"
        .to_owned();
    let operations = reported.iter().map(|row| {
        let doc = format!("`{} {}`", row.method.name(), row.path);
        (row.name.as_str(), doc)
    });
    code += &names(
        "One operation of the emulated API.",
        "Operation",
        operations,
    );
    let goldens: Vec<String> = reported
        .iter()
        .map(|row| format!("&{:?}", row.goldens))
        .collect();
    writeln!(
        code,
        "impl Operation {{ /// The formats of its goldens under the profile `guide`.\n\
         pub fn goldens(self) -> &'static [&'static str] {{\n\
         const GOLDENS: [&[&str]; {}] = [{}];\n GOLDENS[self as usize] }} }}",
        goldens.len(),
        goldens.join(", ")
    )?;

    let actions = rows
        .iter()
        .map(|row| (row.name.as_str(), row.summary.clone() + "."));
    code += &names("The handler of a request.", "Action", actions);
    let about = "A part of a path that a request chooses.";
    let parts = parameters
        .iter()
        .map(|name| (*name, format!("`{{{name}}}`")));
    code += &names(about, "Parameter", parts);
    let shown: Option<Vec<&String>> = parameters.iter().map(|name| examples.get(*name)).collect();
    let shown = shown.with_context(|| format!("{SOURCE}: examples lacks one of {parameters:?}"))?;
    writeln!(
        code,
        "impl Parameter {{ /// An example.\n pub fn example(self) -> &'static str {{\n\
         const EXAMPLES: [&str; {}] = {shown:?};\n EXAMPLES[self as usize] }} }}",
        shown.len()
    )?;
    let families = surfaces
        .iter()
        .map(|row| (row.name.as_str(), row.meaning.clone()));
    code += &names("A family of paths.", "Surface", families);
    code += "impl Surface { /// Its bases, and what it needs.\n\
             pub fn facts(self) -> &'static SurfaceFacts { match self {";
    for row in &surfaces {
        writeln!(
            code,
            "Self::{} => &SurfaceFacts {{ bases: &{:?}, versions: &{:?}, needs: {}, media: &{:?} }},",
            pascal(&row.name),
            row.bases,
            row.versions,
            need(&behaviours, row.needs.as_deref())?,
            row.media
        )?;
    }
    code += "} } }\n";
    let longest = rows.iter().map(|row| row.segments().count()).max();
    writeln!(
        code,
        "/// Number of segments of the longest template.\npub const LONGEST: usize = {};\n",
        longest.unwrap_or(0)
    )?;
    let resources = resources(&rows, &behaviours)?;
    Ok([
        ("fixtures/src/operation/generated.rs", code),
        ("fixtures/src/operation/generated/resources.rs", resources),
    ]
    .map(|(path, code)| (path.to_owned(), SOURCE, code)))
}

/// The paths, each with the operations of its methods.
fn resources(rows: &[Operation], behaviours: &[Row]) -> Result<String> {
    let mut code = "use crate::operation::{Endpoint, Login, NO_ENDPOINT, Need, Resource, Segment};
        use super::{Action, Operation, Parameter, Surface};

        resources! {\n"
        .to_owned();
    for (index, row) in rows.iter().enumerate() {
        let same = |other: &&Operation| other.surface == row.surface && other.path == row.path;
        if rows[..index].iter().any(|other| same(&other)) {
            continue;
        }
        let segments = row.segments().map(|segment| match segment {
            Ok(name) => format!("Segment::Parameter(Parameter::{})", pascal(name)),
            Err(text) => format!("Segment::Literal({text:?})"),
        });
        let segments = segments.collect::<Vec<_>>().join(", ");
        let surface = pascal(&row.surface);
        writeln!(code, "    {surface} {:?} [{segments}] {{", row.path)?;
        for here in rows.iter().filter(same) {
            code += &here.code(behaviours)?;
        }
        code += "    }\n";
    }
    Ok(code + "}")
}

/// An enum with the names of its variants.
fn names<'a>(doc: &str, name: &str, variants: impl Iterator<Item = (&'a str, String)>) -> String {
    let variants = variants
        .map(|(variant, doc)| format!("    /// {doc}\n    {} {variant:?};\n", pascal(variant)));
    let variants: String = variants.collect();
    format!("names! {{\n    /// {doc}\n    {name}\n{variants}}}\n\n")
}

#[cfg(test)]
mod tests {
    use super::{TEXT, files};

    #[test]
    fn mistakes_are_named() {
        for (from, to, expected) in [
            (
                "name = \"get_user\"",
                "name = \"list_users\"",
                "is there twice",
            ),
            (
                "surface = \"token\"",
                "surface = \"tokens\"",
                "no surface `tokens`",
            ),
            (
                "reported_as = \"get_user\"",
                "reported_as = \"get\"",
                "names a later row",
            ),
            ("method = \"PUT\"", "method = \"COPY\"", "COPY"),
            ("needs = \"surface.", "needs = \"surfaces.", "no behaviour"),
            ("=served", "=there", "no option `there`"),
        ] {
            assert!(TEXT.contains(from), "{from}");
            let error = files(&TEXT.replacen(from, to, 1)).unwrap_err();
            let message = format!("{error:#}");
            assert!(message.contains(expected), "{message}");
        }
    }
}
