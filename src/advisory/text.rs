//! Texts of records, which are printed as they are.

/// A summary is a line on a terminal, not the article.
const MAX_SUMMARY: usize = 160;

/// Control characters, and those that turn the direction of writing.
pub(super) fn breaks_lines(it: char) -> bool {
    it.is_control() || matches!(it, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether it is a name or version that stays on its line.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= 512 && !text.chars().any(breaks_lines)
}

/// The first line that says something, bounded.
pub(super) fn one_line(text: &str) -> String {
    let first = text.lines().map(str::trim).find(|it| !it.is_empty()).unwrap_or_default();
    let clean = |it: char| if breaks_lines(it) { ' ' } else { it };
    let mut line: String = first.chars().take(MAX_SUMMARY).map(clean).collect();
    if first.chars().nth(MAX_SUMMARY).is_some() {
        line.push('…');
    }
    line
}

/// Whether it is a day and time as in RFC 3339.
pub(super) fn is_date(text: &str) -> bool {
    has_shape(text, "0000-00-00T00:00:00") && text.len() <= 40
}

/// The day in a date; empty where it has none.
pub(super) fn day(text: &str) -> String {
    let shape = "0000-00-00";
    let day = text.get(..shape.len()).filter(|it| has_shape(it, shape));
    day.unwrap_or_default().to_owned()
}

/// Whether the text begins with digits where `shape` has zeros, and with the same elsewhere.
fn has_shape(text: &str, shape: &str) -> bool {
    let fits =
        |(byte, like): (u8, u8)| if like == b'0' { byte.is_ascii_digit() } else { byte == like };
    text.len() >= shape.len() && text.is_ascii() && text.bytes().zip(shape.bytes()).all(fits)
}
