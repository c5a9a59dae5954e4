//! TensorRT's engines, also called plans: models that were compiled for one kind of GPU.
//!
//! The format is not published, but `trtexec --getPlanVersionOnly` reads the version of the TensorRT
//! that compiled it from bytes 24 to 27, behind the tag `ftrt` and a zero,
//! <https://github.com/NVIDIA/TensorRT/blob/main/samples/common/sampleEngines.cpp>. An engine needs
//! just that version, and has the rights of the process that loads it.

use super::Model;
use crate::analyze::{Analyzer, Found, Input, Unread, Want};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "tensorrt-engine",
    wants: &[Want::Extension(".plan"), Want::Extension(".engine"), Want::Extension(".trt")],
    read,
    ..Analyzer::BASE
};

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let head = input.part(0, 28)?;
    if let [b'f', b't', b'r', b't', 0, 0, 0, 0, .., major, minor, patch, build] = head.as_slice() {
        let mut model = Model::new(input.path, "tensorrt-engine");
        model.property("tensorrt", &format!("{major}.{minor}.{patch}.{build}"));
        model.add(input, &mut found)?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown};

    #[test]
    fn an_engine_names_the_tensorrt_that_compiled_it() {
        let engine = [&b"ftrt"[..], &[0; 20], &[10, 0, 1, 6], &[9; 50]].concat();
        let text = shown(&find(&ANALYZER, "models/net/1/model.plan", &engine));
        assert!(text.starts_with("generic net 1 format=tensorrt-engine"), "{text}");
        assert!(text.contains("tensorrt=10.0.1.6"));
        assert_eq!(shown(&find(&ANALYZER, "project.plan", b"a plan of another kind")), "");
    }
}
