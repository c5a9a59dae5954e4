//! Serialized models that run code when they are loaded.
//!
//! What is told is what the file would call, never what it would do with that: the imports of a
//! pickle, the layers of Keras that hold a function, the operations of TensorFlow that touch files.
//! Nothing is executed. Caches are looked through as well: whoever loads a model names its path.

mod imports;
pub(super) mod keras;
pub(super) mod numpy;
pub(super) mod pickle;
pub(super) mod savedmodel;
pub(super) mod torch;

use super::{Found, text};
use crate::format::FormatError;
use crate::format::pickle::{Import, walk};
use crate::model::{Content, Hazard, HazardKind, Severity};

/// Pickles in one file, one behind the other; PyTorch's old format has five.
const MAX_PICKLES: usize = 64;

/// Walks the pickle at `offset` and those right behind it.
fn look(
    content: &dyn Content,
    offset: u64,
    within: Option<&str>,
    found: &mut Found,
) -> Result<(), FormatError> {
    let mut at = offset;
    for _ in 0..MAX_PICKLES {
        at = walk(content, at, &mut |import| told(import, within, found))?;
        let next = crate::format::bytes::part(content, at, 2)?;
        if !matches!(next.as_slice(), [0x80, 2..=5]) {
            break;
        }
    }
    Ok(())
}

fn told(import: Import<'_>, within: Option<&str>, found: &mut Found) {
    let (severity, what) = match import {
        Import::Computed => (Severity::High, "a name that is made on the way".to_owned()),
        Import::Named { module, name } => {
            let Some(severity) = imports::severity(module, name) else { return };
            (severity, printable(&format!("{module}.{name}")))
        }
    };
    add(severity, what, within, found);
}

fn add(severity: Severity, what: String, within: Option<&str>, found: &mut Found) {
    let within = within.map(printable);
    found.hazard(Hazard { kind: HazardKind::UnsafeModel, severity, what, within });
}

fn printable(name: &str) -> String {
    text::value(name.as_bytes()).unwrap_or("a name that cannot be shown").to_owned()
}

/// Adds the reason for which a file was not looked through, unless the disk is to blame.
fn explain(outcome: Result<(), FormatError>, found: &mut Found) -> std::io::Result<()> {
    match outcome {
        Err(FormatError::Io(error)) => return Err(error),
        Err(error) => found.remark(error.to_string()),
        Ok(()) => {}
    }
    Ok(())
}
