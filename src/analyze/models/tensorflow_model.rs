//! TensorFlow's SavedModels: which TensorFlow wrote them, and what for.
//!
//! `saved_model.pb` holds, in field 2, one graph or more, each with a `MetaInfoDef` in its field 1,
//! <https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/meta_graph.proto>.
//! `fingerprint.pb` beside it tells it from others,
//! <https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/fingerprint.proto>.

use super::{Model, explain};
use crate::analyze::{Analyzer, Found, Input, Unread, Want, text};
use crate::format::FormatError;
use crate::format::protobuf::{Message, Value};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "tensorflow-model",
    wants: &[Want::Name("saved_model.pb"), Want::Name("fingerprint.pb")],
    read,
    ..Analyzer::BASE
};

/// Graphs of one model that are looked at; there is rarely more than one.
const MAX_GRAPHS: usize = 16;

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    if input.path.file_name() == "fingerprint.pb" {
        let outcome = fingerprint(input, &mut found);
        explain(outcome, &mut found)?;
        return Ok(found);
    }
    let mut model = Model::new(input.path, "saved-model");
    let mut n_graphs = 0;
    let outcome = graphs(input, &mut n_graphs, &mut model);
    explain(outcome, &mut found)?;
    if n_graphs > 0 {
        model.add(input, &mut found)?;
    } else {
        found.remark("not a model");
    }
    Ok(found)
}

fn graphs(input: &Input<'_>, n_graphs: &mut usize, model: &mut Model) -> Result<(), FormatError> {
    let mut message = Message::new(input.content);
    let mut tags: Vec<String> = Vec::new();
    while let Some(field) = message.next_field()? {
        let is_graph = field.number == 2 && matches!(field.value, Value::Bytes { .. });
        if !is_graph || *n_graphs == MAX_GRAPHS {
            continue;
        }
        *n_graphs += 1;
        let mut graph = message.within(field.value);
        // What it is about comes before the graph, which may be all the rest of the file.
        if let Some(info) = graph.next_field()?.filter(|it| it.number == 1) {
            about(&mut graph.within(info.value), &mut tags, model)?;
        }
    }
    tags.sort_unstable();
    tags.dedup();
    model.property("tags", &tags.join(" "));
    Ok(())
}

fn about(
    info: &mut Message<'_>,
    tags: &mut Vec<String>,
    model: &mut Model,
) -> Result<(), FormatError> {
    while let Some(field) = info.next_field()? {
        match field.number {
            4 if tags.len() < 16 => tags.extend(info.text(field.value)?),
            5 => {
                let version = info.text(field.value)?.unwrap_or_default();
                model.property("tensorflow", &version);
            }
            _ => {}
        }
    }
    Ok(())
}

fn fingerprint(input: &Input<'_>, found: &mut Found) -> Result<(), FormatError> {
    let mut message = Message::new(input.content);
    let model = match input.path.parent() {
        "" => "saved_model.pb".to_owned(),
        parent => format!("{parent}/saved_model.pb"),
    };
    while let Some(field) = message.next_field()? {
        match (field.number, field.value) {
            (1, Value::Number(it)) => found.about(model.as_str(), "fingerprint", it.to_string()),
            (7, it) => {
                let uuid = message.text(it)?.unwrap_or_default();
                if let Some(uuid) = text::value(uuid.as_bytes()) {
                    found.about(model.as_str(), "uuid", uuid);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Files for tests.
#[cfg(test)]
pub(in crate::analyze) mod made {
    use crate::format::protobuf::made::{bytes, number};

    pub(in crate::analyze) fn sample() -> Vec<u8> {
        let info = [bytes(4, b"serve"), bytes(4, b"gpu"), bytes(5, b"2.16.1")].concat();
        let graph = [bytes(1, &info), bytes(2, &[0xff; 200])].concat();
        [number(1, 1), bytes(2, &graph)].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use super::made::sample;
    use crate::analyze::tests::{find, shown};
    use crate::format::protobuf::made::{bytes, number};

    fn check(path: &str, bytes: &[u8]) -> String {
        let mut found = find(&ANALYZER, path, bytes);
        for it in &mut found.components {
            it.properties.remove("sha256");
        }
        shown(&found)
    }

    #[test]
    fn the_writer_and_the_tags_are_told() {
        insta::assert_snapshot!(check("models/net/1/saved_model.pb", &sample()), @"generic net 1 format=saved-model tags=gpu serve tensorflow=2.16.1");
    }

    #[test]
    fn a_fingerprint_speaks_of_the_model_beside_it() {
        let print = [number(1, 7), bytes(7, b"0123-4567")].concat();
        insta::assert_snapshot!(check("m/fingerprint.pb", &print), @r"
        /m/saved_model.pb fingerprint=7
        /m/saved_model.pb uuid=0123-4567
        ");
    }

    #[test]
    fn a_file_without_a_graph_is_no_model() {
        assert_eq!(check("saved_model.pb", b""), "note tensorflow-model: not a model\n");
        let cut = &sample()[..20];
        assert!(
            check("saved_model.pb", cut).contains("note tensorflow-model: the file is cut off")
        );
    }
}
