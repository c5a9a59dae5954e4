//! Images for tests.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::write::GzEncoder;

use super::Digest;
use super::digest::{Algorithm, Hashed};
use crate::format::tar::made::Tar;

/// Files of an image, by their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(pub(crate) Vec<(String, Vec<u8>)>);

/// How a layer is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stored {
    Plain,
    Gzip,
    Zstd,
}

pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Hashed::new(bytes, Some(Algorithm::Sha256)).finish().unwrap().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

impl Stored {
    pub(crate) fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => bytes.to_vec(),
            Self::Gzip => gzip(bytes),
            Self::Zstd => zstd(bytes),
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Gzip => "+gzip",
            Self::Zstd => "+zstd",
        }
    }
}

impl Files {
    /// An OCI layout of one image.
    pub(crate) fn oci(layers: &[&[u8]], stored: Stored) -> Self {
        let mut files = Self::default();
        let manifest = files.manifest(layers, stored, "linux", "amd64");
        files.index(&manifest);
        files
    }

    /// Adds the blobs of an image; its descriptor.
    pub(crate) fn manifest(
        &mut self,
        layers: &[&[u8]],
        stored: Stored,
        os: &str,
        architecture: &str,
    ) -> String {
        let diff_ids: Vec<_> = layers.iter().map(|it| format!("\"{}\"", digest(it))).collect();
        let config = format!(
            r#"{{"os":"{os}","architecture":"{architecture}","rootfs":{{"type":"layers","diff_ids":[{}]}},"history":[{{"created_by":"ADD base"}},{{"created_by":"ENV a=b","empty_layer":true}},{{"created_by":"RUN two"}}],"config":{{"Env":["A=b"],"Labels":{{"k":"v"}}}}}}"#,
            diff_ids.join(",")
        );
        let of_config = self.blob(config.as_bytes());
        let layers: Vec<_> = layers.iter().map(|it| self.layer(it, stored)).collect();
        let manifest = format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{of_config}","size":{}}},"layers":[{}]}}"#,
            config.len(),
            layers.join(",")
        );
        let digest = self.blob(manifest.as_bytes());
        format!(
            r#""mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":{}"#,
            manifest.len()
        )
    }

    fn layer(&mut self, bytes: &[u8], stored: Stored) -> String {
        let blob = stored.of(bytes);
        let digest = self.blob(&blob);
        let suffix = stored.suffix();
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.layer.v1.tar{suffix}","digest":"{digest}","size":{}}}"#,
            blob.len()
        )
    }

    /// Adds a blob.
    pub(crate) fn blob(&mut self, bytes: &[u8]) -> Digest {
        let digest = digest(bytes);
        self.add(&digest.path(), bytes);
        digest
    }

    pub(crate) fn add(&mut self, name: &str, bytes: &[u8]) {
        if !self.0.iter().any(|it| it.0 == name) {
            self.0.push((name.to_owned(), bytes.to_vec()));
        }
    }

    /// Lists the one descriptor.
    pub(crate) fn index(&mut self, descriptor: &str) {
        self.indexes(&[descriptor.to_owned()]);
    }

    pub(crate) fn indexes(&mut self, descriptors: &[String]) {
        let all: Vec<_> = descriptors.iter().map(|it| format!("{{{it}}}")).collect();
        let index = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, all.join(","));
        self.add("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
        self.add("index.json", index.as_bytes());
    }

    /// What `docker save` wrote before version 25.
    pub(crate) fn saved(layers: &[&[u8]]) -> Self {
        let mut files = Self::default();
        let diff_ids: Vec<_> = layers.iter().map(|it| format!("\"{}\"", digest(it))).collect();
        let config = format!(
            r#"{{"os":"linux","architecture":"amd64","rootfs":{{"type":"layers","diff_ids":[{}]}}}}"#,
            diff_ids.join(",")
        );
        let mut names = Vec::new();
        for (at, layer) in layers.iter().enumerate() {
            let name = format!("{at:064x}/layer.tar");
            files.add(&format!("{at:064x}/VERSION"), b"1.0");
            files.add(&name, layer);
            names.push(format!("\"{name}\""));
        }
        let of_config = format!("{}.json", digest(config.as_bytes()).hex());
        files.add(&of_config, config.as_bytes());
        let manifest = format!(
            r#"[{{"Config":"{of_config}","RepoTags":["made:1"],"Layers":[{}]}}]"#,
            names.join(",")
        );
        files.add("manifest.json", manifest.as_bytes());
        files
    }

    pub(crate) fn tar(&self) -> Vec<u8> {
        let files = self.0.iter();
        files.fold(Tar::default(), |tar, (name, bytes)| tar.file(name, bytes)).end()
    }

    pub(crate) fn write(&self, to: &Path) {
        for (name, bytes) in &self.0 {
            fs::create_dir_all(to.join(name).parent().unwrap()).unwrap();
            fs::write(to.join(name), bytes).unwrap();
        }
    }
}

/// Keeps a file as a seed of a fuzz target; see `fuzz/README.md`.
pub(crate) fn seed(target: &str, name: &str, bytes: &[u8]) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/seeds").join(target);
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join(name), bytes).unwrap();
}
