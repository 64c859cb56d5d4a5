//! All cases, and the ways to choose among them.

use std::path::PathBuf;

use bandwidth_fixtures::describe;
use clap::Args;

use crate::{case::Case, error::ConformanceError, limits::Surface, suites, verdict::Level};

/// The cases of `--smoke`: one user is created, read, updated and deleted.
const SMOKE: [&str; 4] = [
    "create.xml.answers-with-the-user",
    "get.created-user.shows-what-was-sent",
    "update.whole-user.reads-back",
    "delete.then-get.follows-delete-effect",
];

/// All cases, in the order in which they run.
pub fn cases() -> Vec<Case> {
    suites::all()
}

/// Selects cases.
#[derive(Debug, Clone, Default, Args)]
pub struct Selection {
    /// Only cases whose id contains TEXT; repeat it for alternatives [example: --filter weak]
    #[arg(long = "filter", value_name = "TEXT")]
    pub filters: Vec<String>,
    /// Only cases of an area, the first part of their ids [example: --area create]
    #[arg(long, value_name = "AREA")]
    pub area: Option<String>,
    /// Only cases of a level: `documented` and `derived` may fail, `characterise` never does
    #[arg(long, value_name = "LEVEL")]
    pub level: Option<Level>,
    /// Only cases with a tag, such as golden, parity, raw or scenario [example: --tag scenario]
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Only cases that change nothing: sends only GET, HEAD and OPTIONS
    #[arg(long)]
    pub read_only: bool,
    /// Where users are created and changed [default: account; the built-in mock: both]
    #[arg(long, value_name = "NAME", conflicts_with = "read_only")]
    pub surface: Option<Surface>,
    /// Only the four cases that create, read, update and delete one user
    #[arg(long, conflicts_with = "read_only")]
    pub smoke: bool,
    /// Only cases that failed, erred or were inconclusive in an earlier `--report json`
    #[arg(long, value_name = "FILE")]
    pub failed_from: Option<PathBuf>,
    /// Only these ids.
    #[arg(skip)]
    pub ids: Option<Vec<String>>,
}

impl Selection {
    /// The chosen cases among `cases`; an error that names near ones when there are none.
    pub fn choose(&self, cases: Vec<Case>) -> Result<Vec<Case>, ConformanceError> {
        let areas = cases.iter().map(Case::area);
        one_of("--area", "area", self.area.as_deref(), areas)?;
        let tags = cases.iter().flat_map(|case| case.tags).copied();
        one_of("--tag", "tag", self.tag.as_deref(), tags)?;
        let hint = hint(&self.filters, &cases);
        let chosen: Vec<Case> = cases
            .into_iter()
            .filter(|case| self.includes(case))
            .collect();
        if chosen.is_empty() {
            return Err(ConformanceError::NothingSelected(format!(
                "no case was selected, so nothing was executed; {hint}"
            )));
        }
        Ok(chosen)
    }

    fn includes(&self, case: &Case) -> bool {
        let filters = &self.filters;
        let ids = self.ids.as_ref();
        let tag = self.tag.as_deref();
        (filters.is_empty() || filters.iter().any(|part| case.id.contains(part.as_str())))
            && self.area.as_ref().is_none_or(|area| case.area() == area)
            && self.level.is_none_or(|level| case.level == level)
            && tag.is_none_or(|tag| case.tags.contains(&tag))
            && !(self.read_only && case.writes())
            && (!self.smoke || SMOKE.contains(&case.id.as_ref()))
            && ids.is_none_or(|ids| ids.iter().any(|id| *id == case.id))
    }
}

/// An area or a tag that no case has is a mistake, not a selection of nothing.
fn one_of<'a>(
    flag: &str,
    what: &str,
    wanted: Option<&str>,
    known: impl Iterator<Item = &'a str>,
) -> Result<(), ConformanceError> {
    let Some(wanted) = wanted else { return Ok(()) };
    let mut known: Vec<&str> = known.collect();
    if known.contains(&wanted) {
        return Ok(());
    }
    known.sort_unstable();
    known.dedup();
    let or = describe::or_one_of(wanted, "it is one of", &known);
    Err(ConformanceError::Usage(format!(
        "{flag}: there is no {what} `{wanted}`{or}"
    )))
}

/// Suggests other values.
fn hint(texts: &[String], cases: &[Case]) -> String {
    let near = near_ids(texts, cases);
    if near.is_empty() {
        return "`list` shows all cases".to_owned();
    }
    format!("near ids are {}", near.join(", "))
}

/// The case with that id; an error that names near ones when there is none.
pub fn find(id: &str) -> Result<Case, ConformanceError> {
    let mut cases = cases();
    if let Some(index) = cases.iter().position(|case| case.id == id) {
        return Ok(cases.swap_remove(index));
    }
    let hint = hint(&[id.to_owned()], &cases);
    Err(ConformanceError::Usage(format!(
        "there is no case `{id}`; {hint}"
    )))
}

/// The few ids that a user who wrote one of `texts` may have meant.
fn near_ids(texts: &[String], cases: &[Case]) -> Vec<String> {
    const MOST: usize = 3;
    const LIKE: f64 = 0.85;
    let likeness = |id: &str| {
        let like = |text: &String| {
            // A whole id is compared with whole ids, a part with their parts.
            let parts = if text.contains('.') {
                vec![id]
            } else {
                id.split(['.', '-']).collect()
            };
            let each = parts.iter().map(|part| strsim::jaro_winkler(text, part));
            each.fold(0.0, f64::max)
        };
        texts.iter().map(like).fold(0.0, f64::max)
    };
    let mut near: Vec<(f64, &str)> = cases
        .iter()
        .map(|case| (likeness(&case.id), case.id.as_ref()))
        .filter(|(likeness, _)| *likeness >= LIKE)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.into_iter()
        .take(MOST)
        .map(|(_, id)| id.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Case, Level, SMOKE, Selection, find};
    use crate::case::Users;

    fn cases() -> Vec<Case> {
        [
            ("create.password.weak-is-400", Level::Documented),
            ("create.username.unique", Level::Derived),
            ("get.missing.is-404", Level::Documented),
        ]
        .map(|(id, level)| Case::new(id, "claim", Users::None).known_from(level, "source"))
        .into()
    }

    fn chosen(selection: &Selection) -> String {
        match selection.choose(cases()) {
            Ok(cases) => {
                let ids: Vec<&str> = cases.iter().map(|case| case.id.as_ref()).collect();
                ids.join(" ")
            }
            Err(error) => format!("{} {error}", error.code()),
        }
    }

    #[test]
    fn filters_are_alternatives_and_the_rest_narrows() {
        let with = |filters: &[&str], area: Option<&str>, level| {
            chosen(&Selection {
                filters: filters.iter().map(|text| (*text).to_owned()).collect(),
                area: area.map(str::to_owned),
                level,
                ..Selection::default()
            })
        };
        insta::assert_snapshot!(
            [
                with(&[], None, None),
                with(&["weak", "missing"], None, None),
                with(&[], Some("create"), Some(Level::Derived)),
                with(&["pasword"], None, None),
                with(&["zzz"], None, None),
                with(&["weak"], Some("get"), None),
                with(&[], Some("creat"), None),
            ]
            .join("\n")
        );
    }

    #[test]
    fn the_smoke_test_takes_one_user() {
        for id in SMOKE {
            let users = find(id).unwrap().users;
            assert!(matches!(users, Users::One | Users::Last), "{id}");
        }
    }

    #[test]
    fn an_unknown_id_is_reported_with_near_ones() {
        let error = find("create.pasword.weak-is-400").map(|_| ()).unwrap_err();
        assert_eq!(error.code(), 2);
        assert!(error.to_string().contains("create.password.weak-is-400"));
    }
}
