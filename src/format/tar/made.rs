//! Archives for tests.

/// An archive in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tar(Vec<u8>);

impl Tar {
    pub(crate) fn file(self, name: &str, content: &[u8]) -> Self {
        self.entry(name.as_bytes(), b'0', "", content)
    }

    pub(crate) fn directory(self, name: &str) -> Self {
        self.entry(name.as_bytes(), b'5', "", b"")
    }

    pub(crate) fn symlink(self, name: &str, target: &str) -> Self {
        self.entry(name.as_bytes(), b'2', target, b"")
    }

    pub(crate) fn hard_link(self, name: &str, target: &str) -> Self {
        self.entry(name.as_bytes(), b'1', target, b"")
    }

    pub(crate) fn pax(self, records: &[(&str, &str)]) -> Self {
        self.entry(b"pax", b'x', "", &records_of(records))
    }

    pub(crate) fn entry(mut self, name: &[u8], kind: u8, link: &str, content: &[u8]) -> Self {
        if name.len() > 100 {
            self = self.entry(b"././@LongLink", b'L', "", &[name, b"\0"].concat());
        }
        let name = &name[..name.len().min(100)];
        let size = content.len() as u64;
        self.header(&header(name, kind, link, size)).bytes(content)
    }

    /// A header as it is.
    pub(crate) fn header(self, block: &[u8]) -> Self {
        self.bytes(block)
    }

    /// Bytes, filled up to whole blocks.
    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        self.0
    }

    /// Without an end.
    pub(crate) fn cut(self) -> Vec<u8> {
        self.0
    }
}

/// Records of an extended header.
pub(crate) fn records_of(records: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (key, value) in records {
        let rest = format!(" {key}={value}\n");
        let mut length = rest.len() + 1;
        while length != rest.len() + length.to_string().len() {
            length += 1;
        }
        bytes.extend(format!("{length}{rest}").bytes());
    }
    bytes
}

/// One header block.
pub(crate) fn header(name: &[u8], kind: u8, link: &str, size: u64) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name);
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    block[257..265].copy_from_slice(b"ustar\x0000");
    summed(block)
}

/// The block with the right checksum.
pub(crate) fn summed(mut block: Vec<u8>) -> Vec<u8> {
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|it| u64::from(*it)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}
