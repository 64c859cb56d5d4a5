//! The vocabulary of cases: what they are written with.

pub(super) use crate::{
    case::{
        Case,
        Need::{
            AccountList, AccountUsers, BasicLogin, Emulator as BuiltIn, FailedLogins,
            ForeignAccounts, Identity, IdentityWrites, Json, LoginPaths, Management,
            ManagementWrites, NewUser, OurUser, PasswordPolicy, Role as AnyRole, SecondAccount,
            Tokens, UserIds, UserLogins, UserTokens, Writing,
        },
        Users, cases,
    },
    dialogue::{
        Ask, ClientIn, Context, Created,
        managed::Managed,
        reply::{At, Reply},
    },
    password::WEAK,
    verdict::{CaseResult, Stop},
    wire::{Draft, EMAIL, Format, Role, RoleRef, User, Value},
};
