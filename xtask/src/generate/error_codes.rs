//! `docs/reference/error-codes.md`: the numeric codes of error bodies.

use anyhow::Result;

use super::{
    errors::{self, Row},
    markdown::{code, head, plain, table},
};

pub(super) fn page() -> Result<String> {
    let file = errors::read(errors::TEXT)?;
    let (answered, others): (Vec<Row>, Vec<Row>) =
        file.code.into_iter().partition(|code| code.name.is_some());
    let mut text = head("Error codes", "fixtures/error-codes.toml");
    text += "`ErrorCode` in an error body. The codes are Bandwidth's, where the source is ERR \
             ([sources.md](../sources.md)). ERR lists them without an HTTP status. The examples of \
             IRIS20, PR360 and PR684 show some codes with theirs; the other statuses are assumed. \
             The descriptions in the mock's answers are ours. A profile can change the status of some (`errors.conflict`), the shape of the body \
             (`errors.shape`) and whether there is one: see [behaviours.md](behaviours.md).\n\n\
             ## Returned by the mock\n\n";
    text += &table(
        [
            "code",
            "when",
            "status",
            "the status is known from",
            "the code is known from",
        ],
        answered.into_iter().map(|row| {
            [
                row.code.to_string(),
                plain(&row.meaning),
                row.status
                    .map_or_else(String::new, |status| status.to_string()),
                row.status_evidence.map_or_else(String::new, code),
                plain(&row.source),
            ]
        }),
    );
    text += "## In today's API\n\n\
             Where `management.errors` is `list`, an error has the type and the code of its status, \
             and the description of the table above. A status that is not here gets its reason \
             phrase as type, and keeps the code above.\n\n";
    text += &table(
        ["status", "type", "code", "known from"],
        file.json.into_iter().map(|row| {
            [
                row.status.to_string(),
                code(row.kind),
                row.code.to_string(),
                plain(&row.source),
            ]
        }),
    );
    text += "## Published, and never returned\n\n\
             These codes are published for users, roles, accounts, identity domains and \
             preferences. The mock returns none of them.\n\n";
    text += &table(
        ["code", "when", "the code is known from"],
        others.into_iter().map(|row| {
            [
                row.code.to_string(),
                plain(&row.meaning),
                plain(&row.source),
            ]
        }),
    );
    Ok(text.trim_end().to_owned() + "\n")
}
