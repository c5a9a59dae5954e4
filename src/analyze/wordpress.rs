//! WordPress, its plugins and its themes.
//!
//! A plugin describes itself in a comment at the front of one of its PHP files,
//! <https://developer.wordpress.org/plugins/plugin-basics/header-requirements/>, a theme in
//! `style.css`, WordPress in `wp-includes/version.php`. Advisories name plugins and themes by their
//! slug, which is the directory. Only 8 KiB of a file are looked at, as WordPress does.

use super::{Analyzer, Found, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "wordpress",
    wants: &[Want::Extension(".php"), Want::Name("style.css")],
    accepts: |path| Kind::of(path).is_some(),
    read: |input| {
        let Some(kind) = Kind::of(input.path) else { return Ok(Found::default()) };
        Ok(kind.read(&input.part(0, HEAD)?))
    },
    ..Analyzer::BASE
};

const HEAD: usize = 8 << 10;

/// What a file may be the front of.
#[derive(Clone, Copy)]
enum Kind<'a> {
    Core,
    Plugin { slug: &'a str, must_use: bool },
    Theme { slug: &'a str },
}

impl<'a> Kind<'a> {
    fn of(path: &'a LayerPath) -> Option<Self> {
        let mut parts = path.as_str().rsplit('/');
        let file = parts.next()?;
        let above = [parts.next()?, parts.next().unwrap_or(""), parts.next().unwrap_or("")];
        let script = file.strip_suffix(".php");
        Some(match above {
            ["wp-includes", ..] if file == "version.php" => Self::Core,
            [slug, "themes", "wp-content"] if file == "style.css" => Self::Theme { slug },
            [slug, "plugins", "wp-content"] if script.is_some() => {
                Self::Plugin { slug, must_use: false }
            }
            // A plugin of one file.
            ["plugins", "wp-content", _] => Self::Plugin { slug: script?, must_use: false },
            ["mu-plugins", "wp-content", _] => Self::Plugin { slug: script?, must_use: true },
            _ => return None,
        })
    }

    fn read(self, head: &[u8]) -> Found {
        let mut found = Found::default();
        let (slug, title) = match self {
            Self::Core => {
                match core_version(head) {
                    Some(version) => {
                        found.component(Component::new(Ecosystem::Generic, "wordpress", version));
                    }
                    None => found.note(1, "WordPress without a readable version"),
                }
                return found;
            }
            Self::Plugin { slug, .. } => (slug, "Plugin Name"),
            Self::Theme { slug } => (slug, "Theme Name"),
        };
        // Most files of a plugin are not its front.
        if header(head, title).is_none() {
            return found;
        }
        let Some(slug) = text::value(slug.as_bytes()) else {
            found.remark("a plugin or theme without a readable name");
            return found;
        };
        let version = header(head, "Version").and_then(|it| text::value(it.as_bytes()));
        let licenses = text::licenses(header(head, "License").map(str::as_bytes));
        let component = Component::new(Ecosystem::WordPress, slug, version.unwrap_or_default());
        let component = Component { licenses, ..component };
        found.component(match self {
            Self::Theme { .. } => component.qualifier("type", "theme"),
            Self::Plugin { must_use: true, .. } => component.property("must-use", "true"),
            _ => component,
        });
        found
    }
}

/// The value of a header. Before its name may stand what makes a comment.
fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let lines = head.split(|it| matches!(it, b'\n' | b'\r'));
    let mut values = lines.filter_map(|line| {
        let line = line.trim_ascii_start();
        let line = line.strip_prefix(b"<?php").unwrap_or(line);
        let begin =
            line.iter().position(|it| !matches!(it, b' ' | b'\t' | b'/' | b'*' | b'#' | b'@'))?;
        let (key, value) = line.get(begin..)?.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        key.eq_ignore_ascii_case(name.as_bytes()).then_some(value)
    });
    let value = values.find_map(|it| str::from_utf8(it).ok())?;
    let end = ["*/", "?>"].iter().filter_map(|it| value.find(it)).min().unwrap_or(value.len());
    value.get(..end).map(str::trim).filter(|it| !it.is_empty())
}

/// Reads `$wp_version = '6.4.2';`.
fn core_version(head: &[u8]) -> Option<&str> {
    let value = text::lines(head).find_map(|(_, it)| it.strip_prefix(b"$wp_version"))?;
    let value = value.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, inside) = value.split_first().filter(|it| matches!(it.0, b'\'' | b'"'))?;
    text::value(inside.get(..memchr::memchr(*quote, inside)?)?)
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    const PLUGIN: &str = "var/www/html/wp-content/plugins/akismet/akismet.php";

    fn check(path: &str, text: &str) -> String {
        shown(&find(&ANALYZER, path, text.as_bytes()))
    }

    #[test]
    fn a_plugin_goes_by_its_directory() {
        let text = "<?php\n/**\n * @package Akismet\n */\n/*\nPlugin Name: Akismet: Spam Protection\r\n\
                    Version: 5.3.1\nRequires PHP version: 5\nLicense: GPLv2 or later */\n";
        let expected = "wordpress-plugin akismet 5.3.1 licensed [\"GPLv2 or later\"]\n";
        assert_eq!(check(PLUGIN, text), expected);
        assert_eq!(
            check("www/wp-content/plugins/hello.php", "<?php /* Plugin Name: Hello */"),
            "wordpress-plugin hello \n"
        );
        assert_eq!(
            check("wp-content/mu-plugins/a.php", "<?php\n# plugin name: A\n# VERSION: 1 ?>"),
            "wordpress-plugin a 1 must-use=true\n"
        );
    }

    #[test]
    fn other_files_of_a_plugin_say_nothing() {
        for text in ["", "<?php\n$version = 1; // Version: 2\n", "x Plugin Name: y", "Plugin Name:"]
        {
            assert_eq!(check(PLUGIN, text), "", "{text}");
        }
        let late = format!("<?php\n{}\nPlugin Name: A\n", " ".repeat(9000));
        assert_eq!(check(PLUGIN, &late), "");
    }

    #[test]
    fn a_theme_and_wordpress_itself_are_told_too() {
        let theme = "wp-content/themes/twentytwenty/style.css";
        assert_eq!(
            check(theme, "/*\nTheme Name: Twenty Twenty\nVersion: 2.5\n*/"),
            "wordpress-plugin twentytwenty 2.5 type=theme\n"
        );
        let core = "usr/src/wordpress/wp-includes/version.php";
        let text = "<?php\n/**\n * @global string $wp_version\n */\n$wp_version = '6.4.2';\n";
        assert_eq!(check(core, text), "generic wordpress 6.4.2\n");
        assert_eq!(
            check(core, "<?php\n$wp_version = f();"),
            "note wordpress: line 1: WordPress without a readable version\n"
        );
    }

    #[test]
    fn files_further_inside_are_not_read() {
        for path in [
            "wp-content/plugins/a/inc/b.php",
            "wp-content/themes/a/css/style.css",
            "wp-content/uploads/a/b.php",
            "wp-includes/a.php",
            "a/plugins/b/c.php",
        ] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }
}
