//! Archives for tests.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// An archive that names the last file of `archive` so many times more.
pub(crate) fn repeated(archive: &[u8], times: usize) -> Vec<u8> {
    let at = memchr::memmem::rfind(archive, super::CENTRAL).unwrap();
    let end = archive.len() - 22;
    let n_files = u16::from_le_bytes(archive[end + 8..end + 10].try_into().unwrap());
    let size = u32::from_le_bytes(archive[end + 12..end + 16].try_into().unwrap());
    let more = archive[at..end].repeat(times);
    let mut bytes = [&archive[..end], &more, &archive[end..]].concat();
    let n_files = (n_files + u16::try_from(times).unwrap()).to_le_bytes();
    let size = (size + u32::try_from(more.len()).unwrap()).to_le_bytes();
    let end = end + more.len();
    bytes[end + 8..end + 16].copy_from_slice(&[&n_files[..], &n_files, &size].concat());
    bytes
}

/// An archive of these files, each deflated if its name ends in `.z`, which is taken off.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let (name, method, packed) = match name.strip_suffix(".z") {
            None => (*name, 0_u16, content.to_vec()),
            Some(name) => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(content).unwrap();
                (name, 8, encoder.finish().unwrap())
            }
        };
        let offset = u32::try_from(bytes.len()).unwrap();
        let length = |it: usize| u32::try_from(it).unwrap().to_le_bytes();
        let mut common = vec![20, 0, 0, 0];
        common.extend(method.to_le_bytes());
        common.extend([0; 8]);
        common.extend(length(packed.len()));
        common.extend(length(content.len()));
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0; 2]);
        bytes.extend(super::LOCAL);
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(packed);
        directory.extend(super::CENTRAL);
        directory.extend([20, 0]);
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let offset = u32::try_from(bytes.len()).unwrap();
    let n_files = u16::try_from(files.len()).unwrap().to_le_bytes();
    bytes.extend(&directory);
    bytes.extend(super::END);
    bytes.extend([0; 4]);
    bytes.extend(n_files);
    bytes.extend(n_files);
    bytes.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}
