//! What other makers' accelerators are served with: AMD's ROCm and Intel's oneAPI.
//!
//! ROCm writes `6.1.0-82` into `/opt/rocm-6.1.0/.info/version`, the release and its build. Each part
//! of oneAPI lies in a directory of its own, `/opt/intel/oneapi/mkl/2024.0`, and has there the script
//! that sets its environment.

use super::is_dotted;
use crate::analyze::{Analyzer, Found, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "accelerator",
    wants: &[Want::In(".info"), Want::Name("vars.sh")],
    accepts: |path| is_rocm(path) || oneapi(path).is_some(),
    read: |input| {
        let mut found = Found::default();
        if let Some((name, version)) = oneapi(input.path) {
            found.component(Component::new(
                Ecosystem::Generic,
                format!("intel-oneapi-{name}"),
                version,
            ));
        } else if let Some(version) = rocm(&input.part(0, 256)?) {
            found.component(Component::new(Ecosystem::Generic, "rocm", version));
        }
        Ok(found)
    },
    ..Analyzer::BASE
};

fn is_rocm(path: &LayerPath) -> bool {
    let directory = path.as_str().strip_suffix("/.info/version");
    directory.and_then(|it| it.rsplit('/').next()).is_some_and(|it| it.starts_with("rocm"))
}

fn rocm(bytes: &[u8]) -> Option<&str> {
    let version = text::value(bytes)?.split('-').next()?;
    is_dotted(version).then_some(version)
}

/// Name and version of the part whose script this is.
fn oneapi(path: &LayerPath) -> Option<(&str, &str)> {
    let mut parts = path.as_str().strip_suffix("/env/vars.sh")?.rsplit('/');
    let (version, name, root) = (parts.next()?, parts.next()?, parts.next()?);
    let is_name = name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
    (root == "oneapi" && is_name && is_dotted(version)).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    #[test]
    fn rocm_and_oneapi_are_told_by_their_directories() {
        let check = |path, bytes| shown(&find(&ANALYZER, path, bytes));
        assert_eq!(check("opt/rocm-6.1.0/.info/version", b"6.1.0-82\n"), "generic rocm 6.1.0\n");
        assert_eq!(check("opt/rocm/.info/version", b"nothing"), "");
        let path = "opt/intel/oneapi/mkl/2024.0/env/vars.sh";
        assert_eq!(check(path, b"#!/bin/sh\n"), "generic intel-oneapi-mkl 2024.0\n");
    }

    #[test]
    fn other_scripts_and_versions_are_not_wanted() {
        for path in ["opt/intel/oneapi/mkl/latest/env/vars.sh", "a/env/vars.sh", "a/.info/version"]
        {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }
}
