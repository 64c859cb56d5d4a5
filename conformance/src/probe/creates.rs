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
    /// Changes another draft so that it breaks no rule, and is sent if the first one was refused.
    /// `None` if the first user is control enough.
    control: Option<fn(Draft) -> Draft>,
}

const TEMPLATES: &[Template] = &[
    Template {
        behaviours: &["errors.conflict"],
        spoil: |draft, first| draft.with("Username", first.username()),
        control: None,
    },
    Template {
        behaviours: &["username.case"],
        spoil: |draft, first| draft.with("Username", first.username().to_uppercase()),
        control: Some(|draft| {
            let username = draft.text("Username").to_uppercase();
            draft.with("Username", username)
        }),
    },
    Template {
        behaviours: &["email.unique"],
        spoil: |draft, first| draft.with(EMAIL, first.draft.text(EMAIL)),
        control: Some(|draft| draft),
    },
    Template {
        behaviours: &["user.account_id"],
        spoil: |draft, _| draft.without("AccountId"),
        control: None,
    },
    Template {
        behaviours: &["user.telephone"],
        spoil: |draft, _| draft.without(TELEPHONE),
        control: None,
    },
];

pub(super) async fn uniqueness(probe: &mut Probe) -> Result<(), Stop> {
    let first = probe.create().await?;
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
            Err(_) => {
                if let Some(control) = template.control {
                    let draft = control(probe.draft()?);
                    probe.try_create(&draft).await?.ok();
                }
            }
        }
        probe.is_about(from, template.behaviours);
        // The first user is the control.
        probe.bracket = probe.cx.log.exchanges.len();
        probe.hear(None)?;
    }
    Ok(())
}
