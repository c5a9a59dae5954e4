//! `layergate.toml`: the options beside the Dockerfile.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::exempt::{self, Exemption};
use super::options::{Origin, PolicyError, Setting};

/// What a `layergate.toml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyFile {
    /// In the order of their lines. Names and values are checked with those of the other channels,
    /// by [`super::Policy::from_settings`].
    pub settings: Vec<Setting>,
    pub exemptions: Vec<Exemption>,
}

/// Reads the text of a `layergate.toml`.
pub fn read_file(text: &str) -> Result<PolicyFile, PolicyError> {
    let line_at = |offset: usize| text.bytes().take(offset).filter(|it| *it == b'\n').count() + 1;
    let table = DeTable::parse(text).map_err(|error| PolicyError {
        origin: Origin::File { line: line_at(error.span().map_or(0, |it| it.start)) },
        problem: error.message().to_owned(),
    })?;
    let mut entries: Vec<(&Spanned<_>, &Spanned<DeValue<'_>>)> = table.get_ref().iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    let mut file = PolicyFile::default();
    for (name, value) in entries {
        let origin = Origin::File { line: line_at(name.span().start) };
        let name = name.get_ref().to_string();
        match value.get_ref() {
            _ if name == "exempt" => file.exemptions = exempt::read(value, line_at)?,
            DeValue::String(value) => {
                file.settings.push(Setting { name, value: value.to_string(), origin });
            }
            DeValue::Boolean(value) => {
                file.settings.push(Setting { name, value: value.to_string(), origin });
            }
            other => {
                let problem =
                    format!("{name} must be a text or true or false, not {}", other.type_str());
                return Err(PolicyError { origin, problem });
            }
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::read_file;
    use crate::policy::{FailOn, Origin, Policy, PolicyError, Setting, Strictness};

    fn read(text: &str, stronger: &[Setting]) -> Result<Policy, PolicyError> {
        let mut settings = read_file(text)?.settings;
        settings.extend_from_slice(stronger);
        Policy::from_settings(&settings)
    }

    fn check(text: &str) -> String {
        match read(text, &[]) {
            Ok(policy) => format!("{policy:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn texts_and_booleans_are_settings() {
        insta::assert_snapshot!(check("# ours\nfail-on = \"medium\"\nreport-only = true\n"), @"Policy { fail_on: Medium, unfixed: Warn, secrets: Block, builder: Warn, report_only: true, judge: Early, attach: Auto, frontend: None, db: None, db_max_age: None }");
        assert_eq!(check(""), format!("{:?}", Policy::default()));
    }

    #[test]
    fn the_file_is_the_weakest_channel() {
        let words = |value: &str| Setting {
            name: "fail-on".to_owned(),
            value: value.to_owned(),
            origin: Origin::Syntax,
        };
        let file = "fail-on = \"low\"\nunfixed = \"block\"\n";
        let policy = read(file, &[words("medium"), words("critical")]).unwrap();
        assert_eq!((policy.fail_on, policy.unfixed), (FailOn::Critical, Strictness::Block));
        // A mistake counts even where another channel overrules it.
        assert!(read("fail-on = 3", &[words("low")]).is_err());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let wrong = [
            "unfixed = \"warn\"\n\nfail_on = \"high\"\n",
            "unfixed = \"warn\"\nsecrets = 3\n",
            "secrets = false\n",
            "\n[rules]\nx = 1\n",
            "fail-on = \"low\"\nfail-on = \"high\"\n",
            "fail-on = \n",
        ];
        insta::assert_snapshot!(wrong.map(check).join("\n"), @r#"
        layergate.toml line 3: unknown option "fail_on", did you mean fail-on? (options are fail-on, unfixed, secrets, builder, report-only, judge, attach, frontend, db, db-max-age)
        layergate.toml line 2: secrets must be a text or true or false, not integer
        layergate.toml line 1: secrets cannot be "false" (it can be block, warn, off)
        layergate.toml line 2: rules must be a text or true or false, not table
        layergate.toml line 2: duplicate key
        layergate.toml line 1: string values must be quoted, expected literal string
        "#);
    }
}
