//! What a model is called that does not say so itself.

use super::hash;
use super::repository::Repository;
use crate::model::LayerPath;

/// Names of files that say what they hold, not which.
const GENERIC: &[&str] = &[
    "adapter_model",
    "checkpoint",
    "consolidated",
    "diffusion_pytorch_model",
    "flax_model",
    "ggml-model",
    "model",
    "model_optimized",
    "model_quantized",
    "open_clip_pytorch_model",
    "pytorch_lora_weights",
    "pytorch_model",
    "rust_model",
    "saved_model",
    "tf_model",
    "weights",
];

/// The name of the model at `path`, and its version where a directory is one.
///
/// The files of one model that came in several have one name.
pub(super) fn of(path: &LayerPath) -> (String, Option<String>) {
    let file = path.file_name();
    let stem = file.rsplit_once('.').map_or(file, |it| it.0);
    let stem = without_part(stem);
    let is_generic = GENERIC.contains(&stem);
    if let Some(repository) = Repository::of(path) {
        return (in_repository(&repository, stem, is_generic), None);
    }
    if hash::named(file, path.parent()).is_some() {
        // A digest is kept whole elsewhere; as a name its beginning is enough.
        return (file.chars().take(19).collect(), None);
    }
    if !is_generic {
        return (stem.to_owned(), None);
    }
    let mut directories = path.parent().rsplit('/').filter(|it| !it.is_empty());
    match (directories.next(), directories.next()) {
        // Model servers keep versions in directories: `resnet/1/model.onnx`.
        (Some(version), Some(name)) if is_version(version) => {
            (name.to_owned(), Some(version.to_owned()))
        }
        (Some(name), _) => (name.to_owned(), None),
        (None, _) => (stem.to_owned(), None),
    }
}

fn in_repository(repository: &Repository, stem: &str, is_generic: bool) -> String {
    let mut name = repository.name.clone();
    let inside = repository.rest.split('/').collect::<Vec<_>>();
    // Without `snapshots`, the commit and the file.
    if let ["snapshots", _, directories @ .., _] = inside.as_slice() {
        for it in directories {
            name = format!("{name}/{it}");
        }
        if !is_generic {
            name = format!("{name}/{stem}");
        }
    }
    name
}

/// `model-00001-of-00004` and `consolidated.00`: without the part's number.
fn without_part(stem: &str) -> &str {
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    if let Some((front, count)) = stem.rsplit_once("-of-")
        && let Some((name, number)) = front.rsplit_once('-')
        && is_number(count)
        && is_number(number)
    {
        return name;
    }
    match stem.rsplit_once('.') {
        Some((name @ "consolidated", number)) if is_number(number) => name,
        _ => stem,
    }
}

fn is_version(directory: &str) -> bool {
    directory.len() <= 10 && directory.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::model::LayerPath;

    fn check(path: &str) -> String {
        let (name, version) = of(&LayerPath::new(path).unwrap());
        format!("{name} {}", version.unwrap_or_default()).trim_end().to_owned()
    }

    #[test]
    fn a_file_or_its_directory_names_a_model() {
        assert_eq!(check("srv/mistral-7b.Q4_K_M.gguf"), "mistral-7b.Q4_K_M");
        assert_eq!(check("opt/llama/model.safetensors"), "llama");
        assert_eq!(check("models/resnet/1/model.onnx"), "resnet 1");
        assert_eq!(check("model.pt"), "model");
    }

    #[test]
    fn the_parts_of_a_model_have_one_name() {
        assert_eq!(check("m/model-00002-of-00004.safetensors"), "m");
        assert_eq!(check("m/qwen-00001-of-00002.gguf"), "qwen");
        assert_eq!(check("llama/consolidated.01.pth"), "llama");
        assert_eq!(check("m/model-part-of-4.bin"), "model-part-of-4");
    }

    #[test]
    fn a_cache_names_models_by_their_repository() {
        let root = "h/models--org--sd/snapshots/0123456789012345678901234567890123456789";
        assert_eq!(check(&format!("{root}/model.safetensors")), "org/sd");
        assert_eq!(
            check(&format!("{root}/unet/diffusion_pytorch_model.safetensors")),
            "org/sd/unet"
        );
        assert_eq!(check(&format!("{root}/sd-q4.gguf")), "org/sd/sd-q4");
        assert_eq!(check(&format!("h/models--org--sd/blobs/{}", "ab".repeat(32))), "org/sd");
        let digest = "0123456789abcdef".repeat(4);
        assert_eq!(check(&format!("o/models/blobs/sha256-{digest}")), "sha256-0123456789ab");
    }
}
