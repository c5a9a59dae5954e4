//! Keys and passwords that no single provider issues.

use crate::model::Severity;
use crate::secrets::find::{jwt, pem, url};
use crate::secrets::rule::{Rule, Shape, Structure};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "private-key",
        title: "Private key",
        provider: "any",
        severity: Severity::Critical,
        remedy: "Replace the key pair everywhere the public key is trusted",
        shape: Shape::Structure(Structure {
            literals: pem::LITERALS,
            find: pem::plain,
            // TLS libraries carry the keys of their self-tests in their binaries.
            text_only: true,
        }),
        matches: &[
            concat!(
                "-----BEGIN ",
                "PRIVATE KEY-----\n",
                "MC4CAQAwBQYDK2VwBCIEIPm5Sa2h5q8s6MZsfDVKsFZy0mzxWd7pdLcZsPdfDPiu",
                "\n-----END PRIVATE KEY-----\n"
            ),
            concat!(
                "-----BEGIN ",
                "OPENSSH PRIVATE KEY-----\n",
                "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\nQyNTUxOQAAACALxDZbz/mbkVRstAEf8ERT1WtnVrH+DOiOvx3l7rQUSAAAAIiycdFTsnHR\nUwAAAAtzc2gtZWQyNTUxOQAAACALxDZbz/mbkVRstAEf8ERT1WtnVrH+DOiOvx3l7rQUSA\nAAAECU6mK9ICjgSwSMyv1PTytSwYipZe/NVBZS/jInRDPM1QvENlvP+ZuRVGy0AR/wRFPV\na2dWsf4M6I6/HeXutBRIAAAAAXgBAgME",
                "\n-----END OPENSSH PRIVATE KEY-----\n"
            ),
            concat!(
                "key = \"",
                "-----BEGIN ",
                "PRIVATE KEY-----\\n\" +\n  \"",
                "MC4CAQAwBQYDK2VwBCIEIPm5Sa2h5q8s6MZsfDVKsFZy0mzxWd7pdLcZsPdfDPiu",
                "\\n\""
            ),
        ],
        rejects: &[
            concat!(
                "-----BEGIN ",
                "PUBLIC KEY-----\n",
                "MCowBQYDK2VwAyEAjTre3SvRlBELKz3HLTxPE8CBURoWXNoLnK085rYwN30=",
                "\n-----END PUBLIC KEY-----\n"
            ),
            concat!("-----BEGIN ", "PRIVATE KEY-----\n-----END PRIVATE KEY-----"),
            concat!("-----BEGIN ", "RSA PRIVATE KEY-----\nMIIE...\n-----END RSA PRIVATE KEY-----"),
            concat!(
                "-----BEGIN ",
                "PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END PRIVATE KEY-----"
            ),
            concat!(
                "-----BEGIN ",
                "ENCRYPTED PRIVATE KEY-----\n",
                "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjTXSYrd5f6XwICCAAw\nDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEECbAG8Ukvyf9GY3h6e+w3wcEQG6I\n+yVSmTROZJbJbkE0qwd4ve9sEZaOhC6shdeNfYWnGVNZ5QmO2Suwn4j4R7f41hyC\n4xyss8RHAG4Dg+TrkDI=",
                "\n-----END ENCRYPTED PRIVATE KEY-----"
            ),
        ],
    },
    Rule {
        id: "private-key-encrypted",
        title: "Private key under a passphrase",
        provider: "any",
        severity: Severity::Medium,
        remedy: "Replace the key pair if the passphrase may be known or is weak",
        shape: Shape::Structure(Structure {
            literals: pem::LITERALS,
            find: pem::encrypted,
            // TLS libraries carry the keys of their self-tests in their binaries.
            text_only: true,
        }),
        matches: &[
            concat!(
                "-----BEGIN ",
                "ENCRYPTED PRIVATE KEY-----\n",
                "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjTXSYrd5f6XwICCAAw\nDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEECbAG8Ukvyf9GY3h6e+w3wcEQG6I\n+yVSmTROZJbJbkE0qwd4ve9sEZaOhC6shdeNfYWnGVNZ5QmO2Suwn4j4R7f41hyC\n4xyss8RHAG4Dg+TrkDI=",
                "\n-----END ENCRYPTED PRIVATE KEY-----\n"
            ),
            concat!(
                "-----BEGIN ",
                "OPENSSH PRIVATE KEY-----\n",
                "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABDXTSmKBW\ntNvBfFWqnlvfdeAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIMoU3TjsYwVEMo0Q\nyO0teQNvcBAXVTDfasd2efOhn4uaAAAAkNQT6vxP7NDJeCYCakfggQHrVnFcWC2FsyI0d5\nU9xEtJ2Q06HSwCl1MVk5UhW2Ep3HeL/+ovfW45FCU5QrZxIgDbnZEKcvMMtsRQyXNdbucP\nRYjfR3nV1ZcsgFko5/b21mQmFFFdqdM71Rhwq0Qpy8uOSzfhoKl6gOKWmovlvXnR402ksE\nHMhqjsV5Bh5ZrdSg==",
                "\n-----END OPENSSH PRIVATE KEY-----\n"
            ),
            concat!(
                "-----BEGIN ",
                "EC PRIVATE KEY-----\n",
                "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,A2C07056AD65F8B8AFC5A7B1ED2F5410\n\nY7B5nFyyElbUOQTqINQuNOio8+2NPd8Seblk7oCahs8WYEFxUogJioWhgRPHEQGh\naAHwXHHuDvuf7xWFP3XTB+sUVnGyjv42qgix+5HMXFQvy9lg4LittkABq5DucjC1\n7Tjv4yxEnyZe2ubt7YCQWWfmVHHbcFd8goKUKsb053w=",
                "\n-----END EC PRIVATE KEY-----\n"
            ),
        ],
        rejects: &[
            concat!(
                "-----BEGIN ",
                "PRIVATE KEY-----\n",
                "MC4CAQAwBQYDK2VwBCIEIPm5Sa2h5q8s6MZsfDVKsFZy0mzxWd7pdLcZsPdfDPiu",
                "\n-----END PRIVATE KEY-----\n"
            ),
            concat!(
                "-----BEGIN ",
                "ENCRYPTED PRIVATE KEY-----\n...\n-----END ENCRYPTED PRIVATE KEY-----"
            ),
        ],
    },
    Rule {
        id: "jwt",
        title: "Signed JSON Web Token",
        provider: "any",
        severity: Severity::Medium,
        remedy: "The issuer: end the session or rotate the signing key",
        shape: Shape::Structure(Structure {
            literals: jwt::LITERALS,
            find: jwt::find,
            text_only: false,
        }),
        matches: &[concat!(
            "Authorization: Bearer ",
            "ey",
            "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
            ".",
            "eyJzdWIiOiJidWlsZC03IiwiaXNzIjoibGF5ZXJzLmludGVybmFsIn0",
            ".",
            "scZ4m4pIaoPnxIc9G3512xMNpK63ZVIGnsAStUt8ew1"
        )],
        rejects: &[
            concat!(
                "ey",
                "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
                ".",
                "eyJzdWIiOiJidWlsZC03IiwiaXNzIjoibGF5ZXJzLmludGVybmFsIn0"
            ),
            concat!(
                "ey",
                "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
                ".",
                "eyJzdWIiOiJidWlsZC03IiwiaXNzIjoibGF5ZXJzLmludGVybmFsIn0",
                ".sig"
            ),
            concat!(
                "ey",
                "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
                ".bm90anNvbg.",
                "scZ4m4pIaoPnxIc9G3512xMNpK63ZVIGnsAStUt8ew1"
            ),
            "eyJhbGciOiJub25l",
        ],
    },
    Rule {
        id: "url-password",
        title: "Password in a URL",
        provider: "any",
        severity: Severity::Medium,
        remedy: "The service that the URL names: change the password",
        shape: Shape::Structure(Structure {
            literals: url::LITERALS,
            find: url::find,
            text_only: true,
        }),
        matches: &[
            concat!("pip install --index-url https://ci:Tr0mbone", "-Kayak7@pypi.internal/simple"),
            concat!("DATABASE_URL=postgres://app:zq8", "WvR2m@db:5432/app"),
            concat!("redis://:9f8a7c6e5d4b", "@cache:6379/0"),
            concat!("\"https:\\/\\/ci:zq8", "WvR2m@git.internal\\/x\""),
        ],
        rejects: &[
            "https://user:password@host/",
            "postgres://postgres:postgres@db/app",
            "https://${USER}:${PASSWORD}@git.internal",
            "ftp://user:pass@example.com",
            "https://git.internal/a:b@c",
            "http://u:p@h",
        ],
    },
];
