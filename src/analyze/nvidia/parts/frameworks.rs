//! Servers and frameworks above the libraries, which NVIDIA's bulletins name.
//!
//! Their Python distributions say what version is there. Those that bulletins can only tell by a
//! commit or by the release of a container image are listed all the same.

use super::Part;

pub(super) const PARTS: &[Part] = &[
    Part {
        name: "tritonserver",
        title: "Triton Inference Server",
        pypi: &["tritonserver"],
        packages: &["tritonserver"],
        ..Part::BASE
    },
    Part { name: "tensorrt-llm", title: "TensorRT-LLM", pypi: &["tensorrt-llm"], ..Part::BASE },
    Part {
        name: "dynamo",
        title: "Dynamo",
        pypi: &["ai-dynamo", "ai-dynamo-runtime"],
        ..Part::BASE
    },
    Part { name: "nemo", title: "NeMo Framework", pypi: &["nemo-toolkit"], ..Part::BASE },
    Part {
        name: "nemo-agent-toolkit",
        title: "NeMo Agent Toolkit",
        pypi: &["aiqtoolkit", "nvidia-nat"],
        ..Part::BASE
    },
    Part { name: "nemo-curator", title: "NeMo Curator", pypi: &["nemo-curator"], ..Part::BASE },
    Part { name: "megatron-lm", title: "Megatron-LM", pypi: &["megatron-core"], ..Part::BASE },
    Part {
        name: "megatron-bridge",
        title: "Megatron Bridge",
        pypi: &["megatron-bridge"],
        ..Part::BASE
    },
    Part {
        name: "modelopt",
        title: "Model Optimizer",
        pypi: &["nvidia-modelopt", "nvidia-modelopt-core"],
        ..Part::BASE
    },
    Part {
        name: "resiliency-ext",
        title: "Resiliency Extension",
        pypi: &["nvidia-resiliency-ext"],
        ..Part::BASE
    },
    Part {
        name: "dali",
        title: "DALI",
        pypi: &["nvidia-dali", "nvidia-dali-nightly", "nvidia-dali-weekly"],
        conda: &["nvidia-dali"],
        ..Part::BASE
    },
    Part {
        name: "cv-cuda",
        title: "CV-CUDA",
        pypi: &["cvcuda"],
        packages: &["cvcuda-lib", "cvcuda-python"],
        ..Part::BASE
    },
    Part { name: "cuda-q", title: "CUDA-Q", pypi: &["cuda-quantum", "cudaq"], ..Part::BASE },
    Part {
        name: "cudf",
        title: "RAPIDS cuDF",
        pypi: &["cudf", "libcudf", "pylibcudf"],
        conda: &["cudf", "libcudf", "pylibcudf"],
        ..Part::BASE
    },
    Part {
        name: "cuml",
        title: "RAPIDS cuML",
        pypi: &["cuml", "libcuml"],
        conda: &["cuml", "libcuml"],
        ..Part::BASE
    },
    Part { name: "nvflare", title: "FLARE", pypi: &["nvflare"], ..Part::BASE },
    Part {
        name: "nvtabular",
        title: "NVTabular",
        pypi: &["nvtabular"],
        conda: &["nvtabular"],
        ..Part::BASE
    },
    Part {
        name: "transformers4rec",
        title: "Merlin Transformers4Rec",
        pypi: &["transformers4rec"],
        ..Part::BASE
    },
    Part {
        name: "tao",
        title: "TAO Toolkit",
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
