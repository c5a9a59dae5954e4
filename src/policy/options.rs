//! The options: one table for every channel, for `--help` and for the README.

use std::fmt;

use thiserror::Error;

use super::suggest::nearest;
use super::{Attach, FailOn, Judge, Policy, Secrets, Strictness};

/// One option.
pub struct OptionSpec {
    pub name: &'static str,
    pub values: Values,
    /// The word that stands for doing nothing; empty where there is no such word.
    pub default: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// False if the value is not one of [`OptionSpec::values`].
    set: fn(&mut Policy, &str) -> bool,
}

/// What an option may be set to.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    OneOf(&'static [&'static str]),
    /// The bare name, `true` or `false`.
    Flag,
    /// Any text of this kind.
    Text(&'static str),
}

/// Every option, in the order in which they are explained.
pub const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "fail-on",
        values: Values::OneOf(FailOn::WORDS),
        default: FailOn::High.word(),
        about: "the least severity of a vulnerable package that stops the build",
        set: |policy, word| store(FailOn::from_word(word), &mut policy.fail_on),
    },
    OptionSpec {
        name: "unfixed",
        values: Values::OneOf(Strictness::WORDS),
        default: Strictness::Warn.word(),
        about: "the most that a vulnerability without a fix leads to",
        set: |policy, word| store(Strictness::from_word(word), &mut policy.unfixed),
    },
    OptionSpec {
        name: "secrets",
        values: Values::OneOf(Secrets::WORDS),
        default: Secrets::Block.word(),
        about: "the most that a secret in any layer leads to; kinds below high severity only warn",
        set: |policy, word| store(Secrets::from_word(word), &mut policy.secrets),
    },
    OptionSpec {
        name: "builder",
        values: Values::OneOf(Strictness::WORDS),
        default: Strictness::Warn.word(),
        about: "the most that a vulnerable package leads to in a stage that does not ship",
        set: |policy, word| store(Strictness::from_word(word), &mut policy.builder),
    },
    OptionSpec {
        name: "report-only",
        values: Values::Flag,
        default: "false",
        about: "warn where the build would be stopped",
        set: |policy, word| {
            // `report-only` alone says what `report-only=true` says.
            let value = if word.is_empty() { Some(true) } else { word.parse().ok() };
            store(value, &mut policy.report_only)
        },
    },
    OptionSpec {
        name: "judge",
        values: Values::OneOf(Judge::WORDS),
        default: Judge::Early.word(),
        about: "judge each step at once and the base image last, all at the end, or all at once",
        set: |policy, word| store(Judge::from_word(word), &mut policy.judge),
    },
    OptionSpec {
        name: "attach",
        values: Values::OneOf(Attach::WORDS),
        default: Attach::Auto.word(),
        about: "attach the last scan to the result, so that a registry cache carries the scans",
        set: |policy, word| store(Attach::from_word(word), &mut policy.attach),
    },
    OptionSpec {
        name: "frontend",
        values: Values::Text("IMAGE"),
        default: "",
        about: "the frontend image to build with instead of the built-in one",
        set: |policy, image| {
            policy.frontend = Some(image.to_owned());
            !image.is_empty() && !image.contains(char::is_whitespace)
        },
    },
    OptionSpec {
        name: "db",
        values: Values::Text("IMAGE"),
        default: "",
        about: "the image that holds the database, instead of the frontend's own",
        set: |policy, image| {
            policy.db = Some(image.to_owned());
            !image.is_empty() && !image.contains(char::is_whitespace)
        },
    },
    OptionSpec {
        name: "db-max-age",
        values: Values::Text("DAYS"),
        default: "",
        about: "the most days that the database may be old",
        set: |policy, days| {
            policy.db_max_age = days.parse().ok();
            policy.db_max_age.is_some()
        },
    },
];

fn store<T>(value: Option<T>, into: &mut T) -> bool {
    value.map(|it| *into = it).is_some()
}

/// An option as one channel gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub name: String,
    /// Empty for a bare word.
    pub value: String,
    pub origin: Origin,
}

/// The channel that an option came through, to be named when it is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A word after the image on the `# syntax` line.
    Syntax,
    /// A build argument of this name.
    BuildArgument(String),
    /// An option of the frontend or of the command line.
    Option(String),
    /// A line of `layergate.toml`, counted from 1.
    File { line: usize },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str("`# syntax` line"),
            Self::BuildArgument(name) => write!(f, "build argument {name}"),
            Self::Option(name) => write!(f, "option {name}"),
            Self::File { line } => write!(f, "layergate.toml line {line}"),
        }
    }
}

/// An option that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{origin}: {problem}")]
pub struct PolicyError {
    pub origin: Origin,
    pub problem: String,
}

impl Policy {
    /// Applies `settings` to the defaults; of two for the same option the later counts.
    pub fn from_settings(settings: &[Setting]) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        for Setting { name, value, origin } in settings {
            let wrong = |problem| PolicyError { origin: origin.clone(), problem };
            let spec = OPTIONS
                .iter()
                .find(|it| it.name == name)
                .ok_or_else(|| wrong(unknown_name(name)))?;
            if !(spec.set)(&mut policy, value) {
                return Err(wrong(spec.unknown_value(value)));
            }
        }
        Ok(policy)
    }
}

fn unknown_name(name: &str) -> String {
    let names: Vec<&str> = OPTIONS.iter().map(|it| it.name).collect();
    format!(
        "unknown option {name:?}{} (options are {})",
        did_you_mean(name, &names),
        names.join(", ")
    )
}

impl OptionSpec {
    fn unknown_value(&self, value: &str) -> String {
        let Self { name, .. } = self;
        let (words, kind): (&[&str], _) = match self.values {
            Values::OneOf(words) => (words, words.join(", ")),
            Values::Flag => (&["true", "false"], "true, false".to_owned()),
            Values::Text(kind) => (&[], format!("{kind}, without spaces")),
        };
        if value.is_empty() {
            return format!("{name} needs a value: {name}=… ({kind})");
        }
        format!("{name} cannot be {value:?}{} (it can be {kind})", did_you_mean(value, words))
    }
}

fn did_you_mean(given: &str, words: &[&str]) -> String {
    nearest(given, words).map_or_else(String::new, |it| format!(", did you mean {it}?"))
}

impl fmt::Debug for OptionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OptionSpec")
            .field("name", &self.name)
            .field("values", &self.values)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{OPTIONS, Origin, Setting, Values};
    use crate::policy::Policy;

    fn setting(text: &str, origin: Origin) -> Setting {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        Setting { name: name.to_owned(), value: value.to_owned(), origin }
    }

    fn check(words: &str) -> String {
        let settings: Vec<Setting> =
            words.split_whitespace().map(|it| setting(it, Origin::Syntax)).collect();
        match Policy::from_settings(&settings) {
            Ok(policy) => format!("{policy:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_table() {
        let defaults: Vec<Setting> = OPTIONS
            .iter()
            .filter(|it| !it.default.is_empty())
            .map(|it| setting(&format!("{}={}", it.name, it.default), Origin::Syntax))
            .collect();
        assert_eq!(Policy::from_settings(&defaults), Ok(Policy::default()));
        assert_eq!(Policy::from_settings(&[]), Ok(Policy::default()));
    }

    #[test]
    fn every_listed_word_is_accepted() {
        for spec in OPTIONS {
            if let Values::OneOf(words) = spec.values {
                for word in words {
                    assert!(
                        !check(&format!("{}={word}", spec.name)).contains("cannot"),
                        "{} {word}",
                        spec.name
                    );
                }
            }
        }
    }

    #[test]
    fn the_later_setting_counts() {
        insta::assert_snapshot!(check("fail-on=low unfixed=block secrets=off judge=strict builder=ignore attach=off report-only frontend=example/labs:1 fail-on=critical"), @r#"Policy { fail_on: Critical, unfixed: Block, secrets: Off, builder: Ignore, report_only: true, judge: Strict, attach: Off, frontend: Some("example/labs:1"), db: None, db_max_age: None }"#);
        assert_eq!(check("report-only report-only=false"), check(""));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_right_ones() {
        insta::assert_snapshot!(check("fial-on=high"), @r#"`# syntax` line: unknown option "fial-on", did you mean fail-on? (options are fail-on, unfixed, secrets, builder, report-only, judge, attach, frontend, db, db-max-age)"#);
        insta::assert_snapshot!(check("colour=blue"), @r#"`# syntax` line: unknown option "colour" (options are fail-on, unfixed, secrets, builder, report-only, judge, attach, frontend, db, db-max-age)"#);
    }

    #[test]
    fn an_unknown_value_is_answered_with_the_right_ones() {
        insta::assert_snapshot!(check("fail-on=hihg"), @r#"`# syntax` line: fail-on cannot be "hihg", did you mean high? (it can be critical, high, medium, low, none)"#);
        insta::assert_snapshot!(check("unfixed"), @"`# syntax` line: unfixed needs a value: unfixed=… (block, warn, ignore)");
        insta::assert_snapshot!(check("report-only=1"), @r#"`# syntax` line: report-only cannot be "1" (it can be true, false)"#);
        insta::assert_snapshot!(check("frontend="), @"`# syntax` line: frontend needs a value: frontend=… (IMAGE, without spaces)");
    }

    #[test]
    fn an_error_names_the_channel() {
        for (origin, said) in [
            (Origin::Syntax, "`# syntax` line: "),
            (
                Origin::BuildArgument("LAYERGATE_FAIL_ON".to_owned()),
                "build argument LAYERGATE_FAIL_ON: ",
            ),
            (Origin::Option("fail-on".to_owned()), "option fail-on: "),
            (Origin::File { line: 3 }, "layergate.toml line 3: "),
        ] {
            let error =
                Policy::from_settings(&[setting("fail-on=x", origin)]).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
