//! Access tokens. A token says which account it opens, until when, and that this server made it;
//! the store keeps nothing of it.

use std::{sync::Arc, time::Duration};

use data_encoding::HEXLOWER;
use thiserror::Error;

use super::{AccountState, Store};
use crate::domain::Digest;

/// A token that opens no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    /// This server did not make it, or a reset has ended it.
    #[error("the token is unknown")]
    Invalid,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
}

/// A token for the account.
pub fn sign(slot: &AccountState, expires: Duration) -> String {
    let claim = format!("{}.{}", slot.id, expires.as_millis());
    let signature = HEXLOWER.encode(&slot.logins.sign(&claim).to_bytes());
    format!("{claim}.{signature}")
}

/// The account that a token says it is for, whether or not that is true.
pub fn account_of(store: &Store, token: &str) -> Option<Arc<AccountState>> {
    let (claim, _signature) = token.rsplit_once('.')?;
    let (account, _expires) = claim.rsplit_once('.')?;
    store.account(account)
}

/// The account that a token opens.
pub fn check(store: &Store, token: &str) -> Result<Arc<AccountState>, TokenError> {
    let slot = account_of(store, token).ok_or(TokenError::Invalid)?;
    let (claim, signature) = token.rsplit_once('.').ok_or(TokenError::Invalid)?;
    let signature = HEXLOWER.decode(signature.as_bytes()).ok();
    let signature = signature.and_then(|bytes| bytes.try_into().ok());
    let signature = Digest::from_bytes(signature.ok_or(TokenError::Invalid)?);
    if !slot.logins.sign(claim).matches(&signature) {
        return Err(TokenError::Invalid);
    }
    let expires = claim
        .rsplit_once('.')
        .and_then(|(_, expires)| expires.parse().ok());
    match expires.map(Duration::from_millis) {
        Some(expires) if slot.now() < expires => Ok(slot),
        _ => Err(TokenError::Expired),
    }
}
