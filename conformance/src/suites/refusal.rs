//! The form of a case in which a draft with one thing wrong is rejected. The rows are in the files
//! of their areas.

use super::prelude::*;
use crate::case::Need;

/// Puts something into a draft.
pub(super) type Change = fn(&Context, Draft) -> Draft;

/// The request that carries an invalid draft.
pub(super) enum As {
    /// A create, which is rejected.
    Create,
    /// An update of a user, which is rejected and changes nothing.
    Update,
}

/// One thing wrong, and the error that rejects it.
pub(super) struct Refusal {
    pub(super) id: &'static str,
    /// One sentence.
    pub(super) says: &'static str,
    pub(super) cites: &'static [&'static str],
    pub(super) needs: &'static [Need],
    pub(super) sent: As,
    /// Changes that make a draft invalid, each tried alone.
    pub(super) wrong: &'static [Change],
    /// Changes that are just valid, and accepted.
    pub(super) right: &'static [Change],
    /// The name, in the error tables, of the error for each of them, or of the one for all; none for
    /// any error with status 400.
    pub(super) errors: &'static [&'static str],
}

/// Rows of such cases: for each its sentence, its id, what it cites and needs, what is wrong, the
/// errors for that, and what is right still.
macro_rules! refusals {
    ($sent:expr; $(
        $(#[doc = $says:literal])+
        $id:literal cites [$($key:literal),*] $(needs [$($need:expr),*])?
        wrong [$($wrong:expr),*] as [$($error:literal),*]
        $(right [$($right:expr),*])?
    )*) => {
        [$($crate::suites::refusal::Refusal {
            id: $id,
            says: concat!($($says),+),
            cites: &[$($key),*],
            needs: &[$($($need),*)?],
            sent: $sent,
            wrong: &[$($wrong),*],
            right: &[$($($right),*)?],
            errors: &[$($error),*],
        }),*]
    };
}
pub(super) use refusals;

impl Refusal {
    /// Its case, judged in each format.
    pub(super) fn case(&'static self) -> Case {
        let users = match self.sent {
            As::Create => Users::Many,
            As::Update => Users::One,
        };
        Case::new(self.id, self.says.trim_ascii(), users)
            .cites(self.cites)
            .needs(self.needs)
            .each_format(move |cx, format| Box::pin(self.check(cx, format)))
    }

    async fn check(&self, cx: &mut Context, format: Format) -> CaseResult {
        for right in self.right {
            let draft = right(cx, cx.draft());
            cx.create(draft, format).await.at("what is just right")?;
        }
        for (index, wrong) in self.wrong.iter().enumerate() {
            let error = self.errors.get(index).or(self.errors.last());
            match self.sent {
                As::Create => {
                    let draft = wrong(cx, cx.draft());
                    refuses(&cx.post(&draft, format).await?, error)?;
                }
                As::Update => {
                    let created = cx.subject(format).await?;
                    let before = cx.get(&created.key, format).await?.user()?;
                    let draft = wrong(cx, created.update());
                    let refused = cx.put(&created.key, &draft, format).await?;
                    let reply = cx.get(&created.key, format).await?;
                    refuses(&refused, error)?;
                    let what = "the user after a PUT that is refused";
                    reply.same(what, &before, &reply.user()?)?;
                }
            }
        }
        Ok(())
    }
}

fn refuses(reply: &Reply, error: Option<&&str>) -> CaseResult {
    match error {
        Some(name) => reply.refused(name).map(drop),
        None => reply.error(400).map(drop),
    }
}
