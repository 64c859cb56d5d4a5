//! The vocabulary of cases: what they are written with.

pub(super) use crate::{
    case::{
        Case,
        Need::{
            AccountList, AccountUsers, BasicLogin, Emulator as BuiltIn, FailedLogins,
            ForeignAccounts, Json, LoginPaths, Management, ManagementWrites, NewUser,
            Role as AnyRole, SecondAccount, Tokens, UserIds, UserLogins, UserTokens, Writing,
        },
        Users, cases,
    },
    dialogue::{
        Ask, ClientIn, Context, Created,
        managed::Managed,
        reply::{At, Reply},
    },
    verdict::{CaseResult, Stop},
    wire::{Draft, EMAIL, Format, Role, RoleRef, User, Value},
};
