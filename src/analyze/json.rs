//! JSON documents of which a few fields matter, read one value at a time.
//!
//! Values that nobody asked for are stepped over, a list of any length is never in memory as a list,
//! and a value of the wrong type is no reason to give up the document. Of a key that is there twice
//! the last counts, as for the programs that these documents are written for.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::text;

/// Licences of one package; the longest list of a real one has a dozen.
pub(super) const MAX_LICENSES: usize = 32;

/// The document as text. What is not UTF-8 in it is some author's name.
pub(super) fn document(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
}

/// Hands every entry of the object `text` to `f`. The error's text could repeat what the file says;
/// its line cannot.
pub(super) fn entries<'a>(
    text: &'a str,
    f: impl FnMut(&str, &'a RawValue),
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(Entries(f, PhantomData))?;
    reader.end()
}

/// Hands every element of the list `raw` to `f`; none, if it is no list.
pub(super) fn elements<'a>(raw: &'a RawValue, f: impl FnMut(&'a RawValue)) {
    // A raw value has been read once, so it is a whole list or none at all.
    serde_json::Deserializer::from_str(raw.get())
        .deserialize_seq(Elements(f, PhantomData))
        .unwrap_or_default();
}

/// The value of a string.
pub(super) fn string(raw: &RawValue) -> Option<String> {
    raw.get().starts_with('"').then(|| serde_json::from_str(raw.get()).ok())?
}

/// The value of a string that may become a fact.
pub(super) fn value(raw: &RawValue) -> Option<String> {
    Some(text::value(string(raw)?.as_bytes())?.to_owned())
}

/// What `true` or `false` says.
pub(super) fn is_true(raw: &RawValue) -> bool {
    raw.get() == "true"
}

/// The licences in `raw`: a string, an object with a `type` or a `name`, or a list of these.
pub(super) fn licenses(raw: &RawValue) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |raw: &RawValue| {
        if found.len() < MAX_LICENSES {
            found.extend(string(raw).or_else(|| title(raw)));
        }
    };
    if raw.get().starts_with('[') {
        elements(raw, add);
    } else {
        add(raw);
    }
    text::licenses(found.iter().map(String::as_bytes))
}

/// The `type` or `name` of an object.
fn title(raw: &RawValue) -> Option<String> {
    let mut title = None;
    let read = entries(raw.get(), |key, raw| {
        if matches!(key, "type" | "name") {
            title = string(raw).or(title.take());
        }
    });
    read.ok()?;
    title
}

/// Tells the lines of a document on which parts of it begin.
pub(super) struct Lines<'a> {
    document: &'a str,
    /// A place that was asked for before, and its line: the next one is counted from there.
    at: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(document: &'a str) -> Self {
        Self { document, at: 0, line: 1 }
    }

    pub(super) fn of(&mut self, part: &RawValue) -> usize {
        let at = (part.get().as_ptr() as usize).saturating_sub(self.document.as_ptr() as usize);
        if at < self.at {
            (self.at, self.line) = (0, 1);
        }
        let between = self.document.as_bytes().get(self.at..at).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', between).count();
        self.at = at;
        self.line
    }
}

struct Entries<'a, F>(F, PhantomData<&'a ()>);

impl<'a, F: FnMut(&str, &'a RawValue)> Visitor<'a> for Entries<'a, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            (self.0)(&key, map.next_value()?);
        }
        Ok(())
    }
}

struct Elements<'a, F>(F, PhantomData<&'a ()>);

impl<'a, F: FnMut(&'a RawValue)> Visitor<'a> for Elements<'a, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element()? {
            (self.0)(element);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, RawValue, elements, entries, licenses, value};

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn licences_come_in_every_form_that_was_ever_allowed() {
        for (text, expected) in [
            (r#""MIT""#, &["MIT"][..]),
            (r#"{"type": "BSD", "url": "x"}"#, &["BSD"]),
            (
                r#"[{"type": "MIT"}, "Apache License 2.0", {"name": "GPL"}, 7, null]"#,
                &["Apache License 2.0", "GPL", "MIT"],
            ),
            (r#"["MIT", "MIT"]"#, &["MIT"]),
            (r#"[["MIT"]]"#, &[]),
            (r#""a\u001b[2J""#, &[]),
            ("true", &[]),
        ] {
            assert_eq!(licenses(raw(text)), expected, "{text}");
        }
    }

    #[test]
    fn values_are_found_in_their_line_and_the_last_of_a_key_counts() {
        let text = "{\n\"a\": 1,\n\"a\": [\"x\",\n\"y\"]}";
        let mut last = None;
        entries(text, |_, it| last = Some(it)).unwrap();
        let (mut lines, mut found) = (Lines::new(text), Vec::new());
        elements(last.unwrap(), |it| found.push((lines.of(it), value(it).unwrap())));
        assert_eq!(found, [(3, "x".to_owned()), (4, "y".to_owned())]);
        assert_eq!(lines.of(last.unwrap()), 3);
        elements(raw("{}"), |_| panic!("an object has no elements"));
    }

    #[test]
    fn only_a_whole_object_is_a_document() {
        assert!(entries("{} ", |_, _| ()).is_ok());
        for text in ["", "[]", "{", "{}x", "{\"a\": [}"] {
            assert!(entries(text, |_, _| ()).is_err(), "{text}");
        }
        let deep = format!("{{\"a\": {}", "[".repeat(1 << 20));
        assert!(entries(&deep, |_, _| ()).is_err());
    }
}
