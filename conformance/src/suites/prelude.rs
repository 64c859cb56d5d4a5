//! The vocabulary of cases: what they are written with.

pub(super) use crate::{
    case::{
        Case,
        Need::{
            BasicLogin, Emulator as BuiltIn, FailedLogins, ForeignAccounts, Json, LoginPaths,
            NewUser, Role as AnyRole, SecondAccount, UserIds, UserLogins, Writing,
        },
        Users, cases,
    },
    dialogue::{
        Ask, Context, Created,
        reply::{At, Reply},
    },
    verdict::{CaseResult, Stop},
    wire::{Draft, EMAIL, Format, Role, RoleRef, User, Value},
};
