//! ONNX models: the fields of `ModelProto` around the graph,
//! <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>. The graph, which has the weights, is
//! passed over.

use super::hash::is_hex;
use super::{Model, explain};
use crate::analyze::{Analyzer, Found, Input, Unread, Want};
use crate::format::FormatError;
use crate::format::protobuf::{Message, Value};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "onnx",
    wants: &[Want::Extension(".onnx"), Want::In("blobs")],
    accepts: |path| path.file_name().contains('.') || is_hex(path.file_name(), 64),
    read,
    ..Analyzer::BASE
};

/// Sets of operators, or remarks, of which one model is told.
const MAX_ENTRIES: usize = 64;

/// What is beside the graph.
#[derive(Default)]
struct Seen {
    ir_version: u64,
    has_graph: bool,
    producer: String,
    producer_version: String,
    /// Each set of operators and its version; the standard's has no name.
    operators: Vec<String>,
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    // A cache names files by their digest; this one does not begin with a version.
    let is_blob = !input.path.file_name().contains('.');
    if is_blob && !matches!(input.part(0, 3)?.as_slice(), [0x08, 1..=0x1f, 0x12 | 0x3a | 0x42]) {
        return Ok(found);
    }
    let mut model = Model::new(input.path, "onnx");
    let mut seen = Seen::default();
    let outcome = fields(input, &mut seen, &mut model);
    if is_blob && outcome.is_err() {
        return Ok(found);
    }
    explain(outcome, &mut found)?;
    if seen.ir_version == 0 || !seen.has_graph {
        if found.notes.is_empty() {
            found.remark("not a model");
        }
        return Ok(found);
    }
    model.count("ir-version", seen.ir_version);
    if !seen.producer.is_empty() {
        model.property(
            "producer",
            format!("{} {}", seen.producer, seen.producer_version).trim_end(),
        );
    }
    seen.operators.sort_unstable();
    seen.operators.dedup();
    model.property("opset", &seen.operators.join(" "));
    model.add(input, &mut found)?;
    Ok(found)
}

fn fields(input: &Input<'_>, seen: &mut Seen, model: &mut Model) -> Result<(), FormatError> {
    let mut message = Message::new(input.content);
    let mut n_entries = 0;
    while let Some(field) = message.next_field()? {
        match (field.number, field.value) {
            (1, Value::Number(it)) => seen.ir_version = it,
            (2, it) => seen.producer = message.text(it)?.unwrap_or_default(),
            (3, it) => seen.producer_version = message.text(it)?.unwrap_or_default(),
            (4, it) => model.property("domain", &message.text(it)?.unwrap_or_default()),
            (5, Value::Number(it)) if it > 0 => model.version(&it.to_string()),
            (7, _) => seen.has_graph = true,
            (8 | 14, _) if n_entries == MAX_ENTRIES => {}
            (8, it) => {
                n_entries += 1;
                let (domain, version) = pair(&mut message.within(it))?;
                let is_standard = domain.is_empty() || domain == "ai.onnx";
                let version = version.trim_start_matches('=');
                seen.operators.push(if is_standard {
                    version.to_owned()
                } else {
                    format!("{domain}:{version}")
                });
            }
            (14, it) => {
                n_entries += 1;
                let (key, value) = pair(&mut message.within(it))?;
                remark(&key, &value, model);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The fields 1 and 2 of an entry, as text.
fn pair(entry: &mut Message<'_>) -> Result<(String, String), FormatError> {
    let mut pair = (String::new(), String::new());
    while let Some(field) = entry.next_field()? {
        let text = match field.value {
            Value::Number(it) => it.to_string(),
            it @ Value::Bytes { .. } => entry.text(it)?.unwrap_or_default(),
        };
        match field.number {
            1 => pair.0 = text,
            2 => pair.1 = text,
            _ => {}
        }
    }
    Ok(pair)
}

/// Writers put into a model what they like; these words are common.
fn remark(key: &str, value: &str, model: &mut Model) {
    match key.to_ascii_lowercase().as_str() {
        "license" | "model_license" => model.license(value),
        "name" | "model_name" => model.name(value),
        "architecture" | "model_type" => model.property("architecture", value),
        _ => {}
    }
}

/// Files for tests.
#[cfg(test)]
pub(in crate::analyze) mod made {
    use crate::format::protobuf::made::{bytes, number};

    pub(in crate::analyze) fn sample() -> Vec<u8> {
        let property = [bytes(1, b"license"), bytes(2, b"MIT")].concat();
        [
            number(1, 8),
            bytes(2, b"pytorch"),
            bytes(3, b"2.4.0"),
            bytes(7, &[0xff; 100]),
            number(5, 3),
            bytes(8, &number(2, 17)),
            bytes(8, &[bytes(1, b"com.microsoft"), number(2, 1)].concat()),
            bytes(14, &property),
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use super::made::sample;
    use crate::analyze::tests::{find, seed, shown, wants};
    use crate::format::protobuf::made::{bytes, number};

    fn check(path: &str, bytes: &[u8]) -> String {
        let mut found = find(&ANALYZER, path, bytes);
        for it in &mut found.components {
            it.properties.remove("sha256");
        }
        shown(&found)
    }

    #[test]
    fn what_is_around_the_graph_is_told() {
        insta::assert_snapshot!(check("m/net.onnx", &sample()), @r#"generic net 3 licensed ["MIT"] format=onnx ir-version=8 opset=17 com.microsoft:1 producer=pytorch 2.4.0"#);
    }

    #[test]
    fn other_messages_are_no_models() {
        let without = [number(1, 8), bytes(2, b"x")].concat();
        for bytes in [&b""[..], &without] {
            assert_eq!(check("m.onnx", bytes), "note onnx: not a model\n");
        }
        let pointer = b"version https://git-lfs.github.com/spec/v1\n";
        assert_eq!(check("m.onnx", pointer), "note onnx: a field of an unknown kind\n");
    }

    #[test]
    fn in_a_cache_only_what_looks_like_a_model_is_one() {
        let path = format!("h/models--a--b/blobs/{}", "ab".repeat(32));
        assert!(check(&path, &sample()).starts_with("generic a/b 3"));
        for other in [&b"{\"a\": 1}"[..], b"\x08\x07\x12\x7f", b""] {
            assert_eq!(check(&path, other), "");
        }
        assert!(!wants(&ANALYZER, "h/models--a--b/blobs/0123"));
    }

    #[test]
    fn a_good_file_is_kept_for_fuzzing() {
        assert!(check("m/net.onnx", &sample()).contains("ir-version=8"));
        seed("onnx", "sample", &sample());
    }
}
