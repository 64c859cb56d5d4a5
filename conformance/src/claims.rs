//! Everything that the guide and Bandwidth say of users, roles, logins, formats, errors and limits:
//! each claim in our own words, where it stands, and the cases that check it, or why none can.

use std::sync::LazyLock;

use serde::Deserialize;

/// One claim.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// What is claimed.
    pub says: String,
    /// The document and place.
    pub source: String,
    /// Ids of the cases that check it; `golden.x.*` stands for all that begin so.
    #[serde(default)]
    pub cases: Vec<String>,
    /// Why no case checks it.
    pub unchecked: Option<String>,
}

impl Claim {
    /// Whether that case checks it.
    pub fn is_checked_by(&self, id: &str) -> bool {
        self.cases
            .iter()
            .any(|known| match known.strip_suffix('*') {
                Some(beginning) => id.starts_with(beginning),
                None => known == id,
            })
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

/// All claims.
pub fn all() -> &'static [Claim] {
    &CLAIMS
}
