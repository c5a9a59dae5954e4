//! What the CUDA toolkit brings, and the libraries beside it that are versioned like its own.

use super::Part;

/// The toolkit itself is first; its release is what bulletins speak of. The packages that only
/// gather others carry that release: those that bring compilers and tools stand for the toolkit,
/// those that bring libraries alone do not.
pub(super) const PARTS: &[Part] = &[
    Part {
        name: "cuda-toolkit",
        title: "CUDA Toolkit",
        packages: &[
            "cuda",
            "cuda-command-line-tools",
            "cuda-compiler",
            "cuda-devel",
            "cuda-minimal-build",
            "cuda-toolkit",
            "cuda-tools",
            "cuda-visual-tools",
            "nvidia-cuda-toolkit",
        ],
        conda: &["cuda", "cuda-command-line-tools", "cuda-compiler", "cuda-toolkit", "cuda-tools"],
        ..Part::BASE
    },
    Part {
        name: "cuda-libraries",
        title: "CUDA libraries",
        of: Some("cuda-toolkit"),
        pypi: &["cuda-toolkit"],
        packages: &["cuda-libraries", "cuda-runtime", "nvidia-cuda"],
        conda: &["cuda-libraries", "cuda-runtime", "cudatoolkit"],
        ..Part::BASE
    },
    Part {
        name: "cuda-cudart",
        title: "CUDA Runtime",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cuda-runtime"],
        packages: &["cuda-cudart", "cuda-driver", "libcudart"],
        conda: &["cuda-cudart", "cuda-driver"],
        ..Part::BASE
    },
    Part {
        name: "cuda-nvcc",
        title: "CUDA NVCC",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cuda-nvcc"],
        packages: &["cuda-nvcc"],
        conda: &["cuda-nvcc"],
        ..Part::BASE
    },
    Part {
        name: "cuda-crt",
        title: "CUDA CRT",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cuda-crt"],
        packages: &["cuda-crt"],
        conda: &["cuda-crt"],
        ..Part::BASE
    },
    Part {
        name: "nvvm",
        title: "CUDA NVVM",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-nvvm"],
        packages: &["cuda-nvvm", "libnvvm"],
        conda: &["cuda-nvvm", "libnvvm"],
        ..Part::BASE
    },
    Part {
        name: "nvptxcompiler",
        title: "PTX Compiler",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-nvptxcompiler"],
        packages: &["libnvptxcompiler"],
        conda: &["libnvptxcompiler"],
        ..Part::BASE
    },
    Part {
        name: "cuda-nvrtc",
        title: "CUDA NVRTC",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cuda-nvrtc"],
        packages: &["cuda-nvrtc", "libnvrtc", "libnvrtc-builtins"],
        conda: &["cuda-nvrtc"],
        ..Part::BASE
    },
    Part {
        name: "cuda-cccl",
        title: "CUDA C++ Core Compute Libraries",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cuda-cccl"],
        packages: &["cuda-cccl", "cuda-thrust"],
        conda: &["cuda-cccl"],
        ..Part::BASE
    },
    Part {
        name: "cuda-cuobjdump",
        title: "CUDA cuobjdump",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cuda-cuobjdump"],
        packages: &["cuda-cuobjdump"],
        conda: &["cuda-cuobjdump"],
        ..Part::BASE
    },
    Part {
        name: "cuda-nvdisasm",
        title: "CUDA nvdisasm",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cuda-nvdisasm"],
        packages: &["cuda-nvdisasm"],
        conda: &["cuda-nvdisasm"],
        ..Part::BASE
    },
    Part {
        name: "cuda-nvprune",
        title: "CUDA nvprune",
        of: Some("cuda-toolkit"),
        packages: &["cuda-nvprune"],
        conda: &["cuda-nvprune"],
        ..Part::BASE
    },
    Part {
        name: "cuda-cuxxfilt",
        title: "CUDA cu++filt",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cuda-cuxxfilt"],
        packages: &["cuda-cuxxfilt"],
        conda: &["cuda-cuxxfilt"],
        ..Part::BASE
    },
    Part {
        name: "cuda-tileiras",
        title: "CUDA Tile IR Assembler",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cuda-tileiras"],
        packages: &["cuda-tileiras"],
        conda: &["cuda-tileiras"],
        ..Part::BASE
    },
    Part {
        name: "cuda-gdb",
        title: "CUDA-GDB",
        of: Some("cuda-toolkit"),
        packages: &["cuda-gdb", "nvidia-cuda-gdb"],
        conda: &["cuda-gdb"],
        ..Part::BASE
    },
    Part {
        name: "cuda-memcheck",
        title: "CUDA-MEMCHECK",
        of: Some("cuda-toolkit"),
        packages: &["cuda-memcheck"],
        conda: &["cuda-memcheck"],
        ..Part::BASE
    },
    Part {
        name: "cuda-sanitizer-api",
        title: "Compute Sanitizer",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cuda-sanitizer-api"],
        packages: &["cuda-sanitizer", "cuda-sanitizer-api"],
        conda: &["cuda-sanitizer-api"],
        ..Part::BASE
    },
    Part {
        name: "cuda-cupti",
        title: "CUPTI",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cuda-cupti"],
        packages: &["cuda-cupti", "libcupti"],
        conda: &["cuda-cupti"],
        ..Part::BASE
    },
    Part {
        name: "cuda-nvprof",
        title: "nvprof",
        of: Some("cuda-toolkit"),
        packages: &["cuda-nvprof", "nvidia-profiler"],
        conda: &["cuda-nvprof"],
        ..Part::BASE
    },
    Part {
        name: "cuda-nvtx",
        title: "NVTX",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-nvtx"],
        packages: &["cuda-nvtx", "libnvtoolsext"],
        conda: &["cuda-nvtx"],
        ..Part::BASE
    },
    Part {
        name: "cuda-nvml-dev",
        title: "NVML headers",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-nvml-dev"],
        packages: &["cuda-nvml", "cuda-nvml-dev"],
        conda: &["cuda-nvml-dev"],
        ..Part::BASE
    },
    Part {
        name: "cuda-opencl",
        title: "CUDA OpenCL",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cuda-opencl"],
        packages: &["cuda-opencl"],
        conda: &["cuda-opencl"],
        ..Part::BASE
    },
    Part {
        name: "cuda-profiler-api",
        title: "CUDA Profiler API",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cuda-profiler-api"],
        packages: &["cuda-profiler-api"],
        conda: &["cuda-profiler-api"],
        ..Part::BASE
    },
    Part {
        name: "cublas",
        title: "cuBLAS",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cublas"],
        packages: &["cuda-cublas", "libcublas", "libcublaslt", "libnvblas"],
        conda: &["libcublas"],
        ..Part::BASE
    },
    Part {
        name: "cufft",
        title: "cuFFT",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cufft"],
        packages: &["cuda-cufft", "libcufft", "libcufftw"],
        conda: &["libcufft"],
        ..Part::BASE
    },
    Part {
        name: "cufile",
        title: "cuFile",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cufile"],
        packages: &["libcufile"],
        conda: &["libcufile"],
        ..Part::BASE
    },
    Part {
        name: "curand",
        title: "cuRAND",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-curand"],
        packages: &["cuda-curand", "libcurand"],
        conda: &["libcurand"],
        ..Part::BASE
    },
    Part {
        name: "cusolver",
        title: "cuSOLVER",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cusolver"],
        packages: &["cuda-cusolver", "libcusolver", "libcusolvermg"],
        conda: &["libcusolver"],
        ..Part::BASE
    },
    Part {
        name: "cusparse",
        title: "cuSPARSE",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-cusparse"],
        packages: &["cuda-cusparse", "libcusparse"],
        conda: &["libcusparse"],
        ..Part::BASE
    },
    Part {
        name: "npp",
        title: "NPP",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-npp"],
        packages: &[
            "cuda-npp",
            "libnpp",
            "libnppc",
            "libnppial",
            "libnppicc",
            "libnppidei",
            "libnppif",
            "libnppig",
            "libnppim",
            "libnppist",
            "libnppisu",
            "libnppitc",
            "libnpps",
        ],
        conda: &["libnpp"],
        ..Part::BASE
    },
    Part {
        name: "nvfatbin",
        title: "nvFatbin",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-nvfatbin"],
        packages: &["libnvfatbin"],
        conda: &["libnvfatbin"],
        ..Part::BASE
    },
    Part {
        name: "nvjitlink",
        title: "nvJitLink",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-nvjitlink"],
        packages: &["libnvjitlink"],
        conda: &["libnvjitlink"],
        ..Part::BASE
    },
    Part {
        name: "nvjpeg",
        title: "nvJPEG",
        of: Some("cuda-toolkit"),
        pypi: &["nvidia-nvjpeg"],
        packages: &["cuda-nvjpeg", "libnvjpeg"],
        conda: &["libnvjpeg"],
    },
    Part {
        name: "nsight-compute",
        title: "Nsight Compute",
        of: Some("cuda-toolkit"),
        packages: &["nsight-compute"],
        conda: &["nsight-compute"],
        ..Part::BASE
    },
    Part {
        name: "nsight-systems",
        title: "Nsight Systems",
        of: Some("cuda-toolkit"),
        packages: &["nsight-systems", "nsight-systems-cli", "nsight-systems-target"],
        conda: &["nsight-systems"],
        ..Part::BASE
    },
];
