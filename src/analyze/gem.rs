//! Installed Ruby gems.
//!
//! RubyGems writes the specification of each gem that it installs as Ruby code,
//! <https://guides.rubygems.org/specification-reference/>, always in the same form: one assignment
//! of literals a line, and a comment with the same at the front (`# stub: NAME VERSION PLATFORM …`).
//! Those of `specifications/default` are of gems that are part of Ruby. A gem that Bundler took from
//! a repository has only the specification that its author wrote, whose version may be computed: it
//! counts where it is a literal. Nothing is run. A gem's own copy, `gems/NAME/NAME.gemspec`, is
//! source.

use super::{Analyzer, Found, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "gem",
    wants: &[Want::Extension(".gemspec")],
    accepts: |path| is_installed(path) || checkout(path).is_some(),
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

/// Constants of one specification that are remembered.
const MAX_CONSTANTS: usize = 100;

/// Licences of one gem.
const MAX_LICENSES: usize = 32;

fn is_installed(path: &LayerPath) -> bool {
    path.parent().split('/').any(|it| it == "specifications")
}

/// The commit of a gem that Bundler checked out: `bundler/gems/NAME-COMMIT/…`.
fn checkout(path: &LayerPath) -> Option<&str> {
    let (_, inside) = path.as_str().split_once("bundler/gems/")?;
    let (directory, file) = inside.split_once('/')?;
    let (_, commit) = directory.rsplit_once('-')?;
    let is_commit = commit.len() >= 7 && commit.bytes().all(|it| it.is_ascii_hexdigit());
    // Below it are gems of the same repository, and deeper their test data.
    (is_commit && file.matches('/').count() <= 1).then_some(commit)
}

#[derive(Default)]
struct Spec {
    name: Option<String>,
    version: Option<String>,
    platform: Option<String>,
    licenses: Vec<String>,
    /// What the version is called where it is no literal.
    constant: Option<String>,
}

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let commit = checkout(path);
    let Some(spec) = Spec::read(bytes) else {
        if commit.is_none() {
            found.note(1, "not a gem's specification");
        }
        return found;
    };
    let (name, version) = (fact(spec.name.as_deref()), fact(spec.version.as_deref()));
    let (Some(name), Some(version)) = (name, version) else {
        if commit.is_none() {
            found.note(1, "a gem without a readable name and version");
        }
        return found;
    };
    let licenses = text::licenses(spec.licenses.iter().map(String::as_bytes));
    let mut gem = Component { licenses, ..Component::new(Ecosystem::Gem, name, version) };
    if let Some(platform) = fact(spec.platform.as_deref()).filter(|it| *it != "ruby") {
        gem = gem.qualifier("platform", platform);
    }
    if let Some(commit) = commit {
        gem = gem.property("commit", commit);
    } else if path.parent().ends_with("specifications/default") {
        gem = gem.property("default", "true");
    }
    found.component(gem);
    found
}

fn fact(raw: Option<&str>) -> Option<&str> {
    text::value(raw?.as_bytes())
}

impl Spec {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut spec = Self::default();
        let mut stub = None;
        let mut constants: Vec<(&str, String)> = Vec::new();
        let mut is_spec = false;
        for (_, line) in text::lines(bytes) {
            let Ok(line) = str::from_utf8(line) else { continue };
            let line = line.trim();
            is_spec |= line.contains("Gem::Specification.new");
            if let Some(words) = line.strip_prefix("# stub:") {
                stub = stub.or(Some(words));
            } else if let Some((target, value)) = assignment(line) {
                match target.rsplit_once('.') {
                    Some((_, field)) if is_spec => spec.set(field, value),
                    None if target.starts_with(|it: char| it.is_ascii_uppercase()) => {
                        let literal = literal(value).filter(|_| constants.len() < MAX_CONSTANTS);
                        constants.extend(literal.map(|(it, _)| (target, it)));
                    }
                    _ => {}
                }
            }
        }
        if spec.version.is_none()
            && let Some(constant) = &spec.constant
        {
            let called = constant.rsplit("::").next();
            let known = constants.into_iter().find(|(name, _)| Some(*name) == called);
            spec.version = known.map(|(_, value)| value);
        }
        if let Some(stub) = stub {
            let mut words = stub.split_whitespace().map(str::to_owned);
            let (name, version, platform) = (words.next(), words.next(), words.next());
            if spec.name.is_none() || spec.version.is_none() {
                (spec.name, spec.version) = (name, version);
            }
            spec.platform = spec.platform.or(platform);
        }
        is_spec.then_some(spec)
    }

    fn set(&mut self, field: &str, value: &str) {
        let into = match field {
            "name" => &mut self.name,
            "version" => &mut self.version,
            "platform" => &mut self.platform,
            "license" | "licenses" => {
                self.licenses.extend(literals(value));
                return;
            }
            _ => return,
        };
        let inside = value.strip_prefix("Gem::Version.new").unwrap_or(value);
        let inside = inside.trim_start_matches(['(', ' ']);
        if let Some((value, _)) = literal(inside) {
            *into = Some(value);
        } else if field == "version" {
            let is_part = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | ':');
            let end = value.find(|it| !is_part(it)).unwrap_or(value.len());
            self.constant = value.get(..end).map(str::to_owned);
        }
    }
}

/// Splits `target = value`.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (target, value) = line.split_once('=')?;
    let target = target.trim_end();
    let is_part = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '.');
    let is_assignment = target.chars().all(is_part) && !value.starts_with(['=', '~', '>']);
    (is_assignment && !target.is_empty()).then(|| (target, value.trim_start()))
}

/// The string at the front of `code`, and what follows. None if Ruby would put something in.
fn literal(code: &str) -> Option<(String, &str)> {
    let mut chars = code.chars();
    let (close, is_raw) = match chars.next()? {
        quote @ ('"' | '\'') => (quote, quote == '\''),
        '%' => {
            let is_raw = chars.next()? == 'q';
            let close = match chars.next()? {
                '<' => '>',
                '(' => ')',
                '[' => ']',
                '{' => '}',
                _ => return None,
            };
            (close, is_raw)
        }
        _ => return None,
    };
    let mut text = String::new();
    while let Some(char) = chars.next() {
        match char {
            _ if char == close => return Some((text, chars.as_str())),
            '\\' => match chars.next()? {
                escaped if escaped == close || escaped == '\\' => text.push(escaped),
                'u' if !is_raw => {
                    let code = chars.as_str().get(..4)?;
                    text.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
                    chars = chars.as_str().get(4..)?.chars();
                }
                other if is_raw => text.extend(['\\', other]),
                _ => return None,
            },
            '#' if !is_raw && chars.as_str().starts_with('{') => return None,
            _ => text.push(char),
        }
    }
    None
}

/// The strings in `["a".freeze, "b"]`, or the only one.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code.trim_start_matches(['[', ' ']);
    while let Some((value, after)) = literal(rest).filter(|_| found.len() < MAX_LICENSES) {
        found.push(value);
        let after = after.strip_prefix(".freeze").unwrap_or(after).trim_start();
        let Some(next) = after.strip_prefix(',') else { break };
        rest = next.trim_start();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    const INSTALLED: &str = "usr/lib/ruby/gems/3.1.0/specifications/a-1.0.gemspec";
    const CHECKOUT: &str = "app/vendor/bundle/ruby/3.1.0/bundler/gems/a-0123456789ab/a.gemspec";

    fn check(path: &str, lines: &[&str]) -> String {
        shown(&find(&ANALYZER, path, lines.join("\n").as_bytes()))
    }

    #[test]
    fn what_rubygems_writes_is_read() {
        let lines = [
            "# -*- encoding: utf-8 -*-",
            "# stub: nokogiri 1.16.0 x86_64-linux lib",
            "",
            "Gem::Specification.new do |s|",
            "  s.name = \"nokogiri\".freeze",
            "  s.version = \"1.16.0\".freeze",
            "  s.platform = \"x86_64-linux\".freeze",
            "",
            "  s.required_rubygems_version = Gem::Requirement.new(\">= 0\".freeze) if s.respond_to? :x=",
            "  s.metadata = { \"name\" => \"other\" } if s.respond_to? :metadata=",
            "  s.description = \"s.name = \\\"other\\\"\".freeze",
            "  s.licenses = [\"MIT\".freeze, \"Caf\\u00e9 2\".freeze]",
            "end",
        ];
        assert_eq!(
            check(INSTALLED, &lines),
            "gem nokogiri 1.16.0 licensed [\"Café 2\", \"MIT\"] platform=x86_64-linux\n"
        );
    }

    #[test]
    fn a_default_gem_says_so() {
        let path = "usr/lib/ruby/gems/3.1.0/specifications/default/a-1.0.gemspec";
        let lines = ["Gem::Specification.new do |s|", " s.name = 'a'", " s.version = '1.0'", "end"];
        assert_eq!(check(path, &lines), "gem a 1.0 default=true\n");
    }

    #[test]
    fn the_comment_says_what_the_code_computes() {
        let lines = [
            "# stub: a 1.2 java lib",
            "Gem::Specification.new do |s|",
            " s.name = NAME",
            " s.version = Gem::Version.new(File.read(\"v\"))",
        ];
        assert_eq!(check(INSTALLED, &lines), "gem a 1.2 platform=java\n");
        assert_eq!(
            check(INSTALLED, &lines[1..]),
            "note gem: line 1: a gem without a readable name and version\n"
        );
        assert_eq!(check(INSTALLED, &["gem 'a'"]), "note gem: line 1: not a gem's specification\n");
    }

    #[test]
    fn a_gem_from_a_repository_has_a_version_where_it_is_a_literal() {
        for (version, expected) in [
            ("'1.0'", "gem a 1.0 commit=0123456789ab\n"),
            ("Gem::Version.new \"1.0\"", "gem a 1.0 commit=0123456789ab\n"),
            ("VERSION", "gem a 3.0.0 commit=0123456789ab\n"),
            ("A::VERSION.dup", "gem a 3.0.0 commit=0123456789ab\n"),
            ("\"1.#{minor}\"", ""),
            ("A::OTHER", ""),
        ] {
            let version = format!("  spec.version = {version}");
            let lines = [
                "VERSION = '3.0.0'",
                "Gem::Specification.new do |spec|",
                "  spec.name = %q{a}",
                &version,
            ];
            assert_eq!(check(CHECKOUT, &lines), expected, "{version}");
        }
    }

    #[test]
    fn only_specifications_of_what_is_installed_are_read() {
        assert!(wants(&ANALYZER, "usr/share/rubygems-integration/all/specifications/a-1.gemspec"));
        assert!(wants(&ANALYZER, "x/bundler/gems/rails-0123456789ab/activerecord/a.gemspec"));
        assert!(!wants(&ANALYZER, "usr/lib/ruby/gems/3.1.0/gems/a-1/a.gemspec"));
        assert!(!wants(&ANALYZER, "x/bundler/gems/a-0123456789ab/spec/data/x/a.gemspec"));
        assert!(!wants(&ANALYZER, "app/a.gemspec"));
    }
}
