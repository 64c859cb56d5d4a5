//! From a path and a method to an endpoint of the table `fixtures/operations.toml`.

use std::borrow::Cow;

use axum::http::Method;
use bandwidth_fixtures::{
    Consultation,
    operation::{Endpoint, LONGEST, Parameter, RESOURCES, Resource, Segment, Surface},
    profile::{BasePaths, Profile},
};
use percent_encoding::percent_decode_str;

/// The resource of a path under a profile.
#[derive(Debug)]
pub(super) struct Route {
    /// The part before the resource: `/api`.
    pub(super) base: &'static str,
    pub(super) resource: &'static Resource,
    /// The endpoint of the method, if there is one.
    pub(super) endpoint: Option<&'static Endpoint>,
    /// Start and end of each segment in the path.
    places: [(u16, u16); LONGEST],
}

/// The account in a path, even if a profile does not have that path. Its profile applies.
pub(super) fn account_in(path: &str) -> Option<Cow<'_, str>> {
    let (account, _) = below_bases(path, Surface::Account, "accounts/")?.split_once('/')?;
    decoded(account)
}

/// The identity domain in a path. Its profile applies, and users that log in are searched there.
pub(super) fn domain_in(path: &str) -> Option<Cow<'_, str>> {
    let rest = below_bases(path, Surface::Identity, "identitydomains/")?;
    decoded(rest.split('/').next()?)
}

/// Returns the rest of the path after a base of the surface and the prefix.
fn below_bases<'p>(path: &'p str, surface: Surface, prefix: &str) -> Option<&'p str> {
    let facts = surface.facts();
    let mut bases = facts.versions.iter().chain(facts.bases);
    bases.find_map(|base| below(path, base)?.strip_prefix(prefix))
}

/// A segment of a path without its percent-encoding, where that is UTF-8.
fn decoded(segment: &str) -> Option<Cow<'_, str>> {
    if segment.contains('%') {
        percent_decode_str(segment).decode_utf8().ok()
    } else {
        Some(Cow::Borrowed(segment))
    }
}

/// The path without empty segments, if it has some.
fn tidied(path: &str) -> Option<String> {
    let has_some = path.contains("//") || (path.len() > 1 && path.ends_with('/'));
    has_some.then(|| {
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        segments.fold(String::new(), |tidy, segment| tidy + "/" + segment)
    })
}

/// Returns the rest of the path after `base/`.
fn below<'p>(path: &'p str, base: &str) -> Option<&'p str> {
    path.strip_prefix(base)?.strip_prefix('/')
}

impl Route {
    /// The route of a path, on the first surface that the profile serves. Longer bases come first:
    /// `/api/v1` also starts with `/api`.
    pub(super) fn of(path: &str, method: &Method, rules: &Consultation) -> Option<Self> {
        // HEAD is GET without its body (RFC 9110, section 9.3.2).
        let method = match method {
            &Method::HEAD => "GET",
            method => method.as_str(),
        };
        for surface in Surface::ALL {
            let facts = surface.facts();
            let versions = facts.versions.iter().map(|base| (*base, true));
            for (base, versioned) in versions.chain(facts.bases.iter().map(|base| (*base, false))) {
                let Some(rest) = below(path, base) else {
                    continue;
                };
                let Some((resource, places)) = find(surface, rest, path.len() - rest.len()) else {
                    continue;
                };
                let has_base = !versioned || rules.paths_bases() == BasePaths::ApiAndVersions;
                if !has_base || !facts.is_served(rules) || !resource.is_served(rules) {
                    continue;
                }
                let mut endpoints = resource.endpoints.iter();
                return Some(Self {
                    base,
                    resource,
                    endpoint: endpoints
                        .find(|endpoint| endpoint.method == method && endpoint.is_served(rules)),
                    places,
                });
            }
        }
        None
    }

    /// Suggests the right path or method for one that the profile does not have, as a sentence that
    /// follows others; empty if there is none.
    pub(super) fn elsewhere(
        path: &str,
        method: &Method,
        has_path: bool,
        profile: &Profile,
    ) -> String {
        // Nothing is decided by these, so that the request did not ask them.
        let rules = Consultation::of(*profile);
        let tidy = tidied(path);
        if let Some(tidy) = &tidy
            && Self::of(tidy, method, &rules).is_some()
        {
            let extra = if path.contains("//") {
                "double slash"
            } else {
                "slash at its end"
            };
            return format!(" It is served without the {extra}.");
        }
        let path = tidy.as_deref().unwrap_or(path);
        let here = Surface::ALL.into_iter().find_map(|surface| {
            let facts = surface.facts();
            let mut bases = facts.versions.iter().chain(facts.bases);
            let (base, rest) = bases.find_map(|base| Some((*base, below(path, base)?)))?;
            let (resource, _) = find(surface, rest, path.len() - rest.len())?;
            let mut endpoints = resource.endpoints.iter();
            let endpoint = endpoints.find(|endpoint| endpoint.method == method.as_str());
            let endpoint = endpoint.or_else(|| resource.endpoints.first().filter(|_| !has_path))?;
            Some((endpoint, resource, base))
        });
        let Some((here, resource, base)) = here else {
            return String::new();
        };
        let is_served = |endpoint: &Endpoint| {
            endpoint.surface.facts().is_served(&rules) && endpoint.is_served(&rules)
        };
        let served = RESOURCES.iter().find_map(|resource| {
            let mut endpoints = resource.endpoints.iter();
            let endpoint = endpoints
                .find(|endpoint| endpoint.operation == here.operation && is_served(endpoint))?;
            let base = resource.surface.facts().bases[0];
            Some(format!("{} {base}{}", endpoint.method, resource.path))
        });
        let mut needs = Vec::new();
        if !is_served(here) {
            needs = here.conditions();
            let surface = here.surface.facts();
            let met = surface.needs.as_ref().filter(|_| surface.is_served(&rules));
            needs.retain(|need| met.is_none_or(|met| met.text != *need));
        }
        let versioned = here.surface.facts().versions.contains(&base);
        if versioned && rules.paths_bases() == BasePaths::Api {
            needs.push("paths.bases=api_and_versions");
        }
        let operation = here.operation;
        let needs = needs.join(" and ");
        match served {
            Some(place) if needs.is_empty() => format!(" This profile has {operation} at {place}."),
            Some(place) => format!(
                " This profile has {operation} at {place}; {} {base}{} needs {needs}.",
                here.method, resource.path
            ),
            None => format!(" {operation} needs {needs}."),
        }
    }

    /// The value of `Allow`.
    pub(super) fn allow(&self, rules: &Consultation) -> String {
        let endpoints = self.resource.endpoints.iter();
        let served = endpoints.filter(|endpoint| endpoint.is_served(rules));
        let methods = served.map(|endpoint| match endpoint.method {
            "GET" => "GET, HEAD",
            method => method,
        });
        methods.collect::<Vec<_>>().join(", ")
    }

    /// The part of the path that the request chose, empty where the template has no such part.
    pub(super) fn parameter<'p>(&self, path: &'p str, parameter: Parameter) -> Cow<'p, str> {
        let mut segments = self.resource.segments.iter().zip(self.places);
        let found = segments.find(|(segment, _)| **segment == Segment::Parameter(parameter));
        let text = found.and_then(|(_, (from, to))| path.get(from.into()..to.into()));
        text.and_then(decoded).unwrap_or_default()
    }

    pub(super) fn surface(&self) -> Surface {
        self.resource.surface
    }

    /// Name of the XML root of an error.
    pub(super) fn error_root(&self) -> Option<&'static str> {
        let endpoint = self.endpoint.unwrap_or(&self.resource.endpoints[0]);
        endpoint.error
    }
}

/// The resource of a path below a base of a surface, which starts at `offset`. No segment may be
/// empty.
fn find(
    surface: Surface,
    rest: &str,
    offset: usize,
) -> Option<(&'static Resource, [(u16, u16); LONGEST])> {
    let mut segments: [Cow<'_, str>; LONGEST] = Default::default();
    let mut places = [(0, 0); LONGEST];
    let mut from = offset;
    let mut count = 0;
    for segment in rest.split('/') {
        let decoded = decoded(segment)?;
        if decoded.is_empty() {
            return None;
        }
        *segments.get_mut(count)? = decoded;
        let to = from + segment.len();
        places[count] = (u16::try_from(from).ok()?, u16::try_from(to).ok()?);
        from = to + 1;
        count += 1;
    }
    let fits = |resource: &&Resource| {
        resource.surface == surface
            && resource.segments.len() == count
            && resource
                .segments
                .iter()
                .zip(&segments)
                .all(|(wanted, segment)| match wanted {
                    Segment::Literal(text) => text == segment,
                    Segment::Parameter(_) => true,
                })
    };
    Some((RESOURCES.iter().find(fits)?, places))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use bandwidth_fixtures::{
        Consultation, NamedProfile,
        operation::{Parameter, Surface},
    };

    use super::Route;

    fn route(profile: &str, path: &str) -> Option<Route> {
        let profile = NamedProfile::built_in(profile).unwrap();
        let rules = Consultation::of(*profile.options());
        Route::of(path, &Method::GET, &rules)
    }

    #[test]
    fn paths_of_the_guide() {
        let path = "/api/accounts/12345/users/u%31";
        let found = route("guide", path).unwrap();
        assert_eq!(found.resource.path, "/accounts/{accountId}/users/{userId}");
        assert_eq!(found.parameter(path, Parameter::AccountId), "12345");
        assert_eq!(found.parameter(path, Parameter::UserId), "u1");
        assert_eq!(found.parameter(path, Parameter::Username), "");
        for path in [
            "/",
            "/api",
            "/api/",
            "/api/accounts/12345/users/",
            "/api/accounts//users",
            "/api/accounts/12345",
            "/api/accounts/12345/users/u1/",
            "/api/accounts/12345/users/%FF",
            "/apix/accounts/12345/users",
            "/api/users",
            "/api/v1/accounts/12345/users",
            "/v1.0/accounts/12345/users",
            "/api/v1/oauth2/token",
        ] {
            assert!(route("guide", path).is_none(), "{path}");
        }
    }

    #[test]
    fn the_first_surface_that_is_served_has_a_path() {
        for (profile, path, surface) in [
            ("guide", "/api/v1/users", None),
            ("published", "/api/v1/users", Some(Surface::Management)),
            ("published", "/api/v2/users/u1", Some(Surface::Management)),
            ("published", "/api/users", Some(Surface::Login)),
            ("published", "/v1.0/users/jdoe", Some(Surface::Login)),
            (
                "published",
                "/api/v1/users/jdoe/password",
                Some(Surface::Login),
            ),
        ] {
            let found = route(profile, path).map(|route| route.resource.surface);
            assert_eq!(found, surface, "{profile} {path}");
        }
    }

    #[test]
    fn published_paths_have_more_bases_and_users_without_account() {
        for base in ["/api", "/api/v1", "/v1.0"] {
            let path = format!("{base}/users/jdoe%40example.com/password");
            let found = route("published", &path).unwrap();
            assert_eq!(
                (found.base, found.resource.path),
                (base, "/users/{username}/password")
            );
            let username = found.parameter(&path, Parameter::Username);
            assert_eq!(username, "jdoe@example.com");
        }
        for path in [
            "/api/v1/oauth2/token",
            "/api/v2/oauth2/token",
            "/api/v2/accounts/12345/users",
        ] {
            assert!(route("published", path).is_some(), "{path}");
        }
        for path in [
            "/api/oauth2/token",
            "/api/accounts/12345/users/u1",
            "/api/v1/accounts/12345/roles",
        ] {
            assert!(route("published", path).is_none(), "{path}");
        }
    }
}
