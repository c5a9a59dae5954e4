//! Perl distributions that cpanm or Carton installed.
//!
//! cpanm leaves `.meta/DISTRIBUTION-VERSION/install.json` below the directory of libraries, and
//! beside it `MYMETA.json`, <https://metacpan.org/pod/CPAN::Meta::Spec>, which knows the licence.
//! The version in `install.json` is that of the module that was asked for; the distribution's is at
//! the end of its name. What an upgrade replaced keeps its record.

use crate::analyze::{Analyzer, Found, Want, json, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "cpan",
    wants: &[Want::Name("install.json"), Want::Name("MYMETA.json")],
    accepts: |path| {
        let mut parts = path.as_str().rsplit('/');
        parts.nth(2) == Some(".meta")
    },
    read: |input| {
        let bytes = input.whole()?;
        let is_record = input.path.file_name() == "install.json";
        Ok(if is_record { read_record(&bytes) } else { read_meta(input.path, &bytes) })
    },
    ..Analyzer::BASE
};

fn read_record(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let document = json::document(bytes);
    let (mut distribution, mut archive) = (None, None);
    let result = json::entries(&document, |key, raw| match key {
        "dist" => distribution = json::value(raw),
        "pathname" => archive = json::value(raw),
        _ => {}
    });
    if let Err(error) = result {
        found.note(error.line(), "not a record of an installation");
        return found;
    }
    let Some((name, version)) = distribution.as_deref().and_then(split) else {
        found.note(1, "a distribution without a readable name and version");
        return found;
    };
    let mut component = Component::new(Ecosystem::Cpan, name, version);
    // `A/AB/ABC/Name-1.0.tar.gz`
    if let Some(author) = archive.as_deref().and_then(|it| it.split('/').nth(2)) {
        component = component.property("author", author);
    }
    found.component(component);
    found
}

fn read_meta(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let document = json::document(bytes);
    let mut licenses = Vec::new();
    let result = json::entries(&document, |key, raw| {
        if key == "license" {
            licenses = json::licenses(raw);
        }
    });
    if result.is_ok() {
        licenses.retain(|it| it != "unknown");
        let record = format!("{}/install.json", path.parent());
        if text::phrase(licenses.join(" OR ").as_bytes()).is_some() {
            found.about(record, "license", licenses.join(" OR "));
        }
    }
    found
}

/// Splits `Name-Of-It-v1.2-TRIAL` before the version.
fn split(distribution: &str) -> Option<(&str, &str)> {
    let is_version = |it: &str| {
        let digits = it.strip_prefix('v').unwrap_or(it);
        digits.starts_with(|it: char| it.is_ascii_digit())
    };
    let dashes = distribution.match_indices('-').map(|(at, _)| at);
    let mut ends =
        dashes.filter_map(|at| Some((distribution.get(..at)?, distribution.get(at + 1..)?)));
    ends.rfind(|(name, version)| !name.is_empty() && is_version(version))
}

#[cfg(test)]
mod tests {
    use super::{ANALYZER, split};
    use crate::analyze::tests::{find, shown, wants};

    const META: &str = "usr/local/lib/perl5/site_perl/5.36.0/x86_64-linux-gnu/.meta/JSON-PP-4.16";

    fn check(file: &str, text: &str) -> String {
        shown(&find(&ANALYZER, &format!("{META}/{file}"), text.as_bytes()))
    }

    #[test]
    fn a_distribution_is_told_from_its_modules() {
        let text = r#"{"dist":"JSON-PP-4.16","name":"JSON::PP","version":"4.1","provides":{},
            "pathname":"I/IS/ISHIGAKI/JSON-PP-4.16.tar.gz"}"#;
        assert_eq!(check("install.json", text), "cpan JSON-PP 4.16 author=ISHIGAKI\n");
        assert_eq!(
            check("install.json", "{}"),
            "note cpan: line 1: a distribution without a readable name and version\n"
        );
        assert_eq!(
            check("install.json", "[]"),
            "note cpan: line 1: not a record of an installation\n"
        );
    }

    #[test]
    fn the_licence_is_told_by_the_file_beside_it() {
        let text = r#"{"name":"JSON-PP","license":["perl_5","mit"]}"#;
        assert_eq!(
            check("MYMETA.json", text),
            format!("/{META}/install.json license=mit OR perl_5\n")
        );
        assert_eq!(check("MYMETA.json", r#"{"license":["unknown"]}"#), "");
        assert_eq!(check("MYMETA.json", "{"), "");
    }

    #[test]
    fn the_version_is_at_the_end_of_the_name() {
        assert_eq!(split("libwww-perl-6.67"), Some(("libwww-perl", "6.67")));
        assert_eq!(split("A-B-v1.2.3-TRIAL"), Some(("A-B", "v1.2.3-TRIAL")));
        assert_eq!(split("Text-CSV-2-1.0"), Some(("Text-CSV-2", "1.0")));
        assert_eq!(split("A-B"), None);
        assert_eq!(split("-1"), None);
    }

    #[test]
    fn only_records_of_cpanm_are_read() {
        assert!(wants(&ANALYZER, &format!("{META}/install.json")));
        assert!(!wants(&ANALYZER, "app/install.json"));
        assert!(!wants(&ANALYZER, "src/JSON-PP/MYMETA.json"));
    }
}
