//! Whether a candidate is a secret or only stands for one.
//!
//! Documentation, tests and templates are full of things that have a secret's shape. Judged is
//! the candidate itself, never the path it was found at.

use crate::model::Fingerprint;

/// Words that no random token holds by chance, in lower case.
const STAND_IN_WORDS: &[&str] = &[
    "example",
    "changeme",
    "change_me",
    "placeholder",
    "redacted",
    "dummy",
    "insert",
    "replace",
    "xxxxx",
    "sample",
    "yourtoken",
    "your_",
    "your-",
    "my-token",
    "mytoken",
    "invalid",
    "secret_key",
    "notreal",
    "tokenhere",
    "token-here",
    "_here",
    "not-real",
    "fake_",
    "fake-",
    "deadbeef",
    "test-token",
    "testtoken",
];

/// What stand-in passwords are put together from, longest first where one begins another.
const PASSWORD_WORDS: &[&str] = &[
    "password",
    "passwort",
    "passwd",
    "passw",
    "pass",
    "pwd",
    "secret",
    "username",
    "user",
    "name",
    "changeme",
    "change",
    "example",
    "placeholder",
    "default",
    "credentials",
    "credential",
    "private",
    "redacted",
    "replace",
    "insert",
    "sample",
    "hidden",
    "masked",
    "hunter",
    "letmein",
    "qwerty",
    "postgres",
    "mysql",
    "rabbitmq",
    "rabbit",
    "guest",
    "redis",
    "mongodb",
    "mongo",
    "database",
    "admin",
    "root",
    "token",
    "tests",
    "testing",
    "test",
    "login",
    "string",
    "value",
    "access",
    "dummy",
    "enter",
    "super",
    "oauth2",
    "oauth",
    "basic",
    "proxy",
    "local",
    "docker",
    "server",
    "airflow",
    "anoncvs",
    "anonymous",
    "pserver",
    "django",
    "demo",
    "temp",
    "fake",
    "safe",
    "real",
    "here",
    "your",
    "some",
    "this",
    "that",
    "auth",
    "foo",
    "bar",
    "baz",
    "abc",
    "xyz",
    "key",
    "api",
    "the",
    "not",
    "new",
    "old",
    "my",
    "me",
    "is",
    "db",
    "it",
    "pw",
    "to",
    "in",
    "of",
    "or",
    "a",
    "p",
    "s",
    "x",
    "u",
];

/// Secrets that are printed in public documentation, by rule and fingerprint: the tokens
/// themselves must not stand in this file either.
const DOCUMENTED: &[(&str, &str)] = &[
    // The samples of jwt.io, three generations, and of PyJWT's manual.
    ("jwt", "125ef034"),
    ("jwt", "8042eb18"),
    ("jwt", "5d9e3000"),
    ("jwt", "4ec7330b"),
    // The sample of GitHub's manual; its checksum is right.
    ("github-token", "750703d4"),
    // Of a test account, published in the transformers library.
    ("huggingface-token", "ef5a2da4"),
];

/// Whether `body`, the random part of a token, is random enough and stands for nothing.
pub(super) fn is_random(body: &[u8], min_entropy: f64) -> bool {
    entropy(body) >= min_entropy
        && !is_monotonous(body)
        && !STAND_IN_WORDS.iter().any(|word| contains_ignoring_case(body, word.as_bytes()))
}

/// Whether `password`, chosen by a person, stands for nothing.
pub(super) fn is_password(password: &[u8]) -> bool {
    (4..=256).contains(&password.len())
        && password.iter().all(u8::is_ascii_graphic)
        && !is_template(password)
        && !is_monotonous(password)
        && !contains_ignoring_case(password, b"example")
        && !is_put_together_from_words(password)
}

/// Whether nobody would write it only to show where a password goes: a word in lower case is more
/// often an illustration than a password.
pub(super) fn is_strong(password: &[u8]) -> bool {
    let kinds = [
        u8::is_ascii_lowercase,
        u8::is_ascii_uppercase,
        u8::is_ascii_digit,
        u8::is_ascii_punctuation,
    ];
    let kinds = kinds.iter().filter(|is| password.iter().any(is)).count();
    let worded = password.iter().all(|it| it.is_ascii_lowercase() || *it == b'-' || *it == b'_');
    (kinds >= 2 && !worded && password.len() >= 6)
        || (password.len() >= 14 && entropy(password) >= 3.0)
}

/// Whether the secret is one that documentation prints.
pub(super) fn is_documented(rule: &str, fingerprint: &Fingerprint) -> bool {
    let shown = fingerprint.to_string();
    DOCUMENTED.iter().any(|&(of, sample)| of == rule && sample == shown)
}

/// Whether a variable, a format or a tag stands where the value will be.
pub(super) fn is_template(value: &[u8]) -> bool {
    let first = value.first().copied().unwrap_or(b'<');
    matches!(first, b'$' | b'<' | b'{' | b'[' | b'*')
        || value.ends_with(b"...")
        || [&b"${"[..], b"$(", b"{{", b"}}", b"<%", b"%(", b"#{", b"***"]
            .iter()
            .any(|mark| memchr::memmem::find(value, mark).is_some())
        || (first == b'%' && value.len() <= 3)
        || (value.contains(&b'{') && value.contains(&b'}'))
}

/// Shannon entropy, in bits for each byte.
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for &byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = f64::from(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|&&it| it > 0)
        .map(|&it| {
            let share = f64::from(it) / total;
            -share * share.log2()
        })
        .sum()
}

/// Whether it repeats itself or counts: `aaaaaa`, `abcabcabc`, `12345678`.
fn is_monotonous(bytes: &[u8]) -> bool {
    let pairs = || bytes.iter().zip(bytes.iter().skip(1));
    let longest = |step: &dyn Fn(u8, u8) -> bool| {
        let mut longest = 1;
        let mut length = 1;
        for (&a, &b) in pairs() {
            length = if step(a, b) { length + 1 } else { 1 };
            longest = longest.max(length);
        }
        longest
    };
    // Short values are all of it, long ones have a stretch that chance does not produce.
    let limit = bytes.len().min(8);
    let repeats = |period: usize| {
        let same = bytes.iter().zip(bytes.iter().skip(period)).filter(|(a, b)| a == b).count();
        bytes.len() >= 2 * period && same * 5 >= (bytes.len() - period) * 4
    };
    longest(&|a, b| a == b) >= limit.min(6)
        || longest(&|a, b| b == a.wrapping_add(1) || (a == b'9' && b == b'0')) >= limit
        || longest(&|a, b| a == b.wrapping_add(1)) >= limit
        || (1..=16).any(repeats)
}

fn is_put_together_from_words(password: &[u8]) -> bool {
    let letters: Vec<u8> = password.iter().filter_map(|&it| plain_letter(it)).collect();
    let mut rest = letters.as_slice();
    let mut strange = 0;
    while let [_, tail @ ..] = rest {
        let word = PASSWORD_WORDS.iter().find(|word| rest.starts_with(word.as_bytes()));
        strange += usize::from(word.is_none());
        rest = word.and_then(|word| rest.get(word.len()..)).unwrap_or(tail);
    }
    // Digits and signs at the end (`password123!`) do not make a word a secret.
    let others = password.len() - letters.len();
    strange <= 1 && others <= letters.len().max(4)
}

/// The letter that a character is written for: `P4$$w0rd`.
fn plain_letter(byte: u8) -> Option<u8> {
    match byte {
        b'0' => Some(b'o'),
        b'3' => Some(b'e'),
        b'4' | b'@' => Some(b'a'),
        b'$' | b'5' => Some(b's'),
        _ if byte.is_ascii_alphabetic() => Some(byte.to_ascii_lowercase()),
        _ => None,
    }
}

fn contains_ignoring_case(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|it| it.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::{is_password, is_random, is_template};

    #[test]
    fn a_random_body_is_a_secret() {
        for body in ["nPot4nMoTz1WvwjE0Qs88YuggXWZYOkw", "cf7a8e381fb6d82cd07a079acf1be408"] {
            assert!(is_random(body.as_bytes(), 3.0), "{body}");
        }
    }

    #[test]
    fn what_repeats_counts_or_says_so_is_not() {
        for body in [
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abcdefghijklmnopqrstuvwxyz012345",
            "0123456789abcdef0123456789abcdef",
            "nPot4nMoTz1WvwjEXAMPLEggXWZYOkw1",
            "tuRandom1tuRandom1tuRandom1tuRan",
            "nPot4nxxxxxxxxxxxxxxxxggXWZYOkw1",
        ] {
            assert!(!is_random(body.as_bytes(), 3.0), "{body}");
        }
    }

    #[test]
    fn a_password_that_only_stands_for_one_is_told() {
        for word in [
            "password",
            "P4ssw0rd!",
            "changeme",
            "hunter2",
            "secret123",
            "my-secret-pw",
            "${PW}",
            "<pw>",
            "%s",
        ] {
            assert!(!is_password(word.as_bytes()), "{word}");
        }
        for word in ["Tr0mbone!kayak", "zq8WvR2m", "9f8a7c6e5d"] {
            assert!(is_password(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn templates_are_told() {
        for text in
            ["${TOKEN}", "{{ token }}", "<token>", "$TOKEN", "%(pw)s", "{password}", "abc..."]
        {
            assert!(is_template(text.as_bytes()), "{text}");
        }
    }
}
