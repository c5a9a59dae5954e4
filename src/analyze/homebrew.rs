//! Packages of Homebrew.
//!
//! Each version of a formula has a directory, `Cellar/NAME/VERSION`, with a copy of the formula in
//! `.brew` and a receipt, <https://docs.brew.sh/Formula-Cookbook>. A cask has the like in
//! `Caskroom/NAME/.metadata/VERSION/TIME/Casks`. Name and version are those of the directories; the
//! version has the revision of the formula at its end, `1.2_1`. Formulae of taps are not installed.

use super::{Analyzer, Found, Want, json, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "homebrew",
    wants: &[Want::In(".brew"), Want::In("Casks"), Want::Name("INSTALL_RECEIPT.json")],
    accepts: |path| Kind::of(path).is_some(),
    read: |input| {
        let mut found = Found::default();
        match Kind::of(input.path) {
            Some(Kind::Formula { name, version }) => {
                let licenses = license(&input.whole()?).into_iter().collect();
                add(
                    Component { licenses, ..Component::new(Ecosystem::Brew, name, version) },
                    &mut found,
                );
            }
            Some(Kind::Cask { name, version }) => {
                let cask = Component::new(Ecosystem::Brew, name, version);
                add(cask.property("cask", "true"), &mut found);
            }
            Some(Kind::Receipt { directory, name }) => {
                if let Some(tap) = tap(&input.whole()?) {
                    found.about(format!("{directory}/.brew/{name}.rb"), "tap", tap);
                }
            }
            None => {}
        }
        Ok(found)
    },
    ..Analyzer::BASE
};

/// What a path is about.
enum Kind<'a> {
    Formula { name: &'a str, version: &'a str },
    Cask { name: &'a str, version: &'a str },
    Receipt { directory: &'a str, name: &'a str },
}

impl<'a> Kind<'a> {
    fn of(path: &'a LayerPath) -> Option<Self> {
        let parts: Vec<&str> = path.as_str().split('/').collect();
        match *parts.as_slice() {
            [.., "Cellar", name, version, ".brew", file] => {
                let is_own = file.strip_suffix(".rb") == Some(name);
                is_own.then_some(Self::Formula { name, version })
            }
            [.., "Cellar", name, _, "INSTALL_RECEIPT.json"] => {
                Some(Self::Receipt { directory: path.parent(), name })
            }
            [.., "Caskroom", name, ".metadata", version, _, "Casks", file] => {
                let stem = file.strip_suffix(".rb").or_else(|| file.strip_suffix(".json"));
                (stem == Some(name)).then_some(Self::Cask { name, version })
            }
            _ => None,
        }
    }
}

/// Adds what a directory is named after, if that may be a name and a version.
fn add(component: Component, found: &mut Found) {
    let is_fact = |it: &str| text::value(it.as_bytes()).is_some();
    if is_fact(&component.name) && is_fact(&component.version) {
        found.component(component);
    } else {
        found.remark("a package without a readable name and version");
    }
}

/// Reads `license "MIT"` and `license any_of: ["MIT", "BSD-3-Clause"]`; longer forms take several
/// lines.
fn license(formula: &[u8]) -> Option<String> {
    let (_, line) = text::lines(formula).find(|(_, line)| {
        line.strip_prefix(b"  license ").is_some_and(|it| !it.trim_ascii().is_empty())
    })?;
    let value = str::from_utf8(line).ok()?.trim().strip_prefix("license")?.trim_start();
    let word = match value.split_once(':').map(|(key, _)| key) {
        _ if value.starts_with('"') => "",
        Some("any_of") => " OR ",
        Some("all_of") => " AND ",
        _ => return None,
    };
    let strings: Vec<&str> = value.split('"').skip(1).step_by(2).collect();
    Some(text::phrase(strings.join(word).as_bytes())?.to_owned())
}

/// Where the formula came from.
fn tap(receipt: &[u8]) -> Option<String> {
    let document = json::document(receipt);
    let mut tap = None;
    json::entries(&document, |key, raw| {
        if key == "source" {
            let read = json::entries(raw.get(), |key, raw| {
                if key == "tap" {
                    tap = json::value(raw);
                }
            });
            read.unwrap_or_default();
        }
    })
    .ok()?;
    tap
}

#[cfg(test)]
mod tests {
    use super::{ANALYZER, license};
    use crate::analyze::tests::{find, shown, wants};

    const KEG: &str = "home/linuxbrew/.linuxbrew/Cellar/openssl@3/3.2.1_1";

    fn check(path: &str, text: &str) -> String {
        shown(&find(&ANALYZER, path, text.as_bytes()))
    }

    #[test]
    fn the_directory_says_name_and_version() {
        let text = "class OpensslAT3 < Formula\n  url \"x\"\n  license \"Apache-2.0\"\n  version \"9\"\nend\n";
        assert_eq!(
            check(&format!("{KEG}/.brew/openssl@3.rb"), text),
            "brew openssl@3 3.2.1_1 licensed [\"Apache-2.0\"]\n"
        );
        let cask = "Caskroom/font-x/.metadata/1.0/20240101.1/Casks/font-x.json";
        assert_eq!(check(cask, "{}"), "brew font-x 1.0 cask=true\n");
    }

    #[test]
    fn the_receipt_says_where_the_formula_came_from() {
        let receipt = format!("{KEG}/INSTALL_RECEIPT.json");
        assert_eq!(
            check(&receipt, r#"{"source":{"tap":"homebrew/core","spec":"stable"}}"#),
            format!("/{KEG}/.brew/openssl@3.rb tap=homebrew/core\n")
        );
        assert_eq!(check(&receipt, "{"), "");
        assert_eq!(check(&receipt, r#"{"source":null}"#), "");
    }

    #[test]
    fn licences_may_be_a_choice() {
        let read = |value: &str| license(format!("  license {value}\n").as_bytes());
        assert_eq!(read(r#""MIT""#).as_deref(), Some("MIT"));
        assert_eq!(read(r#"any_of: ["MIT", "Zlib"]"#).as_deref(), Some("MIT OR Zlib"));
        assert_eq!(read(r#"all_of: ["MIT", "Zlib"]"#).as_deref(), Some("MIT AND Zlib"));
        assert_eq!(read(":public_domain"), None);
        assert_eq!(read("all_of: ["), None);
        assert_eq!(license(b"  # license \"MIT\"\n"), None);
    }

    #[test]
    fn formulae_of_taps_are_not_installed() {
        assert!(!wants(&ANALYZER, "opt/homebrew/Library/Taps/a/b/Formula/c.rb"));
        assert!(!wants(&ANALYZER, "opt/homebrew/Library/Taps/a/b/Casks/c.rb"));
        assert!(!wants(&ANALYZER, "opt/homebrew/Cellar/a/1/.brew/b.rb"));
    }
}
