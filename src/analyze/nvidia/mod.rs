//! The software of a GPU: NVIDIA's libraries, tools and driver, however they were installed.
//!
//! A wheel, a deb, a header, `version.json` and a library that was only copied all state the same
//! [part](parts) in one spelling, so that their evidence meets. What proves little says little: a
//! library that tells no more than its major version is listed with that.

pub(in crate::analyze) mod accelerator;
pub(in crate::analyze) mod cuda_header;
pub(in crate::analyze) mod cuda_library;
pub(in crate::analyze) mod cuda_program;
pub(in crate::analyze) mod cuda_version;
mod inside;
mod libraries;
mod parts;

pub(in crate::analyze) use parts::of_package;

use parts::Part;

use crate::model::{Component, Ecosystem, LayerPath, Standing};

/// The version of a part, as its package states it: without what only the packaging adds.
fn release<'a>(package: &'a Component, part: &Part) -> Option<&'a str> {
    let version = package.version.as_str();
    let version = version.split_once(':').map_or(version, |it| it.1);
    let version = match package.ecosystem {
        // Debian versions these by the compiler, and names the toolkit's release behind it.
        Ecosystem::Deb if matches!(part.name, "cuda-libraries" | "cuda-toolkit") => {
            version.split_once('~').map_or(version, |it| it.1)
        }
        _ => version,
    };
    let is_end = |it: char| match package.ecosystem {
        Ecosystem::Pypi | Ecosystem::Conda => it == '+',
        _ => matches!(it, '-' | '~' | '+'),
    };
    let version = version.split(is_end).next()?;
    let version = version.split_once(".post").map_or(version, |it| it.0);
    // Names that NVIDIA only holds on PyPI, so that nobody else takes them.
    let is_placeholder = version.starts_with("0.0.") || version == "99.0.0";
    if package.ecosystem == Ecosystem::Pypi && is_placeholder {
        return None;
    }
    let major: u64 = version.split('.').next()?.parse().ok()?;
    // Packages of that name are also those of NVML's header, versioned as the toolkit.
    (!part.is_driver() || major >= MIN_DRIVER).then_some(version)
}

/// The least major version of a driver for today's software; its libraries have other numbers too.
const MIN_DRIVER: u64 = 100;

/// What is below a Python environment, but not in the directories of NVIDIA's own wheels, was
/// bundled with whatever is installed there.
fn standing(path: &LayerPath) -> Standing {
    const OWN: &[&str] = &["cuquantum", "cutensor", "nvidia"];
    let mut parts = path.as_str().split('/');
    if !parts.any(|it| matches!(it, "site-packages" | "dist-packages")) {
        return Standing::Installed;
    }
    let is_own = parts.next().is_some_and(|it| OWN.contains(&it) || it.starts_with("tensorrt"));
    if is_own { Standing::Installed } else { Standing::Bundled }
}

/// A component of the part `name` that the file at `path` proves.
fn component(name: &str, version: &str, path: &LayerPath) -> Option<Component> {
    let mut component = parts::named(name)?.component(version);
    component.standing = standing(path);
    Some(component)
}

/// Whether it is numbers with dots between, as these versions are.
fn is_dotted(text: &str) -> bool {
    let is_number =
        |it: &str| !it.is_empty() && it.len() <= 8 && it.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 32 && text.split('.').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::standing;
    use crate::analyze::dist_metadata;
    use crate::analyze::tests::{find, shown};
    use crate::model::{LayerPath, Standing};

    #[test]
    fn a_package_proves_the_part_that_it_brings() {
        let path = "s/nvidia_cudnn_cu12-9.1.0.70.dist-info/METADATA";
        let text = b"Metadata-Version: 2.1\nName: nvidia-cudnn-cu12\nVersion: 9.1.0.70\n\n";
        let text = shown(&find(&dist_metadata::ANALYZER, path, text));
        insta::assert_snapshot!(text, @r"
        generic cudnn 9.1.0.70 cuda=12 title=cuDNN
        pypi nvidia-cudnn-cu12 9.1.0.70
        ");
    }

    #[test]
    fn only_nvidia_s_own_wheels_install_its_parts() {
        let check = |path| standing(&LayerPath::new(path).unwrap());
        assert_eq!(check("usr/local/cuda/lib64/libcudart.so.12"), Standing::Installed);
        assert_eq!(check("v/site-packages/nvidia/cudnn/lib/libcudnn.so.9"), Standing::Installed);
        assert_eq!(check("v/site-packages/tensorrt_libs/libnvinfer.so.10"), Standing::Installed);
        assert_eq!(check("v/dist-packages/torch/lib/libcudnn.so.8"), Standing::Bundled);
    }
}
