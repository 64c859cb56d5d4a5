//! Tokens that a login made below an identity domain. They open nothing.

use std::sync::Arc;

use super::{Account, ApiError};

/// A token. Its secret is shown once and not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    pub id: Box<str>,
    /// The account that it is for.
    pub account: Arc<str>,
    /// The name of the login that made it.
    pub owner: Arc<str>,
}

impl Account {
    /// All tokens, oldest first.
    pub fn api_tokens(&self) -> &[ApiToken] {
        &self.api_tokens
    }

    /// A token of that login.
    pub fn api_token(&self, id: &str, owner: &str) -> Result<&ApiToken, ApiError> {
        let mut tokens = self.api_tokens.iter();
        let token = tokens.find(|token| *token.id == *id && *token.owner == *owner);
        token.ok_or(ApiError::UnknownToken)
    }

    /// Adds a token.
    pub fn add_api_token(&mut self, token: ApiToken) {
        self.api_tokens.push(token);
    }

    /// Removes a token of that login.
    pub fn remove_api_token(&mut self, id: &str, owner: &str) -> Result<ApiToken, ApiError> {
        let token = self.api_token(id, owner)?.clone();
        self.api_tokens.retain(|other| *other != token);
        Ok(token)
    }
}
