//! Safetensors: the length of a header, the header in JSON, the weights,
//! <https://huggingface.co/docs/safetensors/index#format>.
//!
//! The header lists tensors by name, and has under `__metadata__` what the writer wanted to say:
//! the framework, and for image models what the Model Spec asks for.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufReader, Read};

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Model;
use crate::analyze::{Analyzer, Found, Input, Magic, Unread, Want};
use crate::model::Content;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "safetensors",
    wants: &[Want::Magic(Magic::Safetensors)],
    read,
    ..Analyzer::BASE
};

/// The format's own limit.
const MAX_HEADER: u64 = 100 << 20;

/// Types of numbers that are counted; there are some twenty.
const MAX_TYPES: usize = 64;

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let Ok(length) = <[u8; 8]>::try_from(input.part(0, 8)?) else { return Ok(found) };
    let length = u64::from_le_bytes(length).min(MAX_HEADER);
    let bytes = At { content: input.content, position: 8, end: 8 + length, error: None };
    let mut bytes = BufReader::with_capacity(64 << 10, bytes);
    let header = serde_json::from_reader::<_, Header>(&mut bytes);
    if let Some(error) = bytes.into_inner().error {
        return Err(error.into());
    }
    let Ok(header) = header else {
        found.remark("a header that cannot be read");
        return Ok(found);
    };
    if header.end.saturating_add(8 + length) > input.size() {
        found.remark("the file is cut off");
    }
    let mut model = Model::new(input.path, "safetensors");
    header.describe(&mut model);
    model.add(input, &mut found)?;
    Ok(found)
}

/// A piece of a file as a stream. What fails is kept: the reader of JSON takes it for a bad header.
struct At<'a> {
    content: &'a dyn Content,
    position: u64,
    end: u64,
    error: Option<io::Error>,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let length = left.min(buffer.len());
        let Some(front) = buffer.get_mut(..length) else { return Ok(0) };
        match self.content.read_at(self.position, front) {
            Ok(n) => {
                self.position += n as u64;
                Ok(n)
            }
            Err(error) => {
                self.error = Some(error);
                Err(io::ErrorKind::Other.into())
            }
        }
    }
}

/// What the header says, summed up as it is read.
#[derive(Default)]
struct Header {
    n_tensors: u64,
    parameters: u64,
    /// How many parameters there are of each type.
    types: BTreeMap<String, u64>,
    /// Where the last tensor ends, counted from the header's end.
    end: u64,
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    format: Option<String>,
    license: Option<String>,
    architecture: Option<String>,
    base_model: Option<String>,
    #[serde(rename = "modelspec.title")]
    spec_title: Option<String>,
    #[serde(rename = "modelspec.license")]
    spec_license: Option<String>,
    #[serde(rename = "modelspec.architecture")]
    spec_architecture: Option<String>,
    #[serde(rename = "ss_base_model_version")]
    lora_base: Option<String>,
}

#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    shape: Product,
    data_offsets: (u64, u64),
}

/// The numbers of a list, multiplied.
struct Product(u64);

impl Header {
    fn describe(&self, model: &mut Model) {
        let said = &self.metadata;
        for (key, value) in [
            ("framework", &said.format),
            ("architecture", &said.architecture),
            ("architecture", &said.spec_architecture),
            ("base-model", &said.lora_base),
            ("base-model", &said.base_model),
        ] {
            if let Some(value) = value {
                model.property(key, value);
            }
        }
        if let Some(name) = &said.spec_title {
            model.name(name);
        }
        if let Some(license) = said.license.as_ref().or(said.spec_license.as_ref()) {
            model.license(license);
        }
        model.count("tensors", self.n_tensors);
        model.count("parameters", self.parameters);
        // What most of it is made of.
        if let Some((kind, _)) = self.types.iter().max_by_key(|it| it.1) {
            model.property("dtype", kind);
        }
    }

    fn add(&mut self, tensor: Tensor) {
        let Product(size) = tensor.shape;
        self.n_tensors += 1;
        self.parameters = self.parameters.saturating_add(size);
        self.end = self.end.max(tensor.data_offsets.1);
        let is_known = self.types.contains_key(&tensor.dtype);
        if is_known || (self.types.len() < MAX_TYPES && tensor.dtype.len() <= 16) {
            let sum = self.types.entry(tensor.dtype).or_default();
            *sum = sum.saturating_add(size);
        }
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut header = Header::default();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "__metadata__" {
                        header.metadata = map.next_value()?;
                    } else {
                        header.add(map.next_value()?);
                    }
                }
                Ok(header)
            }
        }

        from.deserialize_map(Entries)
    }
}

impl<'de> Deserialize<'de> for Product {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Numbers;

        impl<'de> Visitor<'de> for Numbers {
            type Value = Product;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a shape")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Product, A::Error> {
                let mut product = 1_u64;
                while let Some(number) = list.next_element::<u64>()? {
                    product = product.saturating_mul(number);
                }
                Ok(Product(product))
            }
        }

        from.deserialize_seq(Numbers)
    }
}

/// Files for tests.
#[cfg(test)]
pub(in crate::analyze) mod made {
    pub(super) fn file(header: &str, n_bytes: usize) -> Vec<u8> {
        let length = (header.len() as u64).to_le_bytes();
        [&length[..], header.as_bytes(), &vec![0; n_bytes]].concat()
    }

    pub(in crate::analyze) fn sample() -> Vec<u8> {
        file(
            r#"{"__metadata__": {"format": "pt", "modelspec.title": "Tiny XL", "license": "mit"},
                "a": {"dtype": "BF16", "shape": [4, 8], "data_offsets": [0, 64]},
                "b": {"dtype": "F32", "shape": [], "data_offsets": [64, 68]}}"#,
            68,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use super::made::{file, sample};
    use crate::analyze::tests::{find, seed, shown};

    fn check(path: &str, bytes: &[u8]) -> String {
        let mut found = find(&ANALYZER, path, bytes);
        for it in &mut found.components {
            it.properties.remove("sha256");
        }
        shown(&found)
    }

    #[test]
    fn the_header_says_what_the_model_is() {
        insta::assert_snapshot!(check("m/model.safetensors", &sample()), @r#"generic Tiny XL  licensed ["mit"] dtype=BF16 format=safetensors framework=pt parameters=33 tensors=2"#);
    }

    #[test]
    fn a_file_of_the_cache_is_known_by_its_bytes() {
        let bytes = file(r#"{"a": {"dtype": "I8", "shape": [2], "data_offsets": [0, 2]}}"#, 2);
        let path = format!("h/models--org--tiny/blobs/{}", "ab".repeat(32));
        let found = find(&ANALYZER, &path, &bytes);
        assert_eq!(found.components[0].name, "org/tiny");
        assert_eq!(found.components[0].properties["sha256"], "ab".repeat(32));
    }

    #[test]
    fn a_snapshot_without_links_names_its_repository_too() {
        let commit = "0123456789".repeat(4);
        let path = format!("h/models--org--tiny/snapshots/{commit}/model.safetensors");
        let text = check(
            &path,
            &file(r#"{"a": {"dtype": "I8", "shape": [2], "data_offsets": [0, 2]}}"#, 2),
        );
        assert!(text.contains(&format!("huggingface org/tiny {commit}")), "{text}");
    }

    #[test]
    fn a_bad_header_is_noted() {
        let bad = "note safetensors: a header that cannot be read\n";
        for header in [r#"{"a": 1}"#, r#"{"a": {"dtype": "I8"}}"#, "{\"a\": ", "{}}"] {
            let shown = check("m.safetensors", &file(header, 0));
            assert!(shown == bad || header == "{}}", "{header}: {shown}");
        }
        let short = file(r#"{"a": {"dtype": "I8", "shape": [9], "data_offsets": [0, 9]}}"#, 3);
        assert!(check("m.safetensors", &short).contains("note safetensors: the file is cut off"));
        let longer = [&1000_u64.to_le_bytes()[..], b"{}"].concat();
        assert!(check("m.safetensors", &longer).contains("the file is cut off"));
    }

    #[test]
    fn shapes_of_any_length_and_size_are_counted() {
        let shape = vec!["18446744073709551615"; 1000].join(",");
        let header =
            format!(r#"{{"a": {{"dtype": "I8", "shape": [{shape}], "data_offsets": [0, 0]}}}}"#);
        let text = check("m.safetensors", &file(&header, 0));
        assert!(text.contains(&format!("parameters={}", u64::MAX)), "{text}");
    }

    #[test]
    fn a_good_file_is_kept_for_fuzzing() {
        assert!(check("m.safetensors", &sample()).contains("parameters=33"));
        seed("safetensors", "sample", &sample());
    }
}
