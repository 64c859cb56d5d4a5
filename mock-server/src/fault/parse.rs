//! Faults as people write them: a JSON object, or `status=429,every=5` with the same keys.

use std::{str::FromStr, time::Duration};

use bandwidth_fixtures::{ApiError, Distinct, describe};
use serde_json::{Map, Value, json};

use super::{
    effect::{ConnectionFault, Delay, Dribble, Effect, LONGEST_DELAY, REFUSALS, Then, View, When},
    error::{FaultError, wrong},
    rule::Fault,
};

const KEYS: &str = "status, fault, delay, chunked_dribble, truncate_body, malformed_body, \
                    wrong_content_type, refuse, view, headers, body (what happens); operation, method, \
                    accountId, every, after, times, then, probability, seed, ttl_ms, when (to \
                    which requests)";

/// Keys whose values are texts, also when they look like numbers.
const TEXTS: [&str; 10] = [
    "fault",
    "operation",
    "method",
    "accountId",
    "account",
    "when",
    "body",
    "refuse",
    "view",
    "then",
];

/// Maximum length of the part of a rule that an error repeats, in characters.
const SHOWN: usize = 200;

const DELAY_FORM: &str = "delay takes one of {\"fixed_ms\":500}, {\"uniform_ms\":[100,500]} and \
                          {\"lognormal\":{\"median_ms\":200,\"sigma\":0.5}}; in KEY=VALUE form, with dots: \
                          delay.fixed_ms=500";

const DRIBBLE_FORM: &str = "chunked_dribble takes {\"chunks\":5,\"over_ms\":1000}; in \
                            KEY=VALUE form, with dots: chunked_dribble.chunks=5";

impl FromStr for Fault {
    type Err = FaultError;

    /// Reads `status=429,every=5,operation=create_user`. What has parts is written with dots:
    /// `delay.fixed_ms=500`. JSON is taken too.
    fn from_str(text: &str) -> Result<Self, FaultError> {
        let object = if text.trim_start().starts_with('{') {
            describe::read_json(text).map(|Distinct(value)| match value {
                Value::Object(object) => object,
                _ => Map::new(),
            })
        } else {
            pairs(text)
        };
        object
            .map_err(FaultError)
            .and_then(|object| Self::from_json(&object))
            .map_err(|error| {
                let shown: String = text.chars().take(SHOWN).collect();
                FaultError(format!("fault `{shown}`: {error}"))
            })
    }
}

/// The JSON object that `key=value,...` means.
fn pairs(text: &str) -> Result<Map<String, Value>, String> {
    let mut object = Map::new();
    // A body may have commas of its own, so it comes last.
    let mut places = text.match_indices("body=").map(|(at, _)| at);
    let at = places.find(|at| matches!(text[..*at].trim_end().chars().last(), None | Some(',')));
    let (rules, body) = text.split_at(at.unwrap_or(text.len()));
    let rules = rules.trim_end();
    let rules = rules
        .strip_suffix(',')
        .filter(|_| at.is_some())
        .unwrap_or(rules);
    let body = at.map(|_| body);
    let parts = rules
        .split(',')
        .filter(|_| !rules.is_empty() || body.is_none());
    for part in parts.chain(body) {
        let (key, value) = part
            .split_once('=')
            .map(|(key, value)| (key.trim(), value.trim()))
            .ok_or_else(|| format!("`{part}` is not KEY=VALUE; keys are {KEYS}"))?;
        let read = if TEXTS.contains(&key) || key.starts_with("headers.") {
            Value::from(value)
        } else if let Some((least, most)) =
            value.split_once('-').filter(|(least, _)| !least.is_empty())
        {
            Value::from(vec![number_or_text(least), number_or_text(most)])
        } else {
            number_or_text(value)
        };
        insert(&mut object, key, read)?;
    }
    Ok(object)
}

/// Inserts a value at a dotted key: `delay.fixed_ms` is `fixed_ms` of the object `delay`.
fn insert(object: &mut Map<String, Value>, key: &str, value: Value) -> Result<(), String> {
    let twice = |name: &str| format!("`{name}` is given twice");
    let Some((outer, inner)) = key.split_once('.') else {
        return match object.insert(key.to_owned(), value) {
            Some(_) => Err(twice(key)),
            None => Ok(()),
        };
    };
    let part = object.entry(outer).or_insert_with(|| Map::new().into());
    let part = part.as_object_mut().ok_or_else(|| twice(outer))?;
    insert(part, inner, value).map_err(|_| twice(key))
}

fn number_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

impl Fault {
    /// Reads a JSON object, whose keys may have the dots of the text.
    pub fn from_json(flat: &Map<String, Value>) -> Result<Self, FaultError> {
        let mut object = Map::new();
        for (key, value) in flat {
            insert(&mut object, key, value.clone()).map_err(FaultError)?;
        }
        let mut fault = Self::always(None, None);
        let mut effects: Vec<(&str, Effect)> = Vec::new();
        let mut status = None;
        for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            match key.as_str() {
                "status" => status = Some(whole(key, value)?),
                "fault" => {
                    let known = ConnectionFault::ALL;
                    let fault = named(key, value, known, ConnectionFault::as_str)?;
                    effects.push((key, Effect::Connection(fault)));
                }
                "delay" => fault.delay = Some(delay(value)?),
                "chunked_dribble" => effects.push((key, Effect::Dribble(dribble(value)?))),
                "truncate_body" if yes(key, value)? => effects.push((key, Effect::TruncateBody)),
                "malformed_body" if yes(key, value)? => effects.push((key, Effect::MalformedBody)),
                "wrong_content_type" if yes(key, value)? => {
                    effects.push((key, Effect::GatewayPage(502)));
                }
                "truncate_body" | "malformed_body" | "wrong_content_type" => {}
                "refuse" => {
                    let rule = |error: ApiError| error.facts().rule;
                    effects.push((key, Effect::Refusal(named(key, value, REFUSALS, rule)?)));
                }
                "view" => {
                    let view = named(key, value, View::ALL, View::as_str)?;
                    effects.push((key, Effect::View(view)));
                }
                "then" => fault.then = Some(named(key, value, Then::ALL, Then::as_str)?),
                "operation" => {
                    fault.operation = Some(text(key, value)?.parse().map_err(FaultError)?);
                }
                "method" => fault.method = Some(method(value)?),
                // The second is the name of before.
                "accountId" | "account" => {
                    if fault
                        .account
                        .replace(text(key, value)?.to_owned())
                        .is_some()
                    {
                        return wrong("accountId and account are the same; give one");
                    }
                }
                "every" => fault.every = positive(key, value)?,
                "after" => fault.after = whole(key, value)?,
                "times" => fault.times = Some(positive(key, value)?),
                "seed" => fault.seed = Some(whole(key, value)?),
                "ttl_ms" => fault.ttl = Some(Duration::from_millis(positive(key, value)?)),
                "when" => fault.when = when(value)?,
                "headers" => fault.answer.read_headers(value)?,
                "body" => fault.answer.read_body(value)?,
                "probability" => {
                    let probability = value.as_f64().filter(|p| (0.0..=1.0).contains(p));
                    fault.probability = match probability {
                        Some(probability) => probability,
                        None => {
                            return wrong(format_args!(
                                "probability must be a number from 0 to 1, not {value}"
                            ));
                        }
                    };
                }
                _ => {
                    let names = KEYS.split([',', ';', ' ', '(', ')']);
                    let near = describe::nearest(key, names.filter(|name| !name.is_empty()));
                    return match near {
                        Some(near) => {
                            wrong(format_args!("unknown key `{key}`; did you mean `{near}`?"))
                        }
                        None => wrong(format_args!("unknown key `{key}`; keys are {KEYS}")),
                    };
                }
            }
        }
        fault.effect = one_effect(&effects, status)?;
        match fault.effect {
            Some(Effect::Status(_) | Effect::GatewayPage(_)) => {}
            _ if fault.answer.is_empty() => {}
            _ => return wrong("headers and body need status or wrong_content_type beside them"),
        }
        if fault.answer.has_body()
            && let Some(Effect::GatewayPage(status @ (204 | 205 | 304))) = fault.effect
        {
            return wrong(format_args!("an answer with status {status} has no body"));
        }
        if fault.effect.is_none() && fault.delay.is_none() {
            return wrong(
                "it has no effect; give one of status, fault, delay, \
                 chunked_dribble, truncate_body, malformed_body, wrong_content_type, refuse and view",
            );
        }
        Ok(fault)
    }

    /// The object that [`Fault::from_json`] reads.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        match self.effect {
            None => None,
            Some(Effect::Status(status)) => put("status", status.into()),
            Some(Effect::GatewayPage(status)) => {
                put("wrong_content_type", true.into());
                put("status", status.into())
            }
            Some(Effect::TruncateBody) => put("truncate_body", true.into()),
            Some(Effect::MalformedBody) => put("malformed_body", true.into()),
            Some(Effect::Dribble(Dribble { chunks, over })) => put(
                "chunked_dribble",
                json!({ "chunks": chunks, "over_ms": milliseconds(over) }),
            ),
            Some(Effect::Connection(fault)) => put("fault", fault.as_str().into()),
            Some(Effect::Refusal(error)) => put("refuse", error.facts().rule.into()),
            Some(Effect::View(view)) => put("view", view.as_str().into()),
        };
        self.answer.write(&mut object);
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        if let Some(delay) = self.delay {
            let shown = match delay {
                Delay::Fixed(fixed) => json!({ "fixed_ms": milliseconds(fixed) }),
                Delay::Uniform(least, most) => {
                    json!({ "uniform_ms": [milliseconds(least), milliseconds(most)] })
                }
                Delay::LogNormal { median, sigma } => {
                    json!({ "lognormal": { "median_ms": milliseconds(median), "sigma": sigma } })
                }
            };
            put("delay", shown);
        }
        if self.when == When::After {
            put("when", "after".into());
        }
        if let Some(operation) = self.operation {
            put("operation", operation.as_str().into());
        }
        if let Some(method) = &self.method {
            put("method", method.as_str().into());
        }
        if let Some(account) = &self.account {
            put("accountId", account.as_str().into());
        }
        if self.every > 1 {
            put("every", self.every.into());
        }
        if self.after > 0 {
            put("after", self.after.into());
        }
        if let Some(times) = self.times {
            put("times", times.into());
        }
        if let Some(then) = self.then {
            put("then", then.as_str().into());
        }
        if self.probability < 1.0 {
            put("probability", self.probability.into());
        }
        if let Some(seed) = self.seed {
            put("seed", seed.into());
        }
        if let Some(ttl) = self.ttl {
            put("ttl_ms", milliseconds(ttl).into());
        }
        object
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn one_effect(
    effects: &[(&str, Effect)],
    status: Option<u64>,
) -> Result<Option<Effect>, FaultError> {
    let status = |least: u16| match status {
        None => Ok(None),
        Some(status) => match u16::try_from(status) {
            Ok(status) if (least..=599).contains(&status) => Ok(Some(status)),
            _ => wrong(format_args!("status must be from {least} to 599")),
        },
    };
    match effects {
        [] => Ok(status(400)?.map(Effect::Status)),
        [(_, Effect::GatewayPage(usual))] => {
            Ok(Some(Effect::GatewayPage(status(200)?.unwrap_or(*usual))))
        }
        [(key, effect)] => match status(400)? {
            None => Ok(Some(*effect)),
            Some(_) => wrong(format_args!(
                "status and {key} cannot both happen; give one"
            )),
        },
        [(first, _), (second, _), ..] => wrong(format_args!(
            "{first} and {second} cannot both happen; arm two faults"
        )),
    }
}

fn whole(key: &str, value: &Value) -> Result<u64, FaultError> {
    match value.as_u64() {
        Some(number) => Ok(number),
        None => wrong(format_args!("{key} must be a whole number, not {value}")),
    }
}

fn positive(key: &str, value: &Value) -> Result<u64, FaultError> {
    match whole(key, value)? {
        0 => wrong(format_args!("{key} must be at least 1")),
        number => Ok(number),
    }
}

fn text<'v>(key: &str, value: &'v Value) -> Result<&'v str, FaultError> {
    match value.as_str() {
        Some(text) => Ok(text),
        None => wrong(format_args!("{key} must be a string, not {value}")),
    }
}

fn yes(key: &str, value: &Value) -> Result<bool, FaultError> {
    match value.as_bool() {
        Some(yes) => Ok(yes),
        None => wrong(format_args!("{key} must be true, not {value}")),
    }
}

fn method(value: &Value) -> Result<String, FaultError> {
    let method = text("method", value)?.to_ascii_uppercase();
    if !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(method)
    } else {
        wrong(format_args!(
            "method must be a method such as GET or POST, not {value}"
        ))
    }
}

fn when(value: &Value) -> Result<When, FaultError> {
    match text("when", value)? {
        "before" => Ok(When::Before),
        "after" => Ok(When::After),
        _ => wrong(format_args!(
            "when must be before or after (the operation takes effect), not {value}"
        )),
    }
}

/// The one of that name.
fn named<T: Copy, const N: usize>(
    key: &str,
    value: &Value,
    known: [T; N],
    name: impl Fn(T) -> &'static str,
) -> Result<T, FaultError> {
    let text = text(key, value)?;
    match known.into_iter().find(|one| name(*one) == text) {
        Some(one) => Ok(one),
        None => wrong(format_args!(
            "{key} must be one of {}, not {value}",
            known.map(name).join(", ")
        )),
    }
}

/// A wait that is given in milliseconds.
fn wait(key: &str, value: &Value) -> Result<Duration, FaultError> {
    let wait = Duration::from_millis(whole(key, value)?);
    if wait > LONGEST_DELAY {
        let most = LONGEST_DELAY.as_millis();
        return wrong(format_args!("{key} must be at most {most}"));
    }
    Ok(wait)
}

fn delay(value: &Value) -> Result<Delay, FaultError> {
    // `delay=500` and `{"delay":500}` are what people try first.
    if value.is_u64() {
        return Ok(Delay::Fixed(wait("delay", value)?));
    }
    let object = value.as_object().filter(|object| object.len() == 1);
    let Some((kind, value)) = object.and_then(|object| object.iter().next()) else {
        return wrong(DELAY_FORM);
    };
    match (kind.as_str(), value) {
        ("fixed_ms", value) => Ok(Delay::Fixed(wait("delay.fixed_ms", value)?)),
        ("uniform_ms", Value::Array(bounds)) if bounds.len() == 2 => {
            let least = wait("delay.uniform_ms", &bounds[0])?;
            let most = wait("delay.uniform_ms", &bounds[1])?;
            if least > most {
                return wrong("delay.uniform_ms needs the shorter wait first, for example 100-500");
            }
            Ok(Delay::Uniform(least, most))
        }
        ("lognormal", Value::Object(parts)) => {
            let sigma = parts.get("sigma").and_then(Value::as_f64);
            match (parts.get("median_ms"), sigma, parts.len()) {
                (Some(median), Some(sigma), 2) if (0.0..=10.0).contains(&sigma) => {
                    let median = wait("delay.lognormal.median_ms", median)?;
                    Ok(Delay::LogNormal { median, sigma })
                }
                (Some(_), Some(_), 2) => wrong("delay.lognormal.sigma must be from 0 to 10"),
                _ => wrong(DELAY_FORM),
            }
        }
        _ => wrong(DELAY_FORM),
    }
}

fn dribble(value: &Value) -> Result<Dribble, FaultError> {
    let Some(object) = value.as_object() else {
        return wrong(DRIBBLE_FORM);
    };
    match (object.get("chunks"), object.get("over_ms"), object.len()) {
        (Some(chunks), Some(over), 2) => {
            let chunks = whole("chunked_dribble.chunks", chunks)?;
            match u32::try_from(chunks) {
                Ok(chunks @ 1..=10_000) => Ok(Dribble {
                    chunks,
                    over: wait("chunked_dribble.over_ms", over)?,
                }),
                _ => wrong("chunked_dribble.chunks must be from 1 to 10000"),
            }
        }
        _ => wrong(DRIBBLE_FORM),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::Fault;

    #[test]
    fn both_ways_of_writing_mean_the_same() {
        for (pairs, json) in [
            ("status=503", r#"{"status":503}"#),
            (
                "status=429,every=5,operation=create_user,accountId=12345",
                r#"{"status":429,"operation":"create_user","accountId":"12345","every":5}"#,
            ),
            (
                "status=503,account=12345",
                r#"{"status":503,"accountId":"12345"}"#,
            ),
            ("delay=500", r#"{"delay":{"fixed_ms":500}}"#),
            ("delay.fixed_ms=500", r#"{"delay":{"fixed_ms":500}}"#),
            (
                "delay.uniform_ms=100-500",
                r#"{"delay":{"uniform_ms":[100,500]}}"#,
            ),
            (
                "delay.lognormal.median_ms=200,delay.lognormal.sigma=0.5",
                r#"{"delay":{"lognormal":{"median_ms":200,"sigma":0.5}}}"#,
            ),
            (
                "fault=EMPTY_RESPONSE,when=after,times=1",
                r#"{"fault":"EMPTY_RESPONSE","when":"after","times":1}"#,
            ),
            (
                "chunked_dribble.chunks=5,chunked_dribble.over_ms=1000,method=get",
                r#"{"chunked_dribble":{"chunks":5,"over_ms":1000},"method":"GET"}"#,
            ),
            (
                "status=503,headers.Retry-After=120,body={\"a\":1,\"b\":2}",
                r#"{"status":503,"headers":{"retry-after":"120"},"body":"{\"a\":1,\"b\":2}"}"#,
            ),
            (
                "wrong_content_type=true, body=a,b",
                r#"{"wrong_content_type":true,"status":502,"body":"a,b"}"#,
            ),
            (
                "refuse=basic_ended,then=same_login",
                r#"{"refuse":"basic_ended","then":"same_login"}"#,
            ),
            (
                "view=stale,operation=list_users",
                r#"{"view":"stale","operation":"list_users"}"#,
            ),
            ("truncate_body=true", r#"{"truncate_body":true}"#),
            ("malformed_body=true", r#"{"malformed_body":true}"#),
            (
                "wrong_content_type=true",
                r#"{"wrong_content_type":true,"status":502}"#,
            ),
            (
                "wrong_content_type=true,status=200",
                r#"{"wrong_content_type":true,"status":200}"#,
            ),
            (
                "status=503,delay=20,after=1,probability=0.5,seed=7,ttl_ms=60000",
                r#"{"status":503,"delay":{"fixed_ms":20},"after":1,"probability":0.5,"seed":7,"ttl_ms":60000}"#,
            ),
        ] {
            let fault: Fault = pairs.parse().unwrap();
            assert_eq!(Value::from(fault.to_json()).to_string(), json, "{pairs}");
            assert_eq!(json.parse::<Fault>().unwrap(), fault, "{json}");
        }
    }
}
