//! GGUF, as llama.cpp and Ollama keep models,
//! <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.
//!
//! Keys and values come first, then a list of tensors, then the weights. Tokenizers are arrays of
//! hundreds of thousands of texts among the values, which are passed over. In version 1, lengths
//! have 32 bits; files for big-endian machines have all numbers the other way round.

use super::{Model, explain};
use crate::analyze::{Analyzer, Found, Input, Magic, Unread, Want};
use crate::format::FormatError;
use crate::format::cursor::Cursor;

pub(in crate::analyze) const ANALYZER: Analyzer =
    Analyzer { id: "gguf", wants: &[Want::Magic(Magic::Gguf)], read, ..Analyzer::BASE };

/// How far the header may reach. The largest vocabularies make some 30 MiB of it.
const MAX_HEADER: u64 = 256 << 20;

/// Texts and numbers of one header, the tokenizer's included.
const MAX_READS: u64 = 8 << 20;

/// Arrays in arrays.
const MAX_DEPTH: u32 = 4;

/// Names of `general.file_type`.
const FILE_TYPES: &[(u64, &str)] = &[
    (0, "F32"),
    (1, "F16"),
    (2, "Q4_0"),
    (3, "Q4_1"),
    (7, "Q8_0"),
    (8, "Q5_0"),
    (9, "Q5_1"),
    (10, "Q2_K"),
    (11, "Q3_K_S"),
    (12, "Q3_K_M"),
    (13, "Q3_K_L"),
    (14, "Q4_K_S"),
    (15, "Q4_K_M"),
    (16, "Q5_K_S"),
    (17, "Q5_K_M"),
    (18, "Q6_K"),
    (19, "IQ2_XXS"),
    (20, "IQ2_XS"),
    (21, "Q2_K_S"),
    (22, "IQ3_XS"),
    (23, "IQ3_XXS"),
    (24, "IQ1_S"),
    (25, "IQ4_NL"),
    (26, "IQ3_S"),
    (27, "IQ3_M"),
    (28, "IQ2_S"),
    (29, "IQ2_M"),
    (30, "IQ4_XS"),
    (31, "IQ1_M"),
    (32, "BF16"),
    (36, "TQ1_0"),
    (37, "TQ2_0"),
    (38, "MXFP4_MOE"),
    (39, "NVFP4"),
    (40, "Q1_0"),
];

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let mut model = Model::new(input.path, "gguf");
    let outcome = header(input, &mut model);
    explain(outcome, &mut found)?;
    model.add(input, &mut found)?;
    Ok(found)
}

fn header(input: &Input<'_>, model: &mut Model) -> Result<(), FormatError> {
    let cursor = Cursor::new(input.content, 4, MAX_HEADER, MAX_READS);
    let mut reader = Reader { cursor, is_big_endian: false, is_wide: true };
    let mut version = reader.number(4)?;
    // The other way round, a small number has its bytes at the other end.
    if version.trailing_zeros() >= 16 {
        reader.is_big_endian = true;
        version >>= 24;
    }
    if !(1..=3).contains(&version) {
        return Err(FormatError::Malformed("a version of GGUF that is not known"));
    }
    reader.is_wide = version > 1;
    model.count("format-version", version);
    let n_tensors = reader.length()?;
    let n_values = reader.length()?;
    for _ in 0..n_values {
        let key = reader.text()?;
        let kind = reader.number(4)?;
        if let Some(value) = reader.value(kind)? {
            note(&key, &value, model);
        }
    }
    tensors(&mut reader, n_tensors, model)
}

/// The number of parameters is what the tensors' shapes make.
fn tensors(reader: &mut Reader<'_>, count: u64, model: &mut Model) -> Result<(), FormatError> {
    let mut parameters = 0_u64;
    for _ in 0..count {
        let length = reader.length()?;
        reader.cursor.skip(length)?;
        let n_dimensions = reader.number(4)?;
        let mut size = 1_u64;
        for _ in 0..n_dimensions {
            size = size.saturating_mul(reader.length()?);
        }
        // Its type, and where its weights are.
        reader.cursor.skip(12)?;
        parameters = parameters.saturating_add(size);
    }
    model.count("tensors", count);
    model.count("parameters", parameters);
    Ok(())
}

/// Takes a value that says something of the model.
fn note(key: &str, value: &Value, model: &mut Model) {
    match (key, value) {
        ("general.name", Value::Text(it)) => model.name(it),
        ("general.version", Value::Text(it)) => model.version(it),
        ("general.license", Value::Text(it)) => model.license(it),
        ("general.architecture", Value::Text(it)) => model.property("architecture", it),
        ("general.size_label", Value::Text(it)) => model.property("size-label", it),
        ("general.type", Value::Text(it)) if it != "model" => model.property("kind", it),
        ("general.base_model.0.repo_url", Value::Text(it)) => model.property("base-model", it),
        ("general.source.repo_url" | "general.repo_url", Value::Text(it)) => {
            model.property("source", it);
        }
        ("general.file_type", Value::Number(it)) => {
            let name = FILE_TYPES.iter().find(|known| known.0 == *it).map(|it| it.1);
            if let Some(name) = name {
                model.property("quantization", name);
            }
        }
        ("general.parameter_count", Value::Number(it)) => model.count("parameters", *it),
        ("split.count", Value::Number(it)) if *it > 1 => model.count("parts", *it),
        _ => {}
    }
}

enum Value {
    Text(String),
    Number(u64),
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    is_big_endian: bool,
    /// Lengths have 64 bits.
    is_wide: bool,
}

impl Reader<'_> {
    /// A number of one, two, four or eight bytes.
    fn number(&mut self, size: u64) -> Result<u64, FormatError> {
        match size {
            1 => self.fixed::<1>(),
            2 => self.fixed::<2>(),
            4 => self.fixed::<4>(),
            _ => self.fixed::<8>(),
        }
    }

    fn fixed<const N: usize>(&mut self) -> Result<u64, FormatError> {
        let mut bytes: [u8; N] = self.cursor.array()?;
        if !self.is_big_endian {
            bytes.reverse();
        }
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn length(&mut self) -> Result<u64, FormatError> {
        self.number(if self.is_wide { 8 } else { 4 })
    }

    /// A text that is short enough to say something; any other is passed over, and empty.
    fn text(&mut self) -> Result<String, FormatError> {
        let length = self.length()?;
        if length > 1024 {
            self.cursor.skip(length)?;
            return Ok(String::new());
        }
        Ok(String::from_utf8(self.cursor.bytes(length)?).unwrap_or_default())
    }

    /// Reads a value of this type; of those that say nothing here, only passes over them.
    fn value(&mut self, kind: u64) -> Result<Option<Value>, FormatError> {
        match kind {
            8 => Ok(Some(Value::Text(self.text()?))),
            9 => self.skip_array(0).map(|()| None),
            6 | 12 => self.cursor.skip(size_of_type(kind)?).map(|()| None),
            _ => Ok(Some(Value::Number(self.number(size_of_type(kind)?)?))),
        }
    }

    fn skip_array(&mut self, depth: u32) -> Result<(), FormatError> {
        if depth == MAX_DEPTH {
            return Err(FormatError::Malformed("arrays lie too deep in each other"));
        }
        let kind = self.number(4)?;
        let count = self.length()?;
        match kind {
            8 => {
                for _ in 0..count {
                    let length = self.length()?;
                    self.cursor.skip(length)?;
                }
                Ok(())
            }
            9 => (0..count).try_for_each(|_| self.skip_array(depth + 1)),
            _ => {
                let size = count.checked_mul(size_of_type(kind)?);
                self.cursor.skip(size.ok_or(FormatError::Malformed("the file is cut off"))?)
            }
        }
    }
}

/// The size of a value that is a number.
fn size_of_type(kind: u64) -> Result<u64, FormatError> {
    match kind {
        0 | 1 | 7 => Ok(1),
        2 | 3 => Ok(2),
        4..=6 => Ok(4),
        10..=12 => Ok(8),
        _ => Err(FormatError::Malformed("a value of an unknown type")),
    }
}

/// Files for tests.
#[cfg(test)]
pub(in crate::analyze) mod made {
    /// How a file writes its numbers.
    #[derive(Clone, Copy)]
    pub(super) struct Layout {
        pub(super) version: u32,
        pub(super) is_big_endian: bool,
    }

    impl Layout {
        pub(super) fn number(self, value: u64, size: usize) -> Vec<u8> {
            let mut bytes = value.to_le_bytes()[..size].to_vec();
            if self.is_big_endian {
                bytes.reverse();
            }
            bytes
        }

        pub(super) fn length(self, value: usize) -> Vec<u8> {
            self.number(value as u64, if self.version == 1 { 4 } else { 8 })
        }

        pub(super) fn text(self, text: &str) -> Vec<u8> {
            [self.length(text.len()), text.into()].concat()
        }

        pub(super) fn pair(self, key: &str, kind: u64, value: &[u8]) -> Vec<u8> {
            [self.text(key), self.number(kind, 4), value.to_vec()].concat()
        }

        /// A file with these values and a tensor of 4 by 8.
        pub(super) fn file(self, values: &[Vec<u8>]) -> Vec<u8> {
            let shape = [self.length(4), self.length(8)].concat();
            let tensor = [self.text("w"), self.number(2, 4), shape, vec![0; 12]].concat();
            let counts = [self.length(1), self.length(values.len())].concat();
            let head = [b"GGUF".to_vec(), self.number(self.version.into(), 4), counts].concat();
            [head, values.concat(), tensor, vec![0; 64]].concat()
        }

        pub(super) fn sample(self) -> Vec<u8> {
            let array = |kind, count, items: &[u8]| {
                [self.number(kind, 4), self.length(count), items.to_vec()].concat()
            };
            let tokens: Vec<u8> = ["a", "bc"].iter().flat_map(|it| self.text(it)).collect();
            let inner = [array(0, 2, b"xy"), array(8, 2, &tokens)].concat();
            self.file(&[
                self.pair("general.architecture", 8, &self.text("llama")),
                self.pair("tokenizer.ggml.tokens", 9, &array(8, 2, &tokens)),
                self.pair("tokenizer.ggml.scores", 9, &array(6, 3, &[0; 12])),
                self.pair("nested", 9, &array(9, 2, &inner)),
                self.pair("llama.rope.freq_base", 6, &[0; 4]),
                self.pair("flag", 7, b"\x01"),
                self.pair("general.name", 8, &self.text("Tiny Llama")),
                self.pair("general.version", 8, &self.text("v1.0")),
                self.pair("general.license", 8, &self.text("apache-2.0")),
                self.pair("general.file_type", 4, &self.number(15, 4)),
            ])
        }
    }

    pub(in crate::analyze) fn sample() -> Vec<u8> {
        Layout { version: 3, is_big_endian: false }.sample()
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use super::made::{Layout, sample};
    use crate::analyze::tests::{find, seed, shown};

    const LITTLE: Layout = Layout { version: 3, is_big_endian: false };

    fn check(bytes: &[u8]) -> String {
        let mut found = find(&ANALYZER, "models/m.gguf", bytes);
        for it in &mut found.components {
            it.properties.remove("sha256");
        }
        shown(&found)
    }

    #[test]
    fn every_version_and_byte_order_says_the_same() {
        insta::assert_snapshot!(check(&sample()), @r#"generic Tiny Llama v1.0 licensed ["apache-2.0"] architecture=llama format=gguf format-version=3 parameters=32 quantization=Q4_K_M tensors=1"#);
        for (version, is_big_endian) in [(1, false), (2, false), (3, true)] {
            let other = check(&Layout { version, is_big_endian }.sample());
            let other = other.replace(&format!("version={version}"), "version=3");
            assert_eq!(other, check(&sample()), "{version}");
        }
    }

    #[test]
    fn a_digest_tells_the_file() {
        let found = find(&ANALYZER, "m.gguf", &sample());
        assert_eq!(found.components[0].properties["sha256"].len(), 64);
    }

    #[test]
    fn what_cannot_be_read_does_not_hide_what_was() {
        let good = LITTLE.pair("general.architecture", 8, &LITTLE.text("llama"));
        let bad = LITTLE.pair("x", 99, b"");
        insta::assert_snapshot!(check(&LITTLE.file(&[good, bad])), @r"
        generic m  architecture=llama format=gguf format-version=3
        note gguf: a value of an unknown type
        ");
        insta::assert_snapshot!(check(b"GGUF\x09\0\0\0"), @r"
        generic m  format=gguf
        note gguf: a version of GGUF that is not known
        ");
    }

    #[test]
    fn lengths_that_the_file_states_are_not_believed() {
        let huge = u64::MAX.to_le_bytes();
        let array = [&LITTLE.number(10, 4)[..], &huge].concat();
        for value in [LITTLE.pair("x", 8, &huge), LITTLE.pair("x", 9, &array)] {
            assert!(check(&LITTLE.file(&[value])).contains("note gguf: the file is cut off"));
        }
        let deep = [&9_u32.to_le_bytes()[..], &1_u64.to_le_bytes()].concat().repeat(100);
        let text = check(&LITTLE.file(&[LITTLE.pair("x", 9, &deep)]));
        assert!(text.contains("arrays lie too deep"), "{text}");
        // Empty arrays without end, none of which takes a byte of its own.
        let many = [LITTLE.number(0, 4), huge.into()].concat();
        let many = [LITTLE.number(9, 4), huge.into(), many].concat();
        assert!(check(&LITTLE.file(&[LITTLE.pair("x", 9, &many)])).contains("note"));
    }

    #[test]
    fn values_that_cannot_be_shown_are_left_out() {
        let name = LITTLE.pair("general.name", 8, &LITTLE.text("a\x1b[2J"));
        let long = LITTLE.pair("general.license", 8, &LITTLE.text(&"x".repeat(300)));
        assert!(check(&LITTLE.file(&[name, long])).starts_with("generic m  format=gguf"));
    }

    #[test]
    fn good_files_are_kept_for_fuzzing() {
        for (version, is_big_endian) in [(1, false), (3, false), (3, true)] {
            let bytes = Layout { version, is_big_endian }.sample();
            assert!(check(&bytes).contains("parameters=32"));
            seed("gguf", &format!("{version}-{is_big_endian}"), &bytes);
        }
    }
}
