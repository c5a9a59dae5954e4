//! What NVIDIA's security bulletins call the parts of its software.
//!
//! The analyzers find parts, the advisories speak of products: both use this table. A product is
//! in it if the versions in bulletins are those of the part itself, or can be turned into them.

pub mod triton;

/// The name of a part, and the products that are it. The first is the one that is shown.
pub const PRODUCTS: &[(&str, &[&str])] = &[
    ("cuda-toolkit", &["NVIDIA CUDA Toolkit", "CUDA Toolkit"]),
    ("nvjpeg", &["nvJPEG"]),
    (
        "driver",
        &[
            "Tesla",
            "GeForce",
            "Guest driver",
            "NVIDIA RTX PRO, RTX, Quadro",
            "NVIDIA RTX, Quadro, NVS",
            "NVIDIA RTX/ Quadro, NVS",
            "NVIDIA RTX/Quadro, NVS",
            "Studio",
            "vGPU software (guest driver)",
            "Cloud Gaming Guest Driver",
            "GeForce, NVIDIA RTX/Quadro, NVS",
            "NVIDIA Cloud Gaming (guest driver)",
        ],
    ),
    ("tensorrt", &["TensorRT"]),
    ("nvjpeg2000", &["nvJPEG2000", "nvJPEG2000 Library"]),
    ("nvtiff", &["nvTIFF Library"]),
    ("libnvidia-container", &["NVIDIA Container Toolkit"]),
    ("nvidia-container-toolkit", &["NVIDIA Container Toolkit"]),
    ("dcgm", &["DCGM"]),
    ("dcgm-exporter", &["DCGM Exporter"]),
    (
        "jetson-linux",
        &[
            "Jetson Orin Series",
            "Jetson Xavier Series",
            "NVIDIA Jetson Orin Series",
            "Jetson Xavier Series and Jetson Orin Series",
            "Jetson AGX Orin Series (rel35)",
            "Jetson AGX Orin Series (rel36)",
            "Jetson Orin Series (including Orin NX and Orin Nano)",
            "Jetson Thor Series",
        ],
    ),
    ("ofed", &["Mellanox OFED"]),
    ("doca-host", &["NVIDIA DOCA-Host"]),
    ("tritonserver", &["Triton Inference Server", "NVIDIA Triton Inference Server"]),
    ("tensorrt-llm", &["TensorRT-LLM", "NVIDIA TensorRT-LLM"]),
    ("dynamo", &["NVIDIA Dynamo"]),
    ("nemo", &["NeMo Framework", "NVIDIA NeMo Framework", "NeMo"]),
    ("nemo-agent-toolkit", &["NeMo Agent ToolKit"]),
    ("nemo-curator", &["NVIDIA NeMo Curator"]),
    ("megatron-lm", &["Megatron-LM", "Megatron LM"]),
    ("megatron-bridge", &["Megatron-Bridge"]),
    ("modelopt", &["NVIDIA Model Optimizer"]),
    ("resiliency-ext", &["NVIDIA Resiliency Extension"]),
    ("dali", &["NVIDIA DALI"]),
    ("cv-cuda", &["NVIDIA CV-CUDA"]),
    ("cuda-q", &["NVIDIA CUDA-Q"]),
    ("cudf", &["RAPIDS cuDF and cuML"]),
    ("cuml", &["RAPIDS cuDF and cuML"]),
    ("nvflare", &["NVIDIA FLARE SDK"]),
    ("nvtabular", &["NVIDIA NVTabular"]),
    ("transformers4rec", &["NVIDIA Merlin Transformers4Rec", "NVIDIA Tranformers4Rec"]),
    ("tao", &["NVIDIA TAO"]),
];

/// The products that are this part.
pub fn products_of(part: &str) -> &'static [&'static str] {
    PRODUCTS.iter().find(|it| it.0 == part).map_or(&[], |it| it.1)
}

/// The parts that a bulletin on this product speaks of; none for what is in no image.
pub fn parts_of(product: &str) -> impl Iterator<Item = &'static str> {
    PRODUCTS.iter().filter(move |it| it.1.contains(&product)).map(|it| it.0)
}
