//! Which exchanges allow a conclusion, and for which the state of the server is known.

use bandwidth_fixtures::{BehaviourId, error_code::ErrorFacts};

use super::{
    explore::Rules,
    hypotheses,
    meaning::{self, Compared},
    people::Shown,
    start::Start,
    subject::{Caller, Subject},
    track::Track,
    wording,
};
use crate::traffic::{Answer, Exchange};

impl Track {
    /// The rules of passwords that the exchange is about: none if the password is hidden, or if the
    /// request is rejected for another field, which the server may check first.
    pub(super) fn rules(sent: Option<&Shown>, exchange: &Exchange, answer: &Answer) -> Rules {
        if hides_password(sent, exchange) {
            return Rules::None;
        }
        if answer.status < 400 {
            return Rules::All;
        }
        match code(answer).and_then(named_rule) {
            Some(rule) => Rules::One(rule),
            None if names_another_field(answer) => Rules::None,
            None => Rules::All,
        }
    }

    /// True if the exchange allows no conclusion.
    pub(super) fn is_left_out(
        &self,
        subject: &Subject,
        sent: Option<&Shown>,
        exchange: &Exchange,
        answer: &Answer,
    ) -> bool {
        if *subject == Subject::Unfollowed {
            return true;
        }
        let mut roles = sent
            .and_then(|sent| sent.roles.as_ref())
            .into_iter()
            .flatten();
        if !roles.all(|role| self.start.knows(role)) {
            return true;
        }
        if answer.status >= 400 && hides_password(sent, exchange) && !names_another_field(answer) {
            return true;
        }
        match Caller::of(exchange) {
            Caller::Basic(name, _) => name != self.start.account.login.username,
            Caller::Bearer => answer.status == 401,
            Caller::Anonymous => !self.start.has_login && answer.status == 401,
        }
    }

    /// True if the state of everything that the request touches is known.
    pub(super) fn is_trusted(
        &self,
        subject: &Subject,
        sent: Option<&Shown>,
        exchange: &Exchange,
    ) -> bool {
        let names = sent.is_some_and(|sent| sent.username.is_some() || sent.email.is_some());
        match subject {
            Subject::Roles | Subject::Nothing | Subject::Unfollowed => true,
            _ if self.tolerant => false,
            Subject::List | Subject::Create => self.complete && self.unsure.is_empty(),
            Subject::User(key) => {
                let known = self
                    .worlds
                    .iter()
                    .all(|world| hypotheses::find(&world.saved.account, key).is_some());
                let sure = (known || self.complete || self.gone.contains(key))
                    && !self.unsure.contains(key);
                let knows_passwords = sent.is_none_or(|sent| sent.password.is_none())
                    || (self.own.contains(key) && !self.forgotten.contains(key))
                    // A client that compares outcomes knows the passwords of its user.
                    || self.compared == Compared::Outcomes;
                let resources = exchange.method == "DELETE" && known && !self.own.contains(key);
                sure && !resources
                    && knows_passwords
                    && (!names || (self.complete && self.unsure.is_empty()))
            }
        }
    }
}

/// True if the request has a password that the rules cannot be tried on.
fn hides_password(sent: Option<&Shown>, exchange: &Exchange) -> bool {
    let password = sent.and_then(|sent| sent.password.as_ref());
    password.is_some_and(|password| Start::is_hidden(exchange, password))
}

/// The rule that a code names (ERR).
fn named_rule(code: u32) -> Option<BehaviourId> {
    Some(match code {
        12504 => BehaviourId::PasswordMinLength,
        12619 => BehaviourId::PasswordMaxLength,
        12725 => BehaviourId::PasswordCharset,
        12726 => BehaviourId::PasswordCommonWords,
        12727 => BehaviourId::PasswordClasses,
        12728 => BehaviourId::PasswordIdentity,
        12729 => BehaviourId::PasswordRepeats,
        12730 => BehaviourId::PasswordHistory,
        _ => return None,
    })
}

fn code(answer: &Answer) -> Option<u32> {
    let tree = meaning::tree(&String::from_utf8_lossy(&answer.body));
    wording::error(&tree).map(|(code, _)| code)
}

/// True if the code of the error stands for rules of other fields than the password.
fn names_another_field(answer: &Answer) -> bool {
    let Some(code) = code(answer) else {
        return false;
    };
    let mut fields = ErrorFacts::of_code(code)
        .map(|facts| facts.field)
        .peekable();
    fields.peek().is_some() && fields.all(|field| field.is_some_and(|field| field != "Password"))
}
