//! Files in which a toolkit, a server or a board's system writes its version.
//!
//! | file | written by |
//! |---|---|
//! | `version.json` | the CUDA toolkit from 11.1 on, with a list of what it can bring |
//! | `version.txt` | older ones: `CUDA Version 10.2.89` |
//! | `TRITON_VERSION` | Triton Inference Server |
//! | `etc/nv_tegra_release` | Jetson Linux: `# R35 (release), REVISION: 4.1` |
//!
//! What `version.json` lists need not be installed, so it is only declared; the driver in that list
//! is the one to be installed with it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{component, is_dotted, parts};
use crate::analyze::{Analyzer, Found, Input, Unread, Want, root_of, text};
use crate::model::{LayerPath, Standing};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "cuda-version",
    wants: &[
        Want::Name("version.json"),
        Want::Name("version.txt"),
        Want::Name("TRITON_VERSION"),
        Want::Name("nv_tegra_release"),
    ],
    accepts: |path| match path.file_name() {
        // Its sources have such a file, too.
        "TRITON_VERSION" => path.parent().rsplit('/').next() == Some("tritonserver"),
        "nv_tegra_release" => root_of(path, TEGRA).is_some(),
        _ => is_toolkit(path),
    },
    read,
    ..Analyzer::BASE
};

const TEGRA: &str = "etc/nv_tegra_release";

/// The longest such file has 5 KiB.
const MAX_SIZE: usize = 1 << 20;

/// A toolkit may lie anywhere, but in a directory that is named for it.
fn is_toolkit(path: &LayerPath) -> bool {
    path.parent().to_ascii_lowercase().rsplit('/').take(2).any(|it| it.contains("cuda"))
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let bytes = input.part(0, MAX_SIZE)?;
    let mut found = Found::default();
    let named =
        |part, version: Option<String>| version.and_then(|it| component(part, &it, input.path));
    match input.path.file_name() {
        "version.json" => listed(&bytes, input.path, &mut found),
        "version.txt" => found.components.extend(named("cuda-toolkit", old(&bytes))),
        "TRITON_VERSION" => {
            let version =
                text::value(&bytes).filter(|it| it.starts_with(|it: char| it.is_ascii_digit()));
            found.components.extend(named("tritonserver", version.map(str::to_owned)));
        }
        _ => found.components.extend(named("jetson-linux", jetson(&bytes))),
    }
    Ok(found)
}

#[derive(Deserialize)]
struct Listed {
    version: Option<String>,
}

/// Reads `version.json`; a value of another form is not one of ours.
fn listed(bytes: &[u8], path: &LayerPath, found: &mut Found) {
    let Ok(list) = serde_json::from_slice::<BTreeMap<String, Listed>>(bytes) else {
        return found.remark("not a list of components");
    };
    for (key, listed) in list {
        let version = listed.version.filter(|it| is_dotted(it));
        let is_toolkit = key == "cuda";
        let name = key.replace('_', "-");
        let part = if is_toolkit {
            Some("cuda-toolkit")
        } else {
            parts::packaged(&name).filter(|it| !it.is_driver()).map(|it| it.name)
        };
        let (Some(part), Some(version)) = (part, version) else { continue };
        let version = if is_toolkit { without_date(&version) } else { version.as_str() };
        if let Some(mut component) = component(part, version, path) {
            if !is_toolkit {
                component.standing = Standing::Declared;
            }
            found.component(component);
        }
    }
}

/// `12.4.20240301`: the day of the build stands where an update's number would.
fn without_date(version: &str) -> &str {
    match version.rsplit_once('.') {
        Some((release, date)) if date.len() == 8 => release,
        _ => version,
    }
}

/// `CUDA Version 10.2.89`
fn old(bytes: &[u8]) -> Option<String> {
    let mut lines = text::lines(bytes).map(|it| it.1);
    let version = lines.find_map(|it| it.strip_prefix(b"CUDA Version "))?;
    text::value(version).filter(|it| is_dotted(it)).map(str::to_owned)
}

/// `# R35 (release), REVISION: 4.1, GCID: …` is 35.4.1.
fn jetson(bytes: &[u8]) -> Option<String> {
    let (_, line) = text::lines(bytes).next()?;
    let line = str::from_utf8(line).ok()?.strip_prefix("# R")?;
    let (major, rest) = line.split_once(' ')?;
    let revision = rest.split_once("REVISION: ")?.1.split(',').next()?;
    let version = format!("{major}.{revision}");
    is_dotted(&version).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    #[test]
    fn a_toolkit_is_there_and_what_it_lists_is_declared() {
        let text = br#"{
            "cuda": {"name": "CUDA SDK", "version": "12.4.20240301"},
            "cuda_cudart": {"name": "CUDA Runtime (cudart)", "version": "12.4.127"},
            "libcublas": {"name": "CUDA cuBLAS", "version": "12.4.5.8"},
            "nsight_compute": {"name": "Nsight Compute", "version": "2024.1.1.4"},
            "nvidia_driver": {"name": "NVIDIA Linux Driver", "version": "550.54.15"},
            "cuda_new": {"name": "Something", "version": "1.0"},
            "cuda_nvcc": {"name": "without"}
        }"#;
        let found = find(&ANALYZER, "usr/local/cuda-12.4/version.json", text);
        insta::assert_snapshot!(shown(&found), @r"
        generic cublas 12.4.5.8 declared part-of=cuda-toolkit title=cuBLAS
        generic cuda-cudart 12.4.127 declared part-of=cuda-toolkit title=CUDA Runtime
        generic cuda-toolkit 12.4 product=NVIDIA CUDA Toolkit title=CUDA Toolkit
        generic nsight-compute 2024.1.1.4 declared part-of=cuda-toolkit title=Nsight Compute
        ");
    }

    #[test]
    fn an_old_toolkit_writes_a_line() {
        let found = find(&ANALYZER, "usr/local/cuda/version.txt", b"CUDA Version 10.2.89\n");
        assert!(shown(&found).contains("cuda-toolkit 10.2.89"));
        let found = find(&ANALYZER, "usr/local/cuda/version.txt", b"\x1b[2J CUDA Version 1");
        assert_eq!(shown(&found), "");
    }

    #[test]
    fn a_server_and_a_board_write_their_own() {
        let found = find(&ANALYZER, "opt/tritonserver/TRITON_VERSION", b"2.45.0\n");
        assert!(shown(&found).contains("tritonserver 2.45.0"));
        assert!(shown(&found).contains("release=24.04"));
        let text = b"# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref\n";
        let found = find(&ANALYZER, "etc/nv_tegra_release", text);
        assert!(shown(&found).contains("jetson-linux 35.4.1"));
    }

    #[test]
    fn other_files_of_these_names_are_not_wanted() {
        for path in [
            "srv/app/version.json",
            "usr/share/x/version.txt",
            "x/nv_tegra_release",
            "server/TRITON_VERSION",
        ] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
        assert!(wants(&ANALYZER, "opt/CUDA/12.4/version.json"));
    }
}
