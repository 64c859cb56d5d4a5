//! Creates that need a second user: what two users may share, and what a create may leave out.

use super::{
    state::{Made, Probe},
    users::TELEPHONE,
};
use crate::{
    verdict::Stop,
    wire::{Draft, EMAIL},
};

/// A create that may be refused for one reason.
struct Template {
    /// The behaviours that it is about.
    behaviours: &'static [&'static str],
    /// Changes a draft that nothing is wrong with, so that it may be refused.
    spoil: fn(Draft, &Made) -> Draft,
    /// Changes another draft so that it breaks no rule. It is sent if the first one was rejected, and
    /// the code does not name the rule.
    control: fn(Draft) -> Draft,
}

const TEMPLATES: &[Template] = &[
    Template {
        behaviours: &["errors.conflict"],
        spoil: |draft, first| draft.with("Username", first.username()),
        control: |draft| draft,
    },
    Template {
        behaviours: &["username.case"],
        spoil: |draft, first| draft.with("Username", first.username().to_uppercase()),
        control: |draft| {
            let username = draft.text("Username").to_uppercase();
            draft.with("Username", username)
        },
    },
    Template {
        behaviours: &["email.unique"],
        spoil: |draft, first| draft.with(EMAIL, first.draft.text(EMAIL)),
        control: |draft| draft,
    },
    Template {
        behaviours: &["user.account_id"],
        spoil: |draft, _| draft.without("AccountId"),
        control: |draft| draft,
    },
    Template {
        behaviours: &["user.telephone"],
        spoil: |draft, _| draft.without(TELEPHONE),
        control: |draft| draft,
    },
];

/// Codes of a taken username and of a taken email (ERR).
const TAKEN: [u32; 2] = [12001, 12071];

pub(super) async fn uniqueness(probe: &mut Probe) -> Result<(), Stop> {
    let first = match probe.first_user.clone() {
        Some(made) => made,
        None => probe.create().await?,
    };
    probe.hear(None)?;
    for template in TEMPLATES {
        let draft = (template.spoil)(probe.draft()?, &first);
        let ask = probe.cx.ask_create(&draft, probe.format);
        if !probe.tells(template.behaviours, &ask)? {
            continue;
        }
        let from = probe.cx.log.exchanges.len();
        match probe.try_create(&draft).await? {
            // A target may have given it another name.
            Ok((made, _)) => drop(probe.get_user(&made.key).await?),
            Err(seen) if seen.code().is_some_and(|code| TAKEN.contains(&code)) => {}
            Err(_) => {
                let draft = (template.control)(probe.draft()?);
                probe.try_create(&draft).await?.ok();
            }
        }
        probe.is_about(from, template.behaviours);
        probe.bracket = probe.cx.log.exchanges.len();
        probe.hear(None)?;
    }
    Ok(())
}
