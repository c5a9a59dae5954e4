//! Libraries that are released on their own, the driver, and what serves a GPU to containers.

use super::Part;

pub(super) const PARTS: &[Part] = &[
    Part {
        name: "driver",
        title: "GPU Display Driver",
        packages: &[
            "cuda-drivers",
            "libcuda",
            "libnvidia-cfg",
            "libnvidia-common",
            "libnvidia-compute",
            "libnvidia-decode",
            "libnvidia-encode",
            "libnvidia-extra",
            "libnvidia-fbc",
            "libnvidia-gl",
            "libnvidia-ml",
            "nvidia-compute-utils",
            "nvidia-driver",
            "nvidia-driver-cuda",
            "nvidia-driver-cuda-libs",
            "nvidia-driver-libs",
            "nvidia-driver-nvml",
            "nvidia-headless",
            "nvidia-headless-no-dkms",
            "nvidia-libopencl",
            "nvidia-smi",
            "nvidia-utils",
        ],
        ..Part::BASE
    },
    Part {
        name: "cuda-compat",
        title: "CUDA compatibility libraries",
        of: Some("driver"),
        packages: &["cuda-compat"],
        conda: &["cuda-compat"],
        ..Part::BASE
    },
    Part {
        name: "cudnn",
        title: "cuDNN",
        pypi: &["nvidia-cudnn", "nvidia-cudnn-jit"],
        packages: &["cudnn", "libcudnn", "libcudnn-jit"],
        conda: &["cudnn", "libcudnn", "libcudnn-jit"],
        ..Part::BASE
    },
    Part {
        name: "cudnn-frontend",
        title: "cuDNN Frontend",
        pypi: &["nvidia-cudnn-frontend"],
        packages: &["cudnn-frontend"],
        conda: &["cudnn-frontend"],
        ..Part::BASE
    },
    Part {
        name: "nccl",
        title: "NCCL",
        pypi: &["nvidia-nccl"],
        packages: &["libnccl"],
        conda: &["nccl"],
        ..Part::BASE
    },
    Part {
        name: "nvshmem",
        title: "NVSHMEM",
        pypi: &["nvidia-nvshmem"],
        packages: &["libnvshmem", "nvshmem"],
        conda: &["libnvshmem", "libnvshmem3", "nvshmem"],
        ..Part::BASE
    },
    Part {
        name: "tensorrt",
        title: "TensorRT",
        pypi: &[
            "nvidia-tensorrt",
            "tensorrt",
            "tensorrt-bindings",
            "tensorrt-dispatch",
            "tensorrt-dispatch-bindings",
            "tensorrt-dispatch-libs",
            "tensorrt-lean",
            "tensorrt-lean-bindings",
            "tensorrt-lean-libs",
            "tensorrt-libs",
        ],
        packages: &[
            "libnvinfer",
            "libnvinfer-dispatch",
            "libnvinfer-lean",
            "libnvinfer-plugin",
            "libnvinfer-vc-plugin",
            "libnvonnxparser",
            "libnvonnxparsers",
            "libnvparsers",
            "python3-libnvinfer",
            "tensorrt",
        ],
        conda: &["libnvinfer", "tensorrt"],
        ..Part::BASE
    },
    Part {
        name: "tensorrt-rtx",
        title: "TensorRT for RTX",
        pypi: &["tensorrt-rtx", "tensorrt-rtx-bindings", "tensorrt-rtx-libs"],
        packages: &["tensorrt-rtx"],
        ..Part::BASE
    },
    Part {
        name: "cutensor",
        title: "cuTENSOR",
        pypi: &["cutensor"],
        packages: &["libcutensor", "cutensor"],
        conda: &["cutensor", "libcutensor"],
        ..Part::BASE
    },
    Part {
        name: "cusparselt",
        title: "cuSPARSELt",
        pypi: &["nvidia-cusparselt"],
        packages: &["cusparselt", "libcusparselt"],
        conda: &["cusparselt", "libcusparselt"],
        ..Part::BASE
    },
    Part {
        name: "cudss",
        title: "cuDSS",
        pypi: &["nvidia-cudss"],
        packages: &["cudss", "libcudss"],
        conda: &["libcudss", "libcudss0"],
        ..Part::BASE
    },
    Part {
        name: "cublasmp",
        title: "cuBLASMp",
        pypi: &["nvidia-cublasmp"],
        packages: &["cublasmp", "libcublasmp"],
        conda: &["libcublasmp"],
        ..Part::BASE
    },
    Part {
        name: "cusolvermp",
        title: "cuSOLVERMp",
        pypi: &["nvidia-cusolvermp"],
        packages: &["cusolvermp", "libcusolvermp"],
        conda: &["libcusolvermp"],
        ..Part::BASE
    },
    Part {
        name: "cufftmp",
        title: "cuFFTMp",
        pypi: &["nvidia-cufftmp"],
        packages: &["cufftmp", "libcufftmp"],
        conda: &["libcufftmp"],
        ..Part::BASE
    },
    Part {
        name: "cal",
        title: "CAL",
        pypi: &["nvidia-libcal"],
        packages: &["libcal"],
        conda: &["libcal"],
        ..Part::BASE
    },
    Part {
        name: "custatevec",
        title: "cuStateVec",
        pypi: &["custatevec"],
        packages: &["custatevec"],
        conda: &["custatevec"],
        ..Part::BASE
    },
    Part {
        name: "cutensornet",
        title: "cuTensorNet",
        pypi: &["cutensornet"],
        packages: &["cutensornet"],
        conda: &["cutensornet"],
        ..Part::BASE
    },
    Part {
        name: "cuquantum",
        title: "cuQuantum",
        pypi: &["cuquantum"],
        packages: &["cuquantum"],
        conda: &["cuquantum"],
        ..Part::BASE
    },
    Part {
        name: "nvcomp",
        title: "nvCOMP",
        pypi: &["nvidia-libnvcomp", "nvidia-nvcomp"],
        packages: &["libnvcomp", "nvcomp"],
        conda: &["libnvcomp", "nvcomp"],
        ..Part::BASE
    },
    Part {
        name: "nvimgcodec",
        title: "nvImageCodec",
        pypi: &["nvidia-nvimgcodec", "nvidia-nvimgcodec-tegra"],
        packages: &["libnvimgcodec", "nvimgcodec"],
        conda: &["libnvimgcodec", "libnvimgcodec0"],
        ..Part::BASE
    },
    Part {
        name: "nvjpeg2000",
        title: "nvJPEG2000",
        pypi: &["nvidia-nvjpeg2k", "nvidia-nvjpeg2k-tegra"],
        packages: &["libnvjpeg2k", "nvjpeg2k"],
        conda: &["libnvjpeg2k", "libnvjpeg2k0"],
        ..Part::BASE
    },
    Part {
        name: "nvtiff",
        title: "nvTIFF",
        pypi: &["nvidia-nvtiff", "nvidia-nvtiff-tegra"],
        packages: &["libnvtiff", "nvtiff"],
        conda: &["libnvtiff", "libnvtiff0"],
        ..Part::BASE
    },
    Part {
        name: "libnvidia-container",
        title: "NVIDIA container library",
        packages: &["libnvidia-container", "libnvidia-container-tools"],
        ..Part::BASE
    },
    Part {
        name: "nvidia-container-toolkit",
        title: "NVIDIA Container Toolkit",
        packages: &[
            "nvidia-container-runtime",
            "nvidia-container-toolkit",
            "nvidia-container-toolkit-base",
            "nvidia-container-toolkit-operator-extensions",
        ],
        ..Part::BASE
    },
    Part {
        name: "dcgm",
        title: "DCGM",
        packages: &[
            "datacenter-gpu-manager",
            "datacenter-gpu-manager-4-core",
            "datacenter-gpu-manager-4-proprietary",
        ],
        ..Part::BASE
    },
    Part {
        name: "dcgm-exporter",
        title: "DCGM Exporter",
        packages: &["datacenter-gpu-manager-exporter", "dcgm-exporter"],
        ..Part::BASE
    },
    Part {
        name: "jetson-linux",
        title: "Jetson Linux",
        packages: &["nvidia-l4t-core"],
        ..Part::BASE
    },
    Part { name: "deepstream", title: "DeepStream", packages: &["deepstream"], ..Part::BASE },
    Part {
        name: "ofed",
        title: "MLNX_OFED",
        packages: &["mlnx-ofed-all", "mlnx-ofed-basic", "mlnx-ofed-kernel-utils"],
        ..Part::BASE
    },
    Part {
        name: "doca-host",
        title: "DOCA-Host",
        packages: &["doca-all", "doca-host", "doca-ofed"],
        ..Part::BASE
    },
];
