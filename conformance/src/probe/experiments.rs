//! The experiments, in the order in which they build on each other.

use std::pin::Pin;

use super::{
    authentication, creates, deletion, first, passwords, rates, reads, state::Probe, surfaces,
    updates,
};
use crate::{case::Users, verdict::Stop};

type Running<'a> = Pin<Box<dyn Future<Output = Result<(), Stop>> + 'a>>;

/// A request that must succeed before an experiment, so that a missing effect is evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// The list of users was read with the probe's login.
    List,
    /// The shared user accepts an update, and GET shows the change.
    Update,
    /// A user was created in the way that the experiment varies.
    Created,
}

/// One experiment.
pub struct Experiment {
    /// Its name in `keep` and in messages.
    pub name: &'static str,
    /// The behaviours that it speaks of.
    pub behaviours: &'static [&'static str],
    /// The users that it needs.
    pub users: Users,
    /// Controls of all its behaviours.
    pub controls: &'static [Control],
    /// True if other experiments depend on it.
    pub(super) foundation: bool,
    pub(super) run: for<'a> fn(&'a mut Probe) -> Running<'a>,
}

macro_rules! experiments {
    ($($name:literal $users:ident [$($control:ident)*] $($foundation:literal)? $body:path => $($id:literal)*;)*) => {
        vec![$(Experiment {
            name: $name,
            behaviours: &[$($id),*],
            users: Users::$users,
            controls: &[$(Control::$control),*],
            foundation: [$($foundation,)? ""][0] == "foundation",
            run: |probe| Box::pin($body(probe)),
        }),*]
    };
}

/// All experiments in order: those that read, those with one user (PUT first), and those that need
/// more users. The first user is deleted before others are created, or after that if it `may_stay`.
pub fn experiments(may_stay: bool) -> Vec<Experiment> {
    let mut all = in_order();
    let first = all.iter().position(|one| one.users == Users::Last);
    let last = all.iter().rposition(|one| one.users == Users::Many);
    if let (true, Some(first), Some(last)) = (may_stay, first, last) {
        // No other experiment depends on the deletion then.
        all[first].foundation = false;
        all[first..=last].rotate_left(1);
    }
    all
}

fn in_order() -> Vec<Experiment> {
    experiments! {
        "surfaces" None [] surfaces::surfaces =>
            "surface.account" "surface.login" "surface.identity" "surface.management";
        "formats" None [] "foundation" reads::formats =>
            "format.default" "format.json" "naming.json_case" "list.empty";
        "errors" None [List] "foundation" reads::errors => "errors.shape";
        "roles" None [] "foundation" reads::roles => "role.form";
        "unacceptable" None [List] reads::unacceptable => "format.unacceptable";
        "headers" None [List] reads::headers =>
            "format.accept_tie" "format.charset" "http.keep_alive" "http.cors";
        "bases" None [List] reads::bases => "paths.bases";
        "anonymous" None [List] reads::anonymous =>
            "auth.failure_body" "auth.challenge" "auth.schemes" "auth.token_seconds";
        "other account" None [List] reads::other_account => "auth.other_account";
        "first user" One [] "foundation" first::first =>
            "create.status" "create.response" "naming.json_case" "naming.email" "naming.user_key"
            "user.id_style" "user.default_fields" "user.account_id" "missing.user";
        "updates" One [Update] updates::updates =>
            "put.semantics" "put.id_mismatch" "username.update" "user.unknown_fields"
            "user.telephone" "user.request_root" "role.request_field" "role.unknown"
            "format.body_without_type" "format.json_null";
        "user logins" One [Update] authentication::user_logins =>
            "auth.user_logins" "auth.role_permissions";
        "by username" One [Update] first::by_username => "missing.by_username";
        "passwords" One [Update] passwords::of_updates =>
            "password.min_length" "password.max_length" "password.classes" "password.identity"
            "password.repeats" "password.history" "password.common_words" "password.charset"
            "password.errors";
        "deletion" Last [] "foundation" deletion::deletion =>
            "delete.status" "delete.effect" "delete.with_resources";
        "passwords of creates" Many [Created] passwords::of_creates =>
            "password.min_length" "password.max_length" "password.classes" "password.identity"
            "password.repeats" "password.history" "password.common_words" "password.charset"
            "password.errors";
        "uniqueness" Many [Created] creates::uniqueness =>
            "username.case" "errors.conflict" "email.unique" "username.scope";
        "lockout" Many [Created] authentication::lockout =>
            "auth.lockout" "auth.lockout_seconds";
        "rates" None [] rates::rates =>
            "rate.limit" "rate.response" "rate.headers" "rate.connection";
    }
}
