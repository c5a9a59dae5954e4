//! Language runtimes, by the files that state their version beside the program.
//!
//! Each installs headers or a file of its own with the release in it, wherever it was unpacked:
//! below `/usr`, by a version manager in somebody's home, or out of an archive. What a file states
//! is one of a few macros: `#define NODE_MAJOR_VERSION 20`.

use super::{Analyzer, Found, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "runtime",
    wants: &[
        Want::Name("node_version.h"),
        Want::Name("php_version.h"),
        Want::Name("julia_version.h"),
        Want::Name("patchlevel.h"),
        Want::Name("rbconfig.rb"),
        Want::Name("OTP_VERSION"),
    ],
    accepts: |path| Kind::of(path).is_some(),
    read: |input| {
        let Some(kind) = Kind::of(input.path) else { return Ok(Found::default()) };
        Ok(kind.read(&input.part(0, MAX_HEAD)?))
    },
    ..Analyzer::BASE
};

/// The most of such a file that is read.
const MAX_HEAD: usize = 256 << 10;

#[derive(Clone, Copy)]
enum Kind {
    Node,
    Php,
    Julia,
    Perl,
    Ruby,
    Erlang,
}

impl Kind {
    fn of(path: &LayerPath) -> Option<Self> {
        let parent = path.parent();
        let is_in = |directory: &str| {
            parent.strip_suffix(directory).is_some_and(|it| it.is_empty() || it.ends_with('/'))
        };
        // Native modules are built with headers that node-gyp downloads to its cache.
        let is_cache = parent.contains("node-gyp/") || parent.contains(".electron-gyp/");
        Some(match path.file_name() {
            "node_version.h" if is_in("include/node") && !is_cache => Self::Node,
            "php_version.h" if is_in("main") && parent.contains("include/php/") => Self::Php,
            "julia_version.h" if is_in("include/julia") => Self::Julia,
            // Python has a file of this name, too.
            "patchlevel.h" if is_in("CORE") => Self::Perl,
            "rbconfig.rb" => Self::Ruby,
            "OTP_VERSION" if parent.contains("releases/") => Self::Erlang,
            _ => return None,
        })
    }

    fn read(self, bytes: &[u8]) -> Found {
        let mut found = Found::default();
        let (name, version) = match self {
            Self::Node => ("node", node(bytes)),
            Self::Php => ("php", macro_of(bytes, "PHP_VERSION").map(str::to_owned)),
            Self::Julia => ("julia", macro_of(bytes, "JULIA_VERSION_STRING").map(str::to_owned)),
            Self::Perl => {
                let parts = ["PERL_REVISION", "PERL_VERSION", "PERL_SUBVERSION"];
                ("perl", numbers(parts.map(|it| macro_of(bytes, it))))
            }
            Self::Ruby => {
                ("ruby", numbers(["MAJOR", "MINOR", "TEENY"].map(|it| entry_of(bytes, it))))
            }
            Self::Erlang => ("erlang", text::value(bytes).map(str::to_owned)),
        };
        match version {
            Some(version) => found.component(Component::new(Ecosystem::Generic, name, version)),
            None => found.remark("a runtime without a readable version"),
        }
        found
    }
}

/// What is built between two releases says so.
fn node(bytes: &[u8]) -> Option<String> {
    let parts = ["NODE_MAJOR_VERSION", "NODE_MINOR_VERSION", "NODE_PATCH_VERSION"];
    let version = numbers(parts.map(|it| macro_of(bytes, it)))?;
    let is_release = macro_of(bytes, "NODE_VERSION_IS_RELEASE") != Some("0");
    Some(if is_release { version } else { version + "-pre" })
}

fn numbers(parts: [Option<&str>; 3]) -> Option<String> {
    let [Some(major), Some(minor), Some(patch)] = parts else { return None };
    let is_number = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    parts.into_iter().flatten().all(is_number).then(|| format!("{major}.{minor}.{patch}"))
}

/// The value of `#define NAME VALUE`, without quotes.
fn macro_of<'a>(bytes: &'a [u8], name: &str) -> Option<&'a str> {
    text::lines(bytes).find_map(|(_, line)| {
        let rest = line.strip_prefix(b"#")?.trim_ascii_start().strip_prefix(b"define")?;
        let mut words = rest.split(u8::is_ascii_whitespace).filter(|it| !it.is_empty());
        (words.next()? == name.as_bytes()).then_some(())?;
        unquoted(words.next()?)
    })
}

/// The value of `CONFIG["NAME"] = "VALUE"`.
fn entry_of<'a>(bytes: &'a [u8], name: &str) -> Option<&'a str> {
    let key = format!("CONFIG[\"{name}\"] = ");
    let value = text::lines(bytes).find_map(|(_, it)| it.trim_ascii().strip_prefix(key.as_bytes()));
    unquoted(value?)
}

fn unquoted(raw: &[u8]) -> Option<&str> {
    let inside = raw.strip_prefix(b"\"").and_then(|it| it.strip_suffix(b"\"")).unwrap_or(raw);
    text::value(inside)
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn check(path: &str, text: &str) -> String {
        shown(&find(&ANALYZER, path, text.as_bytes()))
    }

    #[test]
    fn every_runtime_states_its_release() {
        let node = "#ifndef X\n#define NODE_MAJOR_VERSION 20\n#define NODE_MINOR_VERSION 11\n\
                    #define NODE_PATCH_VERSION 1\n\n#define NODE_VERSION_IS_RELEASE 1\n";
        let path = "root/.nvm/versions/node/v20.11.1/include/node/node_version.h";
        assert_eq!(check(path, node), "generic node 20.11.1\n");
        assert_eq!(
            check(path, &node.replace("RELEASE 1", "RELEASE 0")),
            "generic node 20.11.1-pre\n"
        );
        let php = "#define PHP_MAJOR_VERSION 8\n#define PHP_VERSION \"8.2.18RC1\"\n";
        assert_eq!(check("usr/include/php/main/php_version.h", php), "generic php 8.2.18RC1\n");
        let julia = "#define JULIA_VERSION_STRING \"1.9.3\"\n";
        assert_eq!(check("opt/include/julia/julia_version.h", julia), "generic julia 1.9.3\n");
        let perl = "#define PERL_REVISION\t5\t\t/* age */\n#define PERL_VERSION\t36\n#define PERL_SUBVERSION\t0\n";
        assert_eq!(check("usr/lib/perl5/5.36/CORE/patchlevel.h", perl), "generic perl 5.36.0\n");
        let ruby = "  CONFIG[\"MAJOR\"] = \"3\"\n  CONFIG[\"MINOR\"] = \"1\"\n  CONFIG[\"TEENY\"] = \"2\"\n";
        assert_eq!(check("usr/lib/ruby/3.1.0/x/rbconfig.rb", ruby), "generic ruby 3.1.2\n");
        let erlang = "usr/lib/erlang/releases/25/OTP_VERSION";
        assert_eq!(check(erlang, "25.2.3\n"), "generic erlang 25.2.3\n");
    }

    #[test]
    fn a_file_without_a_release_is_noted() {
        let path = "include/node/node_version.h";
        for text in ["", "#define NODE_MAJOR_VERSION 20\n", "#define NODE_MAJOR_VERSION x y\n"] {
            assert_eq!(check(path, text), "note runtime: a runtime without a readable version\n");
        }
        assert!(!wants(&ANALYZER, "usr/include/python3.11/patchlevel.h"));
        assert!(!wants(&ANALYZER, "src/node/src/node_version.h"));
        assert!(!wants(&ANALYZER, "root/.cache/node-gyp/20.1.0/include/node/node_version.h"));
        assert!(!wants(&ANALYZER, "usr/src/php/main/php_version.h"));
    }
}
