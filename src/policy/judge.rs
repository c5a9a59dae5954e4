//! The judgement of one finding.
//!
//! The bar says what blocks; everything else only lowers: `unfixed` and `builder` state the most
//! that may come of their kind of finding, and `report-only` the most that may come of any.

use super::{FailOn, Policy, Secrets, Strictness};
use crate::model::{Severity, Vulnerability};

/// What comes of a finding. Ordered by strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    Ignore,
    Warn,
    Block,
}

/// Where a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The stage is the one that becomes the image.
    pub ships: bool,
}

impl Policy {
    /// Judges a vulnerable package. Nothing is ignored unless an option says so.
    pub fn judge_vulnerability(&self, vulnerability: &Vulnerability, place: Place) -> Action {
        let mut action =
            if self.is_at_bar(vulnerability.severity) { Action::Block } else { Action::Warn };
        // No version of a malicious package is waited for.
        if vulnerability.fix.version().is_none() && !vulnerability.is_malware() {
            action = action.min(self.unfixed.at_most());
        }
        if !place.ships {
            action = action.min(self.builder.at_most());
        }
        self.reported(action)
    }

    /// Judges a file that harms whoever uses it.
    pub fn judge_hazard(&self, severity: Severity, place: Place) -> Action {
        let mut action = if self.is_at_bar(severity) { Action::Block } else { Action::Warn };
        if !place.ships {
            action = action.min(self.builder.at_most());
        }
        self.reported(action)
    }

    /// Judges a secret of a rule with `severity`. It counts in every stage: a stage that does not
    /// ship is still pushed with the build cache, and the secret was in the build context.
    ///
    /// Rules below high tell of things that may be harmless, such as a signed token that has ended
    /// or one half of a key pair. They warn.
    pub fn judge_secret(&self, severity: Severity) -> Action {
        self.reported(match self.secrets {
            Secrets::Block if severity >= Severity::High => Action::Block,
            Secrets::Block | Secrets::Warn => Action::Warn,
            Secrets::Off => Action::Ignore,
        })
    }

    /// A severity nobody has stated may be any. It is below every bar but the lowest, `low`, which
    /// asks for everything; a higher one would otherwise stop builds for most new advisories.
    fn is_at_bar(&self, severity: Severity) -> bool {
        match self.fail_on {
            FailOn::Critical => severity >= Severity::Critical,
            FailOn::High => severity >= Severity::High,
            FailOn::Medium => severity >= Severity::Medium,
            FailOn::Low => true,
            FailOn::None => false,
        }
    }

    fn reported(&self, action: Action) -> Action {
        if self.report_only { action.min(Action::Warn) } else { action }
    }
}

impl Strictness {
    fn at_most(self) -> Action {
        match self {
            Self::Block => Action::Block,
            Self::Warn => Action::Warn,
            Self::Ignore => Action::Ignore,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Place};
    use crate::model::{Component, Ecosystem, Fix, LayerPath, Severity, Vulnerability};
    use crate::policy::{Origin, Policy, Setting};

    const SEVERITIES: [Severity; 5] =
        [Severity::Unknown, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    fn policy(words: &str) -> Policy {
        let settings: Vec<Setting> = words
            .split_whitespace()
            .map(|it| it.split_once('=').unwrap_or((it, "")))
            .map(|(name, value)| Setting {
                name: name.to_owned(),
                value: value.to_owned(),
                origin: Origin::Syntax,
            })
            .collect();
        Policy::from_settings(&settings).unwrap()
    }

    fn judge(words: &str, severity: Severity, is_fixed: bool, ships: bool) -> Action {
        let vulnerability = Vulnerability {
            id: "CVE-1".to_owned(),
            aliases: Vec::new(),
            severity,
            rated_by: String::new(),
            is_exploited: false,
            epss: None,
            summary: String::new(),
            fix: if is_fixed { Fix::Fixed("2".to_owned()) } else { Fix::NotFixed },
            component: Component::new(Ecosystem::Pypi, "a", "1"),
            path: LayerPath::new("a").unwrap(),
        };
        policy(words).judge_vulnerability(&vulnerability, Place { ships })
    }

    /// One letter for each severity from unknown to critical: fixed, unfixed; shipping, builder.
    fn check(words: &str) -> String {
        let row = |is_fixed, ships| -> String {
            let letter = |severity| match judge(words, severity, is_fixed, ships) {
                Action::Ignore => '-',
                Action::Warn => 'w',
                Action::Block => 'B',
            };
            SEVERITIES.map(letter).iter().collect()
        };
        [row(true, true), row(false, true), row(true, false), row(false, false)].join(" ")
    }

    #[test]
    fn the_bar_the_fix_and_the_stage_decide() {
        for (words, expected) in [
            ("", "wwwBB wwwww wwwww wwwww"),
            ("fail-on=critical", "wwwwB wwwww wwwww wwwww"),
            ("fail-on=medium", "wwBBB wwwww wwwww wwwww"),
            ("fail-on=low", "BBBBB wwwww wwwww wwwww"),
            ("fail-on=none", "wwwww wwwww wwwww wwwww"),
            ("unfixed=block", "wwwBB wwwBB wwwww wwwww"),
            ("unfixed=ignore", "wwwBB ----- wwwww -----"),
            ("builder=block", "wwwBB wwwww wwwBB wwwww"),
            ("builder=ignore", "wwwBB wwwww ----- -----"),
            ("builder=block unfixed=block", "wwwBB wwwBB wwwBB wwwBB"),
            ("report-only unfixed=block builder=block", "wwwww wwwww wwwww wwwww"),
            ("report-only unfixed=ignore", "wwwww ----- wwwww -----"),
        ] {
            assert_eq!(check(words), expected, "{words}");
        }
    }

    #[test]
    fn a_builder_stage_is_never_judged_more_strictly() {
        for words in [
            "builder=block",
            "builder=block unfixed=ignore",
            "builder=block fail-on=none",
            "builder=warn unfixed=ignore",
        ] {
            for severity in SEVERITIES {
                for is_fixed in [true, false] {
                    assert!(
                        judge(words, severity, is_fixed, false)
                            <= judge(words, severity, is_fixed, true)
                    );
                }
            }
        }
    }

    #[test]
    fn a_harmful_file_is_judged_by_its_severity_and_stage() {
        for (words, expected) in [
            ("", [Action::Warn, Action::Block, Action::Warn]),
            ("fail-on=none", [Action::Warn, Action::Warn, Action::Warn]),
            ("fail-on=medium builder=block", [Action::Block, Action::Block, Action::Block]),
            ("builder=ignore", [Action::Warn, Action::Block, Action::Ignore]),
            ("report-only", [Action::Warn, Action::Warn, Action::Warn]),
        ] {
            let judge = |severity, ships| policy(words).judge_hazard(severity, Place { ships });
            let judged = [
                judge(Severity::Medium, true),
                judge(Severity::High, true),
                judge(Severity::Critical, false),
            ];
            assert_eq!(judged, expected, "{words}");
        }
    }

    #[test]
    fn a_secret_is_judged_by_its_own_option() {
        for (words, expected) in [
            ("", Action::Block),
            ("fail-on=none", Action::Block),
            ("secrets=warn", Action::Warn),
            ("secrets=off", Action::Ignore),
            ("report-only", Action::Warn),
            ("report-only secrets=off", Action::Ignore),
        ] {
            assert_eq!(policy(words).judge_secret(Severity::High), expected, "{words}");
        }
    }
}
