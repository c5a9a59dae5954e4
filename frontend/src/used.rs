//! The instructions of the stages that a build uses.
//!
//! A stage that `--target` leaves out is not built, so what is written there is not judged.

use std::collections::BTreeSet;

use crate::dockerfile::Instruction;
use crate::graph::Graph;
use crate::plan::Plan;

/// The instructions of every Dockerfile in the graph that belong to a stage in use, and those
/// above the first stage.
pub(crate) fn instructions(graph: &Graph, plan: &Plan, target: Option<&str>) -> Vec<Instruction> {
    let mut used = Vec::new();
    for file in 0..graph.files.len() {
        let all = graph.instructions(file);
        let stages = stages(&all, plan, file, target.unwrap_or_default());
        used.extend(all.into_iter().filter(|it| it.stage.is_none_or(|it| stages.contains(&it))));
    }
    used
}

fn stages(all: &[Instruction], plan: &Plan, file: usize, target: &str) -> BTreeSet<usize> {
    let froms: Vec<From<'_>> =
        all.iter().filter(|it| it.keyword == "FROM").map(From::parse).collect();
    let numbered = |name: &str| {
        let named = froms.iter().rposition(|it| it.name.eq_ignore_ascii_case(name));
        named.or_else(|| name.parse().ok().filter(|it: &usize| *it < froms.len()))
    };
    let first_lines: BTreeSet<u32> = plan
        .steps
        .iter()
        .filter_map(|it| it.lines)
        .filter(|it| it.file == file)
        .map(|it| it.first)
        .collect();
    let holds_a_step =
        |it: &&Instruction| (it.first_line..=it.last_line).any(|line| first_lines.contains(&line));
    let mut open: Vec<usize> = all.iter().filter(holds_a_step).filter_map(|it| it.stage).collect();
    open.extend(if target.is_empty() { froms.len().checked_sub(1) } else { numbered(target) });
    let mut stages = BTreeSet::new();
    while let Some(stage) = open.pop() {
        if stages.insert(stage) {
            // `FROM builder`: what is written there is in the image, too.
            let base = froms.get(stage).map_or("", |it| it.base);
            let earlier =
                froms.iter().take(stage).rposition(|it| it.name.eq_ignore_ascii_case(base));
            open.extend(earlier.filter(|_| !base.is_empty()));
        }
    }
    stages
}

/// `FROM [--flag] base [AS name]`
#[derive(Debug, PartialEq, Eq)]
struct From<'a> {
    base: &'a str,
    name: &'a str,
}

impl<'a> From<'a> {
    fn parse(instruction: &'a Instruction) -> Self {
        let mut words =
            instruction.text.split_whitespace().skip(1).filter(|it| !it.starts_with("--"));
        let base = words.next().unwrap_or_default();
        let name = words.skip_while(|it| !it.eq_ignore_ascii_case("as")).nth(1).unwrap_or_default();
        Self { base, name }
    }
}
