//! Model providers and machine-learning platforms.

use crate::model::Severity;
use crate::secrets::rule::{Alphabet, Assigned, Left, Part, Rule, Shape, Token};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "huggingface-token",
        title: "Hugging Face token",
        provider: "huggingface",
        severity: Severity::Critical,
        remedy: "huggingface.co, Settings, Access tokens: invalidate the token",
        shape: Shape::Token(Token {
            literals: &["hf_", "api_org_"],
            left: None,
            parts: &[Part::Run(Alphabet::ALNUM, 34, 40)],
            entropy: 3.5,
            checksum: false,
        }),
        matches: &[
            concat!("HF_TOKEN=h", "f_", "HMYJI9Av8Di9lvEtRTGWISvYXHWyCWnMvP"),
            concat!("login(token=\"h", "f_HMYJIqAvSDiylvEtRTGWISvYXHWyCWnMvP", "\")"),
        ],
        rejects: &[
            concat!("h", "f_", "HMYJI9Av8Di9lvEtRTGWISvYXHWyCWnMv"),
            "hf_hub_download_with_retries_and_a_cache",
            "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            concat!("self_h", "f_", "HMYJI9Av8Di9lvEtRTGW"),
        ],
    },
    Rule {
        id: "openai-key",
        title: "OpenAI API key",
        provider: "openai",
        severity: Severity::Critical,
        remedy: "platform.openai.com, API keys: revoke the key",
        shape: Shape::Token(Token {
            literals: &["T3BlbkFJ"],
            left: Some(Left { begins: "sk-", alphabet: Alphabet::URL64, min: 23, max: 200 }),
            parts: &[Part::Run(Alphabet::URL64, 20, 200)],
            entropy: 3.5,
            checksum: false,
        }),
        matches: &[
            concat!(
                "OPENAI_API_KEY=sk-",
                "63CnsI0KuHUUxD0myCXT",
                "T3Blb",
                "kFJ",
                "TXCym0DxUUHuK0IsnC36"
            ),
            concat!(
                "\"sk-",
                "proj-",
                "FIWB-6tmfqbD9pDrbwu3mlONXMHMSBel5DPYa5KX4TrCz_UMzk2a57VDl1LtWHf6",
                "T3Blb",
                "kFJ",
                "6fHWtL1lDV75a2kzMU_zCrT4XK5aYPD5leBSMHMXNOlm3uwbrDp9Dbqfmt6-BWIF",
                "\""
            ),
        ],
        rejects: &[
            concat!("T3Blb", "kFJ", "63CnsI0KuHUUxD0myCXT"),
            concat!("sk-", "63CnsI0KuH", "T3Blb", "kFJ", "63CnsI0KuHUUxD0myCXT"),
            "sk-proj-your-key-here",
        ],
    },
    Rule {
        id: "anthropic-key",
        title: "Anthropic API key",
        provider: "anthropic",
        severity: Severity::Critical,
        remedy: "console.anthropic.com, API keys: delete the key",
        shape: Shape::Token(Token {
            literals: &["sk-ant-"],
            left: None,
            parts: &[
                Part::Run(Alphabet::of(b"09az"), 3, 10),
                Part::Is("-"),
                Part::Run(Alphabet::URL64, 80, 140),
            ],
            entropy: 4.0,
            checksum: false,
        }),
        matches: &[concat!(
            "ANTHROPIC_API_KEY=sk-",
            "ant-",
            "api03-",
            "wXRajJmLkMUyvOCOvoVMvVzy7HTzK6ribWnKnMLo7MrFH5s1c67F6BlrVW3Bj968eV6PrnWNHwVmhzYTjcOM7YoEUrGPm",
            "AA"
        )],
        rejects: &[
            concat!(
                "sk-",
                "ant-",
                "api03-",
                "wXRajJmLkMUyvOCOvoVMvVzy7HTzK6ribWnKnMLo7MrFH5s1c67F6BlrVW3B"
            ),
            "sk-ant-api03-xxxxxxxx",
        ],
    },
    Rule {
        id: "nvidia-ngc-key",
        title: "NVIDIA NGC or NIM API key",
        provider: "nvidia",
        severity: Severity::High,
        remedy: "org.ngc.nvidia.com, Setup, API keys: delete the key",
        shape: Shape::Token(Token {
            literals: &["nvapi-"],
            left: None,
            parts: &[Part::Run(Alphabet::URL64, 60, 72)],
            entropy: 4.0,
            checksum: false,
        }),
        matches: &[concat!(
            "NGC_API_KEY=nv",
            "api-",
            "FIWB-6tmfqbD9pDrbwu3mlONXMHMSBel5DPYa5KX4TrCz_UMzk2a57VDl1LtWHf6"
        )],
        rejects: &[
            concat!("nv", "api-", "FIWB-6tmfqbD9pDrbwu3mlONXMHMSBel5DPYa5KX4TrCz_UMzk"),
            "nvapi-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ],
    },
    Rule {
        id: "wandb-key",
        title: "Weights & Biases API key",
        provider: "wandb",
        severity: Severity::High,
        remedy: "wandb.ai, User settings, API keys: delete the key",
        shape: Shape::Assigned(Assigned {
            names: &[
                "wandb_api_key",
                "wandb_key",
                "wandb_token",
                "wandb.login(key",
                "wandb login",
                "wandb-api-key",
                "api.wandb.ai login user password",
            ],
            value: &[Part::Run(Alphabet::HEX, 40, 40)],
            entropy: 3.0,
        }),
        matches: &[
            concat!("WANDB_API_KEY=", "c5dc8a06b9b6b3b3c4421d5bba5dffeaf755be4e"),
            concat!("wandb.login(key=\"", "c5dc8a06b9b6b3b3c4421d5bba5dffeaf755be4e", "\")"),
            concat!(
                "machine api.wandb.ai login user password ",
                "c5dc8a06b9b6b3b3c4421d5bba5dffeaf755be4e"
            ),
        ],
        rejects: &[
            "WANDB_API_KEY=${WANDB_API_KEY}",
            concat!("WANDB_API_KEY=", "c5dc8a06b9b6b3b3c4421d5bba5dffeaf755be4"),
            concat!("wandb revision ", "c5dc8a06b9b6b3b3c4421d5bba5dffeaf755be4e"),
        ],
    },
];
