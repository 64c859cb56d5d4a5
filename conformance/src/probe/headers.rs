//! Experiments about the headers of the list.

use super::state::Probe;
use crate::{verdict::Stop, wire::Format};

/// An origin that no target allows by name.
const ORIGIN: &str = "https://probe.example";

pub(super) async fn headers(probe: &mut Probe) -> Result<(), Stop> {
    let ask = probe.cx.ask("GET", probe.cx.users_path()).raw();
    let ask = ask.accept(Format::Xml).header("Origin", ORIGIN);
    let response = probe.cx.send(ask).await?.response;
    if response.status != 200 {
        let status = response.status;
        return Err(Stop::Skip(format!("the list returns {status}")));
    }
    let said = |name| response.header(name).unwrap_or("").to_ascii_lowercase();
    let kind = said("content-type").replace([' ', '"'], "");
    let charset = match kind.split_once("/xml") {
        Some((_, "")) => Ok("absent"),
        Some((_, ";charset=utf-8")) => Ok("utf_8"),
        _ => Err("the list is not sent as XML with the charset UTF-8 or none"),
    };
    let keep_alive = if said("keep-alive").contains("timeout=") {
        "sent"
    } else {
        "absent"
    };
    let allowed = said("access-control-allow-origin");
    let cors = match allowed.as_str() {
        "" => Ok("absent"),
        "*" | ORIGIN => Ok("any_origin"),
        _ => Err("one other origin is allowed"),
    };
    probe.settle("format.charset", charset);
    probe.observed("http.keep_alive", keep_alive);
    probe.settle("http.cors", cors);
    Ok(())
}

pub(super) async fn accept_tie(probe: &mut Probe) -> Result<(), Stop> {
    const ID: &str = "format.accept_tie";
    if probe.default_format != Some(Format::Xml) || probe.other_format.is_none() {
        probe.leave_open(ID, "there is no JSON, or it is the default");
        return Ok(());
    }
    let path = probe.cx.users_path();
    let seen = probe
        .get(&path, Some("application/json, text/plain, */*"))
        .await?;
    let shown = match (seen.status, seen.format) {
        (200, Some(Format::Xml)) => Ok("default_format"),
        (200, Some(Format::Json)) => Ok("named_format"),
        (status, _) => Err(format!("it returns {status}")),
    };
    probe.settle(ID, shown);
    Ok(())
}
