//! An account against a model of it, over random sequences of operations that name users by the
//! order in which they were made. What fails is made smaller by proptest.

use std::collections::BTreeMap;

use bandwidth_fixtures::{Secret, profile::UsernameCase};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use super::{Alone, MAIN, account, body, rules};
use crate::domain::{Account, ApiError, Changes};

/// Names that differ, also in case only.
const NAMES: [&str; 4] = ["ann", "Ann", "ben", "cleo"];

#[derive(Debug, Clone, PartialEq, Eq)]
struct Person {
    username: &'static str,
    first_name: String,
}

/// State of the model: the users by number, and the result of the last operation.
#[derive(Debug, Clone)]
struct Model {
    people: BTreeMap<u64, Person>,
    next: u64,
    last: Result<(), ApiError>,
}

#[derive(Debug, Clone)]
enum Operation {
    Create(&'static str),
    Rename(u64, &'static str),
    ChangeFirstName(u64, String),
    Delete(u64),
}

impl Model {
    fn is_taken(&self, username: &str, except: Option<u64>) -> bool {
        let mut people = self.people.iter();
        people.any(|(number, person)| Some(*number) != except && person.username == username)
    }

    fn outcome(&mut self, operation: &Operation) -> Result<(), ApiError> {
        let exists = |number: &u64| {
            let found = self.people.contains_key(number);
            found.then_some(()).ok_or(ApiError::UnknownUser)
        };
        match operation {
            Operation::Create(username) => {
                if self.is_taken(username, None) {
                    return Err(ApiError::UsernameTaken);
                }
                let first_name = "Anna".to_owned();
                let person = Person {
                    username,
                    first_name,
                };
                self.people.insert(self.next, person);
                self.next += 1;
            }
            Operation::Rename(number, username) => {
                exists(number)?;
                if self.is_taken(username, Some(*number)) {
                    return Err(ApiError::UsernameTaken);
                }
                let person = self.people.get_mut(number);
                person.ok_or(ApiError::UnknownUser)?.username = username;
            }
            Operation::ChangeFirstName(number, first_name) => {
                let person = self.people.get_mut(number);
                let person = person.ok_or(ApiError::UnknownUser)?;
                person.first_name.clone_from(first_name);
            }
            Operation::Delete(number) => {
                exists(number)?;
                self.people.remove(number);
            }
        }
        Ok(())
    }
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Operation;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self {
            people: BTreeMap::new(),
            next: 1,
            last: Ok(()),
        })
        .boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Operation> {
        // Users that were never made, and those that are gone, are asked for too.
        let number = 1..=state.next;
        let name = || proptest::sample::select(&NAMES[..]);
        prop_oneof![
            3 => name().prop_map(Operation::Create),
            2 => (number.clone(), name()).prop_map(|(number, name)| Operation::Rename(number, name)),
            2 => (number.clone(), "[A-Z][a-z]{1,8}")
                .prop_map(|(number, text)| Operation::ChangeFirstName(number, text)),
            1 => number.prop_map(Operation::Delete),
        ]
        .boxed()
    }

    fn apply(mut state: Self, operation: &Operation) -> Self {
        state.last = state.outcome(operation);
        state
    }
}

struct Machine;

impl StateMachineTest for Machine {
    type SystemUnderTest = Account;
    type Reference = Model;

    fn init_test(_: &Model) -> Account {
        account()
    }

    fn apply(mut account: Account, model: &Model, operation: Operation) -> Account {
        let rules = rules(&["put.semantics=merge"]);
        let mut given = crate::wire::UserBody::default();
        let came = match operation {
            Operation::Create(username) => {
                given = body();
                given.username = Some(username.to_owned());
                given.password = Some(Secret::new("Teal-Wagon.47"));
                account.create(&given, &MAIN, &Alone, &rules).map(drop)
            }
            Operation::Rename(number, username) => {
                given.username = Some(username.to_owned());
                let key = format!("u{number}");
                account
                    .update(&key, &given, &MAIN, Changes::All, &Alone, &rules)
                    .map(drop)
            }
            Operation::ChangeFirstName(number, first_name) => {
                given.texts.first_name = Some(first_name);
                let key = format!("u{number}");
                account
                    .update(&key, &given, &MAIN, Changes::All, &Alone, &rules)
                    .map(drop)
            }
            Operation::Delete(number) => {
                account.delete(&format!("u{number}"), &MAIN.reach(), &rules)
            }
        };
        assert_eq!(came, model.last);
        account
    }

    fn check_invariants(account: &Account, model: &Model) {
        let seen: Vec<(u64, Person)> = account
            .users()
            .map(|user| {
                let username = NAMES.into_iter().find(|name| **name == *user.username);
                let person = Person {
                    username: username.unwrap(),
                    first_name: user.texts.first_name.as_deref().unwrap_or("").to_owned(),
                };
                (user.number, person)
            })
            .collect();
        let expected: Vec<(u64, Person)> = model.people.clone().into_iter().collect();
        assert_eq!(seen, expected);
        assert_eq!(account.next_number(), model.next);
        for name in NAMES {
            let taken = account.username_taken(name, None, UsernameCase::Sensitive);
            assert_eq!(taken, model.is_taken(name, None), "{name}");
            assert_eq!(account.exactly_named(name).is_some(), taken, "{name}");
        }
    }
}

prop_state_machine! {
    #[test]
    fn an_account_does_as_its_model(sequential 1..60 => Machine);
}
