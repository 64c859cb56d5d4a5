//! Finds the operation of a request, below any base path.

use bandwidth_fixtures::operation::{Endpoint, RESOURCES, Segment};
use hyper::Method;

/// Path and query of a URL.
pub fn path(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    after.find('/').map_or("/", |start| &after[start..])
}

/// The operation. The longest path that fits the end of the request's is the one that is meant.
pub fn of(method: &str, path: &str) -> Option<&'static Endpoint> {
    let path = path.split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let fitting = RESOURCES.iter().filter(|resource| {
        let rest = segments.len().checked_sub(resource.segments.len());
        rest.is_some_and(|rest| {
            let pairs = resource.segments.iter().zip(&segments[rest..]);
            pairs.fold(true, |fits, (segment, sent)| {
                fits && match segment {
                    Segment::Literal(literal) => literal.eq_ignore_ascii_case(sent),
                    Segment::Parameter(_) => true,
                }
            })
        })
    });
    let resource = fitting.max_by_key(|resource| resource.segments.len())?;
    let mut endpoints = resource.endpoints.iter();
    endpoints.find(|endpoint| endpoint.method == method)
}

/// True if a request may change something. A token request does not.
pub fn is_write(method: &Method, path: &str) -> bool {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    !reads && of(method.as_str(), path).is_none_or(|endpoint| endpoint.changes)
}

#[cfg(test)]
mod tests {
    use hyper::Method;

    use super::{is_write, of, path};

    #[test]
    fn an_operation_is_found_below_any_base() {
        for (method, path, operation) in [
            ("GET", "/api/accounts/1/users", "list_users"),
            ("GET", "/gateway/v1.0/accounts/1/users/u1?a=b", "get_user"),
            ("POST", "/api/v1/oauth2/token", "issue_token"),
            (
                "PUT",
                "/api/identityDomains/Iris/users/u/password",
                "change_password",
            ),
        ] {
            let found = of(method, path).unwrap();
            assert_eq!(found.operation.as_str(), operation, "{path}");
        }
        assert!(of("GET", "/api/other").is_none());
        assert_eq!(path("https://h/api?a"), "/api?a");
        assert_eq!(path("https://h"), "/");
    }

    #[test]
    fn everything_but_reads_and_token_requests_is_a_write() {
        assert!(!is_write(&Method::GET, "/api/accounts/1/users"));
        assert!(!is_write(&Method::POST, "/api/v1/oauth2/token"));
        assert!(is_write(&Method::POST, "/api/accounts/1/users"));
        assert!(is_write(&Method::POST, "/api/unknown"));
        assert!(is_write(&Method::DELETE, "/"));
    }
}
