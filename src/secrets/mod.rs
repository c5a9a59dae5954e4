//! Finds secrets: bytes in, redacted hits out.
//!
//! One pass looks for the literals of all rules ([`index`]); around a literal the rule's shape is
//! confirmed ([`shape`], [`find`]) and the candidate judged ([`judge`]). Files stream through a
//! buffer of fixed size ([`stream`]), so what is found does not depend on how a file arrives.
//!
//! A raw secret does not leave the function that matched it: what does is a [`SecretHit`], which
//! holds a preview and a fingerprint. Nothing here knows a clock, a file or a thread.

mod encoding;
mod find;
mod hits;
mod index;
mod judge;
mod rule;
mod rules;
mod shape;
mod stream;
mod window;

#[cfg(test)]
mod tests;

pub use hits::{FileHits, MAX_HITS};
pub use rule::Rule;
pub use stream::FileScan;

use crate::model::{SecretHit, Severity};

/// Looks for secrets in a piece of a Dockerfile: an instruction's text, or the value of an `ENV`,
/// `ARG` or `LABEL` whose key is `name` (empty where there is none).
///
/// Lines are counted from the beginning of `text`.
pub fn scan_text(name: &str, text: &str) -> Vec<SecretHit> {
    let mut scan = FileScan::of_text();
    // The key is the context of the value: `AWS_SECRET_ACCESS_KEY=…`.
    if !name.is_empty() && !name.contains(['\n', '\0']) {
        scan.feed(name.as_bytes());
        scan.feed(b"=");
    }
    scan.feed(text.as_bytes());
    scan.finish().hits
}

/// `text` with a preview in the place of each secret. Every line keeps its number.
pub fn redact(text: &str) -> String {
    let mut scan = FileScan::of_text();
    scan.feed(text.as_bytes());
    let mut shown = String::with_capacity(text.len());
    let mut rest = 0;
    for (span, preview) in scan.places() {
        let at = |it: u64| usize::try_from(it).unwrap_or(usize::MAX);
        let (start, end) = (at(span.start), at(span.end));
        // A rule that cut a character in two would leave nothing to be sure of.
        let (Some(before), Some(secret)) = (text.get(rest..start), text.get(start..end)) else {
            return String::new();
        };
        shown.push_str(before);
        shown.push_str(&preview.to_string());
        shown.extend(secret.chars().filter(|it| *it == '\n'));
        rest = end;
    }
    shown.push_str(text.get(rest..).unwrap_or_default());
    shown
}

/// The rule that inventories call `id`.
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules::all().find(|it| it.id == id)
}

/// How bad a secret of the rule `id` is. A rule that this version does not know comes from the
/// inventory of another one, which would not have kept it for nothing.
pub fn severity(id: &str) -> Severity {
    rule(id).map_or(Severity::High, |it| it.severity)
}

/// Every rule.
pub fn all_rules() -> impl Iterator<Item = &'static Rule> {
    rules::all()
}
