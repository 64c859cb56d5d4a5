//! Tokens of a domain. Only the names of their fields are published (IRIS20); what a token opens is
//! not, so one opens nothing here.

use bandwidth_fixtures::{ApiError, operation::Parameter};

use super::{
    super::{
        answer::Answer,
        handlers::{Context, Outcome},
    },
    tree,
};
use crate::{
    codec::identity::{self, Content},
    domain::ApiToken,
    generate,
};

fn scope(token: &ApiToken) -> Content {
    Content::of(|content| content.text("AccountScope", &token.account))
}

impl Context<'_> {
    pub(in crate::http) fn list_tokens(&self) -> Answer {
        let account = self.caller.slot.account();
        let groups = Content::of(|groups| {
            for company in account.companies().iter() {
                let own = |token: &&ApiToken| {
                    token.account == company.id && *token.owner == *self.caller.login
                };
                let mut tokens = account.api_tokens().iter().filter(own).peekable();
                let Some(first) = tokens.peek().map(|token| scope(token)) else {
                    continue;
                };
                let list = Content::of(|list| {
                    for token in tokens {
                        list.text("Token", &token.id);
                    }
                });
                let group = Content::of(|group| {
                    group.element("TokenList", list);
                    group.element("TokenScope", first);
                });
                groups.element("TokenGroup", group);
            }
        });
        tree(
            "TokensResponse",
            Content::of(|c| c.element("TokenGroups", groups)),
        )
    }

    /// Shows the secret, once.
    pub(in crate::http) fn create_token(&self) -> Outcome {
        let given = identity::token_scope_body(&self.xml_body()?, self.rules)?;
        let by = self.domain_authority();
        let slot = &self.caller.slot;
        let account = match given {
            None => slot.id.clone(),
            Some(id) => {
                let account = slot.account();
                let mut companies = account.companies().iter();
                let company = companies.find(|company| *company.id == *id);
                let company = company.ok_or(ApiError::UnknownAccountGiven)?;
                company.id.clone()
            }
        };
        if !by.reach.opens(&account) {
            return Err(ApiError::AccountNotManaged.into());
        }
        let token = ApiToken {
            id: format!("{:016x}", slot.fresh()).into(),
            account,
            owner: self.caller.login.clone(),
        };
        let secret = generate::client_secret(slot.fresh());
        self.mode
            .on(slot, |account| account.add_api_token(token.clone()));
        let content = Content::of(|content| {
            content.text("TokenId", &token.id);
            content.text("Secret", secret.expose());
            content.element("TokenScope", scope(&token));
        });
        Ok(tree(
            "TokenResponse",
            Content::of(|c| c.element("ApiToken", content)),
        ))
    }

    pub(in crate::http) fn get_token(&self) -> Outcome {
        let account = self.caller.slot.account();
        let token = account.api_token(&self.parameter(Parameter::TokenId), &self.caller.login)?;
        Ok(shown(token))
    }

    pub(in crate::http) fn delete_token(&self) -> Outcome {
        let id = self.parameter(Parameter::TokenId);
        let owner = &self.caller.login;
        let token = self.mode.on(&self.caller.slot, |account| {
            account.remove_api_token(&id, owner)
        })?;
        Ok(shown(&token))
    }
}

fn shown(token: &ApiToken) -> Answer {
    let content = Content::of(|content| {
        content.text("TokenId", &token.id);
        content.element("TokenScope", scope(token));
    });
    tree(
        "TokenResponse",
        Content::of(|c| c.element("ApiToken", content)),
    )
}
