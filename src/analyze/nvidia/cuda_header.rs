//! The headers in which NVIDIA's libraries write their versions, as C's preprocessor reads them:
//! `#define CUDNN_MAJOR 9`. Where a toolkit was copied without its packages, they tell more than
//! the names of libraries do.
//!
//! Copies that other Python distributions carry, to compile with, prove nothing that runs.

use super::component;
use crate::analyze::{Analyzer, Found, Input, Unread, Want, text};
use crate::model::{LayerPath, Standing};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "cuda-header",
    wants: &[
        Want::Name("NvInferVersion.h"),
        Want::Name("cal.h"),
        Want::Name("cublas_api.h"),
        Want::Name("cublasmp.h"),
        Want::Name("cuda.h"),
        Want::Name("cuda_runtime_api.h"),
        Want::Name("cudnn.h"),
        Want::Name("cudnn_version.h"),
        Want::Name("cudnn_version_v8.h"),
        Want::Name("cudnn_version_v9.h"),
        Want::Name("cudss.h"),
        Want::Name("cufft.h"),
        Want::Name("curand.h"),
        Want::Name("cusolverMp.h"),
        Want::Name("cusolver_common.h"),
        Want::Name("cusparse.h"),
        Want::Name("cusparseLt.h"),
        Want::Name("custatevec.h"),
        Want::Name("cutensor.h"),
        Want::Name("cutensornet.h"),
        Want::Name("nccl.h"),
        Want::Name("npp.h"),
        Want::Name("nvcomp.h"),
        Want::Name("nvimgcodec_version.h"),
        Want::Name("nvjpeg.h"),
        Want::Name("nvjpeg2k_version.h"),
        Want::Name("nvshmem_version.h"),
        Want::Name("nvtiff_version.h"),
        Want::Name("version.h"),
    ],
    accepts: |path| {
        let is_known = HEADERS.iter().any(|it| it.fits(path));
        is_known && super::standing(path) == Standing::Installed
    },
    read,
    ..Analyzer::BASE
};

/// Headers of this size are not written by hand, nor by NVIDIA.
const MAX_HEADER: u64 = 16 << 20;

/// A header, and the macros that make up the version.
struct Header {
    name: &'static str,
    part: &'static str,
    macros: Macros,
}

enum Macros {
    /// Each has a number of the version, from the major one on; the last may lack.
    Each(&'static [&'static str]),
    /// One number for CUDA's release: 12040 is 12.4.
    Release(&'static str),
}

use Macros::{Each, Release};

const fn header(name: &'static str, part: &'static str, macros: Macros) -> Header {
    Header { name, part, macros }
}

/// Of several rows for one header the first counts whose macros are there.
const HEADERS: &[Header] = &[
    header(
        "NvInferVersion.h",
        "tensorrt-rtx",
        Each(&["TRT_MAJOR_RTX", "TRT_MINOR_RTX", "TRT_PATCH_RTX", "TRT_BUILD_RTX"]),
    ),
    header(
        "NvInferVersion.h",
        "tensorrt",
        Each(&[
            "TRT_MAJOR_ENTERPRISE",
            "TRT_MINOR_ENTERPRISE",
            "TRT_PATCH_ENTERPRISE",
            "TRT_BUILD_ENTERPRISE",
        ]),
    ),
    header(
        "NvInferVersion.h",
        "tensorrt",
        Each(&["NV_TENSORRT_MAJOR", "NV_TENSORRT_MINOR", "NV_TENSORRT_PATCH", "NV_TENSORRT_BUILD"]),
    ),
    header("cal.h", "cal", Each(&["CAL_VER_MAJOR", "CAL_VER_MINOR", "CAL_VER_PATCH"])),
    header(
        "cublas_api.h",
        "cublas",
        Each(&["CUBLAS_VER_MAJOR", "CUBLAS_VER_MINOR", "CUBLAS_VER_PATCH", "CUBLAS_VER_BUILD"]),
    ),
    header(
        "cublasmp.h",
        "cublasmp",
        Each(&["CUBLASMP_VER_MAJOR", "CUBLASMP_VER_MINOR", "CUBLASMP_VER_PATCH"]),
    ),
    header("cuda.h", "cuda-cudart", Release("CUDA_VERSION")),
    header("cuda_runtime_api.h", "cuda-cudart", Release("CUDART_VERSION")),
    header("cudnn.h", "cudnn", CUDNN),
    header("cudnn_version.h", "cudnn", CUDNN),
    header("cudnn_version_v8.h", "cudnn", CUDNN),
    header("cudnn_version_v9.h", "cudnn", CUDNN),
    header(
        "cudss.h",
        "cudss",
        Each(&["CUDSS_VERSION_MAJOR", "CUDSS_VERSION_MINOR", "CUDSS_VERSION_PATCH"]),
    ),
    header(
        "cufft.h",
        "cufft",
        Each(&["CUFFT_VER_MAJOR", "CUFFT_VER_MINOR", "CUFFT_VER_PATCH", "CUFFT_VER_BUILD"]),
    ),
    header(
        "curand.h",
        "curand",
        Each(&["CURAND_VER_MAJOR", "CURAND_VER_MINOR", "CURAND_VER_PATCH", "CURAND_VER_BUILD"]),
    ),
    header(
        "cusolverMp.h",
        "cusolvermp",
        Each(&["CUSOLVERMP_VER_MAJOR", "CUSOLVERMP_VER_MINOR", "CUSOLVERMP_VER_PATCH"]),
    ),
    header(
        "cusolver_common.h",
        "cusolver",
        Each(&[
            "CUSOLVER_VER_MAJOR",
            "CUSOLVER_VER_MINOR",
            "CUSOLVER_VER_PATCH",
            "CUSOLVER_VER_BUILD",
        ]),
    ),
    header(
        "cusparse.h",
        "cusparse",
        Each(&[
            "CUSPARSE_VER_MAJOR",
            "CUSPARSE_VER_MINOR",
            "CUSPARSE_VER_PATCH",
            "CUSPARSE_VER_BUILD",
        ]),
    ),
    header(
        "cusparseLt.h",
        "cusparselt",
        Each(&["CUSPARSELT_VER_MAJOR", "CUSPARSELT_VER_MINOR", "CUSPARSELT_VER_PATCH"]),
    ),
    header(
        "custatevec.h",
        "custatevec",
        Each(&["CUSTATEVEC_VER_MAJOR", "CUSTATEVEC_VER_MINOR", "CUSTATEVEC_VER_PATCH"]),
    ),
    header("cutensor.h", "cutensor", Each(&["CUTENSOR_MAJOR", "CUTENSOR_MINOR", "CUTENSOR_PATCH"])),
    header(
        "cutensornet.h",
        "cutensornet",
        Each(&["CUTENSORNET_MAJOR", "CUTENSORNET_MINOR", "CUTENSORNET_PATCH"]),
    ),
    header("nccl.h", "nccl", Each(&["NCCL_MAJOR", "NCCL_MINOR", "NCCL_PATCH"])),
    header(
        "npp.h",
        "npp",
        Each(&["NPP_VER_MAJOR", "NPP_VER_MINOR", "NPP_VER_PATCH", "NPP_VER_BUILD"]),
    ),
    header(
        "nvcomp.h",
        "nvcomp",
        Each(&["NVCOMP_MAJOR_VERSION", "NVCOMP_MINOR_VERSION", "NVCOMP_PATCH_VERSION"]),
    ),
    header(
        "version.h",
        "nvcomp",
        Each(&["NVCOMP_VER_MAJOR", "NVCOMP_VER_MINOR", "NVCOMP_VER_PATCH", "NVCOMP_VER_BUILD"]),
    ),
    header(
        "nvimgcodec_version.h",
        "nvimgcodec",
        Each(&["NVIMGCODEC_VER_MAJOR", "NVIMGCODEC_VER_MINOR", "NVIMGCODEC_VER_PATCH"]),
    ),
    header(
        "nvjpeg.h",
        "nvjpeg",
        Each(&["NVJPEG_VER_MAJOR", "NVJPEG_VER_MINOR", "NVJPEG_VER_PATCH", "NVJPEG_VER_BUILD"]),
    ),
    header(
        "nvjpeg2k_version.h",
        "nvjpeg2000",
        Each(&[
            "NVJPEG2K_VER_MAJOR",
            "NVJPEG2K_VER_MINOR",
            "NVJPEG2K_VER_PATCH",
            "NVJPEG2K_VER_BUILD",
        ]),
    ),
    header(
        "nvshmem_version.h",
        "nvshmem",
        Each(&[
            "NVSHMEM_VENDOR_MAJOR_VERSION",
            "NVSHMEM_VENDOR_MINOR_VERSION",
            "NVSHMEM_VENDOR_PATCH_VERSION",
        ]),
    ),
    header(
        "nvtiff_version.h",
        "nvtiff",
        Each(&["NVTIFF_VER_MAJOR", "NVTIFF_VER_MINOR", "NVTIFF_VER_PATCH", "NVTIFF_VER_BUILD"]),
    ),
];

const CUDNN: Macros = Each(&["CUDNN_MAJOR", "CUDNN_MINOR", "CUDNN_PATCHLEVEL"]);

impl Header {
    fn fits(&self, path: &LayerPath) -> bool {
        // Only this one has a name that others have, too.
        let is_placed = self.name != "version.h" || path.parent().ends_with("/nvcomp");
        path.file_name() == self.name && is_placed
    }

    fn version(&self, bytes: &[u8]) -> Option<String> {
        let value = |wanted: &str| text::lines(bytes).find_map(|(_, it)| define(it, wanted));
        match &self.macros {
            Each(names) => {
                let known: Vec<String> =
                    names.iter().map_while(|it| value(it)).map(|it| it.to_string()).collect();
                // Without the build's number it is still the version.
                (known.len() >= 3).then(|| known.join("."))
            }
            Release(name) => {
                let release = value(name).filter(|it| (5000..100_000).contains(it))?;
                Some(format!("{}.{}", release / 1000, release % 1000 / 10))
            }
        }
    }
}

/// The value of `#define wanted 12`.
fn define(line: &[u8], wanted: &str) -> Option<u32> {
    let line = line.trim_ascii_start().strip_prefix(b"#")?.trim_ascii_start();
    let rest = line.strip_prefix(b"define")?.trim_ascii_start().strip_prefix(wanted.as_bytes())?;
    if !rest.first()?.is_ascii_whitespace() {
        return None;
    }
    let rest = rest.trim_ascii_start();
    let end = rest.iter().position(|it| !it.is_ascii_digit()).unwrap_or(rest.len());
    let digits = str::from_utf8(rest.get(..end)?).ok()?;
    let ends = rest.get(end).is_none_or(u8::is_ascii_whitespace);
    digits.parse().ok().filter(|_| ends)
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    if input.size() > MAX_HEADER {
        return Err(Unread::TooLarge { size: input.size(), limit: MAX_HEADER });
    }
    let bytes = input.whole()?;
    let proof = HEADERS.iter().filter(|it| it.fits(input.path)).find_map(|it| {
        let version = it.version(&bytes)?;
        component(it.part, &version, input.path)
    });
    if let Some(component) = proof {
        found.component(component);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, wants};

    fn check(path: &str, bytes: &str) -> String {
        let found = find(&ANALYZER, path, bytes.as_bytes());
        assert!(found.notes.is_empty());
        let shown = found.components.iter().map(|it| format!("{} {}", it.name, it.version));
        shown.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn versions_are_made_of_macros() {
        let text = "/* 9 */\n#define CUDNN_MAJOR 9\n# define CUDNN_MINOR 1\r\n\
                    #define CUDNN_PATCHLEVEL 0\n#define CUDNN_VERSION (CUDNN_MAJOR * 10000)\n";
        assert_eq!(check("usr/include/cudnn_version.h", text), "cudnn 9.1.0");
        assert_eq!(check("usr/local/cuda/include/cudnn.h", text), "cudnn 9.1.0");
        assert_eq!(check("a/cuda.h", "#define CUDA_VERSION 12040\n"), "cuda-cudart 12.4");
        assert_eq!(
            check(
                "x/cublas_api.h",
                "#define CUBLAS_VER_MAJOR 12\n#define CUBLAS_VER_MINOR 4\n\
                 #define CUBLAS_VER_PATCH 5\n#define CUBLAS_VER_BUILD 8\n"
            ),
            "cublas 12.4.5.8"
        );
        // A build without a number.
        assert_eq!(
            check(
                "i/nvcomp/version.h",
                "#define NVCOMP_VER_MAJOR 6\n#define NVCOMP_VER_MINOR 0\n\
                 #define NVCOMP_VER_PATCH 1\n#define NVCOMP_VER_BUILD\n"
            ),
            "nvcomp 6.0.1"
        );
    }

    #[test]
    fn tensorrt_is_read_in_its_old_and_in_its_new_words() {
        let old = "#define NV_TENSORRT_MAJOR 8 //!< major\n#define NV_TENSORRT_MINOR 6 //!< minor\n\
                   #define NV_TENSORRT_PATCH 1 //!< patch\n#define NV_TENSORRT_BUILD 6 //!< build\n";
        assert_eq!(check("i/NvInferVersion.h", old), "tensorrt 8.6.1.6");
        let new = "#define TRT_MAJOR_ENTERPRISE 10\n#define TRT_MINOR_ENTERPRISE 14\n\
                   #define TRT_PATCH_ENTERPRISE 1\n#define TRT_BUILD_ENTERPRISE 48\n\
                   #define NV_TENSORRT_MAJOR TRT_MAJOR_ENTERPRISE //!< major\n";
        assert_eq!(check("i/NvInferVersion.h", new), "tensorrt 10.14.1.48");
    }

    #[test]
    fn a_header_of_the_same_name_says_nothing() {
        for text in
            ["", "#define CUDA_VERSION\n", "#define CUDA_VERSION 7\n", "int CUDA_VERSION 12040"]
        {
            assert_eq!(check("i/cuda.h", text), "");
        }
        assert_eq!(check("i/cudnn.h", "#define CUDNN_MAJOR 9\n#define CUDNN_MINOR 1\n"), "");
        assert_eq!(check("i/curand.h", "#define CURAND_VER_MAJORS 9\n"), "");
    }

    #[test]
    fn headers_that_others_carry_are_not_wanted() {
        assert!(wants(&ANALYZER, "s/site-packages/nvidia/cudnn/include/cudnn_version.h"));
        assert!(wants(&ANALYZER, "usr/local/cuda-12.4/targets/x86_64-linux/include/cuda.h"));
        assert!(!wants(&ANALYZER, "s/site-packages/triton/backends/nvidia/include/cuda.h"));
        assert!(!wants(&ANALYZER, "usr/include/linux/version.h"));
    }
}
