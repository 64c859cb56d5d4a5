//! Chooses the format of a response.

use std::cmp::Ordering;

use axum::http::{HeaderMap, header::ACCEPT};
use bandwidth_fixtures::{
    Consultation,
    profile::{AcceptTie, DefaultFormat, JsonSupport, Unacceptable, WithoutAccept},
};

use super::content_type;
use crate::codec::Format;

/// The outcome of negotiation. There is always a format: errors need one too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Negotiated {
    pub(super) format: Format,
    /// False if `format.unacceptable` rejects the requested types.
    pub(super) acceptable: bool,
}

impl Negotiated {
    /// On a surface with this format only, for any `Accept`.
    pub(super) fn only(format: Format) -> Self {
        Self {
            format,
            acceptable: true,
        }
    }
}

/// Reads `Accept` with its q-values. JSON is chosen only when it is preferred to XML, or the other
/// way round where JSON is the default.
pub(super) fn negotiate(headers: &HeaderMap, rules: &Consultation) -> Negotiated {
    let ranges = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(Range::parse);
    let mut asked = false;
    let [mut xml, mut text_xml, mut json] = [None; 3];
    for range in ranges {
        asked = true;
        for (best, kind) in [
            (&mut xml, "application/xml"),
            (&mut text_xml, "text/xml"),
            (&mut json, "application/json"),
        ] {
            // The most specific range counts.
            *best = (*best).max(range.fit(kind));
        }
    }
    if !asked {
        let as_the_body = content_type::is_json(headers)
            && rules.format_without_accept() == WithoutAccept::AsTheBody
            && rules.format_json() != JsonSupport::Never;
        return Negotiated {
            format: if as_the_body {
                Format::Json
            } else {
                default(rules)
            },
            acceptable: true,
        };
    }
    let weight = |best: Option<(u8, u16)>| best.map_or(0, |(_, weight)| weight);
    let exactness = |best: Option<(u8, u16)>| best.map_or(0, |(exactness, _)| exactness);
    // Only where it is named: what else fits it fits `application/xml` too, which may be rejected.
    let text_xml = text_xml.filter(|(exactness, _)| *exactness > 0);
    let named = exactness(xml)
        .max(exactness(text_xml))
        .cmp(&exactness(json));
    let xml = weight(xml).max(weight(text_xml));
    let json = weight(json);
    if xml == 0 && json == 0 {
        return Negotiated {
            format: default(rules),
            acceptable: rules.format_unacceptable() == Unacceptable::DefaultFormat,
        };
    }
    let wanted = match xml.cmp(&json) {
        Ordering::Greater => Format::Xml,
        Ordering::Less => Format::Json,
        Ordering::Equal if named.is_ne() && rules.format_accept_tie() == AcceptTie::NamedFormat => {
            match named {
                Ordering::Greater => Format::Xml,
                _ => Format::Json,
            }
        }
        Ordering::Equal => default(rules),
    };
    let format = match wanted {
        Format::Json if rules.format_json() == JsonSupport::Never => Format::Xml,
        wanted => wanted,
    };
    Negotiated {
        format,
        acceptable: true,
    }
}

/// True if `Accept` names HTML, as browsers do and clients of an API do not.
pub fn names_html(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(Range::parse)
        .any(|range| range.kind.eq_ignore_ascii_case("text/html") && range.weight > 0)
}

fn default(rules: &Consultation) -> Format {
    match rules.format_default() {
        DefaultFormat::Xml => Format::Xml,
        DefaultFormat::Json => Format::Json,
    }
}

/// A media range with its weight in thousandths.
struct Range<'h> {
    kind: &'h str,
    weight: u16,
}

impl<'h> Range<'h> {
    fn parse(text: &'h str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let kind = parts.next().filter(|kind| kind.contains('/'))?;
        let weight = parts
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .map_or(Some(1000), |(_, value)| parse_weight(value.trim()))?;
        Some(Self { kind, weight })
    }

    /// Precision with which the range names the type, and its weight; `None` if it does not match.
    fn fit(&self, kind: &str) -> Option<(u8, u16)> {
        let of_type = |whole: &str| {
            let own = kind.split('/').next();
            own.is_some_and(|own| own.eq_ignore_ascii_case(whole))
        };
        let specificity = if self.kind.eq_ignore_ascii_case(kind) {
            2
        } else if self.kind == "*/*" {
            0
        } else if self.kind.strip_suffix("/*").is_some_and(of_type) {
            1
        } else {
            return None;
        };
        Some((specificity, self.weight))
    }
}

/// `0.5` in thousandths; RFC 9110, section 12.4.2, allows three digits.
fn parse_weight(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header::ACCEPT};
    use bandwidth_fixtures::{Consultation, NamedProfile};

    use super::{Negotiated, negotiate};
    use crate::codec::Format;

    fn negotiated(set: &[&str], accept: &[&str]) -> Negotiated {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(ACCEPT, HeaderValue::from_str(value).unwrap());
        }
        let mut profile = NamedProfile::built_in("guide").unwrap();
        profile.set(set.iter().copied()).unwrap();
        negotiate(&headers, &Consultation::of(*profile.options()))
    }

    fn format(accept: &[&str]) -> Format {
        negotiated(&[], accept).format
    }

    #[test]
    fn json_only_when_it_is_preferred() {
        for accept in [
            &["application/json"] as &[&str],
            &["Application/JSON"],
            &["application/json;q=0.1"],
            &["application/json, application/xml;q=0.9"],
            &["application/xml;q=0.9", "application/json"],
            &["application/json, */*;q=0.5"],
            &["application/json;q=0.3,application/*;q=0.2"],
            &["application/xml;q=0, text/xml;q=0, */*"],
            &["application/xml;q=0, */*"],
            &["application/xml;q=0.2, application/json;q=0.8, */*;q=0.9"],
            &["text/html, application/json"],
            &["application/json ; charset=utf-8 ; q=0.7 , text/xml;q=0.699"],
        ] {
            assert_eq!(format(accept), Format::Json, "{accept:?}");
        }
        for accept in [
            &[] as &[&str],
            &["*/*"],
            &["application/*"],
            &["text/html"],
            &["application/xml, application/json"],
            &["application/json;q=0.5, */*"],
            &["application/json;q=0"],
            &["text/xml, application/json;q=0.9"],
            &["application/json;q=1.5"],
            &["application/json;q=0.1234"],
            &["json"],
            &[""],
        ] {
            assert_eq!(format(accept), Format::Xml, "{accept:?}");
        }
    }

    #[test]
    fn the_profile_decides_what_is_open() {
        let json = Negotiated {
            format: Format::Json,
            acceptable: true,
        };
        let xml = Negotiated {
            format: Format::Xml,
            acceptable: true,
        };
        assert_eq!(negotiated(&["format.default=json"], &["*/*"]), json);
        assert_eq!(
            negotiated(&["format.default=json"], &["application/xml"]),
            xml
        );
        assert_eq!(
            negotiated(&["format.json=never"], &["application/json"]),
            xml
        );
        assert_eq!(negotiated(&[], &["text/html"]), xml);
        let axios = "application/json, text/plain, */*";
        assert_eq!(negotiated(&[], &[axios]), xml);
        let named = &["format.accept_tie=named_format"];
        assert_eq!(negotiated(named, &[axios]), json);
        assert_eq!(negotiated(named, &["text/xml, */*"]), xml);
        assert_eq!(
            negotiated(named, &["application/json, application/xml"]),
            xml
        );
        assert_eq!(negotiated(named, &["application/json;q=0.9, */*"]), xml);
        let refused = Negotiated {
            acceptable: false,
            ..xml
        };
        assert_eq!(
            negotiated(&["format.unacceptable=not_acceptable"], &["text/html"]),
            refused
        );
    }
}
