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
    use super::{elements, entries, string};

    #[test]
    fn the_last_of_a_key_counts_and_only_a_list_has_elements() {
        let mut last = None;
        entries("{\"a\": 1, \"a\": [\"x\", \"y\", 7]}", |_, it| last = Some(it)).unwrap();
        let mut found = Vec::new();
        elements(last.unwrap(), |it| found.extend(string(it)));
        assert_eq!(found, ["x", "y"]);
        elements(serde_json::from_str("{}").unwrap(), |_| panic!("an object has no elements"));
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
