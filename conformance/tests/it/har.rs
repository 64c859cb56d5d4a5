//! `--har`: what a run recorded is what `bandwidth-mock learn` reads.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;

use bandwidth_mock::traffic::{
    engine::{Finding, learn},
    read,
};

use crate::{
    against::profile,
    command_line::run,
    commands::{Stage, text},
};

#[test]
fn a_run_is_learned_from_as_it_was_recorded() {
    let set = [
        "put.semantics=merge",
        "delete.status=204",
        "create.status=200",
    ];
    let stage = Stage::new(&set, &[]);
    let har = stage.path("run.har");
    let ran = stage.run(&["--filter", "put", "--filter", "delete", "--har", text(&har)]);
    assert!(ran.out.contains(" cases: "), "{}{}", ran.out, ran.err);
    #[cfg(unix)]
    {
        let mode = fs::metadata(&har).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "others can read the recording");
    }
    let exchanges = read(&har, |_| true).unwrap();
    let learned = learn(&exchanges, profile("guide", &[]).options()).unwrap();
    for choice in set {
        let (id, option) = choice.split_once('=').unwrap();
        let id = id.parse().unwrap();
        assert_eq!(learned.profile.get(id), option, "{id}");
        assert!(matches!(learned.findings[&id], Finding::Settled(_)), "{id}");
    }
    let settled = learned
        .findings
        .iter()
        .filter(|(_, finding)| matches!(finding, Finding::Settled(_)));
    let truth = profile("guide", &set);
    for (id, _) in settled {
        assert_eq!(learned.profile.get(*id), truth.options().get(*id), "{id}");
    }
}

#[test]
fn a_file_that_exists_or_would_stay_empty_is_refused_before_a_request() {
    let stage = Stage::new(&[], &[]);
    let har = stage.path("run.har");
    fs::write(&har, "mine").unwrap();
    let ran = stage.run(&["--har", text(&har)]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("--har") && ran.err.contains("there is such a file already"),
        "{}",
        ran.err
    );
    assert_eq!(fs::read_to_string(&har).unwrap(), "mine");
    let ran = run(&["fuzz", "--har", "new.har"], &[]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("--har has no effect on the built-in mock"),
        "{}",
        ran.err
    );
}
