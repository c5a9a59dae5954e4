//! PyTorch's checkpoints and TorchScript programs, as models.
//!
//! `torch.save` writes a zip archive with `NAME/data.pkl` and the tensors in `NAME/data/`; before
//! version 1.6 it wrote pickles one after the other, of which the first is a number,
//! <https://docs.pytorch.org/docs/stable/notes/serialization.html>. What these pickles would run is
//! told elsewhere.

use super::Model;
use crate::analyze::{Analyzer, Found, Input, Magic, Unread, Want};
use crate::format::FormatError;
use crate::format::zip::Zip;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "pytorch-model",
    wants: &[Want::Magic(Magic::Zip), Want::Magic(Magic::Pickle)],
    accepts: |path| {
        let name = path.file_name().to_ascii_lowercase();
        let is_model = [".pt", ".pth", ".bin", ".ckpt", ".pt2"].iter().any(|it| name.ends_with(it));
        is_model || path.parent().ends_with("/blobs")
    },
    read,
    ..Analyzer::BASE
};

/// A pickle of protocol 2 that is the number `0x1950a86a20f9469cfc6c`.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let head = input.part(0, LEGACY.len())?;
    let mut model = Model::new(input.path, "pytorch");
    let is_model = if head == LEGACY {
        model.property("serialization", "legacy");
        true
    } else if head.starts_with(b"PK") {
        match archive(input, &mut model) {
            Ok(is_model) => is_model,
            // Other zip archives have these names, too; they are not for this to judge.
            Err(FormatError::Io(error)) => return Err(error.into()),
            Err(_) => false,
        }
    } else {
        false
    };
    if is_model {
        model.add(input, &mut found)?;
    }
    Ok(found)
}

fn archive(input: &Input<'_>, model: &mut Model) -> Result<bool, FormatError> {
    let archive = Zip::read(input.content)?;
    let has = |end: &str| archive.entries.iter().any(|it| it.name.ends_with(end));
    if has("/constants.pkl") || archive.entries.iter().any(|it| it.name.contains("/code/")) {
        model.property("serialization", "torchscript");
    } else if !has("/data.pkl") {
        return Ok(false);
    }
    let is_tensor = |name: &str| name.split_once('/').is_some_and(|it| it.1.starts_with("data/"));
    let n_tensors = archive.entries.iter().filter(|it| is_tensor(&it.name)).count();
    model.count("tensors", n_tensors as u64);
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{ANALYZER, LEGACY};
    use crate::analyze::tests::{find, shown};
    use crate::format::zip::made::zip;

    fn check(path: &str, bytes: &[u8]) -> String {
        let mut found = find(&ANALYZER, path, bytes);
        for it in &mut found.components {
            it.properties.remove("sha256");
        }
        shown(&found)
    }

    #[test]
    fn checkpoints_and_programs_are_models() {
        let saved = zip(&[("n/data.pkl", b"\x80\x02}."), ("n/data/0", b"w"), ("n/version", b"3")]);
        assert_eq!(check("m/pytorch_model.bin", &saved), "generic m  format=pytorch tensors=1\n");
        let script = zip(&[("n/data.pkl", b"\x80\x02}."), ("n/code/__torch__.py", b"")]);
        let text = check("m/net.pt", &script);
        assert_eq!(text, "generic net  format=pytorch serialization=torchscript\n");
        let old = [LEGACY, b"\x80\x02M\xe9\x03."].concat();
        let text = check("m/net.pth", &old);
        assert_eq!(text, "generic net  format=pytorch serialization=legacy\n");
    }

    #[test]
    fn other_archives_and_pickles_are_none() {
        assert_eq!(check("a.bin", &zip(&[("x", b"")])), "");
        assert_eq!(check("a.bin", b"PK\x03\x04"), "");
        assert_eq!(check("a.pt", b"\x80\x04\x95."), "");
    }
}
