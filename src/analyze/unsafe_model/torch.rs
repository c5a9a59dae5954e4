//! Zip archives that hold pickles: PyTorch's checkpoints and NumPy's `.npz`.
//!
//! `torch.load` runs `NAME/data.pkl`, <https://docs.pytorch.org/docs/stable/notes/serialization.html>;
//! other pickles in an archive are run by whoever knows of them.

use super::super::{Analyzer, Found, Input, Magic, Unread, Want};
use super::{explain, look, numpy};
use crate::format::FormatError;
use crate::format::zip::{Entry, Zip};

pub(in super::super) const ANALYZER: Analyzer = Analyzer {
    id: "torch",
    wants: &[Want::Magic(Magic::Zip)],
    accepts: |path| {
        let name = path.file_name().to_ascii_lowercase();
        let is_model = EXTENSIONS.iter().any(|it| name.ends_with(it));
        is_model || path.parent().ends_with("/blobs")
    },
    caches: true,
    read,
    ..Analyzer::BASE
};

const EXTENSIONS: &[&str] =
    &[".pt", ".pth", ".bin", ".ckpt", ".npz", ".pkl", ".mar", ".model", ".tar", ".pt2", ".zip"];

const MAX_PICKLE: u64 = 64 << 20;

/// Pickles of one archive that are looked at.
const MAX_PICKLES: usize = 1000;

/// Bytes of all of them. Those that lie in the same place count each time.
const MAX_TAKEN: u64 = 256 << 20;

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let archive = match Zip::read(input.content) {
        Ok(archive) => archive,
        Err(FormatError::Io(error)) => return Err(error.into()),
        Err(error) => {
            found.remark(error.to_string());
            return Ok(found);
        }
    };
    let pickles = archive.entries.iter().filter(|it| is_pickle(&it.name) || is_array(&it.name));
    let mut left = MAX_TAKEN;
    for (number, entry) in pickles.enumerate() {
        if left == 0 {
            found.remark(format!("more than {MAX_TAKEN} bytes of pickles; the rest is not read"));
            break;
        }
        if number == MAX_PICKLES {
            found.remark(format!("more than {MAX_PICKLES} pickles; the rest is not read"));
            break;
        }
        let outcome = one(entry, input, &mut left, &mut found);
        explain(outcome, &mut found)?;
    }
    Ok(found)
}

fn one(
    entry: &Entry,
    input: &Input<'_>,
    left: &mut u64,
    found: &mut Found,
) -> Result<(), FormatError> {
    if is_array(&entry.name) && !numpy::holds_objects(entry, input.content)? {
        return Ok(());
    }
    let limit = MAX_PICKLE.min(*left);
    let taken = entry.bytes(input.content, limit);
    *left -= taken.as_ref().map_or_else(|_| entry.cost(limit), |it| it.len() as u64);
    let bytes = taken?;
    let content = bytes.as_slice();
    if is_array(&entry.name) {
        return numpy::look_at(&content, Some(&entry.name), found);
    }
    look(&content, 0, Some(&entry.name), found)
}

fn is_pickle(name: &str) -> bool {
    matches!(extension(name), Some("pkl" | "pickle" | "joblib" | "dill"))
}

fn is_array(name: &str) -> bool {
    extension(name) == Some("npy")
}

fn extension(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|it| it.1)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{find, seed, shown};
    use super::ANALYZER;
    use crate::format::zip::made::{repeated, zip};

    const EVIL: &[u8] = b"\x80\x02cposix\nsystem\nq\0X\x02\0\0\0idq\x01\x85R.";
    const HONEST: &[u8] = b"\x80\x02ccollections\nOrderedDict\n)R.";

    fn check(path: &str, files: &[(&str, &[u8])]) -> String {
        shown(&find(&ANALYZER, path, &zip(files)))
    }

    #[test]
    fn a_checkpoint_is_told_by_the_pickle_in_it() {
        let files =
            [("archive/data.pkl", EVIL), ("archive/data/0", b"tensor"), ("archive/version", b"3")];
        assert_eq!(
            check("m.pt", &files),
            "CRITICAL unsafe-model posix.system in archive/data.pkl\n"
        );
        let files = [("archive/data.pkl.z", HONEST), ("archive/data/0", b"cos\nsystem\n")];
        assert_eq!(check("hub/models--a--b/blobs/0f", &files), "");
    }

    #[test]
    fn arrays_of_objects_are_pickles() {
        let header = b"\x93NUMPY\x01\0\x12\0{'descr': '|O', }\n";
        let objects = [&header[..], EVIL].concat();
        let numbers = b"\x93NUMPY\x01\0\x08\0{'<f8'}\ncos\nsystem\n";
        let files = [("a.npy", objects.as_slice()), ("b.npy", numbers)];
        assert_eq!(check("x.npz", &files), "CRITICAL unsafe-model posix.system in a.npy\n");
    }

    #[test]
    fn archives_are_seeds_for_fuzzing() {
        let array = [&b"\x93NUMPY\x01\0\x12\0{'descr': '|O', }\n"[..], EVIL].concat();
        for (name, bytes) in [
            ("stored", zip(&[("archive/data.pkl", EVIL), ("archive/data/0", b"tensor")])),
            ("deflated", zip(&[("archive/data.pkl.z", EVIL), ("archive/version", b"3")])),
            ("arrays", zip(&[("a.npy.z", &array), ("b.npy", b"\x93NUMPY\x01\0\x02\0{}")])),
        ] {
            let found = find(&ANALYZER, "models/m.pt", &bytes);
            assert_eq!((found.hazards.len(), found.notes.len()), (1, 0), "{name}");
            seed("torch", name, &bytes);
        }
    }

    #[test]
    fn one_bomb_of_many_names_is_not_unpacked_each_time() {
        let bomb = zip(&[("a.pkl", EVIL), ("bomb.pkl.z", &vec![0; 64 << 20])]);
        let limit = "more than 268435456 bytes of pickles; the rest is not read";
        let found = find(&ANALYZER, "m.pt", &repeated(&bomb, 900));
        assert_eq!(found.notes.last(), Some(&format!("torch: {limit}")));
        assert_eq!((found.hazards.len(), found.notes.len()), (1, 5));
        // The directory claims one byte: that more comes out is found out at a cost.
        let mut bomb = bomb;
        let at = memchr::memmem::rfind(&bomb, b"PK\x01\x02").unwrap() + 24;
        bomb[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
        let found = find(&ANALYZER, "m.pt", &repeated(&bomb, 900));
        assert_eq!(found.notes.last(), Some(&format!("torch: {limit}")));
    }

    #[test]
    fn packed_arrays_of_numbers_are_not_unpacked() {
        let numbers = [&b"\x93NUMPY\x01\0\x10\0{'descr': '<f8'}"[..], &vec![0; 65 << 20]].concat();
        assert_eq!(check("x.npz", &[("a.npy.z", &numbers), ("b.npy.z", b"text")]), "");
    }

    #[test]
    fn an_archive_that_is_none_is_noted() {
        let cut = &zip(&[("archive/data.pkl", EVIL)])[..40];
        assert_eq!(
            shown(&find(&ANALYZER, "m.pt", cut)),
            "note torch: the archive has no end record\n"
        );
    }
}
