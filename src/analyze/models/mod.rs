//! Machine-learning models: what their files say of themselves, and where they came from.
//!
//! A model is one file, told by its digest; that of a large one is read in full for it. Its name is
//! the one that it declares, else that of its file or directory. Tokenizers, and parts of a model
//! that are no weights, are none.

pub(in crate::analyze) mod gguf;
pub(in crate::analyze) mod hub_cache;
pub(in crate::analyze) mod hub_link;
pub(in crate::analyze) mod keras_model;
pub(in crate::analyze) mod model_card;
pub(in crate::analyze) mod ollama;
pub(in crate::analyze) mod onnx;
pub(in crate::analyze) mod pytorch_model;
pub(in crate::analyze) mod safetensors;
pub(in crate::analyze) mod tensorflow_model;
pub(in crate::analyze) mod tensorrt_engine;

mod hash;
mod name;
mod repository;

use repository::Repository;

use super::{Found, Input, Unread, text};
use crate::format::FormatError;
use crate::model::{Component, Ecosystem, LayerPath};

/// What is known of a model while its file is read.
struct Model {
    component: Component,
}

impl Model {
    /// The model at `path`, in a format of this name.
    fn new(path: &LayerPath, format: &str) -> Self {
        let (name, version) = name::of(path);
        let component = Component::new(Ecosystem::Model, name, version.unwrap_or_default());
        Self { component: component.property("format", format) }
    }

    /// Gives it the name that it declares, if it can be shown.
    fn name(&mut self, name: &str) {
        if let Some(name) = text::phrase(name.as_bytes()) {
            name.clone_into(&mut self.component.name);
        }
    }

    fn version(&mut self, version: &str) {
        if let Some(version) = text::value(version.as_bytes()) {
            version.clone_into(&mut self.component.version);
        }
    }

    fn license(&mut self, license: &str) {
        if let Some(license) = text::phrase(license.as_bytes()) {
            self.component.licenses = vec![license.to_owned()];
        }
    }

    fn property(&mut self, key: &str, value: &str) {
        if let Some(value) = text::phrase(value.as_bytes()) {
            self.component.properties.insert(key.to_owned(), value.to_owned());
        }
    }

    /// A property that is a number; of nothing there is nothing to say.
    fn count(&mut self, key: &str, number: u64) {
        if number > 0 {
            self.property(key, &number.to_string());
        }
    }

    /// Adds the model with the file's digest, and the repository that it is part of.
    fn add(mut self, input: &Input<'_>, found: &mut Found) -> Result<(), Unread> {
        match hash::sha256(input)? {
            Some(digest) => self.property("sha256", &digest),
            None => found.remark("too large to be told by its digest"),
        }
        found.components.extend(Repository::of(input.path).and_then(|it| it.component()));
        found.component(self.component);
        Ok(())
    }
}

/// Takes what could not be read as a note; a disk that failed is another matter.
fn explain(outcome: Result<(), FormatError>, found: &mut Found) -> Result<(), Unread> {
    match outcome {
        Ok(()) => Ok(()),
        Err(FormatError::Io(error)) => Err(error.into()),
        Err(error) => {
            found.remark(error.to_string());
            Ok(())
        }
    }
}
