//! Probing an emulator of any profile gives a profile that behaves as that one.

mod commands;
mod evidence;
mod files;
mod honest;
mod leftovers;
mod profiles;
mod quirk;
mod surprise;

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use bandwidth_conformance::{
    dialogue::run::{Run, Setup},
    leftover::{Leftover, LeftoverState},
    limits::Limits,
    probe::{
        Choice, Finding, Findings, Probe,
        learned::{Origin, to_toml},
    },
    target::embedded::Embedded,
    transport::Endpoint,
};
use bandwidth_fixtures::{
    BehaviourId, NamedProfile, Seed,
    profile::{DeleteEffect, EmptyList, ErrorShape},
};
use bandwidth_mock::traffic::engine::Possible;
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use self::profiles::varies_freely;
use self::profiles::words;
pub(crate) use self::profiles::{guide_with, random_profiles};
use crate::against::{
    profile, repeats, run_cases, run_of, server, some_cases, two_at_a_time, wait,
};

/// Whether the probe asks for a behaviour.
fn is_asked(id: &str) -> bool {
    const UNASKED: [&str; 11] = [
        "auth.api_users_created_until",
        "auth.api_users_updated_until",
        "auth.basic_ends",
        "auth.email_login",
        "auth.token_clients",
        "auth.token_owner_gone",
        "create.location",
        "email.case",
        "format.without_accept",
        "identity.",
        "management.",
    ];
    !UNASKED.iter().any(|area| id.starts_with(area))
}

/// Why a behaviour cannot be measured from outside in that profile; `None` where it can.
fn untellable(id: &str, actual: &NamedProfile, empty: bool) -> Option<&'static str> {
    let is = |id: &str, option: &str| {
        let id: BehaviourId = id.parse().unwrap();
        actual.options().get(id) == option
    };
    let options = actual.options();
    let by_name = is("naming.user_key", "Username");
    let short = options.password_max_length < 26;
    match id {
        "format.default" | "naming.json_case" if is("format.json", "never") => {
            Some("there is no JSON")
        }
        "list.empty" if !empty => Some("the account has users that are not the probe's"),
        "user.id_style" | "missing.by_username" | "put.id_mismatch" if by_name => {
            Some("no answer shows an internal id")
        }
        "username.scope" => Some("it takes a second account to write to"),
        "delete.with_resources" => Some("the API cannot assign a resource"),
        "auth.lockout_seconds" => Some("it takes waiting"),
        "format.accept_tie" if is("format.json", "never") || is("format.default", "json") => {
            Some("there is no JSON, or it is the default")
        }
        id if !is_asked(id) => Some("the probe does not ask it"),
        "format.json_null" if is("format.json", "never") => Some("there is no JSON"),
        "format.json_null" if is("put.semantics", "replace_requiring_fields") => {
            Some("an update needs a last name")
        }
        "auth.schemes" if is("auth.challenge", "absent") => Some("a 401 names no scheme"),
        "auth.token_seconds" if !is("auth.schemes", "bearer") => Some("the login needs no token"),
        "auth.user_logins" if is("auth.schemes", "bearer") => Some("no name and password is taken"),
        "auth.lockout" | "auth.role_permissions"
            if is("auth.user_logins", "refused") || is("auth.schemes", "bearer") =>
        {
            Some("users cannot log in")
        }
        "rate.limit" | "rate.response" | "rate.headers" | "rate.connection" => {
            Some("no 429 comes without a limit")
        }
        "password.repeats" | "password.common_words" | "password.identity" if short => {
            Some("it may not fit into a password")
        }
        "password.errors"
            if options.password_classes < 2
                && options.password_min_length < 2
                && options.password_repeats == 0
                && options.password_history == 0
                && is("password.identity", "allowed")
                && is("password.charset", "any")
                && is("password.common_words", "allowed") =>
        {
            Some("only passwords that are too long are refused")
        }
        _ => None,
    }
}

/// The option that behaves as that of the profile.
fn equivalent(id: &str, actual: &NamedProfile) -> String {
    let options = actual.options();
    match id {
        // With fewer characters there cannot be as many classes.
        "password.min_length" => options
            .password_min_length
            .max(options.password_classes)
            .to_string(),
        "password.classes" => options.password_classes.max(1).to_string(),
        "email.unique" => match options.get(id.parse().unwrap()).as_str() {
            "none" => "none".to_owned(),
            _ => "account".to_owned(),
        },
        _ => options.get(id.parse().unwrap()),
    }
}

/// What probing an emulator shows.
struct Probed {
    findings: Findings,
    costs: Costs,
    /// What the probe says is left.
    left: Vec<Leftover>,
    /// The names of its users that are on the server.
    there: Vec<String>,
}

/// Probes an emulator of that profile.
fn probed(actual: &NamedProfile, empty: bool, faults: &[&str], limits: Limits) -> Probed {
    probed_about(&Choice::default(), actual, empty, faults, limits)
}

fn probed_about(
    choice: &Choice,
    actual: &NamedProfile,
    empty: bool,
    faults: &[&str],
    limits: Limits,
) -> Probed {
    let seed = Seed::built_in(if empty { "empty" } else { "demo" }).unwrap();
    let faults: Vec<String> = faults.iter().map(|rule| (*rule).to_owned()).collect();
    let server = Embedded::failing(actual.clone(), seed, &faults).unwrap();
    let run = Run::new(Setup {
        endpoint: Endpoint::local(server.address()),
        credentials: server.credentials(actual),
        expected: profile("guide", &[]),
        emulators: None,
        limits,
    })
    .unwrap();
    let run = Arc::new(run);
    let mut probe = Probe::new(Arc::clone(&run));
    let mut costs = Costs::new();
    let mut before = 0;
    let mut tell = |name: &str, _: &Probe| {
        let requests = run.dispatch().requests();
        costs.insert(name.to_owned(), requests - before);
        before = requests;
        Ok(())
    };
    wait(probe.learn(choice, Findings::new(), &mut tell)).unwrap();
    costs.insert("all, with clean-up".to_owned(), run.dispatch().requests());
    Probed {
        findings: probe.findings().clone(),
        costs,
        left: probe.leftovers().to_vec(),
        there: users_of(server.address(), &run.account.prefix),
    }
}

/// The names of the users of an emulator whose names have that prefix, as its own state says.
fn users_of(emulator: SocketAddr, prefix: &str) -> Vec<String> {
    let mut stream = TcpStream::connect(emulator).unwrap();
    let request = "GET /__admin/snapshot HTTP/1.0\r\nHost: localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let state: serde_json::Value = serde_json::from_str(body).unwrap();
    let accounts = state["accounts"].as_array().unwrap().iter();
    accounts
        .flat_map(|account| account["users"].as_array().into_iter().flatten())
        .map(|user| user["username"].as_str().unwrap().to_owned())
        .filter(|name| name.to_lowercase().contains(prefix))
        .collect()
}

/// The requests of each experiment.
type Costs = BTreeMap<String, u64>;

/// Whether an option is among those that are not ruled out, which may be `more than 20`.
fn allows(alternatives: &[String], truth: &str) -> bool {
    let number = |text: &str| text.parse::<u32>().ok();
    alternatives
        .iter()
        .any(|one| match one.strip_prefix("more than ") {
            Some(most) => number(truth) > number(most),
            None => Possible::read(one).has(truth),
        })
}

/// What is wrong with findings about an emulator of that profile. `complete` says whether
/// everything that can be measured must have been.
pub(crate) fn wrong(
    findings: &Findings,
    actual: &NamedProfile,
    empty: bool,
    complete: bool,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for id in BehaviourId::all().map(BehaviourId::as_str) {
        let truth = actual.options().get(id.parse().unwrap());
        let right = equivalent(id, actual);
        match (findings.get(id), untellable(id, actual, empty)) {
            (None, _) => wrong.push(format!("{id}: no finding")),
            (Some(Finding::Observed(seen)), _) if [&right, &truth].contains(&&seen.option) => {}
            (Some(Finding::Observed(seen)), _) if allows(&seen.alternatives, &truth) => {}
            (Some(Finding::Observed(seen)), _) => {
                wrong.push(format!(
                    "{id}: it is {truth}, and {} was observed ({})",
                    seen.option, seen.note
                ));
            }
            (Some(Finding::Open(why)), None) if complete => {
                wrong.push(format!("{id}: it is {truth}, and was left open: {why}"));
            }
            (Some(Finding::Open(_)), _) => {}
        }
    }
    wrong
}

/// What is wrong with what a probe says is left. In distress it may be uncertain; but what is there is
/// named.
fn unnamed(probed: &Probed, actual: &NamedProfile, complete: bool) -> Vec<String> {
    let Probed { left, there, .. } = probed;
    let named = |name: &&String| !left.iter().any(|left| left.username == **name);
    let unnamed = there.iter().filter(named);
    let mut wrong: Vec<String> = unnamed
        .map(|name| format!("{name} is there, and not named"))
        .collect();
    let options = actual.options();
    // Such a list never shows that no user is left, so a create without a response stays unconfirmed.
    let says_nothing = options.list_empty == EmptyList::Error230
        && options.errors_shape == ErrorShape::ResponseStatusWithoutCode;
    let stays = options.delete_effect == DeleteEffect::Deactivated;
    for left in left {
        let is_right = match left.state {
            // One that an update had disabled before its delete does not show what the delete did.
            LeftoverState::Deactivated | LeftoverState::Exists => {
                stays && there.contains(&left.username)
            }
            LeftoverState::Unconfirmed => !complete && says_nothing,
            LeftoverState::Changed => false,
        };
        if !is_right {
            wrong.push(format!("{left} is said to be left: {}", left.remove));
        }
    }
    wrong
}

fn profiles(count: usize) -> Vec<Vec<String>> {
    random_profiles(count, varies_freely)
}

/// Number of profiles that are probed without the variable.
const FEW: usize = 3;

fn how_many() -> usize {
    repeats("PROBE_PROFILES", FEW)
}

/// Probes each of the profiles, two at a time; returns what is wrong, and the costs.
fn probe_all(
    sets: &[Vec<String>],
    complete: bool,
    faults: &[&str],
    limits: &Limits,
) -> (Vec<String>, Vec<Costs>) {
    let found = two_at_a_time(sets, |index, set| {
        let actual = guide_with(set);
        let empty = index.is_multiple_of(2);
        let probed = probed(&actual, empty, faults, limits.clone());
        let mut problems = wrong(&probed.findings, &actual, empty, complete);
        problems.extend(unnamed(&probed, &actual, complete));
        let problems = problems.into_iter();
        let problems = problems.map(|problem| format!("profile {index}: {problem}"));
        (problems.collect::<Vec<String>>(), probed.costs)
    });
    let (problems, costs): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    (problems.concat(), costs)
}

/// The most requests of each experiment; the medians are printed.
fn most_requests(costs: &[Costs]) -> BTreeMap<&str, u64> {
    let mut worst = BTreeMap::new();
    for name in costs[0].keys() {
        let mut counts: Vec<u64> = costs.iter().map(|costs| costs[name]).collect();
        counts.sort_unstable();
        let most = counts[counts.len() - 1];
        println!("{name}: median {}, worst {most}", counts[counts.len() / 2]);
        worst.insert(name.as_str(), most);
    }
    worst
}

#[test]
fn every_behaviour_that_can_be_told_from_outside_is_recovered() {
    let sets = profiles(how_many());
    let (problems, costs) = probe_all(&sets, true, &[], &Limits::impatient());
    let worst = most_requests(&costs);
    assert_eq!(problems, [""; 0]);
    for (name, most) in [("all, with clean-up", 440), ("passwords", 120)] {
        assert!(worst[name] <= most, "{name}: {} requests", worst[name]);
    }
}

/// Then passwords are tried in updates alone.
#[test]
fn every_finding_is_right_where_the_first_user_is_removed_before_others_are_created() {
    let sets = profiles(how_many());
    let limits = Limits {
        one_user_first: true,
        ..Limits::impatient()
    };
    let (problems, costs) = probe_all(&sets[..sets.len().div_ceil(3)], false, &[], &limits);
    most_requests(&costs);
    assert_eq!(problems, [""; 0]);
}

#[test]
fn a_list_that_is_an_error_is_recognised_at_other_paths_and_in_the_other_format() {
    for format in ["format.default=xml", "format.json=never"] {
        let actual = profile(
            "guide",
            &[
                "list.empty=error_230",
                "errors.shape=response_status_without_code",
                "naming.json_case=camelCase",
                "format.unacceptable=default_format",
                "surface.login=served",
                "paths.bases=api_and_versions",
                "format.default=json",
                format,
            ],
        );
        let findings = probed(&actual, true, &[], Limits::impatient()).findings;
        assert_eq!(wrong(&findings, &actual, true, true), [""; 0], "{format}");
    }
}

#[test]
fn a_target_in_distress_is_never_misread() {
    let sets = profiles(how_many());
    for faults in [
        &["status=503,probability=0.05,seed=5"][..],
        &["fault=EMPTY_RESPONSE,probability=0.05,seed=6,when=after"],
        &["status=429,probability=0.05,seed=7,when=after"],
    ] {
        let sets = &sets[..sets.len().div_ceil(3)];
        let (problems, _) = probe_all(sets, false, faults, &Limits::impatient());
        assert_eq!(problems, [""; 0], "{faults:?}");
    }
}

#[test]
fn a_limit_of_requests_is_waited_out_and_described() {
    let mut sets = profiles(how_many().div_ceil(30));
    for set in &mut sets {
        set.push("rate.limit=60/1s".to_owned());
    }
    let limits = Limits {
        backoff: Limits::none().backoff,
        ..Limits::impatient()
    };
    let (problems, _) = probe_all(&sets, true, &[], &limits);
    assert_eq!(problems, [""; 0]);
}

#[test]
fn what_no_experiment_is_about_is_learned_from_the_exchanges_of_others() {
    let actual = profile("guide", &["create.location=url"]);
    let server = server(actual.clone(), &[]);
    let mut probe = Probe::new(run_of(&server, profile("guide", &[])));
    let others = ["auth", "missing", "password", "role", "user", "username"];
    let choice = Choice {
        skip: others.map(str::to_owned).to_vec(),
        ..Choice::default()
    };
    wait(probe.learn(&choice, Findings::new(), &mut |_, _| Ok(()))).unwrap();
    let findings = probe.findings();
    assert_eq!(probe.surprises(), [0; 0]);
    let option = |id: &str| match &findings[id] {
        Finding::Observed(seen) => seen.option.clone(),
        Finding::Open(why) => format!("open: {why}"),
    };
    assert_eq!(option("put.semantics"), "replace");
    assert_eq!(option("password.classes"), "open: it was not asked for");
    let without = "open: the probe has no experiment for it";
    assert_eq!(option("identity.page_size"), without);
    assert_eq!(option("create.location"), "url");
    assert_eq!(option("delete.effect"), "removed");
    assert_eq!(wrong(findings, &actual, false, false), [""; 0]);
}

/// Some cases with their verdicts.
fn verdicts(actual: &NamedProfile, expected: &NamedProfile) -> Vec<String> {
    let server = server(actual.clone(), &[]);
    let run = run_of(&server, expected.clone());
    let report = run_cases(&run, &some_cases());
    let told = report
        .cases
        .iter()
        .map(|case| format!("{} {}", case.verdict, case.id));
    told.collect()
}

/// What was observed of a profile and written to a file makes the mock behave so: the suite has the
/// same verdicts on both, also where the base is another profile than the one that was probed.
#[test]
fn a_mock_of_a_learned_profile_is_judged_as_what_it_was_learned_from() {
    let mut sets = profiles(how_many().div_ceil(30));
    // Behaviours that cannot be measured are as in the base.
    let base = profile("guide", &[]);
    for set in &mut sets {
        set.retain(|choice| {
            let (id, _) = choice.split_once('=').unwrap();
            let fixed = [
                "auth.lockout_seconds",
                "auth.token_seconds",
                "delete.with_resources",
                "format.json_null",
                "username.scope",
            ];
            is_asked(id)
                && !fixed.contains(&id)
                && !id.starts_with("rate.")
                && *choice != "email.unique=global"
                && *choice != "auth.schemes=bearer"
                && *choice != "auth.challenge=absent"
                && *choice != "format.json=never"
                // Usernames of the suite repeat two characters by chance.
                && !["password.repeats=1", "password.repeats=2"].contains(&choice.as_str())
        });
    }
    for set in sets {
        let mut actual = base.clone();
        actual.set(words(&set)).unwrap();
        let findings = probed(&actual, false, &[], Limits::impatient()).findings;
        let origin = Origin {
            host: "127.0.0.1",
            date: "2026-11-24",
            exchanges: "x.json",
        };
        let text = to_toml(&findings, &base, origin).unwrap();
        let learned = NamedProfile::parse("learned.toml", &text).unwrap();
        let (there, here) = (verdicts(&actual, &learned), verdicts(&learned, &learned));
        let differing: Vec<_> = there.iter().zip(&here).filter(|(a, b)| a != b).collect();
        assert!(differing.is_empty(), "{set:?}: {differing:?}");
    }
}

/// Any combination of surfaces and schemes, in a domain that the run names rightly or wrongly.
#[test]
fn the_surfaces_of_random_worlds_are_told_apart() {
    let ids = [
        "surface.account",
        "surface.login",
        "surface.identity",
        "surface.management",
        "auth.schemes",
    ];
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let surfaces = Choice {
        only: vec!["surface".to_owned()],
        ..Choice::default()
    };
    for _ in 0..repeats("PROBE_WORLDS", 10) {
        let set: Vec<String> = ids
            .into_iter()
            .map(|id| {
                let options = id.parse::<BehaviourId>().unwrap().behaviour().options;
                let chosen = (0..options.len()).new_tree(&mut runner).unwrap().current();
                format!("{id}={}", options[chosen].name)
            })
            .collect();
        let actual = guide_with(&set);
        let findings = probed_about(&surfaces, &actual, false, &[], Limits::impatient()).findings;
        let nothing = set[..4].iter().all(|option| option.ends_with("=absent"));
        for id in &ids[..4] {
            let expected = actual.options().get(id.parse().unwrap());
            match &findings[*id] {
                Finding::Observed(seen) => {
                    let found = (&seen.option, seen.alternatives.is_empty(), nothing);
                    assert_eq!(found, (&expected, true, false), "{set:?}: {id}");
                }
                Finding::Open(why) => assert!(nothing, "{set:?}: {id}: {why}"),
            }
        }
    }
}

/// What a GET of each surface shows, also where there is none: then nothing is written.
#[test]
fn the_surfaces_of_a_target_are_told_by_reading() {
    let options = [
        ("surface.account", vec!["full", "list_only", "absent"]),
        ("surface.login", vec!["served", "absent"]),
        ("surface.management", vec!["served", "absent"]),
    ];
    let surfaces = Choice {
        only: vec!["surface".to_owned()],
        ..Choice::default()
    };
    let combinations = options[0].1.iter().flat_map(|account| {
        let login = &options[1].1;
        login.iter().flat_map(|login| {
            let management = options[2].1.iter();
            management.map(|management| [*account, *login, *management])
        })
    });
    for chosen in combinations {
        let set: Vec<String> = options
            .iter()
            .zip(chosen)
            .map(|((id, _), option)| format!("{id}={option}"))
            .collect();
        let mut actual = profile("guide", &["auth.schemes=basic_and_bearer"]);
        actual.set(words(&set)).unwrap();
        for empty in [false, true] {
            let probed = probed_about(&surfaces, &actual, empty, &[], Limits::impatient());
            let findings = probed.findings;
            let nothing = chosen == ["absent"; 3];
            for (id, _) in &options {
                let expected = actual.options().get(id.parse().unwrap());
                match &findings[*id] {
                    Finding::Observed(seen) => {
                        assert_eq!((&seen.option, nothing), (&expected, false), "{set:?}: {id}");
                        let unclear = empty && chosen[0] == "list_only" && *id == "surface.account";
                        assert_eq!(seen.alternatives.is_empty(), !unclear, "{set:?}: {id}");
                    }
                    Finding::Open(why) => assert!(nothing, "{set:?}: {id}: {why}"),
                }
            }
        }
    }
}
