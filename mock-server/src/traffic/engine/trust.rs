//! Which exchanges allow a conclusion, and for which the state of the server is known.

use super::{
    hypotheses,
    meaning::Compared,
    people::Shown,
    rules::{error_code, hides_password, names_another_field},
    subject::{Caller, Subject, account_of},
    track::Track,
};
use crate::traffic::{Answer, Exchange};

impl Track {
    /// True if the exchange allows no conclusion.
    pub(super) fn is_left_out(
        &self,
        subject: &Subject,
        sent: Option<&Shown>,
        exchange: &Exchange,
        answer: &Answer,
    ) -> bool {
        // Another account of the same login has users of its own.
        let is_elsewhere = answer.status < 300
            && account_of(&exchange.url)
                .is_some_and(|account| account != self.start.account.account_id);
        if *subject == Subject::Unfollowed || is_elsewhere {
            return true;
        }
        let mut roles = sent
            .and_then(|sent| sent.roles.as_ref())
            .into_iter()
            .flatten();
        if !roles.all(|role| self.start.knows(role)) {
            return true;
        }
        if answer.status >= 400
            && hides_password(sent, exchange)
            && !error_code(answer).is_some_and(names_another_field)
        {
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
