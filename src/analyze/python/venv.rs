//! Virtual environments of Python.
//!
//! `pyvenv.cfg`, `key = value` lines in the environment's directory,
//! <https://docs.python.org/3/library/site.html>. The version is in `version`, or in `version_info`
//! as virtualenv and uv write it. All that is installed below belongs to the environment.

use crate::analyze::{Analyzer, Found, Want, text};
use crate::model::LayerPath;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "python-venv",
    wants: &[Want::Name("pyvenv.cfg")],
    accepts: |path| !path.parent().is_empty(),
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let below = format!("{}/", path.parent());
    if let Some(place) = text::phrase(format!("/{}", path.parent()).as_bytes()) {
        found.about(below.as_str(), "venv", place);
    }
    let versions = text::lines(bytes).filter_map(|(_, line)| version(line));
    if let Some(version) = versions.min_by_key(String::len) {
        found.about(below, "python", version);
    }
    found
}

/// `3.11.2` from `version = 3.11.2` or `version_info = 3.11.2.final.0`.
fn version(line: &[u8]) -> Option<String> {
    let at = memchr::memchr(b'=', line)?;
    let (key, value) = line.split_at_checked(at)?;
    if !matches!(key.trim_ascii(), b"version" | b"version_info") {
        return None;
    }
    let value = text::value(value.strip_prefix(b"=")?)?;
    let is_number = |it: &&str| it.bytes().all(|it| it.is_ascii_digit()) && !it.is_empty();
    let numbers: Vec<&str> = value.split('.').take(3).take_while(is_number).collect();
    (numbers.len() >= 2).then(|| numbers.join("."))
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "opt/venv/pyvenv.cfg", text.as_bytes()))
    }

    #[test]
    fn what_is_below_belongs_to_the_environment() {
        let all = "/opt/venv/ python=3.11.2\n/opt/venv/ venv=/opt/venv\n";
        assert_eq!(check("home = /usr/bin\nversion = 3.11.2\nprompt = x\n"), all);
        assert_eq!(check("version_info = 3.11.2.final.0\r\nuv = 0.5.1\n"), all);
        assert_eq!(check("version=3.11.2"), all);
        assert_eq!(check("version = x\nversion_info = 3\n"), "/opt/venv/ venv=/opt/venv\n");
        assert!(!wants(&ANALYZER, "pyvenv.cfg"));
    }
}
