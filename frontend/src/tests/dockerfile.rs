//! Build graphs written as the Dockerfiles that they come from: one line, one vertex.

use std::collections::BTreeMap;

use layergate_proto::llb;

use crate::graph::{Graph, View};

/// What the stock frontend would make of `text`, in which there is only `FROM`, `RUN`, `ADD`
/// of an address, and `COPY --from`. An empty text is scratch.
pub(super) fn definition(text: &str) -> llb::Definition {
    let mut writer = Writer {
        graph: Graph::default(),
        stages: BTreeMap::new(),
        lines: BTreeMap::new(),
        n_lines: text.lines().count(),
    };
    writer.graph.files.push(llb::SourceInfo {
        filename: "Dockerfile".to_owned(),
        data: text.as_bytes().to_vec(),
        language: "Dockerfile".to_owned(),
        ..Default::default()
    });
    let mut last = None;
    let mut stage = String::new();
    for (line, number) in text.lines().zip(1..) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let view = match (words.as_slice(), last.take()) {
            (["FROM", image, name @ ..], _) => {
                stage = name.last().copied().unwrap_or("last").to_owned();
                writer.from(line, number, image)
            }
            (["COPY", from, ..], Some(on)) => {
                let from = writer.stages[from.trim_start_matches("--from=")].clone();
                writer.copy(line, number, &on, &from)
            }
            (["ADD", address], Some(on)) => {
                let from = writer.source(address, number, address);
                writer.copy(line, number, &on, &from)
            }
            (["RUN", ..], Some(on)) => writer.run(line, number, &on),
            _ => panic!("{line}"),
        };
        writer.stages.insert(stage.clone(), view.clone());
        last = Some(view);
    }
    last.map(|it| writer.finish(&it)).unwrap_or_default()
}

struct Writer {
    graph: Graph,
    stages: BTreeMap<String, View>,
    lines: BTreeMap<String, i32>,
    n_lines: usize,
}

impl Writer {
    fn from(&mut self, line: &str, number: i32, image: &str) -> View {
        if let Some(stage) = self.stages.get(image) {
            return stage.clone();
        }
        self.source(line, number, &format!("docker-image://{image}"))
    }

    fn source(&mut self, name: &str, number: i32, identifier: &str) -> View {
        let identifier = identifier.to_owned();
        let source = llb::SourceOp { identifier, ..Default::default() };
        self.add(name, number, &[], llb::op::Op::Source(source))
    }

    fn run(&mut self, line: &str, number: i32, on: &View) -> View {
        let meta = llb::Meta { args: vec![line.to_owned()], ..Default::default() };
        let root = llb::Mount { dest: "/".to_owned(), ..Default::default() };
        let exec = llb::ExecOp { meta: Some(meta), mounts: vec![root], ..Default::default() };
        self.add(line, number, &[on], llb::op::Op::Exec(exec))
    }

    fn copy(&mut self, line: &str, number: i32, on: &View, from: &View) -> View {
        let copy = llb::FileActionCopy { dest: line.to_owned(), ..Default::default() };
        let action = llb::FileAction {
            secondary_input: 1,
            action: Some(llb::file_action::Action::Copy(copy)),
            ..Default::default()
        };
        self.add(
            line,
            number,
            &[on, from],
            llb::op::Op::File(llb::FileOp { actions: vec![action] }),
        )
    }

    fn add(&mut self, line: &str, number: i32, inputs: &[&View], op: llb::op::Op) -> View {
        let inputs =
            inputs.iter().map(|it| llb::Input { digest: it.vertex.clone(), index: it.output });
        let op = llb::Op { inputs: inputs.collect(), op: Some(op), ..Default::default() };
        let name = format!("[{number}/{}] {line}", self.n_lines);
        let description = BTreeMap::from([("llb.customname".to_owned(), name)]);
        let metadata = llb::OpMetadata { description, ..Default::default() };
        let vertex = self.graph.insert(op, metadata);
        self.lines.insert(vertex.clone(), number);
        View { vertex, output: 0 }
    }

    fn finish(self, result: &View) -> llb::Definition {
        let mut definition = self.graph.definition(result);
        let source = definition.source.get_or_insert_default();
        for (vertex, line) in
            self.lines.iter().filter(|(it, _)| definition.metadata.contains_key(*it))
        {
            let at = Some(llb::Position { line: *line, character: 0 });
            let ranges = vec![llb::Range { start: at, end: at }];
            let location = llb::Location { source_index: 0, ranges };
            source.locations.insert(vertex.clone(), llb::Locations { locations: vec![location] });
        }
        definition
    }
}

/// The digest of the vertex that `definition` defines.
pub(super) fn result(definition: &llb::Definition) -> Option<String> {
    let view = Graph::default().add(definition).unwrap();
    view.map(|it| it.vertex)
}
