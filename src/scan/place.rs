//! Where the walk is: a directory as the kernel names it and as the inventory does.

use crate::model::LayerPath;

/// A directory of the tree.
#[derive(Debug)]
pub(super) struct Place {
    bytes: Vec<u8>,
    depth: usize,
}

impl Place {
    /// The place above the tree, in which the root is the directory without a name.
    pub(super) fn root() -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self { bytes: Vec::new(), depth: 0 })
    }

    /// The directory `name` in this one.
    pub(super) fn join(&self, name: &[u8]) -> Self {
        let depth = self.depth + usize::from(!name.is_empty());
        Self { bytes: self.joined(name), depth }
    }

    /// The names from the root, with `/` between them.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// 0 for the root.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Its path in the inventory; the root has none.
    pub(super) fn path(&self) -> Option<LayerPath> {
        LayerPath::from_bytes(&self.bytes).ok()
    }

    /// The path of the entry `name`.
    pub(super) fn path_of(&self, name: &[u8]) -> Option<LayerPath> {
        LayerPath::from_bytes(&self.joined(name)).ok()
    }

    fn joined(&self, name: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes.len() + 1 + name.len());
        bytes.extend_from_slice(&self.bytes);
        if !bytes.is_empty() && !name.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name);
        bytes
    }
}
