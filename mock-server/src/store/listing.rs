//! The encoded list of an account's users, kept until the account changes. A change encodes the
//! users near it again and copies the rest.

use std::{ops::Range, sync::Arc};

use bandwidth_fixtures::{NamedProfile, ReadBehaviours};
use bytes::Bytes;

use crate::{codec::ListFrame, domain::User};

/// Number of users that are encoded together, by their numbers.
const TOGETHER: u64 = 64;

/// A longer list is not kept, in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// A list in one format, and what it was made from.
#[derive(Debug, Default)]
pub struct Listing(Option<Kept>);

#[derive(Debug)]
struct Kept {
    profile: Arc<NamedProfile>,
    version: u64,
    pieces: Vec<Piece>,
    body: Bytes,
}

/// Users that are encoded together.
#[derive(Debug)]
struct Piece {
    place: u64,
    users: Vec<Arc<User>>,
    /// Position in the body.
    range: Range<usize>,
    /// The behaviours that shaped them.
    behaviours: ReadBehaviours,
}

/// A step in building the new list.
enum Plan {
    /// It is as it was in the old list, at this index.
    Copied(usize),
    /// These are encoded.
    Encoded(u64, Vec<Arc<User>>),
}

/// Steps from the old list to the new one.
pub struct Plans(Vec<Plan>);

/// A list as it is sent, and the behaviours that shaped it.
pub struct Listed {
    pub body: Bytes,
    /// The behaviours.
    pub behaviours: ReadBehaviours,
}

fn behaviours(pieces: &[Piece]) -> ReadBehaviours {
    let behaviours = pieces.iter().map(|piece| piece.behaviours);
    behaviours.fold(ReadBehaviours::default(), |all, behaviours| {
        all | behaviours
    })
}

impl Listing {
    /// The list, if nothing has changed since.
    pub fn unchanged(&self, profile: &Arc<NamedProfile>, version: u64) -> Option<Listed> {
        let kept = self.0.as_ref()?;
        let same = kept.version == version && Arc::ptr_eq(&kept.profile, profile);
        same.then(|| Listed {
            body: kept.body.clone(),
            behaviours: behaviours(&kept.pieces),
        })
    }

    /// Finds out what has changed; none where there are no users. Only this needs the account.
    pub fn plan<'u>(
        &self,
        profile: &Arc<NamedProfile>,
        users: impl Iterator<Item = &'u Arc<User>>,
    ) -> Option<Plans> {
        let kept = self.0.as_ref();
        let kept = kept.filter(|kept| Arc::ptr_eq(&kept.profile, profile));
        let before = kept.map_or(&[][..], |kept| &kept.pieces);
        let mut plans = Vec::with_capacity(before.len() + 1);
        let mut users = users.peekable();
        let mut index = 0;
        while let Some(place) = users.peek().map(|user| user.number / TOGETHER) {
            while before.get(index).is_some_and(|piece| piece.place < place) {
                index += 1;
            }
            let known = before.get(index).filter(|piece| piece.place == place);
            let known = known.map_or(&[][..], |piece| &piece.users);
            let mut same = 0;
            let mut changed: Option<Vec<Arc<User>>> = None;
            while let Some(user) = users.next_if(|user| user.number / TOGETHER == place) {
                match &mut changed {
                    Some(changed) => changed.push(Arc::clone(user)),
                    None if known
                        .get(same)
                        .is_some_and(|known| Arc::ptr_eq(known, user)) =>
                    {
                        same += 1;
                    }
                    None => {
                        let mut users = known[..same].to_vec();
                        users.push(Arc::clone(user));
                        changed = Some(users);
                    }
                }
            }
            plans.push(match changed {
                None if same == known.len() => Plan::Copied(index),
                None => Plan::Encoded(place, known[..same].to_vec()),
                Some(users) => Plan::Encoded(place, users),
            });
        }
        (!plans.is_empty()).then_some(Plans(plans))
    }

    /// Makes the list as planned, and keeps it. `encode` turns users into what represents them
    /// between `frame`.
    pub fn make(
        &mut self,
        profile: &Arc<NamedProfile>,
        version: u64,
        plans: Plans,
        frame: &ListFrame,
        encode: impl Fn(&[Arc<User>]) -> (Vec<u8>, ReadBehaviours),
    ) -> Listed {
        let (before, old) = match self.0.take() {
            Some(kept) => (kept.pieces, kept.body),
            None => (Vec::new(), Bytes::new()),
        };
        let mut before: Vec<Option<Piece>> = before.into_iter().map(Some).collect();
        let mut body = Vec::with_capacity(old.len() + old.len() / 8 + 1024);
        let mut pieces = Vec::with_capacity(plans.0.len());
        body.extend_from_slice(&frame.start);
        for (index, plan) in plans.0.into_iter().enumerate() {
            if index > 0 {
                body.extend_from_slice(frame.between);
            }
            let start = body.len();
            let mut piece = match plan {
                Plan::Copied(index) => {
                    let Some(piece) = before.get_mut(index).and_then(Option::take) else {
                        continue;
                    };
                    body.extend_from_slice(&old[piece.range.clone()]);
                    piece
                }
                Plan::Encoded(place, users) => {
                    let (encoded, behaviours) = encode(&users);
                    body.extend_from_slice(&encoded);
                    Piece {
                        place,
                        users,
                        range: 0..0,
                        behaviours,
                    }
                }
            };
            piece.range = start..body.len();
            pieces.push(piece);
        }
        body.extend_from_slice(&frame.end);
        let listed = Listed {
            body: body.into(),
            behaviours: behaviours(&pieces),
        };
        if listed.body.len() <= LONGEST {
            self.0 = Some(Kept {
                profile: Arc::clone(profile),
                version,
                pieces,
                body: listed.body.clone(),
            });
        }
        listed
    }
}
