//! State of a server before the traffic, as far as the traffic shows it.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, UNIX_EPOCH},
};

use bandwidth_fixtures::{
    AccountScope, BehaviourId, Secret, Seed, Texts,
    behaviour::Values,
    seed::{SeedAccount, SeedLogin, SeedRole, SeedUser},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::{
    meaning,
    options::Numbers,
    people::{self, Roles, Shown, ShownRole},
    subject::{Caller, PLACEHOLDER, account_of, is_placeholder, logins, sent_user},
};
use crate::{
    domain::{classes_of, longest_repeat},
    generate::with_credential,
    random::mix,
    traffic::{Exchange, PasswordFeatures},
};

/// Start state of the emulator.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) account: SeedAccount,
    pub(super) roles: Roles,
    /// True if the traffic has the list of roles.
    has_all_roles: bool,
    pub(super) numbers: Numbers,
    /// Features by placeholder: those of a rejected password are known where it was accepted, too.
    passwords: BTreeMap<String, PasswordFeatures>,
    pub(super) clock: Duration,
    /// True if the traffic shows the login.
    pub(super) has_login: bool,
    /// True if the traffic has times.
    has_times: bool,
}

/// Ids of created users begin above those of users that were there before.
const FIRST_NUMBER: u64 = 1_000_000;

/// The beginning of a password that stands for an unknown one.
const UNKNOWN: &str = "Zk7-";

impl Start {
    pub(super) fn of(exchanges: &[Exchange]) -> Self {
        let mut accounts: BTreeMap<String, usize> = BTreeMap::new();
        let mut roles = Roles::default();
        let mut has_all_roles = false;
        let numbers = numbers_of(exchanges);
        for exchange in exchanges {
            if let Some(account) = account_of(&exchange.url) {
                let opened = exchange
                    .answer
                    .as_ref()
                    .is_some_and(|answer| answer.status < 300);
                *accounts.entry(account).or_default() += if opened { 1000 } else { 1 };
            }
            if let Some(answer) = exchange
                .answer
                .as_ref()
                .filter(|answer| answer.status < 300)
            {
                let tree = meaning::tree(&String::from_utf8_lossy(&answer.body));
                let users = people::users(&tree);
                if users.is_empty() {
                    let listed = people::roles(&tree).into_iter();
                    let named = listed.filter(|role| role.name.is_some());
                    for role in named {
                        roles.learn(role);
                        has_all_roles = true;
                    }
                }
                for role in users.into_iter().filter_map(|user| user.roles).flatten() {
                    if role.name.is_some() {
                        roles.learn(role);
                    }
                }
            }
        }
        let best = accounts.into_iter().max_by_key(|(_, count)| *count);
        let account_id = best.map_or_else(|| "12345".to_owned(), |(account, _)| account);
        let logins = logins(exchanges);
        let login = logins
            .into_iter()
            .max_by_key(|(_, count)| *count)
            .map(|(login, _)| login);
        let has_token = exchanges.iter().any(|exchange| {
            let opened = exchange
                .answer
                .as_ref()
                .is_some_and(|answer| answer.status != 401);
            opened && Caller::of(exchange) == Caller::Bearer
        });
        let has_login = login.is_some() || has_token;
        let (username, password) =
            login.unwrap_or_else(|| ("api-user".to_owned(), "password".to_owned()));
        let times = exchanges
            .iter()
            .filter_map(|exchange| exchange.at?.duration_since(UNIX_EPOCH).ok());
        let first = times.min();
        let seeded = roles.0.iter().map(|(id, role)| SeedRole {
            role_id: id.clone(),
            role_name: role.name.clone().unwrap_or_else(|| id.clone()),
            permissions: role.permissions.clone(),
            domain_id: None,
            description: None,
            internal: false,
            customer_visible: true,
        });
        let account = SeedAccount {
            domain_name: format!("domain-{account_id}"),
            account_id,
            company_name: String::new(),
            further_accounts: Vec::new(),
            throwaway: false,
            salt: None,
            login: SeedLogin {
                username,
                password: Some(Secret::new(password)),
                password_digests: Vec::new(),
                account_scope: AccountScope::AccountAdmin,
            },
            credentials: None,
            roles: seeded.collect(),
            users: Vec::new(),
            next_user_number: FIRST_NUMBER,
        };
        Self {
            account: with_credential(account, 0),
            roles,
            has_all_roles,
            numbers,
            passwords: exchanges
                .iter()
                .flat_map(|exchange| exchange.passwords.clone())
                .collect(),
            // A day on which nothing that has a date is near.
            clock: first.unwrap_or(Duration::from_hours(492_396)),
            has_login,
            has_times: first.is_some(),
        }
    }

    /// True if the traffic shows whether the account has that role. A list may show names alone.
    pub(super) fn knows(&self, role: &ShownRole) -> bool {
        let mut all = self.roles.0.values();
        let is_listed_so = role.id.is_none() || all.all(|known| known.id.is_some());
        self.roles.id_of(role).is_some() || (self.has_all_roles && is_listed_so)
    }

    /// True if the traffic lacks data that a conclusion about the behaviour needs.
    pub(super) fn is_masked(&self, id: BehaviourId) -> bool {
        (!self.has_login && id.area() == "auth")
            || (!self.has_times && id.behaviour().values == Values::Date)
    }

    /// True if the exchange has too little data about a password to try the rules on it, or no
    /// other password was made that is like it.
    pub(super) fn is_hidden(exchange: &Exchange, password: &str) -> bool {
        is_placeholder(password)
            && exchange.passwords.get(password).is_none_or(|features| {
                !features.simple
                    || features.common_word
                    || features.identity != Some(false)
                    || !is_like(&like(password, Some(features)), features)
            })
    }

    /// The starting world as a seed: the account with the users that were there before.
    pub(super) fn seed(&self, earlier: &[Shown]) -> Seed {
        let users = earlier.iter().map(|user| self.seed_user(user)).collect();
        let account = SeedAccount {
            users,
            next_user_number: 0,
            credentials: None,
            ..self.account.clone()
        };
        Seed::snapshot(vec![account])
    }

    fn seed_user(&self, shown: &Shown) -> SeedUser {
        let key = shown
            .id
            .as_ref()
            .or(shown.username.as_ref())
            .cloned()
            .unwrap_or_default();
        let texts = Texts {
            first_name: shown.first_name.clone(),
            last_name: shown.last_name.clone(),
            email: shown.email.clone(),
            telephone_number: shown.telephone.clone(),
        };
        let mut user = SeedUser::new(&key, shown.username.as_ref().unwrap_or(&key), texts);
        user.enabled = shown.enabled.unwrap_or(true);
        let roles = shown.roles.iter().flatten();
        user.roles = roles
            .filter_map(|role| Some(self.roles.id_of(role)?.to_owned()))
            .collect();
        user
    }
}

/// The numbers of all passwords.
fn numbers_of(exchanges: &[Exchange]) -> Numbers {
    let mut numbers = Numbers::default();
    let mut changes: BTreeMap<&str, u32> = BTreeMap::new();
    for exchange in exchanges {
        for features in exchange.passwords.values() {
            numbers.password_lengths.insert(features.length);
            numbers.repeats.insert(features.repeats);
        }
        let Some(password) = sent_user(exchange).and_then(|user| user.password) else {
            continue;
        };
        if exchange.method == "PUT" {
            let count = changes.entry(&exchange.url).or_insert(0);
            *count += 1;
            numbers.changes = numbers.changes.max(*count);
        }
        if !is_placeholder(&password) {
            let length = u32::try_from(password.chars().count()).unwrap_or(u32::MAX - 1);
            numbers.password_lengths.insert(length);
            let repeats = u32::try_from(longest_repeat(&password)).unwrap_or(u32::MAX);
            numbers.repeats.insert(repeats);
        }
    }
    numbers
}

/// The exchange with what its recording left out: a login, a token, and passwords that have the
/// recorded features.
pub(super) fn prepare(exchange: &Exchange, start: &Start, token: &str) -> Exchange {
    let mut exchange = exchange.clone();
    if Caller::of(&exchange) == Caller::Bearer {
        for (name, value) in &mut exchange.request_headers {
            if name.eq_ignore_ascii_case("authorization") {
                *value = format!("Bearer {token}");
            }
        }
    }
    if !start.has_login && Caller::of(&exchange) == Caller::Anonymous {
        let login = &start.account.login;
        let password = login
            .password
            .as_ref()
            .map_or("", |password| password.expose());
        let basic = STANDARD.encode(format!("{}:{password}", login.username));
        exchange
            .request_headers
            .push(("Authorization".to_owned(), format!("Basic {basic}")));
    }
    if let Some(password) = sent_user(&exchange).and_then(|user| user.password)
        && is_placeholder(&password)
    {
        let text = String::from_utf8_lossy(&exchange.request_body);
        let own = exchange.passwords.get(&password);
        let real = like(&password, own.or_else(|| start.passwords.get(&password)));
        exchange.request_body = Bytes::from(text.replace(&password, &real));
    }
    exchange
}

/// A password with these features, another one for each placeholder.
fn like(placeholder: &str, features: Option<&PasswordFeatures>) -> String {
    let number = placeholder.trim_start_matches(PLACEHOLDER);
    let Some(features) = features else {
        return format!("{UNKNOWN}{number}-qVx");
    };
    let classes: Vec<&[u8]> = [
        (features.upper, &b"BCDFGHJKLMNPQRSTVWXZ"[..]),
        (features.lower, b"bcdfghjkmnpqrstvwxz"),
        (features.digit, b"73958264"),
        (features.symbol, b"-+=_.:~^!#%*"),
    ]
    .into_iter()
    .filter_map(|(has, letters)| has.then_some(letters))
    .collect();
    if classes.is_empty() {
        return String::new();
    }
    let seed = number.parse().unwrap_or(0);
    let count = |number: u32| usize::try_from(number).unwrap_or(0);
    let (length, repeated) = (count(features.length), count(features.repeats));
    let mut whole: Vec<u8> = Vec::with_capacity(length);
    let mut strings = HashSet::new();
    while whole.len() < length {
        let place = whole.len();
        let letters = classes[place % classes.len()];
        let random = mix(seed, place as u64);
        let first = usize::try_from(random % letters.len() as u64).unwrap_or(0);
        let mut choices = (0..letters.len()).map(|more| letters[(first + more) % letters.len()]);
        // No longer string occurs twice than in the real one.
        let ends = |letter: u8| {
            let start = place.saturating_sub(repeated);
            [&whole[start..], &[letter]].concat()
        };
        let is_new = |letter: &u8| place < repeated || strings.insert(ends(*letter));
        let Some(letter) = choices.find(is_new) else {
            break;
        };
        whole.push(letter);
    }
    if repeated > 0 && whole.len() > 2 * repeated {
        let at = whole.len() - repeated;
        whole.copy_within(..repeated, at);
    }
    whole.into_iter().map(char::from).collect()
}

/// True if the rules cannot tell a password from the one with these features.
fn is_like(password: &str, features: &PasswordFeatures) -> bool {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let classes = [
        features.upper,
        features.lower,
        features.digit,
        features.symbol,
    ];
    count(password.chars().count()) == features.length
        && classes_of(password) == classes
        && count(longest_repeat(password)) == features.repeats
}
