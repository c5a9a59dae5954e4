//! The parts of NVIDIA's software, one row each, by whatever name they were installed.
//!
//! Names of Python distributions are those of PyPI, of deb and rpm packages those of NVIDIA's
//! repositories for CUDA and of Debian, of conda packages those of the channels `nvidia` and
//! `conda-forge`. All stand here without what only tells a build: `-cu12`, `-12-4`, `9-cuda-12`,
//! `-dev`.
//!
//! Not in the table, although their names look like it: `nvidia-ml-py`, whose version follows the
//! driver that it can speak to and says nothing of one that is there; `triton`, a compiler that is
//! not NVIDIA's; `cuda-version` and `cuda-keyring`, which bring no software.

mod frameworks;
mod platform;
mod toolkit;

use super::release;
use crate::model::nvidia::{products_of, triton};
use crate::model::{Component, Ecosystem};

/// One part.
pub(super) struct Part {
    /// The name by which all evidence of it meets.
    pub(super) name: &'static str,
    /// As NVIDIA writes it.
    pub(super) title: &'static str,
    /// The part with whose releases it comes, whose version is another one.
    pub(super) of: Option<&'static str>,
    pub(super) pypi: &'static [&'static str],
    /// Of deb and rpm packages.
    pub(super) packages: &'static [&'static str],
    pub(super) conda: &'static [&'static str],
}

impl Part {
    const BASE: Self = Self { name: "", title: "", of: None, pypi: &[], packages: &[], conda: &[] };

    /// A part in a version.
    pub(super) fn component(&self, version: &str) -> Component {
        let mut component = Component::new(Ecosystem::Nvidia, self.name, version);
        component = component.property("title", self.title);
        if let Some(product) = products_of(self.name).first() {
            component = component.property("product", product);
        }
        if self.name == "tritonserver"
            && let Some(release) = triton::release(version)
        {
            component = component.property("release", &release);
        }
        if let Some(of) = self.of {
            component = component.property("part-of", of);
        }
        component
    }

    /// Whether it is versioned as the GPU's driver is: `550.54.15`.
    pub(super) fn is_driver(&self) -> bool {
        matches!(self.name, "cuda-compat" | "driver")
    }
}

fn all() -> impl Iterator<Item = &'static Part> {
    toolkit::PARTS.iter().chain(platform::PARTS).chain(frameworks::PARTS)
}

/// The part of this name.
pub(super) fn named(name: &str) -> Option<&'static Part> {
    all().find(|it| it.name == name)
}

/// The part that NVIDIA's own packages call by this name, as its lists of components do.
pub(super) fn packaged(name: &str) -> Option<&'static Part> {
    all().find(|it| it.packages.contains(&name))
}

/// The part that a package brings, if it is one of NVIDIA's software.
pub(in crate::analyze) fn of_package(package: &Component) -> Option<Component> {
    let (part, built_for) = match package.ecosystem {
        Ecosystem::Pypi => of_wheel(&package.name)?,
        Ecosystem::Deb | Ecosystem::Rpm => of_distribution(&package.name)?,
        Ecosystem::Conda => of_conda(&package.name)?,
        _ => return None,
    };
    let version = release(package, part)?;
    let mut component = part.component(version);
    component.standing = package.standing;
    component.within.clone_from(&package.within);
    let built_for = built_for.or_else(|| cuda_of(&package.version));
    if let Some(cuda) = built_for {
        component = component.property("cuda", cuda);
    }
    Some(component)
}

/// `nvidia-cudnn-cu12`: the part, and the CUDA that it was built for.
fn of_wheel(name: &str) -> Option<(&'static Part, Option<&str>)> {
    let is_tag = |it: &&str| cuda_tag(it).is_some();
    let built_for = name.split('-').find(is_tag).and_then(cuda_tag);
    let base: Vec<&str> = name.split('-').filter(|it| !is_tag(it)).collect();
    let base = base.join("-");
    let part = all().find(|it| it.pypi.contains(&base.as_str()))?;
    Some((part, built_for))
}

/// `cu12`, `cuda120`: the CUDA that a wheel was built for, as it says.
fn cuda_tag(word: &str) -> Option<&str> {
    let rest = word.strip_prefix("cuda").or_else(|| word.strip_prefix("cu"))?;
    let fits = (2..=3).contains(&rest.len()) && rest.bytes().all(|it| it.is_ascii_digit());
    fits.then(|| rest.get(..2)).flatten()
}

/// `libcudnn9-dev-cuda-12`, `cuda-cudart-12-4`, `libnccl2`, `nvidia-driver-550-server`.
fn of_distribution(name: &str) -> Option<(&'static Part, Option<&str>)> {
    const VARIANTS: &[&str] =
        &["bin", "dev", "devel", "headers", "libs", "open", "server", "samples", "static"];
    let built_for = name.rsplit_once("-cuda-").map(|it| it.1).filter(|it| is_number(it));
    let mut rest = name;
    loop {
        let bare = rest.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.');
        if let Some(part) = packaged(rest).or_else(|| packaged(bare)) {
            return Some((part, built_for));
        }
        let (front, last) = rest.rsplit_once('-')?;
        let is_variant = is_number(last) || cuda_tag(last).is_some() || VARIANTS.contains(&last);
        // What comes before a number may be the word that it counts.
        if !(is_variant || last == "cuda" && built_for.is_some()) {
            return None;
        }
        rest = front;
    }
}

/// `cuda-cudart-static_linux-64`, `libcublas-dev`.
fn of_conda(name: &str) -> Option<(&'static Part, Option<&str>)> {
    const VARIANTS: &[&str] = &["dev", "impl", "static", "tools"];
    let mut rest = name.split_once("_linux-").map_or(name, |it| it.0);
    loop {
        if let Some(part) = all().find(|it| it.conda.contains(&rest)) {
            return Some((part, None));
        }
        let (front, last) = rest.rsplit_once('-')?;
        if !VARIANTS.contains(&last) {
            return None;
        }
        rest = front;
    }
}

/// The CUDA that NVIDIA's own packages name behind their version: `2.21.5-1+cuda12.4`.
fn cuda_of(version: &str) -> Option<&str> {
    let (_, cuda) = version.rsplit_once("+cuda")?;
    let is_version = |it: char| it.is_ascii_digit() || it == '.';
    (!cuda.is_empty() && cuda.len() < 8 && cuda.chars().all(is_version)).then_some(cuda)
}

/// Digits, perhaps with dots: `12`, `2024.2.3`.
fn is_number(word: &str) -> bool {
    word.starts_with(|it: char| it.is_ascii_digit())
        && word.chars().all(|it| it.is_ascii_digit() || it == '.')
}

#[cfg(test)]
mod tests;
