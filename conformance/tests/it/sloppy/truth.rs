//! The options that a probe may report of a target: those of the guide, unless a mode changes them.
//! It may also leave a behaviour open.

use std::path::Path;

use bandwidth_fixtures::{BehaviourId, EvidenceKind, NamedProfile};

/// Modes under which a behaviour has another option than the guide's; none where it has none that
/// a profile knows.
const OTHERWISE: [(&str, &str, &[&str]); 36] = [
    ("delete=deactivates", "delete.effect", &["deactivated"]),
    ("delete=lies", "delete.effect", &[]),
    ("delete=500", "delete.effect", &[]),
    ("delete=403", "delete.effect", &[]),
    ("delete=500", "delete.status", &[]),
    ("delete=403", "delete.status", &[]),
    ("delete=lost", "delete.status", &[]),
    ("create=500", "create.status", &[]),
    ("create=400", "create.status", &[]),
    ("create=dropped", "create.status", &[]),
    ("create=500", "create.response", &[]),
    ("create=400", "create.response", &[]),
    ("create=dropped", "create.response", &[]),
    ("location=absolute", "create.location", &["url"]),
    ("location=foreign", "create.location", &["url"]),
    ("keys=camel", "naming.json_case", &["camelCase"]),
    ("keys=user-camel", "naming.json_case", &[]),
    ("keys=user-lower", "naming.json_case", &[]),
    ("ids=number", "user.id_style", &[]),
    ("ids=percent", "user.id_style", &[]),
    ("ids=question", "user.id_style", &[]),
    ("ids=space", "user.id_style", &[]),
    ("ids=dots", "user.id_style", &[]),
    ("ids=slash", "user.id_style", &[]),
    ("ids=unicode", "user.id_style", &[]),
    ("by-name", "missing.by_username", &["found"]),
    ("user-logins", "auth.user_logins", &["accepted"]),
    ("upper", "username.case", &["insensitive"]),
    ("upper", "username.update", &["allowed"]),
    // Two users whose names begin alike cannot be distinguished from two in different case.
    ("cut=8", "username.case", &[]),
    ("cut=8", "username.scope", &[]),
    ("cut=8", "username.update", &[]),
    ("renamed", "errors.conflict", &[]),
    ("renamed", "username.case", &[]),
    ("derived=always", "username.update", &["ignored"]),
    ("derived=always", "username.case", &[]),
];

/// Targets of which a probe must say what PUT does: one user is enough for that.
const SETTLED: [&str; 13] = [
    "",
    "page=2",
    "page=2,total",
    "cap=2",
    "late=40",
    "stale=40",
    "renamed",
    "ids=percent",
    "delete=deactivates",
    "delete=500",
    "delete=lies",
    "prepared",
    "prepared,delete=deactivates",
];

/// Options of a learned profile that the target does not have.
pub(crate) fn untruths(modes: &str, learned: &Path) -> Vec<String> {
    let guide = NamedProfile::built_in("guide").unwrap();
    let path = learned.to_str().unwrap();
    let Ok(learned) = NamedProfile::load(path) else {
        return vec!["the learned profile cannot be read".to_owned()];
    };
    let mut faults = Vec::new();
    let put = BehaviourId::find("this test", "put.semantics").unwrap();
    if SETTLED.contains(&modes) && learned.evidence_kind(put) != EvidenceKind::Observed {
        faults.push("put.semantics is open".to_owned());
    }
    for id in BehaviourId::all() {
        if learned.evidence_kind(id) != EvidenceKind::Observed {
            continue;
        }
        let evidence = learned.evidence(id);
        let found = learned.options().get(id);
        let guides = guide.options().get(id);
        let guides = [guides.as_str()];
        let truth = truth(modes, id.as_str()).unwrap_or(&guides);
        // An option that is not ruled out is not claimed.
        let is_open = evidence.iter().any(|one| !one.alternatives.is_empty());
        if !truth.contains(&found.as_str()) && !is_open {
            faults.push(format!("{id} = {found} was observed; true is {truth:?}"));
        }
    }
    faults
}

/// The options of a target whose modes say so of that behaviour.
fn truth(modes: &str, id: &str) -> Option<&'static [&'static str]> {
    let has = |mode: &str| modes.split(',').any(|word| word == mode);
    let mut rows = OTHERWISE.iter();
    let found = rows.find(|(mode, behaviour, _)| *behaviour == id && has(mode));
    found.map(|(_, _, options)| *options)
}
