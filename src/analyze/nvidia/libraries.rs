//! NVIDIA's shared libraries by name, and where each tells its version.

/// A library, or all whose names begin so.
pub(super) struct Library {
    /// Its name up to `.so`; with a `*` at the end, the beginning of several.
    stem: &'static str,
    pub(super) part: &'static str,
    pub(super) file_name: FileName,
    /// The `SONAME` has the part's major version.
    pub(super) soname_is_major: bool,
    pub(super) inside: &'static [Inside],
}

/// What the numbers behind `.so` mean in the name of the real file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FileName {
    /// The version, if there are so many: `libnccl.so.2.21.5`. Fewer are an interface's number.
    Version(usize),
    /// The driver's version: `libcuda.so.550.54.15`, in old ones `libcuda.so.450.66`.
    Driver,
    /// Something else: `libcupti.so.2024.1.1`, `libnvvm.so.4.0.0`.
    Other,
}

/// Where the file itself has the version.
#[derive(Clone, Copy)]
pub(super) enum Inside {
    /// An exported function that returns the version as one number, or a variable that holds it.
    Number(&'static str),
    /// As CUDA's runtime stores its number into the caller's variable.
    Runtime,
    /// Behind this text.
    Text(&'static str),
}

use FileName::{Driver, Other, Version};
use Inside::{Number, Runtime, Text};

/// What all of CUDA's compilers say when they are asked.
pub(super) const TOOLS: &str = "Cuda compilation tools, release ";

const CUDNN: &[Inside] = &[
    Number("cudnnGetVersion"),
    Number("cudnn_graph_version"),
    Number("cudnn_ops_infer_version"),
    Number("cudnn_ops_train_version"),
    Number("cudnn_cnn_infer_version"),
    Number("cudnn_cnn_train_version"),
    Number("cudnn_adv_infer_version"),
    Number("cudnn_adv_train_version"),
    Number("cudnnAdvTrainVersionCheck"),
    Number("cudnnAdvVersionCheck"),
    Number("cudnnCnnInferVersionCheck"),
    Number("cudnnCnnTrainVersionCheck"),
    Number("cudnnCnnVersionCheck"),
];

const fn library(stem: &'static str, part: &'static str, inside: &'static [Inside]) -> Library {
    Library { stem, part, file_name: Version(3), soname_is_major: true, inside }
}

const fn other(stem: &'static str, part: &'static str, inside: &'static [Inside]) -> Library {
    Library { stem, part, file_name: Other, soname_is_major: false, inside }
}

const fn driver(stem: &'static str) -> Library {
    Library { stem, part: "driver", file_name: Driver, soname_is_major: false, inside: &[] }
}

const LIBRARIES: &[Library] = &[
    library("libcal", "cal", &[]),
    library("libcublas", "cublas", &[]),
    library("libcublasLt", "cublas", &[Number("cublasLtGetVersion")]),
    library("libcublasMp", "cublasmp", &[Number("cublasMpGetVersion")]),
    library("libcublasmp", "cublasmp", &[Number("cublasMpGetVersion")]),
    library("libcudart", "cuda-cudart", &[Runtime]),
    library("libcudnn*", "cudnn", CUDNN),
    library("libcudss*", "cudss", &[]),
    library("libcufft", "cufft", &[Number("cufftGetVersion")]),
    library("libcufftMp*", "cufftmp", &[]),
    library("libcufftw", "cufft", &[]),
    Library { soname_is_major: false, ..library("libcufile*", "cufile", &[]) },
    Library { file_name: Other, ..library("libcupti", "cuda-cupti", &[]) },
    library("libcurand", "curand", &[Number("curandGetVersion")]),
    library("libcusolver", "cusolver", &[Number("cusolverGetVersion")]),
    library("libcusolverMg", "cusolver", &[]),
    library("libcusolverMp", "cusolvermp", &[Number("cusolverMpGetVersion")]),
    library("libcusparse", "cusparse", &[Number("cusparseGetVersion")]),
    library("libcusparseLt", "cusparselt", &[Number("cusparseLtGetVersion")]),
    library("libcustatevec", "custatevec", &[Number("custatevecGetVersion")]),
    library("libcutensor", "cutensor", &[Number("cutensorGetVersion")]),
    library("libcutensorMg", "cutensor", &[]),
    library("libcutensornet", "cutensornet", &[Number("cutensornetGetVersion")]),
    library("libdcgm*", "dcgm", &[]),
    library("libnccl", "nccl", &[Text("NCCL version "), Number("ncclGetVersion")]),
    library("libnppc", "npp", &[]),
    library("libnppi*", "npp", &[]),
    library("libnpps", "npp", &[]),
    library("libnvJitLink", "nvjitlink", &[Text(TOOLS)]),
    library("libnvblas", "cublas", &[]),
    library("libnvcaffe_parser", "tensorrt", &[]),
    library("libnvcomp*", "nvcomp", &[]),
    library("libnvfatbin", "nvfatbin", &[]),
    library("libnvimgcodec", "nvimgcodec", &[]),
    library("libnvinfer*", "tensorrt", &[Number("getInferLibVersion")]),
    library("libnvjpeg", "nvjpeg", &[]),
    library("libnvjpeg2k", "nvjpeg2000", &[]),
    library("libnvonnxparser*", "tensorrt", &[]),
    library("libnvparsers", "tensorrt", &[]),
    library("libnvrtc", "cuda-nvrtc", &[Text(TOOLS)]),
    Library { file_name: Version(2), ..library("libnvrtc-builtins", "cuda-nvrtc", &[]) },
    library("libnvshmem_host", "nvshmem", &[Text("NVSHMEM v")]),
    library("libnvtiff", "nvtiff", &[]),
    other("libnvvm", "nvvm", &[Text(TOOLS)]),
    library("libtensorrt_rtx", "tensorrt-rtx", &[]),
    library("libnvidia-container*", "libnvidia-container", &[]),
    driver("libEGL_nvidia"),
    driver("libGLESv1_CM_nvidia"),
    driver("libGLESv2_nvidia"),
    driver("libGLX_nvidia"),
    driver("libcuda"),
    driver("libcudadebugger"),
    driver("libnvcuvid"),
    driver("libnvidia-*"),
    driver("libnvoptix"),
    driver("libvdpau_nvidia"),
];

impl Library {
    fn fits(&self, stem: &str) -> bool {
        match self.stem.strip_suffix('*') {
            Some(front) => stem.starts_with(front),
            None => stem == self.stem,
        }
    }
}

/// The library of this name; of several that begin so, the one with the longest beginning.
pub(super) fn named(stem: &str) -> Option<&'static Library> {
    let fitting = LIBRARIES.iter().filter(|it| it.fits(stem));
    fitting.max_by_key(|it| it.stem.len())
}

#[cfg(test)]
mod tests {
    use super::super::parts;
    use super::{LIBRARIES, named};

    #[test]
    fn every_library_is_of_a_part() {
        for library in LIBRARIES {
            assert!(parts::named(library.part).is_some(), "{}", library.stem);
        }
    }

    #[test]
    fn the_longest_beginning_decides() {
        let part = |stem| named(stem).map(|it| it.part);
        assert_eq!(part("libcudnn_ops_infer"), Some("cudnn"));
        assert_eq!(part("libcublasmp"), Some("cublasmp"));
        assert_eq!(part("libnvidia-ml"), Some("driver"));
        assert_eq!(part("libnvidia-container-go"), Some("libnvidia-container"));
        assert_eq!(part("libcufftMp_interop"), Some("cufftmp"));
        for stem in ["libcurl", "libcups", "libcudf", "libnccl-net", "libnvpair", "libnvme"] {
            assert_eq!(part(stem), None, "{stem}");
        }
    }
}
