//! Metadata that is a link into a cache: what uv makes with `link-mode = "symlink"` and conda with
//! `always_softlink`.
//!
//! The cache itself counts as not installed, so here the link does: its directory is called
//! `name-version.dist-info`.

use super::{canonical, is_cached_by_uv, is_installed, last, metadata_in, named_by};
use crate::analyze::conda::is_cached_by_conda;
use crate::analyze::{Analyzer, Found, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "python-link",
    wants: &[Want::Name("METADATA")],
    links: true,
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

fn read(path: &LayerPath, target: &[u8]) -> Found {
    let mut found = Found::default();
    let record = path.parent();
    let is_record = metadata_in(last(record)) == Some("METADATA") && is_installed(record);
    let target = String::from_utf8_lossy(target);
    if !is_record || !(is_cached_by_uv(&target) || is_cached_by_conda(&target)) {
        return found;
    }
    let named = named_by(record).and_then(|(name, version)| {
        Some((text::value(name.as_bytes())?, text::value(version?.as_bytes())?))
    });
    match named {
        Some((name, version)) => {
            found.component(Component::new(Ecosystem::Pypi, canonical(name), version));
        }
        None => found.remark("a link to a distribution that its directory does not name"),
    }
    found
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown};

    fn check(directory: &str, target: &str) -> String {
        shown(&find(&ANALYZER, &format!("s/{directory}/METADATA"), target.as_bytes()))
    }

    #[test]
    fn a_link_into_a_cache_is_a_distribution() {
        let uv = "/root/.cache/uv/archive-v0/x/zope_interface-5.4.dist-info/METADATA";
        assert_eq!(check("zope_interface-5.4.dist-info", uv), "pypi zope-interface 5.4\n");
        let conda = "/opt/conda/pkgs/a-1.0-py_0/site-packages/a-1.0.dist-info/METADATA";
        assert_eq!(check("a-1.0.dist-info", conda), "pypi a 1.0\n");
        assert_eq!(
            check("a.dist-info", uv),
            "note python-link: a link to a distribution that its directory does not name\n"
        );
    }

    #[test]
    fn a_link_elsewhere_is_none() {
        assert_eq!(check("a-1.dist-info", "/nix/store/x/a-1.dist-info/METADATA"), "");
        let uv = "/root/.cache/uv/archive-v0/x/a-1.dist-info/METADATA";
        assert_eq!(check("~a-1.dist-info", uv), "");
        assert_eq!(check("a", uv), "");
    }
}
