//! Creates that need a second user: what two users may share, and what a create may leave out.

use super::{
    findings::Behaviours,
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
    behaviours: Behaviours,
    /// Changes a draft that nothing is wrong with, so that it may be refused.
    spoil: fn(Draft, &Made) -> Draft,
    /// The code that names the rule (ERR), if one is published.
    code: Option<u32>,
    /// Changes another draft so that it breaks no rule. It is sent if the first one was rejected
    /// without that code.
    control: fn(Draft) -> Draft,
}

const TEMPLATES: &[Template] = &[
    Template {
        behaviours: &["errors.conflict"],
        spoil: |draft, first| draft.with("Username", first.username()),
        code: Some(12001),
        control: |draft| draft,
    },
    Template {
        behaviours: &["username.case"],
        spoil: |draft, first| draft.with("Username", first.username().to_uppercase()),
        code: Some(12001),
        control: |draft| {
            let username = draft.text("Username").to_uppercase();
            draft.with("Username", username)
        },
    },
    Template {
        behaviours: &["email.unique"],
        spoil: |draft, first| draft.with(EMAIL, first.draft.text(EMAIL)),
        code: Some(12071),
        control: |draft| draft,
    },
    Template {
        behaviours: &["user.account_id"],
        spoil: |draft, _| draft.without("AccountId"),
        code: None,
        control: |draft| draft,
    },
    Template {
        behaviours: &["user.telephone"],
        spoil: |draft, _| draft.without(TELEPHONE),
        code: None,
        control: |draft| draft,
    },
];

/// The first user, if it is there with its name and email, and enabled.
async fn unchanged(probe: &mut Probe) -> Result<Option<Made>, Stop> {
    let Some(made) = probe
        .first_user
        .clone()
        .filter(|_| probe.unusable.is_none())
    else {
        return Ok(None);
    };
    let user = probe.get_user(&made.key).await?.user();
    let is_as_made = user.is_some_and(|user| {
        user.text("Username").as_deref() == Some(made.username())
            && user.email.as_deref() == Some(made.draft.text(EMAIL))
            && user.enabled
    });
    Ok(is_as_made.then_some(made))
}

pub(super) async fn uniqueness(probe: &mut Probe) -> Result<(), Stop> {
    let first = match unchanged(probe).await? {
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
        let from = probe.sent();
        match probe.try_create(&draft).await? {
            // A target may have given it another name.
            Ok((made, _)) => drop(probe.get_user(&made.key).await?),
            Err(seen) if template.code.is_some() && seen.code() == template.code => {}
            Err(_) => {
                let draft = (template.control)(probe.draft()?);
                probe.try_create(&draft).await?.ok();
            }
        }
        probe.are_about(from..probe.sent(), template.behaviours);
        probe.bracket = probe.sent();
        probe.hear(None)?;
    }
    Ok(())
}
