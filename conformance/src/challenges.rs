//! The challenges of `WWW-Authenticate`. A server may write several in one header, and their
//! parameters in any order (RFC 9110, section 11.6.1).

use crate::transport::Response;

/// A way to log in that a server offers. Case is of no matter in it, so it is all lower.
#[derive(Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The name of the scheme.
    pub scheme: String,
    /// The names of its parameters.
    pub parameters: Vec<String>,
}

impl Challenge {
    /// True if it has that scheme and names a realm.
    pub fn names_a_realm(&self, scheme: &str) -> bool {
        self.scheme == scheme && self.parameters.iter().any(|name| name == "realm")
    }
}

/// All challenges of a response.
pub fn challenges(response: &Response) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    for value in response.headers_named("www-authenticate") {
        for element in elements(value) {
            let end = element.find([' ', '\t', '=']).unwrap_or(element.len());
            let (word, rest) = element.split_at(end);
            let (word, rest) = (word.to_ascii_lowercase(), rest.trim_start());
            // A word and a sign of equality are a parameter of the challenge before.
            if rest.starts_with('=') {
                if let Some(challenge) = challenges.last_mut() {
                    challenge.parameters.push(word);
                }
                continue;
            }
            let parameter = rest.split_once('=');
            let parameter = parameter.map(|(name, _)| name.trim_end().to_ascii_lowercase());
            challenges.push(Challenge {
                scheme: word,
                parameters: parameter.into_iter().collect(),
            });
        }
    }
    challenges
}

/// Splits at commas outside quotes.
fn elements(value: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    value
        .split(|character| {
            match character {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ => {}
            }
            character == ',' && !quoted
        })
        .map(str::trim)
        .filter(|element| !element.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::challenges;
    use crate::transport::Response;

    fn of(values: &[&str]) -> Vec<String> {
        let headers = values
            .iter()
            .map(|value| ("WWW-Authenticate".to_owned(), (*value).to_owned()));
        let found = challenges(&Response {
            status: 401,
            headers: headers.collect(),
            body: Vec::new(),
        });
        let text = |one: &super::Challenge| format!("{} {}", one.scheme, one.parameters.join(" "));
        found.iter().map(text).collect()
    }

    #[test]
    fn challenges_are_read_however_they_are_written() {
        for (values, expected) in [
            (&["Basic realm=\"api\""][..], &["basic realm"][..]),
            (
                &["Basic charset=\"UTF-8\", realm=\"api\""],
                &["basic charset realm"],
            ),
            (
                &["Bearer realm=\"a, Basic realm=\\\"x\", BASIC realm = api"],
                &["bearer realm", "basic realm"],
            ),
            (
                &["Bearer realm=\"a\" , error=\"b\",,Basic realm=\"api\""],
                &["bearer realm error", "basic realm"],
            ),
            (
                &["Negotiate", "Basic realm=\"api\""],
                &["negotiate ", "basic realm"],
            ),
            (&["Basic"], &["basic "]),
            (&["Digest realm=\"basic realm=1\""], &["digest realm"]),
            (&["realm=\"api\"", ""], &[]),
        ] {
            assert_eq!(of(values), expected, "{values:?}");
        }
    }
}
