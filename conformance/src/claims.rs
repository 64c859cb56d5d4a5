//! Claims about users, roles, logins, formats, errors and limits, each in our own words with its
//! source. Cases cite claims by key.

use std::{collections::HashMap, sync::LazyLock};

use bandwidth_fixtures::Golden;
use serde::Deserialize;

/// Kinds of sources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The guide, or something that Bandwidth published, says so.
    #[default]
    Said,
    /// A standard says so.
    Rule,
    /// It follows from a source that does not say it, or is a choice of the expected profile.
    Inferred,
}

/// One claim.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The name by which cases cite it.
    pub key: String,
    #[serde(default)]
    pub kind: Kind,
    /// One sentence.
    pub says: String,
    /// The document and place.
    pub source: String,
    /// Ids of the goldens that show it; `list_users/*` matches all that begin so.
    #[serde(default)]
    pub goldens: Vec<String>,
    /// Why neither a case nor a golden checks it.
    pub unchecked: Option<String>,
}

impl Claim {
    /// True if that golden shows it.
    pub fn is_shown_by(&self, golden: &Golden) -> bool {
        let mut patterns = self.goldens.iter();
        patterns.any(|pattern| matches(pattern, &golden.id))
    }
}

/// True if a pattern matches that id. A star at its end matches any text.
pub fn matches(pattern: &str, id: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => id.starts_with(beginning),
        None => pattern == id,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    claim: Vec<Claim>,
}

static CLAIMS: LazyLock<Vec<Claim>> = LazyLock::new(|| {
    let claims: Claims =
        toml::from_str(include_str!("claims.toml")).expect("the claims are compiled in");
    claims.claim
});

static BY_KEY: LazyLock<HashMap<&str, &Claim>> =
    LazyLock::new(|| CLAIMS.iter().map(|claim| (&*claim.key, claim)).collect());

/// All claims.
pub fn all() -> &'static [Claim] {
    &CLAIMS
}

/// The claim with that key.
///
/// # Panics
///
/// When no claim has that key, which any test that makes the cases finds.
pub fn cited(key: &str) -> &'static Claim {
    let claim = BY_KEY.get(key);
    claim.unwrap_or_else(|| panic!("a case cites `{key}`, which is not in claims.toml"))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn only_a_star_matches_the_rest_of_an_id() {
        assert!(matches("errors/shape-*", "errors/shape-error"));
        assert!(matches("errors/internal", "errors/internal"));
        assert!(!matches("errors/inter", "errors/internal"));
    }
}
