//! XML, as far as it takes to find a text in a document that some tool wrote.
//!
//! Format: <https://www.w3.org/TR/xml/>. Only the five entities that every document has are known,
//! and numbers: what a document defines itself is never expanded. Attributes, comments, processing
//! instructions and the document type are passed over. Nothing is checked that is not needed: where
//! tags do not fit, the texts are told of the elements that are open.

use super::FormatError;

/// Elements in elements. What nests deeper is no metadata.
const MAX_DEPTH: usize = 64;

/// Calls `text` for each text that is not blank, with the names of the elements that it is in, the
/// outermost first. A text that a comment or a `CDATA` section divides comes in several calls.
pub fn texts(bytes: &[u8], mut text: impl FnMut(&[&str], &str)) -> Result<(), FormatError> {
    let document = String::from_utf8_lossy(bytes);
    let mut open: Vec<&str> = Vec::new();
    let mut rest: &str = document.strip_prefix('\u{feff}').unwrap_or(&document);
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        let (before, tag) = rest.split_at_checked(at).unwrap_or_default();
        if !before.trim().is_empty() && !open.is_empty() {
            text(&open, unescape(before.trim()).as_str());
        }
        rest = if let Some(after) = tag.strip_prefix("<!--") {
            after.split_once("-->").map(|it| it.1)
        } else if let Some(after) = tag.strip_prefix("<![CDATA[") {
            let (inside, after) = after.split_once("]]>").ok_or(CUT_OFF)?;
            if !inside.trim().is_empty() && !open.is_empty() {
                text(&open, inside.trim());
            }
            Some(after)
        } else if let Some(after) = tag.strip_prefix("<?") {
            after.split_once("?>").map(|it| it.1)
        } else if let Some(after) = tag.strip_prefix("<!") {
            after_document_type(after)
        } else {
            let end = tag_end(tag).ok_or(CUT_OFF)?;
            let (tag, after) = tag.split_at_checked(end + 1).ok_or(CUT_OFF)?;
            element(tag, &mut open)?;
            Some(after)
        }
        .ok_or(CUT_OFF)?;
    }
    if open.is_empty() { Ok(()) } else { Err(CUT_OFF) }
}

const CUT_OFF: FormatError = FormatError::Malformed("the document is cut off");

/// Opens or closes what the tag names.
fn element<'a>(tag: &'a str, open: &mut Vec<&'a str>) -> Result<(), FormatError> {
    let inside = tag.trim_matches(['<', '>']);
    if inside.starts_with('/') {
        open.pop();
        return Ok(());
    }
    if inside.ends_with('/') {
        return Ok(());
    }
    if open.len() == MAX_DEPTH {
        let what = "the document nests too deeply";
        return Err(FormatError::Limit { what, limit: MAX_DEPTH as u64 });
    }
    let name = inside.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
    // Which vocabulary an element is of does not matter here.
    open.push(name.rsplit_once(':').map_or(name, |it| it.1));
    Ok(())
}

/// Where the tag ends that begins here. An attribute may hold a `>`.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// What follows a document type, which may have declarations between brackets.
fn after_document_type(after: &str) -> Option<&str> {
    let end = after.find(['>', '['])?;
    let after = after.get(end..)?;
    match after.strip_prefix('[') {
        Some(inside) => inside.split_once(']')?.1.split_once('>').map(|it| it.1),
        None => after.get(1..),
    }
}

/// Replaces the entities that every document has. Others stay as they are written.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        // No known one is longer.
        let end = after.bytes().take(10).position(|it| it == b';');
        let known = end.and_then(|it| Some((entity(after.get(..it)?)?, after.get(it + 1..)?)));
        if let Some((char, after)) = known {
            out.push(char);
            rest = after;
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::texts;

    fn shown(document: &str) -> String {
        let mut shown = Vec::new();
        let end = texts(document.as_bytes(), |path, text| {
            shown.push(format!("{}={text}", path.join("/")));
        });
        shown.extend(end.err().map(|it| it.to_string()));
        shown.join("\n")
    }

    #[test]
    fn texts_are_told_with_the_elements_they_are_in() {
        let document = "\u{feff}<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x \"y\">]>\n\
            <a xmlns='u' b=\"1>0\"><!-- <no/> --><x:b>one &amp; &#x41;</x:b><c/>\n\
            <d ><![CDATA[<two>]]></d>\n</a>\n";
        insta::assert_snapshot!(shown(document), @r"
        a/b=one & A
        a/d=<two>
        ");
    }

    #[test]
    fn what_a_document_defines_is_not_expanded() {
        let document = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x; &; &#0x;</a>";
        insta::assert_snapshot!(shown(document), @"a=&x; &; &#0x;");
    }

    #[test]
    fn what_is_broken_ends_with_an_error() {
        for document in ["<a>x", "<a", "<!-- x", "<![CDATA[", "<!DOCTYPE a [<", "<?x", "<a b='>"] {
            let shown = shown(document);
            assert!(shown.ends_with("the document is cut off"), "{document}: {shown}");
        }
        let deep = "<a>".repeat(100);
        assert_eq!(shown(&deep), "the document nests too deeply, limit 64");
        assert_eq!(shown("</b></b>text"), "");
        assert_eq!(shown(""), "");
    }
}
