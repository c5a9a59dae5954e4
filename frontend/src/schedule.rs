//! Runs the scans beside the build and brings what they say to judgement.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use layergate_proto::{errdefs, llb};

use crate::bridge::Bridge;
use crate::error::Error;
use crate::gate::{Stop, Trial, Warning};
use crate::graph::{Graph, View};
use crate::plan::{Plan, Step};
use crate::scan_op::INVENTORY;
use crate::{warning, witness};

/// How the scans of a build went.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nothing stops the build. The references are those of the scans' outputs, by step.
    Pass(BTreeMap<usize, String>),
    Stop(Stop),
}

/// One build under scan.
pub(crate) struct Schedule<'a, T> {
    pub(crate) bridge: &'a Bridge,
    pub(crate) graph: &'a mut Graph,
    pub(crate) plan: &'a Plan,
    /// The output of each step's scan.
    pub(crate) scans: &'a [View],
    pub(crate) trial: &'a mut T,
    /// A step is asked for only when every step before it was judged.
    pub(crate) strict: bool,
    /// The steps whose cached scans spoke of another run, and those that follow them.
    pub(crate) distrusted: BTreeSet<usize>,
}

/// The answer for a step, and whether the step was distrusted when it was asked for.
type Answer = (usize, bool, Result<Scanned, Error>);

struct Scanned {
    reference: String,
    inventory: Vec<u8>,
    /// The layer is the one that was scanned.
    is_current: bool,
}

impl<'a, T: Trial> Schedule<'a, T> {
    /// Asks for every scan (and with it for every instruction) and hears the inventories as they
    /// come, each after those of the steps before it.
    ///
    /// When an instruction or a scan fails, the steps before it are still judged: they are there
    /// already, and which of two errors a build shows must not depend on which scan was faster.
    pub(crate) async fn run(mut self) -> Result<Outcome, Error> {
        let mut running: FuturesUnordered<BoxFuture<'a, Answer>> = FuturesUnordered::new();
        let mut asked = BTreeSet::new();
        let mut arrived: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
        let mut judged: BTreeSet<usize> = BTreeSet::new();
        let mut references = BTreeMap::new();
        let mut warnings = Vec::new();
        let mut failed: Option<(Error, BTreeSet<usize>)> = None;
        let outcome = loop {
            if failed.is_none() {
                for step in self.ready(&asked, &judged) {
                    asked.insert(step);
                    running.push(self.scan(step));
                }
            }
            if let Some((error, before)) = failed.take_if(|(_, before)| before.is_subset(&judged)) {
                drop(before);
                break Err(error);
            }
            let Some((step, was_distrusted, scanned)) = running.next().await else {
                break match failed {
                    Some((error, _)) => Err(error),
                    None => Ok(Outcome::Pass(references)),
                };
            };
            if was_distrusted != self.distrusted.contains(&step) {
                continue;
            }
            match scanned.map_err(|error| self.blame(error)) {
                Ok(scanned) if scanned.is_current => {
                    references.insert(step, scanned.reference);
                    arrived.insert(step, scanned.inventory);
                }
                Ok(_) => {
                    for again in self.distrust(step) {
                        asked.remove(&again);
                        arrived.remove(&again);
                    }
                }
                Err(error) if failed.is_none() => {
                    let before = self.before_failure(&error);
                    failed = Some((error, before));
                }
                Err(_) => {}
            }
            match self.hear(&mut arrived, &mut judged, &mut warnings) {
                Ok(None) => {}
                Ok(Some(end)) => break Ok(Outcome::Stop(end)),
                Err(error) => break Err(error),
            }
        };
        warnings.sort_by_key(|it| it.step);
        for warning in warnings {
            warning::send(self.bridge, self.graph, self.plan, warning).await;
        }
        outcome
    }

    fn ready(&self, asked: &BTreeSet<usize>, judged: &BTreeSet<usize>) -> Vec<usize> {
        let steps = self.plan.steps.iter().enumerate();
        let may_start = |after: &BTreeSet<usize>| !self.strict || after.is_subset(judged);
        let ready =
            steps.filter(|(number, step)| !asked.contains(number) && may_start(&step.after));
        ready.map(|(number, _)| number).collect()
    }

    fn scan(&self, step: usize) -> BoxFuture<'a, Answer> {
        let (bridge, plan) = (self.bridge, self.plan);
        let is_distrusted = self.distrusted.contains(&step);
        let scan = self.scans.get(step).map(|it| self.graph.definition(it));
        let witnessed = self.witnessed(step);
        Box::pin(async move {
            let scanned = async {
                let scan = scan.ok_or_else(|| Error::Protocol("a step without a scan".into()))?;
                let reference = bridge.build(scan).await?;
                let inventory = bridge.read_file(&reference, INVENTORY).await.map_err(|error| {
                    scan_failed(plan, step, &format!("its scan left no inventory: {error}"))
                })?;
                let is_current = match witnessed {
                    Some(view) => witness::confirms(bridge, &reference, view).await?,
                    None => true,
                };
                Ok(Scanned { reference, inventory, is_current })
            };
            (step, is_distrusted, scanned.await)
        })
    }

    /// What to look at to tell whether a cached scan is of the layer that is there. Only a `RUN` may
    /// make something else the next time; a scan that runs anew needs no witness.
    fn witnessed(&self, step: usize) -> Option<llb::Definition> {
        let view = &self.plan.steps.get(step)?.view;
        let is_run = matches!(self.graph.vertex(view)?.op.op, Some(llb::op::Op::Exec(_)));
        let asks = is_run && !self.distrusted.contains(&step) && !self.bridge.imports_caches();
        asks.then(|| self.graph.definition(view))
    }

    /// Lets `step` and what follows it be scanned anew, and returns these steps. None of them was
    /// judged: a step is only after those before it.
    fn distrust(&mut self, step: usize) -> Vec<usize> {
        let follows = |it: &usize| self.plan.chain(*it).any(|it| it == step);
        let again: Vec<usize> = (step..self.plan.steps.len()).filter(follows).collect();
        for number in &again {
            if let Some(scan) = self.scans.get(*number) {
                self.graph.ignore_cache(scan);
            }
        }
        self.distrusted.extend(&again);
        again
    }

    /// Tells a scan that failed from an instruction that failed: only the former blames a vertex of
    /// ours.
    fn blame(&self, error: Error) -> Error {
        let Error::BuildKit(status) = &error else { return error };
        let blamed = errdefs::blamed(status);
        match self.scans.iter().position(|it| self.graph.is_among(&it.vertex, &blamed)) {
            Some(step) => scan_failed(self.plan, step, &status.message),
            None => error,
        }
    }

    /// Judges what has arrived and is due: everything before it was judged. Stops at the first stop.
    fn hear(
        &mut self,
        arrived: &mut BTreeMap<usize, Vec<u8>>,
        judged: &mut BTreeSet<usize>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<Stop>, Error> {
        let steps = &self.plan.steps;
        let is_due = |it: usize, judged: &BTreeSet<usize>| {
            steps.get(it).is_some_and(|it| it.after.is_subset(judged))
        };
        while let Some(step) = arrived.keys().copied().find(|it| is_due(*it, judged)) {
            let Some(inventory) = arrived.remove(&step) else { break };
            let heard = self.trial.hear_step(self.plan, step, inventory);
            let ruling = heard.map_err(|reason| scan_failed(self.plan, step, &reason))?;
            judged.insert(step);
            warnings.extend(ruling.warnings);
            if ruling.stop.is_some() {
                return Ok(ruling.stop);
            }
        }
        Ok(None)
    }

    /// The steps that were there before the one that failed: the first that cannot be made without
    /// what BuildKit blames.
    fn before_failure(&self, error: &Error) -> BTreeSet<usize> {
        let failed = match error {
            Error::Scan { step, .. } => Some(*step),
            Error::BuildKit(status) => {
                let blamed = errdefs::blamed(status);
                let is_hit = |it: &Step| self.graph.needs(&it.view, &blamed);
                self.plan.steps.iter().position(is_hit)
            }
            Error::Refused(_) | Error::Protocol(_) => None,
        };
        let mut before = BTreeSet::new();
        let mut open: Vec<usize> = failed.into_iter().collect();
        while let Some(step) = open.pop() {
            let after = self.plan.steps.get(step).map(|it| &it.after);
            open.extend(after.into_iter().flatten().filter(|it| before.insert(**it)));
        }
        before
    }
}

fn scan_failed(plan: &Plan, step: usize, reason: &str) -> Error {
    let name = plan.steps.get(step).map_or("", |it| it.name.as_str());
    let instruction = format!("instruction {}/{} ({name})", step + 1, plan.steps.len());
    Error::Scan { instruction, reason: reason.to_owned(), step }
}
