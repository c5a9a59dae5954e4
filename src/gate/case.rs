//! The judgement of one build, as its steps are heard.
//!
//! Early: a step's secrets and packages at once, the base image's packages at the end of the
//! stage, because a later upgrade may repair them. Strict: the base image at once as well. Final:
//! at the end, the packages that are left, and every secret.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use layergate_frontend::{Build, Plan, Ruling, StepKind, Trial, Warning};
use serde_json::json;

use crate::advisory::Database;
use crate::fold::{self, Fold, Since};
use crate::gate::charge::{Blame, Charge, lines, stop, warning};
use crate::gate::{age, chain, texts};
use crate::matching;
use crate::model::{Inventory, LayerPath};
use crate::policy::{Action, Exemption, Judge, Policy};
use crate::report::{self, Told, What};

/// One build under judgement.
#[derive(Debug)]
pub struct Case {
    /// With `report-only` off: what that would have stopped is counted all the same.
    policy: Policy,
    report_only: bool,
    exemptions: Vec<Exemption>,
    /// The exemptions that something was exempted by.
    used: BTreeSet<usize>,
    database: Result<Database, String>,
    today: String,
    fold: Fold,
    /// The kinds of package of which the database holds nothing, and how many there were at most.
    unjudged: BTreeMap<String, usize>,
    /// What waits for the end.
    held: Vec<Charge>,
    counts: BTreeMap<&'static str, usize>,
}

impl Case {
    pub(super) fn new(
        policy: Policy,
        exemptions: Vec<Exemption>,
        database: Result<Database, String>,
        today: String,
    ) -> Self {
        let report_only = policy.report_only;
        Self {
            policy: Policy { report_only: false, ..policy },
            report_only,
            exemptions,
            used: BTreeSet::new(),
            database,
            today,
            fold: Fold::default(),
            unjudged: BTreeMap::new(),
            held: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Judges now, or keeps it for the end.
    fn charge(&mut self, plan: &Plan, charges: Vec<Charge>) -> Ruling {
        if self.policy.judge == Judge::Final {
            self.held.extend(charges);
            return Ruling::default();
        }
        self.rule(plan, charges)
    }

    fn rule(&mut self, plan: &Plan, charges: Vec<Charge>) -> Ruling {
        let mut blocking: BTreeMap<Blame, Vec<Told>> = BTreeMap::new();
        let mut warned: BTreeMap<Blame, Vec<Told>> = BTreeMap::new();
        for charge in charges {
            match self.action(&charge) {
                Action::Block => blocking.entry(charge.blame).or_default().push(charge.told),
                Action::Warn => warned.entry(charge.blame).or_default().push(charge.told),
                Action::Ignore => {}
            }
        }
        let mut ruling = Ruling::default();
        for (blame, told) in warned {
            ruling.warnings.extend(warning(plan, blame, "below the bar", &told));
        }
        if self.report_only {
            for (blame, told) in blocking {
                ruling.warnings.extend(warning(plan, blame, "would stop the build", &told));
            }
        } else if !blocking.is_empty() {
            let mut stop = stop(plan, blocking.into_iter());
            for exemption in self.expired().filter(|(number, _)| self.used.contains(number)) {
                stop.message.push_str("\n  ");
                stop.message.push_str(&ended(exemption.1));
            }
            if let Ok(database) = &self.database {
                let built = database.provenance().built;
                stop.message.push_str("\n  Judged by advisories of ");
                stop.message.push_str(&report::plain(&built));
            }
            ruling.stop = Some(stop);
        }
        ruling
    }

    fn action(&mut self, charge: &Charge) -> Action {
        let action = charge.judged(&self.policy);
        if action != Action::Ignore && self.is_exempt(charge) {
            self.count("exempt");
            return Action::Ignore;
        }
        self.count(match action {
            Action::Block => "blocking",
            Action::Warn => "warned",
            Action::Ignore => "ignored",
        });
        action
    }

    fn is_exempt(&mut self, charge: &Charge) -> bool {
        let subject = charge.subject();
        let covering = self.exemptions.iter().enumerate().filter(|(_, it)| it.covers(&subject));
        let mut holds = false;
        for (number, exemption) in covering {
            self.used.insert(number);
            holds |= !exemption.is_expired(&self.today);
        }
        holds
    }

    fn expired(&self) -> impl Iterator<Item = (usize, &Exemption)> {
        let all = self.exemptions.iter().enumerate();
        all.filter(|(_, it)| it.is_expired(&self.today))
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Warns of packages that nothing is known about, once for each kind, where it first appears.
    fn unjudged(&mut self, plan: &Plan, step: usize) -> Vec<Warning> {
        let Ok(database) = &self.database else { return Vec::new() };
        let mut warnings = Vec::new();
        let subjects = self.fold.view(step).into_iter().flat_map(fold::View::subjects);
        for (kind, count) in matching::unjudged(subjects, database) {
            let short = format!(
                "layergate: {count} {} are not judged: the database holds nothing about any such package",
                report::plain(&kind)
            );
            let lines = lines(plan, Blame::Step(step));
            let most = self.unjudged.entry(kind).or_insert_with(|| {
                warnings.push(Warning { step, lines, short, detail: Vec::new() });
                0
            });
            *most = count.max(*most);
        }
        warnings
    }

    /// What the base image brought and is left at the end of a stage.
    fn left_of_base(&self, plan: &Plan, step: usize) -> Vec<Charge> {
        let ships = |it: usize| plan.steps.get(it).is_some_and(|it| it.ships);
        let is_due = |since: Since| {
            let is_base = self.policy.judge == Judge::Final || of_base(plan, since.step);
            // What a builder stage shares with the image is judged where the image ends.
            is_base && ships(since.step) == ships(step)
        };
        let findings = self.fold.findings(step).filter(|it| is_due(it.since)).cloned();
        let hazards = self.fold.hazards(step).filter(|it| is_due(it.since)).cloned();
        let mut charges: Vec<Charge> = findings
            .map(|it| Charge::of_finding(plan, step, it))
            .chain(hazards.map(|it| Charge::of_file(plan, step, it)))
            .collect();
        charges.sort_by_key(|it| std::cmp::Reverse(it.severity()));
        charges
    }
}

fn of_base(plan: &Plan, step: usize) -> bool {
    plan.steps.get(step).is_some_and(|it| it.kind == StepKind::Base)
}

impl Trial for Case {
    fn hear_texts(&mut self, build: &Build<'_>) -> Ruling {
        let charges = texts::secrets(build).into_iter().map(|it| Charge {
            blame: it.lines.map_or(Blame::Step(0), Blame::Text),
            told: Told { what: What::Written { hit: it.hit, place: it.place }, made_by: None },
            ships: true,
        });
        let charges = charges.collect();
        let mut ruling = self.charge(build.plan, charges);
        let problem = match &self.database {
            Ok(database) => age::warning(database, &self.today),
            Err(problem) => Some(format!("packages are not judged: {}", report::plain(problem))),
        };
        if let Some(problem) = problem {
            let short = format!("layergate: {problem}");
            ruling.warnings.push(Warning { step: 0, lines: None, short, detail: Vec::new() });
        }
        ruling
    }

    fn hear_step(
        &mut self,
        plan: &Plan,
        number: usize,
        inventory: Vec<u8>,
    ) -> Result<Ruling, String> {
        let Some(step) = plan.steps.get(number) else {
            return Err("it is not in the plan".to_owned());
        };
        let inventory = Inventory::read(&mut inventory.as_slice()).map_err(|it| chain(&it))?;
        let place =
            fold::Place { step: number, parent: step.parent, copied_from: step.reads.clone() };
        let brought = self
            .fold
            .add(&place, inventory, self.database.as_ref().ok())
            .map_err(|it| chain(&it))?;
        let secrets = brought.secrets.into_iter();
        let mut charges: Vec<Charge> =
            secrets.map(|it| Charge::of_secret(plan, number, it)).collect();
        let at_once = match self.policy.judge {
            Judge::Strict => true,
            Judge::Early => step.kind == StepKind::Instruction,
            Judge::Final => false,
        };
        if at_once {
            let findings = brought.vulnerabilities.into_iter();
            charges.extend(findings.map(|it| Charge::of_finding(plan, number, it)));
            charges.extend(brought.hazards.into_iter().map(|it| Charge::of_file(plan, number, it)));
        }
        if step.ends_stage && self.policy.judge != Judge::Strict {
            charges.extend(self.left_of_base(plan, number));
        }
        let mut ruling = self.charge(plan, charges);
        ruling.warnings.extend(self.unjudged(plan, number));
        ruling.warnings.extend(brought.lost.iter().map(|it| lost(plan, number, it)));
        if step.kind == StepKind::Instruction && !brought.notes.is_empty() {
            ruling.warnings.push(unread(plan, number, &brought.notes));
        }
        Ok(ruling)
    }

    fn close(&mut self, plan: &Plan) -> Ruling {
        let held = std::mem::take(&mut self.held);
        let mut ruling = self.rule(plan, held);
        let unused = self
            .exemptions
            .iter()
            .enumerate()
            .filter(|(number, it)| !self.used.contains(number) && !it.is_expired(&self.today));
        let unused = unused.map(|(_, it)| format!("{} matches nothing in this build", named(it)));
        for problem in self.expired().map(|(_, it)| ended(it)).chain(unused) {
            let short = format!("layergate: {problem}");
            ruling.warnings.push(Warning { step: 0, lines: None, short, detail: Vec::new() });
        }
        ruling
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        let count = |what| self.counts.get(what).copied().unwrap_or(0);
        let findings = json!({
            "blocking": count("blocking"),
            "warned": count("warned"),
            "ignored": count("ignored"),
            "exempt": count("exempt"),
            "unjudged": self.unjudged.values().sum::<usize>(),
        });
        let database = match &self.database {
            Ok(database) => {
                let it = database.provenance();
                json!({ "date": it.source_date, "built": it.built, "records": it.records, "digest": it.digest })
            }
            Err(problem) => json!({ "problem": problem }),
        };
        let verdict = match &self.database {
            _ if count("blocking") > 0 => "report",
            Ok(_) => "pass",
            Err(_) => "unjudged",
        };
        // Clients decode a value that is base64 of a JSON object, and keep any other as text.
        BTreeMap::from([
            ("verdict".to_owned(), verdict.to_owned()),
            ("findings".to_owned(), STANDARD.encode(findings.to_string())),
            ("database".to_owned(), STANDARD.encode(database.to_string())),
        ])
    }
}

fn named(exemption: &Exemption) -> String {
    let Exemption { line, id, .. } = exemption;
    format!("layergate.toml line {line}: the exemption of {}", report::plain(id))
}

fn ended(exemption: &Exemption) -> String {
    let expires = exemption.expires.as_deref().unwrap_or_default();
    format!("{} ended on {expires} and no longer holds", named(exemption))
}

fn lost(plan: &Plan, step: usize, path: &LayerPath) -> Warning {
    let path = report::plain(&path.to_string());
    let short = format!(
        "layergate: the package database {path} was deleted; its packages are still there and still judged"
    );
    Warning { step, lines: lines(plan, Blame::Step(step)), short, detail: Vec::new() }
}

fn unread(plan: &Plan, step: usize, notes: &[String]) -> Warning {
    const MAX_SHOWN: usize = 50;
    let first = notes.first().map_or("", String::as_str);
    let others = match notes.len() {
        0 | 1 => String::new(),
        n_notes => format!(" and {} more", n_notes - 1),
    };
    Warning {
        step,
        lines: lines(plan, Blame::Step(step)),
        short: format!("layergate: could not be read: {}{others}", report::plain(first)),
        detail: notes.iter().take(MAX_SHOWN).map(|it| report::plain(it)).collect(),
    }
}
