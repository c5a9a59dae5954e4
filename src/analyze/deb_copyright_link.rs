//! Packages of Debian that share the documentation of another, by a symlink at
//! `usr/share/doc/NAME` or at its `copyright`. Their licences are those of the other.
//!
//! <https://www.debian.org/doc/debian-policy/ch-docs.html#additional-documentation>

use super::{Analyzer, Found, Input, Want, deb_copyright, text};
use crate::model::LayerPath;

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "deb-copyright-link",
    wants: &[Want::Name("copyright"), Want::In("doc")],
    accepts: |path| place_of(path).is_some(),
    links: true,
    read: |input| {
        let mut found = Found::default();
        if let (Some((root, package)), Some((key, value))) =
            (place_of(input.path), target(input, &input.part(0, 4096)?))
            && package != value
        {
            found.about_one(deb_copyright::records(root), package, key, value);
        }
        Ok(found)
    },
    ..Analyzer::BASE
};

/// The root, empty or with a `/` at its end, and the package.
fn place_of(path: &LayerPath) -> Option<(&str, &str)> {
    if path.file_name() == "copyright"
        && let Some(it) = deb_copyright::package_of(path)
    {
        return Some(it);
    }
    let root = path.parent().strip_suffix("usr/share/doc")?;
    (root.is_empty() || root.ends_with('/')).then(|| (root, path.file_name()))
}

/// Whose licences they are, or which.
fn target(input: &Input<'_>, content: &[u8]) -> Option<(&'static str, String)> {
    let (root, _) = place_of(input.path)?;
    let link = str::from_utf8(content).ok()?;
    // An absolute target is one within the root.
    let base = if link.starts_with('/') { root } else { input.path.parent() };
    let path = LayerPath::join(base, link.trim_start_matches('/'))?;
    let path = path.as_str().strip_prefix(root)?;
    if let Some(license) = path.strip_prefix("usr/share/common-licenses/") {
        return Some(("license", text::value(license.as_bytes())?.to_owned()));
    }
    let rest = path.strip_prefix("usr/share/doc/")?;
    let package = rest.strip_suffix("/copyright").unwrap_or(rest);
    let package = text::value(package.as_bytes()).filter(|it| !it.contains('/'))?;
    Some(("licensed-as", package.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown};
    use super::ANALYZER;

    fn check(path: &str, target: &str) -> String {
        shown(&find(&ANALYZER, path, target.as_bytes()))
    }

    #[test]
    fn a_link_names_the_package_with_the_licences() {
        let other = "/var/lib/ libstdc++6 licensed-as=gcc-12-base\n";
        assert_eq!(check("usr/share/doc/libstdc++6", "gcc-12-base"), other);
        assert_eq!(check("usr/share/doc/libstdc++6", "/usr/share/doc/gcc-12-base"), other);
        let copyright = "usr/share/doc/libstdc++6/copyright";
        assert_eq!(check(copyright, "../gcc-12-base/copyright"), other);
        assert_eq!(check("x/usr/share/doc/a", "/usr/share/doc/b"), "/x/var/lib/ a licensed-as=b\n");
    }

    #[test]
    fn a_link_may_name_a_common_license() {
        let found = check("usr/share/doc/a/copyright", "/usr/share/common-licenses/GPL-3");
        assert_eq!(found, "/var/lib/ a license=GPL-3\n");
    }

    #[test]
    fn other_links_say_nothing() {
        for target in ["", "a", "../../../../etc/passwd", "b/c/d", "/opt/b", "b\x1b[31m"] {
            assert_eq!(check("usr/share/doc/a", target), "", "{target}");
        }
    }
}
