//! The client's preferences (RFC 9110, 12.5): ranges with weights, on one line or several,
//! case-insensitive.

use axum::http::{HeaderMap, HeaderName, header};

/// The values that `name` lists, each in lower case with its weight. Unreadable ones are left out.
pub(crate) fn weighted(headers: &HeaderMap, name: HeaderName) -> Vec<(String, f32)> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    let ranges = lines.flat_map(|line| line.split(',')).filter_map(|range| {
        let range = range.to_ascii_lowercase();
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().filter(|named| !named.is_empty())?;
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok())?;
        (0.0..=1.0).contains(&weight).then(|| (named.to_owned(), weight))
    });
    ranges.collect()
}

/// A media type on offer, and the names by which it may be requested.
pub(crate) type Offer = (&'static str, &'static [&'static str]);

/// The offer with the greatest weight in `Accept`, the first of equals; `None` if all are ruled
/// out.
pub(crate) fn preferred(headers: &HeaderMap, offers: &[Offer]) -> Option<&'static str> {
    let ranges = weighted(headers, header::ACCEPT);
    let mut best: Option<(&'static str, f32)> = None;
    for (media_type, names) in offers {
        let weight = if ranges.is_empty() { 1.0 } else { weight_of(&ranges, names) };
        if weight > best.map_or(0.0, |(_, most)| most) {
            best = Some((media_type, weight));
        }
    }
    best.map(|(media_type, _)| media_type)
}

/// The weight of the most specific range that matches.
fn weight_of(ranges: &[(String, f32)], names: &[&str]) -> f32 {
    let exactness = |range: &str, name: &str| match range.strip_suffix("/*") {
        _ if range == name => Some(2),
        Some("*") => Some(0),
        Some(kind) if name.split('/').next() == Some(kind) => Some(1),
        _ => None,
    };
    let found = ranges.iter().filter_map(|(range, weight)| {
        names.iter().filter_map(|name| exactness(range, name)).max().map(|exact| (exact, *weight))
    });
    let (_, weight) =
        found.fold(
            (-1, 0.0),
            |best, one| if one.0 > best.0 || (one.0 == best.0 && one.1 > best.1) { one } else { best },
        );
    weight
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERS: [Offer; 2] = [
        ("application/geo+json", &["application/geo+json", "application/json"]),
        ("application/gpx+xml", &["application/gpx+xml", "text/xml"]),
    ];

    fn asked(lines: &[&'static str]) -> Option<&'static str> {
        let lines = lines.iter().map(|line| (header::ACCEPT, line.parse().unwrap()));
        preferred(&lines.collect(), &OFFERS)
    }

    #[test]
    fn the_heaviest_offer_is_given_and_the_first_of_equals() {
        let (json, xml) = (Some("application/geo+json"), Some("application/gpx+xml"));
        for (lines, expected) in [
            (&[][..], json),
            (&[""], json),
            (&["*/*"], json),
            (&["application/gpx+xml"], xml),
            (&["Application/GPX+XML;Q=0.5"], xml),
            (&["application/geo+json;q=0.1, application/gpx+xml;q=0.9"], xml),
            (&["application/geo+json;q=0.1", "text/xml"], xml),
            (&["application/*;q=0.8, application/geo+json;q=0"], xml),
            (&["*/*;q=0.1, text/*"], xml),
            (&["application/gpx+xml, application/geo+json"], json),
            (&["text/html, application/geo+json; charset=utf-8; q=0.9"], json),
            (&["image/png"], None),
            (&["*/*;q=0"], None),
            (&["application/gpx+xml;q=nan"], json),
        ] {
            assert_eq!(asked(lines), expected, "{lines:?}");
        }
    }
}
