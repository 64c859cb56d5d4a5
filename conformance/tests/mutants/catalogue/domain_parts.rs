//! Defects of the parts of a user of an identity domain.

use super::{
    Mutant,
    identity::{below, other_account, turn},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "domain-settings-without-state",
        "settings do not show the state",
        "identity.settings.read",
        "Active: expected \"true\", got nothing",
    )
    .published()
    .after(|ask, answer, _| {
        if below(ask, "/settings") {
            answer.strip("Active");
        }
    }),
    Mutant::new(
        "domain-settings-forgotten",
        "settings are not taken",
        "identity.settings.deactivates",
        "Active: expected \"false\", got \"true\"",
    )
    .published()
    .before(|ask, _| {
        if ask.method == "PUT" {
            ask.body = ask.body.replace("<Active>false<", "<Active>true<");
        }
    }),
    Mutant::new(
        "domain-no-lock-state",
        "settings have no lock state",
        "identity.settings.lock-state-as-the-profile-says",
        "UserState: expected \"UNLOCKED\", got nothing",
    )
    .published()
    .set(&["identity.user_state=absent"]),
    Mutant::new(
        "domain-scope-above",
        "a scope above the own one is taken",
        "identity.settings.scope-above-as-the-profile-says",
        "a scope above one's own: expected status 400, got 200",
    )
    .published()
    .set(&["identity.scope_above=accepted"]),
    Mutant::new(
        "domain-active-without-account-is-400",
        "a user without an account that becomes active is a 400",
        "identity.settings.active-without-account-is-403",
        "activation without an account: expected status 403, got 400",
    )
    .published()
    .after(|ask, answer, _| {
        turn(ask, answer, "/settings", (403, 400));
    }),
    Mutant::new(
        "domain-profile-forgets",
        "a profile loses the city",
        "identity.profile.reads-back",
        "StreetAddress/City: expected \"Raleigh\", got nothing",
    )
    .published()
    .before(|ask, _| {
        ask.body = crate::message::strip(&ask.body, "City");
    }),
    Mutant::new(
        "domain-phone-never",
        "a profile needs no number",
        "identity.profile.phone-as-the-profile-says",
        "a profile without a number: expected status 400, got 200",
    )
    .published()
    .set(&["identity.phone_required=never"]),
    Mutant::new(
        "domain-password-of-others",
        "another login changes a password",
        "identity.password.only-the-own",
        "another user's password: expected status 403, got 200",
    )
    .published()
    .after(|ask, answer, _| {
        turn(ask, answer, "/password", (403, 200));
    }),
    Mutant::new(
        "domain-password-hidden",
        "a change does not show the password",
        "identity.password.changes-the-own",
        "whether the answer shows the password: expected true, got false",
    )
    .published()
    .set(&["identity.password_shown=hidden"]),
    Mutant::new(
        "domain-short-passwords",
        "a password may be shorter",
        "identity.password.short-is-400",
        "a password that is too short: expected status 400, got 200",
    )
    .published()
    .set(&["password.min_length=2"]),
    Mutant::new(
        "domain-gui-users-get-in",
        "a user of the web interface gets in",
        "identity.login.gui-as-the-profile-says",
        "whether the password lets the user in: expected false, got true",
    )
    .published()
    .set(&["identity.gui_logins=accepted"]),
    Mutant::new(
        "domain-preference-twice",
        "a preference may be created twice",
        "identity.preferences.live-and-go",
        "a preference that is there: expected status 409, got 200",
    )
    .published()
    .after(|ask, answer, _| {
        turn(ask, answer, "/preferences", (409, 200));
    }),
    Mutant::new(
        "domain-preference-wrong-is-400",
        "a wrong preference is a 400",
        "identity.preferences.wrong-ones-are-422",
        "with no-such-value: expected status 422, got 400",
    )
    .published()
    .after(|ask, answer, _| {
        turn(ask, answer, "/preferences", (422, 400));
    }),
    Mutant::new(
        "domain-roles-not-replaced",
        "a second PUT of roles does nothing",
        "identity.user-roles.are-replaced",
        "the roles of the user: expected [\"ReadOnly\"], got [\"Admin\"]",
    )
    .published()
    .before(|ask, _| {
        if ask.method == "PUT" {
            ask.body = ask.body.replace(">ReadOnly<", ">Admin<");
        }
    }),
    Mutant::new(
        "domain-empty-list-kept",
        "an empty list of roles keeps them",
        "identity.user-roles.empty-list-as-the-profile-says",
        "the roles after an empty list: expected [], got [\"Admin\"]",
    )
    .published()
    .set(&["identity.empty_list=kept"]),
    Mutant::new(
        "domain-role-given-is-200",
        "a role that is new is a 200",
        "identity.user-roles.given-and-taken-one-by-one",
        "a role that is new: expected status 201, got 200",
    )
    .published()
    .after(|ask, answer, _| {
        turn(ask, answer, "/roles/", (201, 200));
    }),
    Mutant::new(
        "domain-role-stays",
        "a role that is taken away stays",
        "identity.user-roles.given-and-taken-one-by-one",
        "a role that the user lacks: expected status 404, got 200",
    )
    .published()
    .before(|ask, _| {
        if ask.method == "DELETE" && below(ask, "/roles/") {
            "GET".clone_into(&mut ask.method);
        }
    }),
    Mutant::new(
        "domain-unknown-role-is-400",
        "roles that do not exist are a 400",
        "identity.user-roles.unknown-in-a-body",
        "roles that do not exist: expected status 422, got 400",
    )
    .published()
    .set(&["identity.unknown_in_body=400"]),
    Mutant::new(
        "domain-role-in-a-path-is-400",
        "a role in a path that does not exist is a 400",
        "identity.user-roles.unknown-in-a-path-is-404",
        "a role that does not exist: expected status 404, got 400",
    )
    .published()
    .after(|ask, answer, _| {
        turn(ask, answer, "/roles/", (404, 400));
    }),
    Mutant::new(
        "domain-short-role-ids",
        "a role id may have one character",
        "identity.user-roles.short-id-is-400",
        "a role id that is too short: expected status 400, got 422",
    )
    .published()
    .set(&["identity.least_id=1"]),
    Mutant::new(
        "domain-user-of-other-accounts",
        "a user has other accounts",
        "identity.user-accounts.read",
        "the accounts of the user: expected [\"12345\"], got [\"1\"]",
    )
    .published()
    .after(|ask, answer, _| {
        other_account(ask, answer);
    }),
    Mutant::new(
        "domain-account-in-a-body-is-404",
        "an account in a body that does not exist is a 404",
        "identity.user-accounts.unknown-in-a-body",
        "an account that does not exist: expected status 422, got 404",
    )
    .published()
    .set(&["identity.unknown_in_body=404"]),
    Mutant::new(
        "domain-account-not-managed-is-400",
        "an account that the caller does not manage is a 400",
        "identity.user-accounts.not-managed-is-403",
        "an account that the caller does not manage: expected status 403, got 400",
    )
    .published()
    .after(|ask, answer, _| {
        turn(ask, answer, "/accounts", (403, 400));
    }),
    Mutant::new(
        "domain-account-stays",
        "an account that is taken away stays",
        "identity.user-accounts.given-and-taken-one-by-one",
        "the accounts after a DELETE: expected [], got [\"12345\"]",
    )
    .published()
    .before(|ask, _| {
        if ask.method == "DELETE" && below(ask, "/accounts/") {
            "GET".clone_into(&mut ask.method);
        }
    }),
    Mutant::new(
        "domain-events-in-camel-case",
        "events have other names",
        "identity.log.has-an-event",
        "expected an event USER_SETTINGS_UPDATE in the log",
    )
    .published()
    .set(&["identity.event_names=camel"]),
    Mutant::new(
        "domain-event-turned",
        "an event has before and after in each other's place",
        "identity.log.shows-before-and-after",
        "Active in BeforeChanges: expected \"true\", got \"false\"",
    )
    .published()
    .after(|ask, answer, _| {
        if below(ask, "/logs/") {
            let turned = answer
                .body
                .replace("BeforeChanges", "Was")
                .replace("AfterChanges", "BeforeChanges");
            answer.body = turned.replace("Was", "AfterChanges");
        }
    }),
    Mutant::new(
        "domain-log-without-next",
        "a log has no link to the next page",
        "identity.log.has-pages",
        "whether Links has next: expected true, got false",
    )
    .published()
    .after(|_, answer, _| {
        answer.strip("next");
    }),
    Mutant::new(
        "domain-event-unknown-is-400",
        "an event that does not exist is a 400",
        "identity.log.unknown-event-is-404",
        "an event that does not exist: expected status 404, got 400",
    )
    .published()
    .after(|ask, answer, _| {
        turn(ask, answer, "/logs/", (404, 400));
    }),
    Mutant::new(
        "domain-log-takes-turned-dates",
        "turned dates are taken",
        "identity.log.turned-dates-are-400",
        "a first day after the last one: expected status 400, got 200",
    )
    .published()
    .after(|ask, answer, _| {
        turn(ask, answer, "/logs", (400, 200));
    }),
];
