//! Code hosts and package registries.

use crate::model::Severity;
use crate::secrets::find::dotfiles;
use crate::secrets::rule::{Alphabet, Part, Rule, Shape, Structure, Token};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "github-token",
        title: "GitHub token",
        provider: "github",
        severity: Severity::Critical,
        remedy: "GitHub, Settings, Developer settings: revoke the token",
        shape: Shape::Token(Token {
            literals: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
            left: None,
            parts: &[Part::Run(Alphabet::ALNUM, 36, 255)],
            entropy: 3.0,
            checksum: true,
        }),
        matches: &[
            concat!("GITHUB_TOKEN=gh", "p_", "aWFeOgd23eOp1ARVjVEeNJPXGyijpX1TFLh2"),
            concat!(
                "https://x-access-token:gh",
                "s_",
                "UwIL8tuPmXyNcizRcEneZHbEyVsDnc0JSURH",
                "@github.com/o/r.git"
            ),
            concat!("\"gh", "o_", "PGg36SmMTBBZJmhwPGBYa8kRaDS5as", "q8Zw1x\""),
        ],
        rejects: &[
            concat!("gh", "p_", "aWFeOgd23eOp1ARVjVEeNJPXGyijpX1TFLh"),
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "ghp_123456789012345678901234567890123456",
            concat!("agh", "p_", "aWFeOgd23eOp1ARVjVEeNJPXGyijpX1TFLh2"),
        ],
    },
    Rule {
        id: "github-fine-grained-token",
        title: "GitHub fine-grained access token",
        provider: "github",
        severity: Severity::Critical,
        remedy: "GitHub, Settings, Developer settings: revoke the token",
        shape: Shape::Token(Token {
            literals: &["github_pat_"],
            left: None,
            parts: &[
                Part::Run(Alphabet::ALNUM, 22, 22),
                Part::Is("_"),
                Part::Run(Alphabet::ALNUM, 59, 59),
            ],
            entropy: 3.5,
            checksum: false,
        }),
        matches: &[concat!(
            "token: github",
            "_pat_",
            "OBzVwIDstTiFyAlP9B8aUr_gK57gdRzH4EI57OFDnbTDyizMfdmAfbhtuxQxjf3EUsKwg4rdRfRjH1UFLF"
        )],
        rejects: &[
            concat!(
                "github",
                "_pat_",
                "OBzVwIDstTiFyAlP9B8aUr_gK57gdRzH4EI57OFDnbTDyizMfdmAfbhtuxQxjf3EUsKwg4rdRfRjH1UFL"
            ),
            concat!(
                "github",
                "_pat_",
                "OBzVwIDstTiFyAlP9B8aUrxgK57gdRzH4EI57OFDnbTDyizMfdmAfbhtuxQxjf3EUsKwg4rdRfRjH1UFLF"
            ),
            "github_pat_EXAMPLE",
        ],
    },
    Rule {
        id: "gitlab-token",
        title: "GitLab access, runner, deploy, trigger, feed or agent token",
        provider: "gitlab",
        severity: Severity::Critical,
        remedy: "GitLab, Settings, Access tokens (or CI/CD, Runners): revoke the token",
        shape: Shape::Token(Token {
            literals: &[
                "glpat-",
                "gldt-",
                "glrt-",
                "glptt-",
                "glsoat-",
                "glcbt-",
                "glft-",
                "glimt-",
                "glagent-",
                "gloas-",
                "glffct-",
                "glrtr-",
                "GR1348941",
            ],
            left: None,
            parts: &[
                Part::Run(Alphabet::URL64, 20, 300),
                Part::Maybe(".", Alphabet::ALNUM, 2, 9),
                Part::Maybe(".", Alphabet::ALNUM, 7, 9),
            ],
            entropy: 3.0,
            checksum: false,
        }),
        matches: &[
            concat!("PRIVATE-TOKEN: gl", "pat-", "63CnsI0KuHUUxD0myCXT"),
            concat!("https://oauth2:gl", "pat-", "63CnsI0KuHUUxD0myCXT", "@gitlab.com/a/b"),
            concat!("gl", "rt-", "63CnsI0KuHUUxD0myCXT"),
        ],
        rejects: &[
            concat!("gl", "pat-", "63CnsI0KuHUUxD0myCX"),
            "glpat-xxxxxxxxxxxxxxxxxxxx",
            concat!("agl", "pat-", "63CnsI0KuHUUxD0myCXT"),
        ],
    },
    Rule {
        id: "npm-token",
        title: "npm access token",
        provider: "npm",
        severity: Severity::Critical,
        remedy: "npmjs.com, Access tokens: delete the token",
        shape: Shape::Token(Token {
            literals: &["npm_"],
            left: None,
            parts: &[Part::Run(Alphabet::ALNUM, 36, 36)],
            entropy: 3.0,
            checksum: true,
        }),
        matches: &[
            concat!("NPM_TOKEN=np", "m_LKQ8iTcasNjosNQw1PDRhA8HQ6Ine72ZdY7r"),
            concat!(
                "//registry.npmjs.org/:_authToken=np",
                "m_",
                "aWFeOgd23eOp1ARVjVEeNJPXGyijpX",
                "a1B2c3"
            ),
        ],
        rejects: &[
            concat!("np", "m_LKQ8iTcasNjosNQw1PDRhA8HQ6Ine72ZdY7"),
            "npm_config_registry_and_some_more_words_here",
            "_authToken=${NPM_TOKEN}",
        ],
    },
    Rule {
        id: "npmrc-auth",
        title: "Registry credentials in an .npmrc",
        provider: "npm",
        severity: Severity::High,
        remedy: "The registry's access tokens: revoke the token",
        shape: Shape::Structure(Structure {
            literals: dotfiles::NPMRC,
            find: dotfiles::npmrc,
            text_only: true,
        }),
        matches: &[
            concat!("//npm.pkg.example.org/:_authToken=6f1c07a2-", "83e5-4f19-b6d0-2ce94d7a51b8"),
            concat!("_auth=", "ZGVwbG95OlRyMG1ib25lIWtheWFr"),
        ],
        rejects: &[
            "//r.example/:_authToken=${NPM_TOKEN}",
            "_authToken=YOUR_TOKEN_HERE",
            "_auth=dXNlcm5hbWU6cGFzc3dvcmQ=",
            "self._auth = auth",
        ],
    },
    Rule {
        id: "pypi-token",
        title: "PyPI upload token",
        provider: "pypi",
        severity: Severity::Critical,
        remedy: "pypi.org, Account settings, API tokens: remove the token",
        shape: Shape::Token(Token {
            literals: &["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw"],
            left: None,
            parts: &[Part::Run(Alphabet::URL64, 50, 400)],
            entropy: 3.5,
            checksum: false,
        }),
        matches: &[concat!(
            "password = py",
            "pi-AgEIcHlwaS5vcmc",
            "CJ",
            "FIWB-6tmfqbD9pDrbwu3mlONXMHMSBel5DPYa5KX4TrCz_UMzk2a57VDl1LtWHf6",
            "Q5QISXtk0v2DpdoeSLldYUQYkZzr22xsq0V"
        )],
        rejects: &[
            concat!("py", "pi-AgEIcHlwaS5vcmc", "CJ", "B-LGjTwVI3xgrsTWL7QOQdQLy7vktB-yE"),
            concat!(
                "py",
                "pi-AgEIcHlwaS5vcmc",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            ),
        ],
    },
    Rule {
        id: "pypirc-password",
        title: "Password in a .pypirc",
        provider: "pypi",
        severity: Severity::High,
        remedy: "The package index: change the password",
        shape: Shape::Structure(Structure {
            literals: dotfiles::PYPIRC,
            find: dotfiles::pypirc,
            text_only: true,
        }),
        matches: &[concat!("[internal]\nusername = deploy\npassword = Tr0mbone", ".kayak\n")],
        rejects: &[
            "[pypi]\nusername = __token__\npassword = <token>\n",
            "[pypi]\npassword: changeme\n",
        ],
    },
    Rule {
        id: "netrc-password",
        title: "Password in a .netrc",
        provider: "any",
        severity: Severity::High,
        remedy: "The host that the entry names: change the password",
        shape: Shape::Structure(Structure {
            literals: dotfiles::NETRC,
            find: dotfiles::netrc,
            text_only: true,
        }),
        matches: &[
            concat!("machine git.internal\n  login ci\n  password Tr0mbone", ".kayak\n"),
            concat!(
                "RUN echo \"machine h.internal login ci password zq8",
                "WvR2m\" > /root/.netrc"
            ),
            concat!("default login ci password zq8", "WvR2m"),
        ],
        rejects: &[
            "machine example.com login user password password",
            "machine learning and login forms",
            "machine h.internal login ci password ${PASSWORD}",
        ],
    },
    Rule {
        id: "docker-auth",
        title: "Registry credentials in docker's config.json",
        provider: "docker",
        severity: Severity::High,
        remedy: "The registry: revoke the token or change the password",
        shape: Shape::Structure(Structure {
            literals: dotfiles::DOCKER,
            find: dotfiles::docker,
            text_only: true,
        }),
        matches: &[
            concat!(
                "{\"auths\":{\"r.internal\":{\"auth\":\"",
                "ZGVwbG95OlRyMG1ib25lIWtheWFr",
                "\"}}}"
            ),
            concat!(
                "echo '{\\\"auths\\\": {\\\"r\\\": {\\\"auth\\\": \\\"",
                "Y2k6enE4V3ZSMm0tOQ==",
                "\\\"}}}'"
            ),
        ],
        rejects: &[
            "{\"auth\":\"dXNlcm5hbWU6cGFzc3dvcmQ=\"}",
            "{\"auth\":\"none\"}",
            "{\"auth\": \"${DOCKER_AUTH}\"}",
        ],
    },
];
