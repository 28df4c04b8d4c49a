//! Reads frames without a JSON parser: at ten thousand frames a second, the client's cost must
//! not dominate the measurement.

use memchr::memmem::find;

/// The whole number after `name`, such as `"seq":`.
pub(crate) fn number_after(text: &[u8], name: &[u8]) -> Option<u64> {
    let from = find(text, name)? + name.len();
    let digits = text[from..].iter().take_while(|digit| digit.is_ascii_digit());
    Some(digits.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// The string after `name`, such as `"channel":"`, up to its closing quote.
pub(crate) fn text_after<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = &text[find(text, name)? + name.len()..];
    Some(&rest[..memchr::memchr(b'"', rest)?])
}

/// The millisecond of the day in the frame's own `at`, which comes before the `at` of any
/// nested value.
pub(crate) fn time_of(text: &[u8]) -> Option<i64> {
    let time = text_after(text, br#""at":""#)?.get(11..)?;
    let digits = |from: usize, count: usize| {
        time.get(from..from + count)?.iter().try_fold(0, |sum: i64, digit| match digit {
            b'0'..=b'9' => Some(sum * 10 + i64::from(digit - b'0')),
            _ => None,
        })
    };
    let whole = ((digits(0, 2)? * 60 + digits(3, 2)?) * 60 + digits(6, 2)?) * 1000;
    Some(whole + if time.get(8) == Some(&b'.') { digits(9, 3)? } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_position_is_not_taken_for_that_of_arrival() {
        let latest =
            br#"{"op":"latest","at":"2026-11-23T03:20:11Z","eta":{"arrive_at":"2026-11-23T03:30:00Z"}}"#;
        assert_eq!(time_of(latest), Some(((3 * 60 + 20) * 60 + 11) * 1000));
        assert_eq!(
            time_of(br#"{"at":"2026-11-23T03:20:11.250Z"}"#),
            Some(((3 * 60 + 20) * 60 + 11) * 1000 + 250)
        );
    }

    #[test]
    fn numbers_and_texts_are_found_by_name() {
        let text = br#"{"channel":"order:1","offset":17,"at":"x"}"#;
        assert_eq!(number_after(text, br#""offset":"#), Some(17));
        assert_eq!(text_after(text, br#""channel":""#), Some(&b"order:1"[..]));
        assert_eq!(number_after(text, br#""seq":"#), None);
    }
}
