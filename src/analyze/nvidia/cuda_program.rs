//! Programs of the CUDA toolkit, and those of NVIDIA's that lie in a directory with their version.
//!
//! The compilers and their helpers all carry what `nvcc --version` says. Triton's compiler and
//! others bring copies of `ptxas`, which no toolkit's package tells of.

use super::libraries::TOOLS;
use super::{component, inside, is_dotted};
use crate::analyze::{Analyzer, Found, Input, Unread, Want};
use crate::format::FormatError;
use crate::format::elf::Elf;
use crate::model::LayerPath;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "cuda-program",
    wants: &[
        Want::Name("bin2c"),
        Want::Name("cicc"),
        Want::Name("cu++filt"),
        Want::Name("cudafe++"),
        Want::Name("cuobjdump"),
        Want::Name("fatbinary"),
        Want::Name("ncu"),
        Want::Name("nsys"),
        Want::Name("nvcc"),
        Want::Name("nvdisasm"),
        Want::Name("nvidia-ctk"),
        Want::Name("nvlink"),
        Want::Name("nvprune"),
        Want::Name("ptxas"),
        Want::Name("ptxas-blackwell"),
        Want::Name("tileiras"),
    ],
    accepts: |path| by_directory(path).is_some() || !matches!(path.file_name(), "ncu" | "nsys"),
    read,
    ..Analyzer::BASE
};

/// How Go's linker is told the container toolkit's version; the program's build settings keep that.
const CONTAINER_TOOLKIT: &str = "nvidia-container-toolkit/internal/info.version=";

fn part(program: &str) -> &'static str {
    match program {
        "cicc" => "nvvm",
        "cu++filt" => "cuda-cuxxfilt",
        "cuobjdump" => "cuda-cuobjdump",
        "nvdisasm" => "cuda-nvdisasm",
        "nvidia-ctk" => "nvidia-container-toolkit",
        "nvprune" => "cuda-nvprune",
        "tileiras" => "cuda-tileiras",
        _ => "cuda-nvcc",
    }
}

/// `/opt/nvidia/nsight-systems/2024.2.3/bin/nsys`, `/usr/local/cuda/nsight-compute-2024.1.1/ncu`.
fn by_directory(path: &LayerPath) -> Option<(&'static str, &str)> {
    let part = match path.file_name() {
        "ncu" => "nsight-compute",
        "nsys" => "nsight-systems",
        _ => return None,
    };
    let at = path.as_str().find(part)?;
    let rest = path.as_str().get(at + part.len()..)?;
    let version = rest.strip_prefix(['-', '/'])?.split('/').next()?;
    (is_dotted(version) && version.contains('.')).then_some((part, version))
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    if let Some((part, version)) = by_directory(input.path) {
        found.components.extend(component(part, version, input.path));
        return Ok(found);
    }
    if input.part(0, 4)? != b"\x7fELF" {
        return Ok(found);
    }
    let part = part(input.path.file_name());
    match version(input, part) {
        Ok(Some(version)) => found.components.extend(component(part, &version, input.path)),
        Ok(None) => {}
        Err(FormatError::Io(error)) => return Err(Unread::Io(error)),
        Err(error) => found.remark(error.to_string()),
    }
    Ok(found)
}

fn version(input: &Input<'_>, part: &str) -> Result<Option<String>, FormatError> {
    let elf = Elf::read(input.content)?;
    let needle = if part == "nvidia-container-toolkit" { CONTAINER_TOOLKIT } else { TOOLS };
    Ok(inside::said(&elf, input.content, needle)?.map(|it| it.0))
}

#[cfg(test)]
pub(in crate::analyze) mod made {
    use crate::format::elf::made::elf;

    pub(in crate::analyze) fn sample() -> Vec<u8> {
        let text = b"Cuda compilation tools, release %d.%d\0\
                     Cuda compilation tools, release 12.4, V12.4.131\0";
        elf(&[(".rodata", 1, 2, text)])
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use super::made::sample;
    use crate::analyze::tests::{find, wants};

    fn check(path: &str, bytes: &[u8]) -> String {
        let found = find(&ANALYZER, path, bytes);
        let shown = found.components.iter();
        let shown = shown.map(|it| format!("{} {} {:?}", it.name, it.version, it.standing));
        shown.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn compilers_say_their_version() {
        let path = "usr/local/cuda-12.4/bin/nvcc";
        assert_eq!(check(path, &sample()), "cuda-nvcc 12.4.131 Installed");
        let path = "s/site-packages/triton/backends/nvidia/bin/ptxas-blackwell";
        assert_eq!(check(path, &sample()), "cuda-nvcc 12.4.131 Bundled");
        let path = "s/site-packages/triton/backends/nvidia/bin/ptxas";
        assert_eq!(check(path, &sample()), "cuda-nvcc 12.4.131 Bundled");
        assert_eq!(check("usr/bin/nvlink", b"#!/bin/sh\n"), "");
    }

    #[test]
    fn nsight_lies_in_a_directory_with_its_version() {
        let path = "opt/nvidia/nsight-systems/2024.2.3/target-linux-x64/nsys";
        assert_eq!(check(path, b""), "nsight-systems 2024.2.3 Installed");
        let path = "usr/local/cuda/nsight-compute-2024.1.0/ncu";
        assert_eq!(check(path, b""), "nsight-compute 2024.1.0 Installed");
        assert!(!wants(&ANALYZER, "usr/local/bin/nsys"));
    }
}
