//! Text from scanned content, made safe to show.

use std::fmt::Write as _;

/// `text` with every control character written out, so that a file name cannot move the cursor,
/// colour the terminal or look like a line of its own. Marks that change the direction of text go
/// the same way.
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for it in text.chars() {
        if it.is_control() || is_invisible(it) {
            // Writing to a String cannot fail.
            write!(shown, "{}", it.escape_unicode()).unwrap_or_default();
        } else {
            shown.push(it);
        }
    }
    shown
}

fn is_invisible(it: char) -> bool {
    matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(plain("a\u{1b}[31m\nb"), "a\\u{1b}[31m\\u{a}b");
        assert_eq!(plain("x\u{202e}txt"), "x\\u{202e}txt");
        assert_eq!(plain("größe/数据"), "größe/数据");
    }
}
