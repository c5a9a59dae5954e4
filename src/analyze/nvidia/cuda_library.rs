//! NVIDIA's shared libraries, also where they were only copied: the real file's name
//! (`libcudnn.so.9.1.0`), else what the library says itself, else its `SONAME`'s major version.
//!
//! What is no ELF file is not there: a container's runtime leaves empty files where it mounted a
//! driver's libraries. Stubs, to be linked with in place of a driver, are none of the driver's.

use super::libraries::{FileName, Inside, Library, named};
use super::{MIN_DRIVER, component, inside, is_dotted};
use crate::analyze::{Analyzer, Found, Input, Unread, Want};
use crate::format::FormatError;
use crate::format::elf::Elf;
use crate::model::{Content, LayerPath};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "cuda-library",
    wants: &[
        Want::Library("libcal."),
        Want::Library("libcu"),
        Want::Library("libdcgm"),
        Want::Library("libEGL_nvidia"),
        Want::Library("libGL"),
        Want::Library("libnccl"),
        Want::Library("libnpp"),
        Want::Library("libnv"),
        Want::Library("libtensorrt_rtx"),
        Want::Library("libvdpau_nvidia"),
    ],
    accepts: |path| {
        let is_stub = path.as_str().split('/').any(|it| it == "stubs");
        !is_stub && split(path.file_name()).is_some_and(|it| named(it.0).is_some())
    },
    read,
    ..Analyzer::BASE
};

/// The library's name, and the numbers behind it.
///
/// Wheels that carry copies put a part of the copy's digest into its name:
/// `libcudart-d0da41ae.so.11.0`.
fn split(file_name: &str) -> Option<(&str, &str)> {
    let at = file_name.find(".so")?;
    let (stem, numbers) = (file_name.get(..at)?, file_name.get(at + 3..)?);
    let numbers = if numbers.is_empty() { numbers } else { numbers.strip_prefix('.')? };
    let (numbers, tail) = numbers.split_once('-').unwrap_or((numbers, ""));
    let is_digest = |it: &str| it.len() == 8 && it.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !(numbers.is_empty() || is_dotted(numbers)) || !tail.is_empty() {
        return None;
    }
    match stem.rsplit_once('-') {
        Some((stem, digest)) if is_digest(digest) => Some((stem, numbers)),
        _ => Some((stem, numbers)),
    }
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let known = split(input.path.file_name()).and_then(|it| Some((named(it.0)?, it.1)));
    let Some((library, numbers)) = known else { return Ok(found) };
    if input.part(0, 4)? != b"\x7fELF" {
        return Ok(found);
    }
    let proof = match version_of_name(library.file_name, numbers) {
        Some(version) => Some(Proof::new(version.to_owned())),
        None if library.file_name == FileName::Driver => None,
        None => match look_inside(library, numbers, input.content) {
            Ok(proof) => proof,
            Err(FormatError::Io(error)) => return Err(Unread::Io(error)),
            Err(error) => {
                found.remark(error.to_string());
                None
            }
        },
    };
    let part = part_at(library, input.path);
    if let Some(proof) = proof
        && let Some(mut component) = component(part, &proof.version, input.path)
    {
        if let Some(cuda) = proof.cuda {
            component = component.property("cuda", &cuda);
        }
        found.component(component);
    }
    Ok(found)
}

/// What a library tells of itself.
struct Proof {
    version: String,
    /// The CUDA that it was built for.
    cuda: Option<String>,
}

/// The driver's libraries come alone, too, for containers on a host with an older driver.
fn part_at(library: &Library, path: &LayerPath) -> &'static str {
    let is_compat = path.parent().rsplit('/').next().is_some_and(|it| it.starts_with("compat"));
    if library.part == "driver" && is_compat { "cuda-compat" } else { library.part }
}

fn version_of_name(meaning: FileName, numbers: &str) -> Option<&str> {
    let n_numbers = numbers.split('.').count();
    let fits = match meaning {
        FileName::Version(least) => n_numbers >= least,
        FileName::Driver => {
            let major = numbers.split('.').next().and_then(|it| it.parse().ok());
            n_numbers >= 2 && major.is_some_and(|it: u64| it >= MIN_DRIVER)
        }
        FileName::Other => false,
    };
    fits.then_some(numbers)
}

fn look_inside(
    library: &Library,
    numbers: &str,
    content: &dyn Content,
) -> Result<Option<Proof>, FormatError> {
    let elf = Elf::read(content)?;
    let soname = elf.soname(content)?;
    let numbers = soname.as_deref().and_then(split).map_or(numbers, |it| it.1);
    let major = numbers.split('.').next().and_then(|it| it.parse::<u32>().ok());
    for place in library.inside {
        let proof = match (place, major) {
            (Inside::Text(text), _) => {
                let said = inside::said(&elf, content, text)?;
                said.map(|(version, cuda)| Proof { cuda, ..Proof::new(version) })
            }
            (Inside::Number(name), Some(major)) => {
                inside::number(&elf, content, name, major)?.map(Proof::new)
            }
            (Inside::Runtime, Some(major)) => {
                inside::runtime(&elf, content, major)?.map(Proof::new)
            }
            (_, None) => None,
        };
        if proof.is_some() {
            return Ok(proof);
        }
    }
    // Of a library before its first release, that would be any.
    let major = major.filter(|it| library.soname_is_major && *it > 0);
    Ok(major.map(|it| Proof::new(it.to_string())))
}

impl Proof {
    fn new(version: String) -> Self {
        Self { version, cuda: None }
    }
}

#[cfg(test)]
pub(in crate::analyze) mod made {
    use crate::format::elf::made::elf;

    /// A library that exports a function with this code.
    pub(in crate::analyze) fn library(soname: &str, function: &str, code: &[u8]) -> Vec<u8> {
        let mut dynamic = 14_u64.to_le_bytes().to_vec();
        dynamic.extend(1_u64.to_le_bytes());
        let names = [b"\0", soname.as_bytes(), b"\0", function.as_bytes(), b"\0"].concat();
        let at = u32::try_from(soname.len() + 2).unwrap();
        let text = [&[0x90; 16][..], code].concat();
        // Where `elf` loads the first section; the function is behind some padding.
        let mut symbol = at.to_le_bytes().to_vec();
        symbol.extend([0x12, 0, 1, 0]);
        symbol.extend(0x40_0050_u64.to_le_bytes());
        symbol.extend((code.len() as u64).to_le_bytes());
        elf(&[
            (".text", 1, 6, &text),
            (".dynamic", 6, 2, &dynamic),
            (".dynstr", 3, 2, &names),
            (".dynsym", 11, 2, &symbol),
            (".rodata", 1, 2, b"\0NCCL version 2.21.5+cuda12.4\0"),
        ])
    }

    /// `movl $10305, (%rdi)`, and back.
    pub(in crate::analyze) fn sample() -> Vec<u8> {
        library("libcurand.so.10", "curandGetVersion", b"\xc7\x07\x41\x28\0\0\x31\xc0\xc3")
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use super::made::{library, sample};
    use crate::analyze::tests::{find, shown, wants};

    fn check(path: &str, bytes: &[u8]) -> String {
        let found = find(&ANALYZER, path, bytes);
        let shown = found.components.iter().map(|it| format!("{} {}", it.name, it.version));
        shown.chain(found.notes.iter().cloned()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_real_files_name_has_the_version() {
        let elf = sample();
        for (path, part) in [
            ("usr/lib/x86_64-linux-gnu/libcudnn.so.9.1.0", "cudnn 9.1.0"),
            ("usr/lib/libcudnn_ops_infer.so.8.9.7", "cudnn 8.9.7"),
            ("usr/local/cuda/lib64/libcudart.so.12.4.127", "cuda-cudart 12.4.127"),
            ("usr/lib/libcuda.so.550.54.15", "driver 550.54.15"),
            ("usr/lib/libnvidia-ml.so.450.66", "driver 450.66"),
            ("usr/local/cuda-12.4/compat/libcuda.so.550.54.15", "cuda-compat 550.54.15"),
            ("usr/lib/libnvidia-container.so.1.17.4", "libnvidia-container 1.17.4"),
            ("usr/lib/libnvinfer.so.10.0.1", "tensorrt 10.0.1"),
            ("x.libs/libcudart-d0da41ae.so.11.8.89", "cuda-cudart 11.8.89"),
        ] {
            assert_eq!(check(path, &elf), part, "{path}");
        }
    }

    #[test]
    fn a_library_of_which_only_the_major_version_is_named_is_looked_into() {
        assert_eq!(check("a/libcurand.so.10", &sample()), "curand 10.3.5");
        assert_eq!(check("a/libcurand.so", &sample()), "curand 10.3.5");
        // Its parts have the number in a variable.
        let ops = library("libcudnn_ops.so.9", "cudnn_ops_infer_version", b"\xf4\x5f\x01\0");
        assert_eq!(check("a/libcudnn_ops.so.9", &ops), "cudnn 9.1.0");
        let nccl = library("libnccl.so.2", "x", b"\xc3\x90\x90\x90");
        assert_eq!(check("a/libnccl.so.2", &nccl), "nccl 2.21.5");
        let runtime = b"\x48\x85\xff\x74\x0b\xc7\x07\x08\x2f\0\0\x31\xc0";
        let runtime = library("libcudart.so.12", "cudaRuntimeGetVersion", runtime);
        assert_eq!(check("t/lib/libcudart-d0da41ae.so.12", &runtime), "cuda-cudart 12.4");
    }

    #[test]
    fn a_number_that_is_not_certain_is_not_taken() {
        // Two of them.
        let code = b"\xc7\x07\x41\x28\0\0\xc7\x07\x42\x28\0\0";
        let two = library("libcurand.so.10", "curandGetVersion", code);
        assert_eq!(check("a/libcurand.so.10", &two), "curand 10");
        // Of another major version.
        let other = library("libcurand.so.11", "curandGetVersion", b"\xc7\x07\x41\x28\0\0");
        assert_eq!(check("a/libcurand.so.11", &other), "curand 11");
        // An interface's number is no version.
        let early = library("libcufile.so.0", "x", b"\xc3\x90\x90\x90");
        assert_eq!(check("a/libcufile.so.0", &early), "");
        let cupti = library("libcupti.so.12", "x", b"\xc3\x90\x90\x90");
        assert_eq!(check("a/libcupti.so.2024.1.1", &cupti), "cuda-cupti 12");
    }

    #[test]
    fn empty_files_stubs_and_other_libraries_are_none() {
        assert_eq!(check("usr/lib/libcuda.so.550.54.15", b""), "");
        assert_eq!(check("usr/lib/libnccl.so.2.21.5", b"INPUT(libnccl.so.2)"), "");
        assert_eq!(check("usr/lib/libcuda.so.1", &sample()), "");
        for path in [
            "usr/local/cuda/lib64/stubs/libcublas.so",
            "usr/lib/libcurl.so.4.8.0",
            "usr/lib/libGL.so.1.7.0",
            "usr/lib/libnvme.so.1",
            "usr/lib/libcudart.so.11-link",
        ] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }

    #[test]
    fn what_another_python_distribution_carries_is_bundled() {
        let path = "s/site-packages/torch/lib/libcudnn.so.8.9.7";
        assert!(shown(&find(&ANALYZER, path, &sample())).contains("cudnn 8.9.7 bundled"));
        let path = "s/site-packages/nvidia/cudnn/lib/libcudnn.so.9.1.0";
        assert!(!shown(&find(&ANALYZER, path, &sample())).contains("bundled"));
    }
}
