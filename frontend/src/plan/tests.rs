//! Build graphs as the Dockerfile frontend makes them, and the steps that come out.

use std::collections::BTreeMap;

use layergate_proto::llb;
use prost::Message as _;

use super::{Label, Plan, StepKind};
use crate::graph::{Graph, View};

/// Writes build graphs.
#[derive(Default)]
struct Llb {
    graph: Graph,
}

impl Llb {
    fn add(&mut self, name: &str, inputs: &[&View], op: llb::op::Op) -> View {
        self.add_with(name, inputs, op, false)
    }

    fn add_with(
        &mut self,
        name: &str,
        inputs: &[&View],
        op: llb::op::Op,
        ignore_cache: bool,
    ) -> View {
        let inputs =
            inputs.iter().map(|it| llb::Input { digest: it.vertex.clone(), index: it.output });
        let op = llb::Op { inputs: inputs.collect(), op: Some(op), ..Default::default() };
        let description = BTreeMap::from([("llb.customname".to_owned(), name.to_owned())]);
        let metadata = llb::OpMetadata { ignore_cache, description, ..Default::default() };
        View { vertex: self.graph.insert(op, metadata), output: 0 }
    }

    fn source(&mut self, identifier: &str) -> View {
        let source = llb::SourceOp { identifier: identifier.to_owned(), ..Default::default() };
        self.add(&format!("[1/9] FROM {identifier}"), &[], llb::op::Op::Source(source))
    }

    fn run(&mut self, name: &str, on: &View, mounted: &[&View]) -> View {
        self.run_with(name, on, mounted, false)
    }

    fn run_with(&mut self, name: &str, on: &View, mounted: &[&View], ignore_cache: bool) -> View {
        let root = llb::Mount { dest: "/".into(), ..Default::default() };
        let others = (1..).zip(mounted).map(|(input, _)| llb::Mount {
            input,
            output: -1,
            readonly: true,
            ..Default::default()
        });
        let mounts = std::iter::once(root).chain(others).collect();
        let meta = llb::Meta { args: vec![name.to_owned()], ..Default::default() };
        let exec = llb::ExecOp { meta: Some(meta), mounts, ..Default::default() };
        let inputs: Vec<&View> = std::iter::once(on).chain(mounted.iter().copied()).collect();
        self.add_with(name, &inputs, llb::op::Op::Exec(exec), ignore_cache)
    }

    /// `COPY`: two actions, the second on top of the first; `on` is `None` for scratch.
    fn copy(&mut self, name: &str, on: Option<&View>, from: &View) -> View {
        let inputs: Vec<&View> = on.into_iter().chain([from]).collect();
        let (root, secondary) = if on.is_some() { (0, 1) } else { (-1, 0) };
        let first = i64::try_from(inputs.len()).unwrap();
        let action = |input, output, dest: &str| llb::FileAction {
            input,
            secondary_input: secondary,
            output,
            action: Some(llb::file_action::Action::Copy(llb::FileActionCopy {
                dest: format!("{dest}{name}"),
                ..Default::default()
            })),
        };
        let actions = vec![action(root, -1, "/a"), action(first, 0, "/b")];
        self.add(name, &inputs, llb::op::Op::File(llb::FileOp { actions }))
    }

    fn merge(&mut self, inputs: &[&View]) -> View {
        let merged = (0..).zip(inputs).map(|(input, _)| llb::MergeInput { input }).collect();
        self.add("", inputs, llb::op::Op::Merge(llb::MergeOp { inputs: merged }))
    }

    fn plan(&self, results: &[&View]) -> Plan {
        let results: Vec<View> = results.iter().map(|it| (*it).clone()).collect();
        Plan::new(&self.graph, &results).unwrap()
    }
}

/// One line a step: number, what it starts from, flags, name.
fn show(plan: &Plan) -> Vec<String> {
    let line = |(number, step): (usize, &super::Step)| {
        let parent = step.parent.map_or("-".to_owned(), |it| it.to_string());
        let mut line = format!("{number} on {parent}");
        let flags = [
            (step.kind == StepKind::Base, "base"),
            (step.ships, "ships"),
            (step.ends_stage, "end"),
            (step.uncached, "uncached"),
            (!step.overlays.is_empty(), "linked"),
        ];
        for (_, name) in flags.iter().filter(|(is_set, _)| *is_set) {
            line = format!("{line} {name}");
        }
        format!("{line}: {}", step.name)
    };
    plan.steps.iter().enumerate().map(line).collect()
}

#[test]
fn instructions_follow_their_base() {
    let mut llb = Llb::default();
    let base = llb.source("docker-image://debian");
    let context = llb.source("local://context");
    let run = llb.run("[2/3] RUN a", &base, &[]);
    let copy = llb.copy("[3/3] COPY . /app", Some(&run), &context);
    assert_eq!(
        show(&llb.plan(&[&copy])),
        [
            "0 on - base ships: FROM docker-image://debian",
            "1 on 0 ships: RUN a",
            "2 on 1 ships end: COPY . /app",
        ]
    );
}

#[test]
fn a_builder_stage_does_not_ship_and_comes_before_its_use() {
    let mut llb = Llb::default();
    let base = llb.source("docker-image://debian");
    let built = llb.run("[build 2/2] RUN make", &base, &[]);
    let fresh = llb.source("docker-image://alpine");
    let copy = llb.copy("[final 2/2] COPY --from=build /x /x", Some(&fresh), &built);
    let plan = llb.plan(&[&copy]);
    assert_eq!(
        show(&plan),
        [
            "0 on - base ships: FROM docker-image://alpine",
            "1 on - base: FROM docker-image://debian",
            "2 on 1 end: RUN make",
            "3 on 0 ships end: COPY --from=build /x /x",
        ]
    );
    assert_eq!(plan.steps[2].stage, "build");
    assert_eq!(plan.steps[3].after.iter().copied().collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn a_stage_that_the_result_continues_ships_as_well() {
    let mut llb = Llb::default();
    let base = llb.source("docker-image://debian");
    let shared = llb.run("[base 2/2] RUN a", &base, &[]);
    let side = llb.run("[tool 1/1] RUN b", &shared, &[]);
    let end = llb.run("[final 1/1] RUN c", &shared, &[&side]);
    assert_eq!(
        show(&llb.plan(&[&end])),
        [
            "0 on - base ships: FROM docker-image://debian",
            "1 on 0 ships: RUN a",
            "2 on 1 end: RUN b",
            "3 on 1 ships end: RUN c",
        ]
    );
}

#[test]
fn an_image_or_the_context_is_no_stage_of_its_own() {
    let mut llb = Llb::default();
    let context = llb.source("local://context");
    let image = llb.source("docker-image://tools");
    let first = llb.copy("[1/2] COPY . /", None, &context);
    let second = llb.copy("[2/2] COPY --from=tools /x /x", Some(&first), &image);
    assert_eq!(
        show(&llb.plan(&[&second])),
        ["0 on - ships: COPY . /", "1 on 0 ships end: COPY --from=tools /x /x"]
    );
}

#[test]
fn a_linked_copy_is_laid_over_its_parent() {
    let mut llb = Llb::default();
    let base = llb.source("docker-image://debian");
    let context = llb.source("local://context");
    let layer = llb.copy("[2/3] COPY --link . /app", None, &context);
    let merged = llb.merge(&[&base, &layer]);
    let run = llb.run("[3/3] RUN a", &merged, &[]);
    assert_eq!(
        show(&llb.plan(&[&run])),
        [
            "0 on - base ships: FROM docker-image://debian",
            "1 on 0 ships linked: COPY --link . /app",
            "2 on 1 ships end: RUN a",
        ]
    );
}

#[test]
fn a_working_directory_is_no_step() {
    let mut llb = Llb::default();
    let base = llb.source("docker-image://debian");
    let actions = vec![llb::FileAction {
        input: 0,
        secondary_input: -1,
        output: 0,
        action: Some(llb::file_action::Action::Mkdir(llb::FileActionMkDir::default())),
    }];
    let file = llb::op::Op::File(llb::FileOp { actions });
    let directory = llb.add("[2/3] WORKDIR /app", &[&base], file);
    let run = llb.run("[3/3] RUN a", &directory, &[]);
    let steps = ["0 on - base ships: FROM docker-image://debian", "1 on 0 ships end: RUN a"];
    assert_eq!(show(&llb.plan(&[&run])), steps);
    let plan = llb.plan(&[&directory]);
    assert_eq!(show(&plan), ["0 on - base ships end: FROM docker-image://debian"]);
    assert_eq!(plan.step_of(&directory), Some(0));
}

#[test]
fn a_merge_of_anything_else_is_scanned_as_it_is() {
    let mut llb = Llb::default();
    let base = llb.source("docker-image://debian");
    let changed = llb.run("[2/2] RUN a", &base, &[]);
    let diff = llb.add(
        "",
        &[&base, &changed],
        llb::op::Op::Diff(llb::DiffOp {
            lower: Some(llb::LowerDiffInput { input: 0 }),
            upper: Some(llb::UpperDiffInput { input: 1 }),
        }),
    );
    let merged = llb.merge(&[&base, &diff]);
    assert_eq!(
        show(&llb.plan(&[&merged])),
        [
            "0 on - base ships: FROM docker-image://debian",
            "1 on 0 end: RUN a",
            "2 on - end: difference",
            "3 on 0 ships end: merge",
        ]
    );
}

#[test]
fn what_follows_an_uncached_step_is_uncached() {
    let mut llb = Llb::default();
    let base = llb.source("docker-image://debian");
    let first = llb.run_with("[2/3] RUN a", &base, &[], true);
    let second = llb.run("[3/3] RUN b", &first, &[]);
    assert_eq!(
        show(&llb.plan(&[&second])),
        [
            "0 on - base ships: FROM docker-image://debian",
            "1 on 0 ships uncached: RUN a",
            "2 on 1 ships end uncached: RUN b",
        ]
    );
}

#[test]
fn two_platforms_share_what_is_the_same() {
    let mut llb = Llb::default();
    let base = llb.source("docker-image://debian");
    let built = llb.run("[linux/amd64 build 2/2] RUN make", &base, &[]);
    let amd = llb.copy("[linux/amd64 stage-1 1/1] COPY amd", None, &built);
    let arm = llb.copy("[linux/arm64 stage-1 1/1] COPY arm", None, &built);
    let plan = llb.plan(&[&amd, &arm]);
    assert_eq!(
        show(&plan),
        [
            "0 on - base: FROM docker-image://debian",
            "1 on 0 end: RUN make",
            "2 on - ships end: COPY amd",
            "3 on - ships end: COPY arm",
        ]
    );
    assert_eq!(plan.steps[3].platform, "linux/arm64");
}

#[test]
fn a_very_long_dockerfile_is_planned() {
    let mut llb = Llb::default();
    let mut view = llb.source("docker-image://debian");
    for number in 0..20_000 {
        view = llb.run(&format!("RUN {number}"), &view, &[]);
    }
    assert_eq!(llb.plan(&[&view]).steps.len(), 20_001);
}

#[test]
fn a_definition_goes_back_as_it_came() {
    let mut llb = Llb::default();
    let base = llb.source("docker-image://debian");
    let unused = llb.source("docker-image://unused");
    let run = llb.run("RUN a", &base, &[]);
    let definition = llb.graph.definition(&run);
    assert_eq!(definition.def.len(), 3);
    assert!(!definition.metadata.contains_key(&unused.vertex));
    let mut again = Graph::default();
    assert_eq!(again.add(&definition).unwrap(), Some(run.clone()));
    assert_eq!(again.definition(&run), definition);
}

#[test]
fn a_definition_that_lacks_a_vertex_is_refused() {
    let lost = llb::Op {
        inputs: vec![llb::Input { digest: "sha256:00".into(), index: 0 }],
        ..Default::default()
    };
    let definition = llb::Definition { def: vec![lost.encode_to_vec()], ..Default::default() };
    assert!(Graph::default().add(&definition).is_err());
}

#[test]
fn labels_name_platform_and_stage() {
    let check = |text| {
        let label = Label::parse(text);
        format!("{}|{}|{}", label.platform, label.stage, label.name)
    };
    assert_eq!(check("[2/3] RUN [ -e x ] || y"), "||RUN [ -e x ] || y");
    assert_eq!(check("[linux/amd64 build  2/10] COPY . ."), "linux/amd64|build|COPY . .");
    assert_eq!(check("[internal] load"), "||load");
    assert_eq!(check("no brackets"), "||no brackets");
}
