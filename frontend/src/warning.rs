//! Findings below the bar, as BuildKit warnings with the lines they are about.

use layergate_proto::{gateway, llb};

use crate::bridge::Bridge;
use crate::gate::Warning;
use crate::graph::Graph;
use crate::plan::{Lines, Plan};

/// Shows `warning` at its step.
pub(crate) async fn send(bridge: &Bridge, graph: &Graph, plan: &Plan, warning: Warning) {
    let Some(step) = plan.steps.get(warning.step) else { return };
    let lines = warning.lines;
    // As BuildKit's own checks do: not every client shows the range.
    let line = lines.map_or(String::new(), |it| format!(" (line {})", it.first));
    bridge
        .warn(gateway::WarnRequest {
            digest: step.view.vertex.clone(),
            level: 1,
            short: format!("{}{line}", warning.short).into_bytes(),
            detail: warning.detail.into_iter().map(String::into_bytes).collect(),
            info: lines.and_then(|it| graph.files.get(it.file)).cloned(),
            ranges: lines.map(range).into_iter().collect(),
            ..Default::default()
        })
        .await;
}

/// The lines as BuildKit writes them.
pub(crate) fn range(lines: Lines) -> llb::Range {
    let at = |line: u32| {
        Some(llb::Position { line: i32::try_from(line).unwrap_or(i32::MAX), character: 0 })
    };
    llb::Range { start: at(lines.first), end: at(lines.last) }
}
