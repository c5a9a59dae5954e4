//! What is built from the kernel's source and is no kernel.
//!
//! Flaws are published of that source by the thousand, and all but a few are in code that runs as
//! the kernel: in a container it is the host's. Headers, which every image with a C compiler has,
//! hold declarations; they, documents and parts for building modules run nowhere. Tools (`perf`,
//! `bpftool`, `cpupower`) do run, but the source's flaws are not theirs: what is known of a tool
//! itself is known under its own name, and that is still asked for where records name each rpm.

use crate::model::{Component, Ecosystem};

/// Beginnings of names of Debian's and Ubuntu's packages; a flavour may stand after `linux`.
const NOT_THE_KERNEL: &[&str] = &[
    "libc-dev",
    "headers",
    "kbuild",
    "compiler",
    "source",
    "doc",
    "support",
    "config",
    "buildinfo",
    "manual",
    "tools",
    "cloud-tools",
    "perf",
    "cpupower",
    "bpf-dev",
];

/// Tools that are not called after the kernel.
const TOOLS: &[&str] =
    &["bpftool", "hyperv-daemons", "intel-sdsi", "perf", "rtla", "rv", "sdsi", "usbip"];

/// Ends of names of rpms that hold no code that runs.
const NOTHING_RUNS: &[&str] =
    &["-headers", "-devel", "-devel-matched", "-doc", "-docs", "-html", "-source", "-macros"];

/// Whether what is published of the kernel says nothing of this package at all.
pub(super) fn is_beside(component: &Component) -> bool {
    match component.ecosystem {
        Ecosystem::Deb => component.source.as_ref().is_some_and(|source| {
            let is_source = source.name == "linux" || source.name.starts_with("linux-");
            is_source && source.name != component.name && is_beside_deb(&component.name)
        }),
        Ecosystem::Rpm => {
            let is_kernel =
                component.name.strip_prefix("kernel").is_some_and(|it| it.starts_with('-'));
            let is_inert = NOTHING_RUNS.iter().any(|it| component.name.ends_with(it));
            is_kernel && (is_inert || component.name.contains("-abi-"))
        }
        _ => false,
    }
}

fn is_beside_deb(name: &str) -> bool {
    let is_tool = TOOLS.contains(&name) || name.starts_with("libcpupower");
    let rest = name.strip_prefix("linux-");
    is_tool
        || rest.is_some_and(|rest| {
            let places = std::iter::once(0).chain(rest.match_indices('-').map(|(at, _)| at + 1));
            let mut words = places.filter_map(|at| rest.get(at..));
            words.any(|it| NOT_THE_KERNEL.iter().any(|word| begins(it, word)))
                && !rest.starts_with("image")
                && !rest.starts_with("modules")
        })
}

/// Whether `name` begins with `word`, and the word ends there.
fn begins(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(|it| it.is_empty() || it.starts_with('-'))
}

/// Whether an rpm of the source `source` is the kernel, if that is the kernel's source.
pub(super) fn is_kernel(component: &Component, source: &str) -> bool {
    let is_source = source == "kernel" || source.starts_with("kernel-");
    !is_source || (component.name.starts_with("kernel") && !component.name.contains("-tools"))
}

#[cfg(test)]
mod tests {
    use super::{is_beside, is_kernel};
    use crate::model::{Component, Ecosystem, SourcePackage};

    fn component(ecosystem: Ecosystem, name: &str, source: &str) -> Component {
        let source = SourcePackage { name: source.to_owned(), version: "1".to_owned() };
        Component { source: Some(source), ..Component::new(ecosystem, name, "1") }
    }

    #[test]
    fn headers_and_tools_are_not_the_kernel() {
        for (name, source, is) in [
            ("linux-libc-dev", "linux", true),
            ("linux-libc-dev-arm64-cross", "linux", true),
            ("linux-headers-6.1.0-18-amd64", "linux", true),
            ("linux-aws-headers-5.15.0-1050", "linux-aws", true),
            ("linux-kbuild-6.1", "linux", true),
            ("linux-tools-5.15.0-100-generic", "linux", true),
            ("linux-aws-5.15-tools-5.15.0-1050", "linux-aws-5.15", true),
            ("linux-perf", "linux", true),
            ("bpftool", "linux", true),
            ("libcpupower1", "linux", true),
            ("linux-image-6.1.0-18-amd64", "linux-signed-amd64", false),
            ("linux-modules-5.15.0-100-generic", "linux", false),
            ("linux-firmware", "linux-firmware", false),
            ("libatm1", "linux-atm", false),
            ("libc6-dev", "glibc", false),
        ] {
            assert_eq!(is_beside(&component(Ecosystem::Deb, name, source)), is, "{name}");
        }
        for (name, is) in [
            ("kernel-headers", true),
            ("kernel-devel", true),
            ("kernel-rt-devel", true),
            ("kernel-abi-stablelists", true),
            ("kernel-doc", true),
            ("kernel", false),
            ("kernel-core", false),
            ("kernel-tools-libs", false),
            ("glibc-headers", false),
        ] {
            assert_eq!(is_beside(&component(Ecosystem::Rpm, name, "kernel")), is, "{name}");
        }
    }

    #[test]
    fn a_source_speaks_for_the_kernel_only() {
        for (name, source, is) in [
            ("kernel-core", "kernel", true),
            ("kernel-default", "kernel-default", true),
            ("kernel-tools", "kernel", false),
            ("perf", "kernel", false),
            ("libopenssl3", "openssl-3", true),
        ] {
            assert_eq!(is_kernel(&component(Ecosystem::Rpm, name, source), source), is, "{name}");
        }
    }
}
