//! The licences of Debian's packages: `usr/share/doc/NAME/copyright`.
//!
//! The machine-readable format, <https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>,
//! names each licence on a line. A text in free form is read for such lines, too, if no prose stands
//! there, and for the common licences it refers to.
//! Where the records of all packages lie in one file, only the name tells whose licence it is; so the
//! facts are about the component of that name below `var/lib`, whether dpkg or chisel put it there.

use super::{Analyzer, Found, Want, text};
use crate::model::LayerPath;

/// What one file may name; a distribution's largest names about 100.
const MAX_LICENSES: usize = 200;

const COMMON: &[u8] = b"/usr/share/common-licenses/";

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "deb-copyright",
    wants: &[Want::Name("copyright")],
    accepts: |path| package_of(path).is_some(),
    read: |input| {
        let mut found = Found::default();
        if let Some((root, package)) = package_of(input.path) {
            for license in licenses(&input.whole()?) {
                found.about_one(records(root), package, "license", license);
            }
        }
        Ok(found)
    },
    ..Analyzer::BASE
};

/// The root, empty or with a `/` at its end, and the package.
pub(super) fn package_of(path: &LayerPath) -> Option<(&str, &str)> {
    let (directory, package) = path.parent().rsplit_once('/')?;
    let root = directory.strip_suffix("usr/share/doc")?;
    (root.is_empty() || root.ends_with('/')).then_some((root, package))
}

/// The directory with the databases of packages.
pub(super) fn records(root: &str) -> String {
    format!("{root}var/lib/")
}

fn licenses(bytes: &[u8]) -> Vec<String> {
    let mut licenses = Vec::new();
    let is_machine_readable = is_machine_readable(bytes);
    for (_, line) in text::lines(bytes) {
        let license = if is_machine_readable {
            declared(line)
        } else {
            declared(line).filter(|it| are_names(it)).or_else(|| referred(line))
        };
        if let Some(license) = license
            && licenses.len() < MAX_LICENSES
            && !licenses.iter().any(|it| it == license)
        {
            licenses.push(license.to_owned());
        }
    }
    licenses
}

/// Whether the first paragraph says so.
fn is_machine_readable(bytes: &[u8]) -> bool {
    let lines = text::lines(bytes).map(|(_, it)| it);
    let first = lines.skip_while(|it| it.trim_ascii().is_empty()).take_while(|it| !it.is_empty());
    first.filter_map(text::field).take(20).any(|(key, value)| {
        let key = key.to_ascii_lowercase();
        let names_format = |it: &[u8]| memchr::memmem::find(value, it).is_some();
        key.starts_with(b"format")
            && (names_format(b"copyright-format") || names_format(b"dep5") || names_format(b"DEP5"))
    })
}

/// The short name, or the names with `and` and `or` between them; the text comes on later lines.
fn declared(line: &[u8]) -> Option<&str> {
    let (key, value) = text::field(line)?;
    let license = key.eq_ignore_ascii_case(b"License").then(|| text::phrase(value)).flatten()?;
    let license = license.trim_end_matches([',', '.']);
    (!license.is_empty() && !license.eq_ignore_ascii_case("none")).then_some(license)
}

/// Whether the words are names with something between them.
fn are_names(text: &str) -> bool {
    let is_name = |it: &str| {
        it.starts_with(|it: char| it.is_ascii_alphabetic())
            && it.bytes().all(|it| it.is_ascii_alphanumeric() || b".+-".contains(&it))
    };
    let mut words = text.split_ascii_whitespace().enumerate();
    let is_odd = text.split_ascii_whitespace().count() % 2 == 1;
    is_odd
        && words.all(|(at, it)| if at % 2 == 0 { is_name(it) } else { matches!(it, "and" | "or") })
}

fn referred(line: &[u8]) -> Option<&str> {
    let at = memchr::memmem::find(line, COMMON)?;
    let rest = line.get(at + COMMON.len()..)?;
    let is_name = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'-' | b'+' | b'_');
    let end = rest.iter().position(|it| !is_name(it)).unwrap_or(rest.len());
    let name = text::value(rest.get(..end)?)?.trim_end_matches(['.', '-']);
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown, wants};
    use super::ANALYZER;

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "usr/share/doc/a/copyright", text.as_bytes()))
    }

    #[test]
    fn only_the_file_of_a_package_is_read() {
        assert!(wants(&ANALYZER, "usr/share/doc/libc6/copyright"));
        assert!(wants(&ANALYZER, "x/usr/share/doc/libc6/copyright"));
        for path in ["usr/share/doc/copyright", "usr/share/doc/a/b/copyright", "copyright"] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }

    #[test]
    fn short_names_are_taken_from_the_machine_readable_form() {
        let text = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
                    License: Apache-2.0\n\nFiles: *\nCopyright: 2020 Someone\n\
                    License: GPL-2+ or Artistic\n This is the text, see\n\
                    \u{20}/usr/share/common-licenses/GPL-2\n\nlicense: GPL-2+ or Artistic\n\n\
                    License:\n text\n";
        insta::assert_snapshot!(check(text), @r"
        /var/lib/ a license=Apache-2.0
        /var/lib/ a license=GPL-2+ or Artistic
        ");
    }

    #[test]
    fn a_text_in_free_form_refers_to_common_licenses() {
        let text = "This package was made by hand.\n\nLicense: you may do what you like, see\n\
                    License: GPL-2 or MIT\nLicense: see below\n\
                    `/usr/share/common-licenses/LGPL-2.1'.\nAlso /usr/share/common-licenses/GPL-3.\n\
                    and /usr/share/common-licenses/.\n";
        insta::assert_snapshot!(check(text), @r"
        /var/lib/ a license=GPL-2 or MIT
        /var/lib/ a license=GPL-3
        /var/lib/ a license=LGPL-2.1
        ");
    }

    #[test]
    fn what_is_no_license_is_left_out() {
        let long = "x".repeat(300);
        let text = format!(
            "Format: copyright-format\n\nLicense: \x1b[31mred\nLicense: {long}\nLicense: none\n"
        );
        assert_eq!(check(&text), "");
    }
}
