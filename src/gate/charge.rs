//! A finding on its way to judgement: what it is, and who is to blame.

use layergate_frontend::{Lines, Plan, Stop, Warning};

use crate::fold::{Finding, Since, UnsafeFile};
use crate::model::{Secret, Severity};
use crate::policy::{Action, Place, Policy, Subject};
use crate::report::{self, Blocked, Told, What};
use crate::secrets;

/// A finding, who is to blame and where it counts.
#[derive(Clone, Debug)]
pub(super) struct Charge {
    /// What the excerpt marks: a step, or lines of the Dockerfile.
    pub(super) blame: Blame,
    pub(super) told: Told,
    pub(super) ships: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blame {
    Text(Lines),
    Step(usize),
}

impl Charge {
    /// A vulnerable package. It counts where `step` does.
    pub(super) fn of_finding(plan: &Plan, step: usize, finding: Finding) -> Self {
        let what = What::Vulnerability(Box::new(finding.vulnerability));
        Self::since(plan, step, finding.since, what)
    }

    /// A file that harms.
    pub(super) fn of_file(plan: &Plan, step: usize, file: UnsafeFile) -> Self {
        let what = What::Hazard { hazard: file.hazard, path: file.path };
        Self::since(plan, step, file.since, what)
    }

    pub(super) fn of_secret(plan: &Plan, step: usize, secret: Secret) -> Self {
        let since = Since { step, made_by: None };
        Self::since(plan, step, since, What::Secret(secret))
    }

    fn since(plan: &Plan, step: usize, since: Since, what: What) -> Self {
        let made_by = since.made_by.and_then(|it| maker(plan, it));
        let ships = plan.steps.get(step).is_some_and(|it| it.ships);
        Self { blame: Blame::Step(since.step), told: Told { what, made_by }, ships }
    }

    pub(super) fn severity(&self) -> Severity {
        match &self.told.what {
            What::Vulnerability(it) => it.severity,
            What::Hazard { hazard, .. } => hazard.severity,
            What::Secret(Secret { hit, .. }) | What::Written { hit, .. } => {
                secrets::severity(&hit.rule)
            }
        }
    }

    /// What the policy says, exemptions apart.
    pub(super) fn judged(&self, policy: &Policy) -> Action {
        let place = Place { ships: self.ships };
        match &self.told.what {
            What::Vulnerability(it) => policy.judge_vulnerability(it, place),
            What::Hazard { hazard, .. } => policy.judge_hazard(hazard.severity, place),
            What::Secret(_) | What::Written { .. } => policy.judge_secret(self.severity()),
        }
    }

    /// What an exemption is compared with.
    pub(super) fn subject(&self) -> Subject<'_> {
        match &self.told.what {
            What::Vulnerability(it) => Subject {
                ids: std::iter::once(it.id.as_str())
                    .chain(it.aliases.iter().map(String::as_str))
                    .collect(),
                package: Some(&it.component.name),
                path: Some(it.path.as_str()),
            },
            What::Hazard { hazard, path } => Subject {
                ids: vec![hazard.kind.id(), &hazard.what],
                package: None,
                path: Some(path.as_str()),
            },
            What::Secret(it) => {
                Subject { ids: vec![&it.hit.rule], package: None, path: Some(it.path.as_str()) }
            }
            What::Written { hit, .. } => {
                Subject { ids: vec![&hit.rule], package: None, path: None }
            }
        }
    }
}

/// The instruction of another stage that made what was copied.
fn maker(plan: &Plan, step: usize) -> Option<String> {
    let step = plan.steps.get(step)?;
    let stage = if step.stage.is_empty() { "another stage" } else { &step.stage };
    let line = step.lines.map_or(String::new(), |it| format!(", line {}", it.first));
    Some(format!("made in {stage}{line}: {}", step.name))
}

pub(super) fn stop(plan: &Plan, blocking: impl Iterator<Item = (Blame, Vec<Told>)>) -> Stop {
    let mut marked = Vec::new();
    let blocked = |(blame, findings): (Blame, Vec<Told>)| {
        marked.extend(lines(plan, blame));
        Blocked { instruction: name(plan, blame), findings }
    };
    let blocked: Vec<Blocked> = blocking.map(blocked).collect();
    Stop { message: report::stop_message(&blocked), lines: marked }
}

pub(super) fn lines(plan: &Plan, blame: Blame) -> Option<Lines> {
    match blame {
        Blame::Text(lines) => Some(lines),
        Blame::Step(step) => plan.steps.get(step)?.lines,
    }
}

fn name(plan: &Plan, blame: Blame) -> String {
    match blame {
        Blame::Text(lines) => format!("line {}", lines.first),
        Blame::Step(step) => plan.steps.get(step).map(|it| it.name.clone()).unwrap_or_default(),
    }
}

pub(super) fn warning(plan: &Plan, blame: Blame, what: &str, told: &[Told]) -> Option<Warning> {
    let (short, detail) = report::warning(what, told)?;
    let step = match blame {
        Blame::Text(_) => 0,
        Blame::Step(step) => step,
    };
    Some(Warning { step, lines: lines(plan, blame), short, detail })
}
