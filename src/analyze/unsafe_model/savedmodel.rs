//! TensorFlow's SavedModels whose graph touches files or calls Python.
//!
//! A graph is a protocol buffer in which each node names its operation in field 2 of `NodeDef`,
//! <https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/node_def.proto>.
//! The name is searched as it is written there.

use super::super::{Analyzer, Found, Input, Unread, Want};
use super::add;
use crate::model::Severity;

pub(in super::super) const ANALYZER: Analyzer = Analyzer {
    id: "savedmodel",
    wants: &[Want::Name("saved_model.pb")],
    caches: true,
    read,
    ..Analyzer::BASE
};

/// Operations, and how bad it is that a model has them.
const OPERATIONS: &[(&str, Severity)] = &[
    ("WriteFile", Severity::High),
    ("ReadFile", Severity::Medium),
    ("PyFunc", Severity::Medium),
    ("EagerPyFunc", Severity::Medium),
];

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let bytes = input.whole()?;
    for (operation, severity) in OPERATIONS {
        let Ok(length) = u8::try_from(operation.len()) else { continue };
        let field = [&[0x12, length], operation.as_bytes()].concat();
        if memchr::memmem::find(&bytes, &field).is_some() {
            add(*severity, format!("tf.{operation}"), None, &mut found);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{find, shown};
    use super::ANALYZER;

    #[test]
    fn operations_are_told_by_their_names() {
        let graph = b"\x0a\x05write\x12\x09WriteFile\x1a\x01x\x0a\x04ReadFile";
        assert_eq!(
            shown(&find(&ANALYZER, "m/1/saved_model.pb", graph)),
            "HIGH unsafe-model tf.WriteFile\n"
        );
    }
}
