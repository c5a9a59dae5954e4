//! Cloud platforms.

use crate::model::Severity;
use crate::secrets::find::pem;
use crate::secrets::rule::{Alphabet, Assigned, Part, Rule, Shape, Structure, Token};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "aws-access-key-id",
        title: "AWS access key id",
        provider: "aws",
        severity: Severity::Medium,
        remedy: "IAM console: deactivate and delete the access key",
        shape: Shape::Token(Token {
            literals: &["AKIA", "ASIA", "ABIA", "ACCA"],
            left: None,
            parts: &[Part::Run(Alphabet::of(b"AZ27"), 16, 16)],
            entropy: 2.5,
            checksum: false,
        }),
        matches: &[
            concat!("aws_access_key_id = AK", "IANHMUGVTQ422AZHXO"),
            concat!("{\"AccessKeyId\":\"AS", "IAUH6TRPRE2MNHIKXH\"}"),
        ],
        rejects: &[
            concat!("AK", "IAIOSFODNN7EXAMPLE"),
            concat!("XAK", "IANHMUGVTQ422AZHXO"),
            concat!("AK", "IANHMUGVTQ422AZHXOA"),
            concat!("AK", "IAAAAAAAAAAAAAAAAA"),
            concat!("AK", "IAnhmugvtq422azhxo"),
        ],
    },
    Rule {
        id: "aws-secret-access-key",
        title: "AWS secret access key",
        provider: "aws",
        severity: Severity::Critical,
        remedy: "IAM console: deactivate and delete the access key",
        shape: Shape::Assigned(Assigned {
            names: &[
                "aws_secret",
                "aws-secret",
                "awssecret",
                "secret_access_key",
                "secret-access-key",
                "secretaccesskey",
                "aws_sec_key",
                "secret_key_aws",
            ],
            value: &[Part::Run(Alphabet::BASE64, 40, 40)],
            entropy: 4.0,
        }),
        matches: &[
            concat!("AWS_SECRET_ACCESS_KEY=", "p1nHLkHbfUsk4oJK2HHTK+/phpVaGuOYMoQ25lcB"),
            concat!(
                "\\\"SecretAccessKey\\\": \\\"",
                "p1nHLkHbfUsk4oJK2HHTK+/phpVaGuOYMoQ25lcB",
                "\\\""
            ),
            concat!("aws_secret_access_key = '", "p1nHLkHbfUsk4oJK2HHTK+/phpVaGuOYMoQ25lcB", "'"),
            concat!("ENV AWS_SECRET_ACCESS_KEY ", "p1nHLkHbfUsk4oJK2HHTK+/phpVaGuOYMoQ25lcB", "\n"),
        ],
        rejects: &[
            concat!("aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCY", "EXAMPLEKEY"),
            "AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY}",
            concat!("sha1 = ", "c5dc8a06b9b6b3b3c4421d5bba5dffeaf755be4e"),
            concat!("aws_secret = ", "c5dc8a06b9b6b3b3c4421d5bba5dffeaf755be4g1"),
        ],
    },
    Rule {
        id: "gcp-api-key",
        title: "Google API key",
        provider: "google",
        severity: Severity::High,
        remedy: "Google Cloud console, APIs and services, Credentials: delete the key",
        shape: Shape::Token(Token {
            literals: &["AIza"],
            left: None,
            parts: &[Part::Run(Alphabet::URL64, 35, 35)],
            entropy: 3.5,
            checksum: false,
        }),
        matches: &[
            concat!("key=AI", "za", "Q5QISXtk0v2DpdoeSLldYUQYkZzr22xsq0V&x=1"),
            concat!("\"current_key\": \"AI", "za", "Q5QISXtk0v2DpdoeSLldYUQYkZzr22xsq0V", "\""),
        ],
        rejects: &[
            concat!("AI", "za", "Q5QISXtk0v2DpdoeSLldYUQYkZzr22xsq0"),
            concat!("AI", "za", "Q5QISXtk0v2DpdoeSLldYUQYkZzr22xsq0V", "A"),
            concat!("AI", "zaSyEXAMPLE", "DpdoeSLldYUQYkZzr22xsq0V"),
        ],
    },
    Rule {
        id: "gcp-service-account",
        title: "Google Cloud service account key",
        provider: "google",
        severity: Severity::Critical,
        remedy: "Google Cloud console, IAM, Service accounts: delete the key",
        shape: Shape::Structure(Structure {
            literals: pem::LITERALS,
            find: pem::service_account,
            text_only: false,
        }),
        matches: &[concat!(
            "{\"type\": \"service_account\", \"private_key\": \"",
            "-----BEGIN ",
            "PRIVATE KEY-----\\n",
            "MC4CAQAwBQYDK2VwBCIEIPm5Sa2h5q8s6MZsfDVKsFZy0mzxWd7pdLcZsPdfDPiu",
            "\\n-----END PRIVATE KEY-----\\n\", \"client_email\": \"a@b.iam.gserviceaccount.com\"}"
        )],
        rejects: &[concat!(
            "{\"type\": \"service_account\", \"private_key\": \"",
            "-----BEGIN ",
            "PRIVATE KEY-----\\n...\\n-----END PRIVATE KEY-----\\n\"}"
        )],
    },
    Rule {
        id: "azure-storage-key",
        title: "Azure storage or Cosmos DB account key",
        provider: "azure",
        severity: Severity::Critical,
        remedy: "Azure portal, Access keys: rotate the key",
        shape: Shape::Assigned(Assigned {
            names: &[
                "AccountKey",
                "azure_storage_key",
                "azure_storage_access_key",
                "storage_account_key",
                "primary_access_key",
            ],
            value: &[Part::Run(Alphabet::BASE64, 86, 86), Part::Is("==")],
            entropy: 4.5,
        }),
        matches: &[
            concat!(
                "DefaultEndpointsProtocol=https;AccountName=layers;AccountKey=",
                "37Mjpsw+fslIRtG5Kd8gqrJUBN75HQp7IqVuGGKF7WWRQWA9Xf1TCoK9a6zpwkDzuPi8aM0/IC9BP2VW17jxu1",
                "==;EndpointSuffix=core.windows.net"
            ),
            concat!(
                "AZURE_STORAGE_KEY: \"",
                "37Mjpsw+fslIRtG5Kd8gqrJUBN75HQp7IqVuGGKF7WWRQWA9Xf1TCoK9a6zpwkDzuPi8aM0/IC9BP2VW17jxu1",
                "==\""
            ),
        ],
        rejects: &[
            "AccountKey=<your-account-key>;",
            concat!(
                "AccountKey=",
                "37Mjpsw+fslIRtG5Kd8gqrJUBN75HQp7IqVuGGKF7WWRQWA9Xf1TCoK9a6zpwkDzuPi8aM0/IC9BP2VW",
                "=="
            ),
        ],
    },
    Rule {
        id: "azure-shared-access-key",
        title: "Azure Service Bus, Event Hubs or IoT Hub key",
        provider: "azure",
        severity: Severity::High,
        remedy: "Azure portal, Shared access policies: regenerate the key",
        shape: Shape::Assigned(Assigned {
            names: &["SharedAccessKey"],
            value: &[Part::Run(Alphabet::BASE64, 43, 43), Part::Is("=")],
            entropy: 4.0,
        }),
        matches: &[concat!(
            "Endpoint=sb://layers.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=",
            "nkHUkNUeDBqKeaV2cdSWtAgiTkxImjTMjlwfIAx/lCM",
            "="
        )],
        rejects: &[
            "SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=...",
            concat!("SharedAccessKey=", "nkHUkNUeDBqKeaV2cdSWtAgiTkxImjTMjlwfIAx/lCM"),
        ],
    },
    Rule {
        id: "digitalocean-token",
        title: "DigitalOcean access token",
        provider: "digitalocean",
        severity: Severity::Critical,
        remedy: "DigitalOcean control panel, API: delete the token",
        shape: Shape::Token(Token {
            literals: &["dop_v1_", "doo_v1_", "dor_v1_"],
            left: None,
            parts: &[Part::Run(Alphabet::HEX, 64, 64)],
            entropy: 3.0,
            checksum: false,
        }),
        matches: &[concat!(
            "DIGITALOCEAN_TOKEN=dop",
            "_v1_",
            "408d5fdd2830763f6d4cd6ac6489a844e8cd7747cbaddbf96fb0a3edd6f5b761"
        )],
        rejects: &[
            concat!(
                "dop",
                "_v1_",
                "408d5fdd2830763f6d4cd6ac6489a844e8cd7747cbaddbf96fb0a3edd6f5b76"
            ),
            "dop_v1_0000000000000000000000000000000000000000000000000000000000000000",
        ],
    },
    Rule {
        id: "databricks-token",
        title: "Databricks access token",
        provider: "databricks",
        severity: Severity::Critical,
        remedy: "Databricks workspace, User settings, Developer: revoke the token",
        shape: Shape::Token(Token {
            literals: &["dapi"],
            left: None,
            parts: &[Part::Run(Alphabet::HEX, 32, 32), Part::Maybe("-", Alphabet::DIGIT, 1, 2)],
            entropy: 2.7,
            checksum: false,
        }),
        matches: &[
            concat!("token = da", "pi", "cf7a8e381fb6d82cd07a079acf1be408"),
            concat!("\"da", "pi", "92dd05117729f6b666cbbdbf504de096", "-2\""),
        ],
        rejects: &[
            concat!("da", "pi", "cf7a8e381fb6d82cd07a079acf1be40"),
            concat!("a-da", "pi", "cf7a8e381fb6d82cd07a079acf1be408", "00"),
            concat!("da", "pi", "0123456789abcdef0123456789abcdef"),
        ],
    },
];
