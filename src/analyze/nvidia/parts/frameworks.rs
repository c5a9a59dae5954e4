//! Servers and frameworks above the libraries, which NVIDIA's bulletins name.
//!
//! Their Python distributions say what version is there. Those that bulletins can only tell by a
//! commit or by the release of a container image are listed all the same.

use super::Part;

pub(super) const PARTS: &[Part] = &[
    Part {
        name: "tritonserver",
        title: "Triton Inference Server",
        // By the release of the container image, `26.01`: the component's property `release`.
        products: &["Triton Inference Server", "NVIDIA Triton Inference Server"],
        pypi: &["tritonserver"],
        packages: &["tritonserver"],
        ..Part::BASE
    },
    Part {
        name: "tensorrt-llm",
        title: "TensorRT-LLM",
        products: &["TensorRT-LLM", "NVIDIA TensorRT-LLM"],
        pypi: &["tensorrt-llm"],
        ..Part::BASE
    },
    Part {
        name: "dynamo",
        title: "Dynamo",
        products: &["NVIDIA Dynamo"],
        pypi: &["ai-dynamo", "ai-dynamo-runtime"],
        ..Part::BASE
    },
    Part {
        name: "nemo",
        title: "NeMo Framework",
        products: &["NeMo Framework", "NVIDIA NeMo Framework", "NeMo"],
        pypi: &["nemo-toolkit"],
        ..Part::BASE
    },
    Part {
        name: "nemo-agent-toolkit",
        title: "NeMo Agent Toolkit",
        products: &["NeMo Agent ToolKit"],
        pypi: &["aiqtoolkit", "nvidia-nat"],
        ..Part::BASE
    },
    Part {
        name: "nemo-curator",
        title: "NeMo Curator",
        products: &["NVIDIA NeMo Curator"],
        pypi: &["nemo-curator"],
        ..Part::BASE
    },
    Part {
        name: "megatron-lm",
        title: "Megatron-LM",
        products: &["Megatron-LM", "Megatron LM"],
        pypi: &["megatron-core"],
        ..Part::BASE
    },
    Part {
        name: "megatron-bridge",
        title: "Megatron Bridge",
        products: &["Megatron-Bridge"],
        pypi: &["megatron-bridge"],
        ..Part::BASE
    },
    Part {
        name: "modelopt",
        title: "Model Optimizer",
        products: &["NVIDIA Model Optimizer"],
        pypi: &["nvidia-modelopt", "nvidia-modelopt-core"],
        ..Part::BASE
    },
    Part {
        name: "resiliency-ext",
        title: "Resiliency Extension",
        products: &["NVIDIA Resiliency Extension"],
        pypi: &["nvidia-resiliency-ext"],
        ..Part::BASE
    },
    Part {
        name: "dali",
        title: "DALI",
        products: &["NVIDIA DALI"],
        pypi: &["nvidia-dali", "nvidia-dali-nightly", "nvidia-dali-weekly"],
        conda: &["nvidia-dali"],
        ..Part::BASE
    },
    Part {
        name: "cv-cuda",
        title: "CV-CUDA",
        products: &["NVIDIA CV-CUDA"],
        pypi: &["cvcuda"],
        packages: &["cvcuda-lib", "cvcuda-python"],
        ..Part::BASE
    },
    Part {
        name: "cuda-q",
        title: "CUDA-Q",
        products: &["NVIDIA CUDA-Q"],
        pypi: &["cuda-quantum", "cudaq"],
        ..Part::BASE
    },
    Part {
        name: "cudf",
        title: "RAPIDS cuDF",
        products: &["RAPIDS cuDF and cuML"],
        pypi: &["cudf", "libcudf", "pylibcudf"],
        conda: &["cudf", "libcudf", "pylibcudf"],
        ..Part::BASE
    },
    Part {
        name: "cuml",
        title: "RAPIDS cuML",
        products: &["RAPIDS cuDF and cuML"],
        pypi: &["cuml", "libcuml"],
        conda: &["cuml", "libcuml"],
        ..Part::BASE
    },
    Part {
        name: "nvflare",
        title: "FLARE",
        products: &["NVIDIA FLARE SDK"],
        pypi: &["nvflare"],
        ..Part::BASE
    },
    Part {
        name: "nvtabular",
        title: "NVTabular",
        products: &["NVIDIA NVTabular"],
        pypi: &["nvtabular"],
        conda: &["nvtabular"],
        ..Part::BASE
    },
    Part {
        name: "transformers4rec",
        title: "Merlin Transformers4Rec",
        products: &["NVIDIA Merlin Transformers4Rec", "NVIDIA Tranformers4Rec"],
        pypi: &["transformers4rec"],
        ..Part::BASE
    },
    Part {
        name: "tao",
        title: "TAO Toolkit",
        products: &["NVIDIA TAO"],
        pypi: &["nvidia-tao", "nvidia-tao-core"],
        ..Part::BASE
    },
    Part {
        name: "transformer-engine",
        title: "Transformer Engine",
        pypi: &["transformer-engine", "transformer-engine-torch"],
        ..Part::BASE
    },
    Part {
        name: "cutlass",
        title: "CUTLASS",
        pypi: &["nvidia-cutlass", "nvidia-cutlass-dsl"],
        ..Part::BASE
    },
];
