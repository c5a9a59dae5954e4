//! Messaging, payment and telephony.

use crate::model::Severity;
use crate::secrets::rule::{Alphabet, Assigned, Left, Part, Rule, Shape, Token};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "slack-token",
        title: "Slack token",
        provider: "slack",
        severity: Severity::High,
        remedy: "api.slack.com, Your apps: revoke the token",
        shape: Shape::Token(Token {
            literals: &[
                "xoxb-",
                "xoxp-",
                "xoxa-",
                "xoxr-",
                "xoxs-",
                "xoxo-",
                "xoxc-",
                "xoxe-",
                "xoxe.xoxp-",
                "xoxe.xoxb-",
                "xapp-",
            ],
            left: None,
            parts: &[Part::Run(Alphabet::of(b"09azAZ--"), 24, 400)],
            entropy: 3.0,
            checksum: false,
        }),
        matches: &[
            concat!(
                "SLACK_BOT_TOKEN=xo",
                "xb-1101667055-900594830724-",
                "gjKdPKdWHjV7N70LRjEiEsY4"
            ),
            concat!(
                "xa",
                "pp-1-A01B2C3D4E5-3003711358808-",
                "408d5fdd2830763f6d4cd6ac6489a844e8cd7747cbaddbf96fb0a3edd6f5b761"
            ),
        ],
        rejects: &[
            "xoxb-your-token-here-and-more-words",
            "xoxb-xxxxxxxxxxxx-xxxxxxxxxxxx-xxxx",
            concat!("xo", "xb-1101667055"),
        ],
    },
    Rule {
        id: "slack-cookie",
        title: "Slack session cookie",
        provider: "slack",
        severity: Severity::High,
        remedy: "Slack, Account settings: sign out of all other sessions",
        shape: Shape::Token(Token {
            literals: &["xoxd-"],
            left: None,
            parts: &[Part::Run(Alphabet::of(b"09azAZ--__%%++//=="), 40, 400)],
            entropy: 3.5,
            checksum: false,
        }),
        matches: &[concat!(
            "Cookie: d=xo",
            "xd-nkHUkNUeDBqKeaV2cdSWtAgiTkxImjTMjlwfIAx%2FlCM%2BTKdA8NhPzrJPbn8o; x=1"
        )],
        rejects: &["xoxd-your-cookie-here", concat!("xo", "xd-nkHUkNUeDBqKeaV2c")],
    },
    Rule {
        id: "slack-webhook",
        title: "Slack webhook",
        provider: "slack",
        severity: Severity::Medium,
        remedy: "api.slack.com, Your apps, Incoming webhooks: remove the webhook",
        shape: Shape::Token(Token {
            literals: &[
                "hooks.slack.com/services/",
                "hooks.slack.com/workflows/",
                "hooks.slack.com/triggers/",
            ],
            left: None,
            parts: &[
                Part::Run(Alphabet::ALNUM, 8, 14),
                Part::Is("/"),
                Part::Run(Alphabet::ALNUM, 8, 20),
                Part::Is("/"),
                Part::Run(Alphabet::ALNUM, 16, 48),
            ],
            entropy: 3.5,
            checksum: false,
        }),
        matches: &[concat!(
            "https://hooks.slack",
            ".com/",
            "services/T8QX2LM4P/B5RN7KJ3W/",
            "gjKdPKdWHjV7N70LRjEiEsY4"
        )],
        rejects: &[
            "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
            "https://hooks.slack.com/services/",
        ],
    },
    Rule {
        id: "stripe-key",
        title: "Stripe live secret or restricted key",
        provider: "stripe",
        severity: Severity::Critical,
        remedy: "dashboard.stripe.com, Developers, API keys: roll the key",
        shape: Shape::Token(Token {
            literals: &["sk_live_", "rk_live_"],
            left: None,
            parts: &[Part::Run(Alphabet::ALNUM, 16, 120)],
            entropy: 3.0,
            checksum: false,
        }),
        matches: &[
            concat!("STRIPE_KEY=sk_", "live_", "gjKdPKdWHjV7N70LRjEiEsY4"),
            concat!(
                "'rk_",
                "live_",
                "Ej1695dydwTKax6DKvaEMHcZPvBmEPyRmFl3il7vJaS1fmoU0aAOjM1FJX8EOHjWcUBDC91Wcdd4EeZUWvOiviOY2uEXx3Adts5",
                "'"
            ),
        ],
        rejects: &[
            "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
            concat!("sk_", "live_", "T1DYYQFqqPab"),
            "sk_live_ABCDEFGHIJKLMNOPQRSTUVWX",
        ],
    },
    Rule {
        id: "sendgrid-key",
        title: "SendGrid API key",
        provider: "sendgrid",
        severity: Severity::Critical,
        remedy: "app.sendgrid.com, Settings, API keys: delete the key",
        shape: Shape::Token(Token {
            literals: &["SG."],
            left: None,
            parts: &[
                Part::Run(Alphabet::URL64, 20, 24),
                Part::Is("."),
                Part::Run(Alphabet::URL64, 39, 50),
            ],
            entropy: 4.0,
            checksum: false,
        }),
        matches: &[concat!(
            "SENDGRID_API_KEY=S",
            "G.",
            "LuD62lDie6IhyKgoKoySIJ",
            ".",
            "scZ4m4pIaoPnxIc9G3512xMNpK63ZVIGnsAStUt8ew1"
        )],
        rejects: &[
            concat!("S", "G.", "LuD62lDie6IhyKgoKoySIJ", ".", "LuD62lDie6IhyKgoKoySIJ"),
            concat!(
                "MSS",
                "G.",
                "LuD62lDie6IhyKgoKoySIJ",
                ".",
                "scZ4m4pIaoPnxIc9G3512xMNpK63ZVIGnsAStUt8ew1"
            ),
        ],
    },
    Rule {
        id: "twilio-api-key",
        title: "Twilio API key",
        provider: "twilio",
        severity: Severity::High,
        remedy: "console.twilio.com, API keys: delete the key",
        shape: Shape::Assigned(Assigned {
            names: &[
                "twilio_api_key",
                "twilio_api_secret",
                "twilio_key",
                "twilio_sid",
                "twilio-api-key",
                "twilioapikey",
                "twilio",
            ],
            value: &[Part::Is("SK"), Part::Run(Alphabet::HEX, 32, 32)],
            entropy: 2.7,
        }),
        matches: &[
            concat!("TWILIO_API_KEY=S", "K", "cf7a8e381fb6d82cd07a079acf1be408"),
            concat!("twilio: \"S", "K", "92dd05117729f6b666cbbdbf504de096", "\""),
        ],
        rejects: &[
            "TWILIO_API_KEY=SKxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            concat!("TWILIO_API_KEY=S", "K", "cf7a8e381fb6d82cd07a079acf1be40"),
        ],
    },
    Rule {
        id: "twilio-auth-token",
        title: "Twilio auth token",
        provider: "twilio",
        severity: Severity::Critical,
        remedy: "console.twilio.com, Account, Auth tokens: promote a new token",
        shape: Shape::Assigned(Assigned {
            names: &["twilio_auth", "twilio-auth", "twilioauth", "twilio_token", "twilio_secret"],
            value: &[Part::Run(Alphabet::HEX, 32, 32)],
            entropy: 2.7,
        }),
        matches: &[concat!("TWILIO_AUTH_TOKEN=", "cf7a8e381fb6d82cd07a079acf1be408")],
        rejects: &[
            "TWILIO_AUTH_TOKEN=your_auth_token",
            concat!("TWILIO_AUTH_TOKEN=", "cf7a8e381fb6d82cd07a079acf1be408", "0"),
        ],
    },
    Rule {
        id: "telegram-bot-token",
        title: "Telegram bot token",
        provider: "telegram",
        severity: Severity::High,
        remedy: "Telegram, @BotFather: /revoke",
        shape: Shape::Token(Token {
            literals: &[":AA"],
            left: Some(Left { begins: "", alphabet: Alphabet::DIGIT, min: 8, max: 10 }),
            parts: &[Part::Run(Alphabet::URL64, 33, 33)],
            entropy: 4.0,
            checksum: false,
        }),
        matches: &[
            concat!("BOT_TOKEN=1101667055", ":A", "A", "B-LGjTwVI3xgrsTWL7QOQdQLy7vktB-yE"),
            concat!(
                "https://api.telegram.org/bot1101667055",
                ":A",
                "A",
                "B-LGjTwVI3xgrsTWL7QOQdQLy7vktB-yE",
                "/getMe"
            ),
        ],
        rejects: &[
            concat!("1101667055", ":A", "A", "B-LGjTwVI3xgrsTWL7QOQdQLy7vktB-yE", "x"),
            concat!("1101667", ":A", "A", "B-LGjTwVI3xgrsTWL7QOQdQLy7vktB-yE"),
            "1234567890:AAxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ],
    },
];
