//! The faults that are armed on a server.

use std::{
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use thiserror::Error;

use super::{
    plan::AppliedFault,
    rule::{ArmedFault, Fault, Now, Subject},
};

/// More faults would make each request slow, and are hardly intended.
const MOST: usize = 10_000;

/// Faults in the order in which they were armed. The first that is due gets the request.
#[derive(Debug)]
pub struct FaultSet {
    armed: RwLock<Vec<Arc<ArmedFault>>>,
    next_id: AtomicU64,
    /// Those of the command line, armed again by a reset.
    initial: Vec<Fault>,
}

/// There is no room for another fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{MOST} faults are armed; disarm some with DELETE /__admin/faults")]
pub struct TooManyFaults;

impl FaultSet {
    /// Arms these faults.
    pub fn new(initial: Vec<Fault>, now: Duration) -> Self {
        let set = Self {
            armed: RwLock::default(),
            next_id: AtomicU64::new(1),
            initial,
        };
        set.reset(now);
        set
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<ArmedFault>>> {
        self.armed.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Arc<ArmedFault>>> {
        self.armed.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_armed(&self, fault: Fault, now: Duration) -> Arc<ArmedFault> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        Arc::new(ArmedFault::new(id, fault, now))
    }

    /// Arms a fault behind the others.
    pub fn arm(&self, fault: Fault, now: Duration) -> Result<Arc<ArmedFault>, TooManyFaults> {
        let mut armed = self.write();
        if armed.len() >= MOST {
            // Faults of another account may follow another clock.
            armed.retain(|one| one.fault.account != fault.account || !one.expired(now));
        }
        if armed.len() >= MOST {
            return Err(TooManyFaults);
        }
        let fault = self.new_armed(fault, now);
        armed.push(Arc::clone(&fault));
        Ok(fault)
    }

    /// The fault of that id.
    pub fn find(&self, id: u64) -> Option<Arc<ArmedFault>> {
        self.read().iter().find(|fault| fault.id == id).cloned()
    }

    /// All of them, in order.
    pub fn list(&self) -> Vec<Arc<ArmedFault>> {
        self.read().clone()
    }

    /// Disarms the fault of that id; false when there is none.
    pub fn disarm(&self, id: u64) -> bool {
        self.disarm_where(|fault| fault.id == id) > 0
    }

    /// Disarms the faults that are only for that account.
    pub fn disarm_account(&self, account: &str) -> usize {
        self.disarm_where(|fault| fault.fault.account.as_deref() == Some(account))
    }

    /// Disarms all of them.
    pub fn disarm_all(&self) -> usize {
        self.disarm_where(|_| true)
    }

    fn disarm_where(&self, gone: impl Fn(&ArmedFault) -> bool) -> usize {
        let mut armed = self.write();
        let before = armed.len();
        armed.retain(|fault| !gone(fault));
        before - armed.len()
    }

    /// Back to the faults of the start, with no hits.
    pub fn reset(&self, now: Duration) {
        let initial = self.initial.iter();
        *self.write() = initial
            .map(|fault| self.new_armed(fault.clone(), now))
            .collect();
    }

    /// The same for the faults that are only for that account.
    pub fn reset_account(&self, account: &str, now: Duration) {
        self.disarm_account(account);
        let initial = self.initial.iter();
        let own = initial.filter(|fault| fault.account.as_deref() == Some(account));
        self.write()
            .extend(own.map(|fault| self.new_armed(fault.clone(), now)));
    }

    /// True if no fault is armed.
    pub fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    /// Decides the effect on a request. Every fault sees it, so that its counts do not depend on
    /// the others; the first one that is due applies.
    pub fn decide(
        &self,
        subject: &Subject<'_>,
        now: impl Into<Now>,
        seed: u64,
    ) -> Option<AppliedFault> {
        let now = now.into();
        let armed = self.read();
        let due: Vec<(&Arc<ArmedFault>, u64)> = armed
            .iter()
            .filter_map(|fault| Some((fault, fault.due(subject, now, seed)?)))
            .collect();
        let (fault, number) = due.into_iter().find(|(fault, _)| fault.spend(subject))?;
        Some(AppliedFault {
            armed: Arc::clone(fault),
            waited: fault.wait(number, seed),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bandwidth_fixtures::Operation;

    use super::{FaultSet, Subject};
    use crate::fault::Fault;

    const CREATE: Subject<'_> = Subject {
        operation: Some(Operation::CreateUser),
        method: "POST",
        account: Some("12345"),
        changes: true,
        authorization: Some(b"Basic one"),
    };
    const START: Duration = Duration::from_secs(1_000_000);

    fn set(rules: &[&str]) -> FaultSet {
        let faults = rules.iter().map(|rule| rule.parse::<Fault>().unwrap());
        FaultSet::new(faults.collect(), START)
    }

    /// Numbers of the first requests that fail, from 1.
    fn hits(rule: &str, requests: usize) -> Vec<usize> {
        let set = set(&[rule]);
        (1..=requests)
            .filter(|_| set.decide(&CREATE, START, 7).is_some())
            .collect()
    }

    #[test]
    fn which_requests_fail() {
        assert_eq!(hits("status=503", 3), [1, 2, 3]);
        assert_eq!(hits("status=503,every=5", 12), [5, 10]);
        assert_eq!(hits("status=503,times=2", 9), [1, 2]);
        assert_eq!(hits("status=503,after=3,times=1", 9), [4]);
        assert_eq!(hits("status=503,after=2,every=3,times=2", 20), [5, 8]);
        assert_eq!(hits("status=503,probability=0", 100), [0_usize; 0]);
        assert_eq!(hits("status=503,probability=1", 2), [1, 2]);
    }

    #[test]
    fn only_matching_requests_count_and_fail() {
        for rule in [
            "status=503,operation=list_users",
            "status=503,method=GET",
            "status=503,account=1",
        ] {
            assert_eq!(hits(rule, 5), [0_usize; 0], "{rule}");
        }
        let rule = "status=503,operation=create_user,method=post,account=12345";
        assert_eq!(hits(rule, 2), [1, 2]);
        let set = set(&["status=503,method=GET,every=2"]);
        let read = Subject {
            method: "GET",
            ..CREATE
        };
        assert!(set.decide(&read, START, 0).is_none());
        assert!(set.decide(&CREATE, START, 0).is_none());
        assert!(set.decide(&read, START, 0).is_some());
    }

    #[test]
    fn what_follows_the_first_request_that_was_hit() {
        let list = Subject {
            operation: Some(Operation::ListUsers),
            method: "GET",
            changes: false,
            ..CREATE
        };
        let other = Subject {
            authorization: Some(b"Bearer two"),
            ..list
        };
        let hits = |rule: &str| -> String {
            let set = set(&[rule]);
            let sent = [list, CREATE, CREATE, list, other, list];
            let hit = sent.map(|subject| set.decide(&subject, START, 0).is_some());
            hit.map(|hit| if hit { 'x' } else { '-' }).iter().collect()
        };
        let rule = "status=401,operation=create_user,after=1";
        assert_eq!(hits(rule), "--x---");
        assert_eq!(hits(&format!("{rule},then=all")), "--xxxx");
        assert_eq!(hits(&format!("{rule},then=all,times=2")), "--xx--");
        assert_eq!(hits(&format!("{rule},then=same_login")), "--xx-x");
        assert_eq!(hits(&format!("{rule},then=same_scheme")), "--xx-x");
        assert_eq!(hits("view=empty"), "x--xxx");
    }

    #[test]
    fn a_scheme_ends_for_all_logins_and_not_for_tokens() {
        let set = set(&["refuse=basic_ended,then=same_scheme"]);
        let token = Subject {
            operation: Some(Operation::IssueToken),
            ..CREATE
        };
        let other = Subject {
            authorization: Some(b"basic two"),
            ..CREATE
        };
        let hit = [CREATE, token, other].map(|subject| set.decide(&subject, START, 0).is_some());
        assert_eq!(hit, [true, false, true]);
    }

    #[test]
    fn probability_follows_from_the_seed() {
        let rule = "status=503,probability=0.25,seed=42";
        let first = hits(rule, 2_000);
        assert_eq!(first, hits(rule, 2_000));
        assert_ne!(first, hits("status=503,probability=0.25,seed=43", 2_000));
        assert!((400..600).contains(&first.len()), "{}", first.len());
    }

    #[test]
    fn the_first_due_fault_gets_the_request_and_the_others_keep_their_times() {
        let set = set(&["status=503,every=2", "status=500,times=1"]);
        let ids: Vec<Option<u64>> = (0..4)
            .map(|_| set.decide(&CREATE, START, 0).map(|hit| hit.armed.id))
            .collect();
        assert_eq!(ids, [Some(2), Some(1), None, Some(1)]);
        let hits: Vec<u64> = set.list().iter().map(|fault| fault.hits()).collect();
        assert_eq!(hits, [2, 1]);
    }

    #[test]
    fn a_time_to_live_ends_on_the_clock() {
        let set = set(&["status=503,ttl_ms=1000"]);
        let at = |ms| START + Duration::from_millis(ms);
        assert!(set.decide(&CREATE, at(999), 0).is_some());
        assert!(set.decide(&CREATE, at(1_000), 0).is_none());
    }

    #[test]
    fn a_reset_brings_back_those_of_the_start() {
        let set = set(&["status=503,times=1,account=12345"]);
        let added = set.arm("status=500".parse().unwrap(), START).unwrap();
        assert_eq!(
            set.decide(&CREATE, START, 0).map(|hit| hit.armed.id),
            Some(1)
        );
        assert_eq!(
            set.decide(&CREATE, START, 0).map(|hit| hit.armed.id),
            Some(added.id)
        );
        set.reset_account("12345", START);
        assert_eq!(
            set.decide(&CREATE, START, 0).map(|hit| hit.armed.id),
            Some(added.id)
        );
        assert_eq!(set.list().len(), 2);
        set.reset(START);
        let faults = set.list();
        assert_eq!((faults.len(), faults[0].hits()), (1, 0));
        assert!(set.disarm(faults[0].id) && set.is_empty() && !set.disarm(faults[0].id));
    }
}
