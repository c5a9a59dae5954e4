//! From the build graph to the steps that are scanned. Pure.
//!
//! A step is a filesystem: a base image, or what one instruction left behind. Its parent is the
//! filesystem that the instruction started from. Walking parents from the result gives the steps
//! that ship; walking them from every other input of those gives the builder stages.

use std::collections::{BTreeMap, BTreeSet};

use layergate_proto::llb;

use crate::dockerfile::Instruction;
use crate::error::Error;
use crate::graph::{Graph, Vertex, View};

/// What is scanned, parents before children.
#[derive(Debug, Default)]
pub struct Plan {
    pub steps: Vec<Step>,
    by_view: BTreeMap<View, usize>,
}

/// One filesystem on the way to the result.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing that holds or does not")]
pub struct Step {
    /// The instruction as the user wrote it, for example `RUN pip install …`.
    pub name: String,
    /// The stage's name or number; empty where there is only one.
    pub stage: String,
    /// The platform, in a build for several.
    pub platform: String,
    pub kind: StepKind,
    /// The step whose filesystem this one started from.
    pub parent: Option<usize>,
    /// The last steps of other stages that the instruction reads from.
    pub reads: Vec<usize>,
    /// It is part of an image that is returned; otherwise of a builder stage.
    pub ships: bool,
    /// Nothing follows it in its stage: the filesystem that is returned or copied from.
    pub ends_stage: bool,
    /// The lines of the instruction.
    pub lines: Option<Lines>,
    pub(crate) view: View,
    /// Trees laid over the parent by a merge (`COPY --link`), lowest first.
    pub(crate) overlays: Vec<View>,
    /// Steps that must be there before the instruction can start.
    pub(crate) after: BTreeSet<usize>,
    /// It ran with rights to set the clock, by which changes are told.
    pub(crate) insecure: bool,
    /// It runs anew whatever is cached, so what a scan of it said before does not hold.
    pub(crate) uncached: bool,
}

/// What made a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// An image or another source that a stage starts from.
    Base,
    /// An instruction of the Dockerfile.
    Instruction,
}

/// A place in a source file; lines are counted from 1 and the last one belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lines {
    pub file: usize,
    pub first: u32,
    pub last: u32,
}

impl Plan {
    /// The steps on the way to `results`; a result from scratch with nothing in it has none.
    pub(crate) fn new(graph: &Graph, results: &[View]) -> Result<Self, Error> {
        let mut planner = Planner {
            graph,
            plan: Self::default(),
            instructions: (0..graph.files.len()).map(|it| graph.instructions(it)).collect(),
        };
        let results: Vec<usize> =
            results.iter().map(|it| planner.add(it)).collect::<Result<_, _>>()?;
        Ok(planner.finish(&results))
    }

    /// Shows the instructions as `shown` says, wherever they are named.
    pub(crate) fn show_names(&mut self, shown: impl Fn(&str) -> String) {
        for step in &mut self.steps {
            step.name = shown(&step.name);
        }
    }

    /// The step that says what is in `view`.
    pub(crate) fn step_of(&self, view: &View) -> Option<usize> {
        self.by_view.get(view).copied()
    }

    /// `step` and everything it started from, the latest first.
    pub fn chain(&self, step: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(step), |it| self.steps.get(*it).and_then(|it| it.parent))
    }
}

struct Planner<'a> {
    graph: &'a Graph,
    plan: Plan,
    /// Of each source file.
    instructions: Vec<Vec<Instruction>>,
}

/// Where a filesystem comes from.
struct Origin {
    kind: StepKind,
    parent: Option<View>,
    overlays: Vec<View>,
    /// The builder stages that the operation reads from.
    stages: Vec<View>,
}

/// The walk is a loop with a stack of its own: a Dockerfile may be as long as it likes.
enum Visit {
    Enter(View),
    Leave(View, Origin),
}

impl Planner<'_> {
    fn add(&mut self, result: &View) -> Result<usize, Error> {
        let mut open = BTreeSet::new();
        let mut stack = vec![Visit::Enter(result.clone())];
        while let Some(visit) = stack.pop() {
            match visit {
                Visit::Enter(view) if self.plan.by_view.contains_key(&view) => {}
                Visit::Enter(view) => {
                    if !open.insert(view.clone()) {
                        return Err(Error::Protocol("the build graph has a cycle".to_owned()));
                    }
                    let origin = self.origin(&view)?;
                    let before: Vec<Visit> = origin
                        .stages
                        .iter()
                        .chain(&origin.parent)
                        .cloned()
                        .map(Visit::Enter)
                        .collect();
                    stack.push(Visit::Leave(view, origin));
                    stack.extend(before);
                }
                Visit::Leave(view, origin) => {
                    let number = self.number(&view, &origin)?;
                    self.plan.by_view.insert(view, number);
                }
            }
        }
        self.known_step(result)
    }

    /// The number of the step that says what is in `view`. `WORKDIR` makes directories, which hold
    /// nothing: what is in its view is what was in its parent's.
    fn number(&mut self, view: &View, origin: &Origin) -> Result<usize, Error> {
        if let (true, Some(parent)) = (makes_directories(self.vertex(view)?), &origin.parent) {
            return self.known_step(parent);
        }
        let step = self.step(view, origin)?;
        self.plan.steps.push(step);
        Ok(self.plan.steps.len() - 1)
    }

    fn step(&self, view: &View, origin: &Origin) -> Result<Step, Error> {
        let vertex = self.vertex(view)?;
        // The layer of a `COPY --link` says what it is; the merge around it may not.
        let layer = origin.overlays.last().and_then(|it| self.graph.vertex(it)).unwrap_or(vertex);
        let label =
            Label::parse(if vertex.name().is_empty() { layer.name() } else { vertex.name() });
        let name = label.name.strip_prefix("LINK ").unwrap_or(label.name);
        let parent = origin.parent.as_ref().map(|it| self.known_step(it)).transpose()?;
        let stages = origin.stages.iter().map(|it| self.known_step(it));
        let reads: Vec<usize> = stages.collect::<Result<_, _>>()?;
        let after: BTreeSet<usize> = reads.iter().copied().chain(parent).collect();
        let inherits = parent.and_then(|it| self.plan.steps.get(it)).is_some_and(|it| it.uncached);
        Ok(Step {
            name: if name.is_empty() { describe(vertex) } else { name.to_owned() },
            stage: label.stage.to_owned(),
            platform: label.platform.to_owned(),
            kind: origin.kind,
            parent,
            reads,
            ships: false,
            ends_stage: false,
            lines: self.lines(name, lines(layer).or_else(|| lines(vertex)), parent),
            view: view.clone(),
            overlays: origin.overlays.clone(),
            insecure: matches!(&vertex.op.op, Some(llb::op::Op::Exec(it)) if it.security != 0),
            after,
            uncached: inherits || vertex.metadata.ignore_cache || layer.metadata.ignore_cache,
        })
    }

    /// The lines to blame for the instruction `name` that says it stands at `at`.
    ///
    /// An `ONBUILD` instruction of the base image gives a line of its own text, which says nothing
    /// here: the `FROM` that brought it is to blame.
    fn lines(&self, name: &str, at: Option<Lines>, parent: Option<usize>) -> Option<Lines> {
        let at = at?;
        let keyword = name.split_whitespace().next().unwrap_or_default();
        let stands_there = |it: &Instruction| {
            (it.first_line..=it.last_line).contains(&at.first) && it.keyword == keyword
        };
        let instructions = self.instructions.get(at.file).map_or(&[][..], Vec::as_slice);
        if instructions.is_empty() || instructions.iter().any(stands_there) {
            return Some(at);
        }
        let base = parent.and_then(|it| self.plan.chain(it).last());
        base.and_then(|it| self.plan.steps.get(it)?.lines).or(Some(at))
    }

    fn vertex(&self, view: &View) -> Result<&Vertex, Error> {
        let missing =
            || Error::Protocol(format!("the build graph lacks its vertex {}", view.vertex));
        self.graph.vertex(view).ok_or_else(missing)
    }

    fn known_step(&self, view: &View) -> Result<usize, Error> {
        let missing = || Error::Protocol(format!("the vertex {} comes after its use", view.vertex));
        self.plan.step_of(view).ok_or_else(missing)
    }

    fn origin(&self, view: &View) -> Result<Origin, Error> {
        let vertex = self.vertex(view)?;
        let root = |kind, parent: Option<View>| {
            let others = vertex.inputs().filter(|it| Some(it) != parent.as_ref());
            let stages = others.filter(|it| self.is_stage(it)).collect();
            Origin { kind, parent, overlays: Vec::new(), stages }
        };
        Ok(match &vertex.op.op {
            Some(llb::op::Op::Exec(exec)) => {
                let mount = exec.mounts.iter().find(|it| it.output == view.output);
                root(StepKind::Instruction, mount.and_then(|it| vertex.input(it.input)))
            }
            Some(llb::op::Op::File(_)) => {
                root(StepKind::Instruction, file_parent(vertex, view.output))
            }
            Some(llb::op::Op::Merge(merge)) => self.merge_origin(vertex, merge),
            Some(llb::op::Op::Diff(_)) => root(StepKind::Instruction, None),
            Some(llb::op::Op::Source(_) | llb::op::Op::Build(_)) | None => {
                root(StepKind::Base, None)
            }
        })
    }

    /// The first input is what the merge started from. Layers made on scratch hold no deletions, so
    /// they can be scanned as they are, and the merge need not be made (nor a lazy base be pulled).
    fn merge_origin(&self, vertex: &Vertex, merge: &llb::MergeOp) -> Origin {
        let mut inputs = merge.inputs.iter().filter_map(|it| vertex.input(it.input));
        let parent = inputs.next();
        let layers: Vec<View> = inputs.collect();
        let reads = layers.iter().filter_map(|it| self.graph.vertex(it)).flat_map(Vertex::inputs);
        let on_scratch = |view: &View| {
            self.graph.vertex(view).is_some_and(|it| {
                matches!(it.op.op, Some(llb::op::Op::File(_)))
                    && file_parent(it, view.output).is_none()
            })
        };
        if layers.iter().all(on_scratch) {
            let stages = reads.filter(|it| self.is_stage(it)).collect();
            return Origin { kind: StepKind::Instruction, parent, overlays: layers, stages };
        }
        let stages = layers.into_iter().filter(|it| self.is_stage(it)).collect();
        Origin { kind: StepKind::Instruction, parent, overlays: Vec::new(), stages }
    }

    /// Whether `view` was made by instructions. A plain source (an image, the build context) is
    /// only read from: what is taken of it is scanned where it arrives. So is a heredoc's file.
    fn is_stage(&self, view: &View) -> bool {
        self.graph.vertex(view).is_some_and(|vertex| match vertex.op.op {
            Some(llb::op::Op::Exec(_) | llb::op::Op::Merge(_) | llb::op::Op::Diff(_)) => true,
            // An archive that is the build context is unpacked by an operation without a place.
            Some(llb::op::Op::File(_)) => {
                !vertex.name().starts_with("[internal]") && !vertex.location.is_empty()
            }
            Some(llb::op::Op::Source(_) | llb::op::Op::Build(_)) | None => false,
        })
    }

    fn finish(self, results: &[usize]) -> Plan {
        let mut plan = self.plan;
        let shipped: BTreeSet<usize> = results.iter().flat_map(|it| plan.chain(*it)).collect();
        let continued: BTreeSet<usize> = plan.steps.iter().filter_map(|it| it.parent).collect();
        for (number, step) in plan.steps.iter_mut().enumerate() {
            step.ships = shipped.contains(&number);
            step.ends_stage =
                if step.ships { results.contains(&number) } else { !continued.contains(&number) };
        }
        plan
    }
}

/// Whether the operation does nothing but that.
fn makes_directories(vertex: &Vertex) -> bool {
    let is_mkdir =
        |it: &llb::FileAction| matches!(it.action, Some(llb::file_action::Action::Mkdir(_)));
    matches!(&vertex.op.op, Some(llb::op::Op::File(file)) if file.actions.iter().all(is_mkdir))
}

/// What the first of the file actions that lead to `output` started from; `None` is scratch.
fn file_parent(vertex: &Vertex, output: i64) -> Option<View> {
    let Some(llb::op::Op::File(file)) = &vertex.op.op else { return None };
    let n_inputs = vertex.op.inputs.len();
    let mut at = file.actions.iter().position(|it| it.output == output)?;
    loop {
        let input = file.actions.get(at)?.input;
        // Numbers past the inputs name the outputs of earlier actions.
        match usize::try_from(input).ok()?.checked_sub(n_inputs) {
            None => return vertex.input(input),
            Some(earlier) if earlier < at => at = earlier,
            Some(_) => return None,
        }
    }
}

fn lines(vertex: &Vertex) -> Option<Lines> {
    // Of several instructions that are the same operation (`FROM` the same image), the last one is
    // the nearest to the result.
    let first_line =
        |ranges: &[llb::Range]| ranges.first().and_then(|it| it.start).map(|it| it.line);
    let (file, ranges) = vertex.location.iter().max_by_key(|(_, ranges)| first_line(ranges))?;
    let line = |it: &Option<llb::Position>| it.and_then(|it| u32::try_from(it.line).ok());
    let first = ranges.iter().filter_map(|it| line(&it.start)).min()?;
    let last = ranges.iter().filter_map(|it| line(&it.end)).max()?.max(first);
    Some(Lines { file: *file, first, last })
}

/// A vertex without a name is one that no Dockerfile made.
fn describe(vertex: &Vertex) -> String {
    match &vertex.op.op {
        Some(llb::op::Op::Exec(exec)) => {
            exec.meta.as_ref().map_or_else(String::new, |it| it.args.join(" "))
        }
        Some(llb::op::Op::Source(source)) => source.identifier.clone(),
        Some(llb::op::Op::Build(_)) => "nested build".to_owned(),
        Some(llb::op::Op::Merge(_)) => "merge".to_owned(),
        Some(llb::op::Op::Diff(_)) => "difference".to_owned(),
        Some(llb::op::Op::File(_)) | None => "file operation".to_owned(),
    }
}

/// A vertex name of the Dockerfile frontend: `[<platform> <stage> <i>/<n>] <instruction>`, in
/// which platform and stage may be missing.
#[derive(Debug, Default, PartialEq, Eq)]
struct Label<'a> {
    platform: &'a str,
    stage: &'a str,
    name: &'a str,
}

impl<'a> Label<'a> {
    fn parse(text: &'a str) -> Self {
        let Some((bracket, name)) = text.strip_prefix('[').and_then(|it| it.split_once("] "))
        else {
            return Self { name: text, ..Self::default() };
        };
        let mut label = Self { name, ..Self::default() };
        let mut words: Vec<&str> = bracket.split_whitespace().collect();
        let is_count = |it: &str| it.chars().all(|it| it.is_ascii_digit() || it == '/');
        if words.pop_if(|it| is_count(it)).is_none() {
            return label;
        }
        for word in words {
            if word.contains('/') {
                label.platform = word;
            } else {
                label.stage = word;
            }
        }
        label
    }
}

#[cfg(test)]
mod tests;
