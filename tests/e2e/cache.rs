//! A remote cache carries the scans: a fresh engine judges without pulling or scanning again.

use std::process::Command;

use crate::support::{
    Engine, Outcome, database, directory, engine, image, nonce, project, prune, repository,
    variable,
};

/// Layers that would be seen if one of them were pulled.
const LARGE: &str = "RUN head -c 20000000 /dev/urandom > /large1 # {nonce}\n\
                     RUN head -c 20000000 /dev/urandom > /large2\n\
                     COPY data /data\n";

#[test]
fn a_fresh_engine_judges_from_a_registry_cache_without_pulling_or_scanning() {
    if engine() == Engine::Classic {
        // This store cannot export such a cache at all, with us or without.
        let build = project("FROM {base}\n");
        let cache = "--cache-to=type=registry,mode=max,ref=127.0.0.1:1/x";
        build.build_ungated().args([cache]).run().says("Cache export is not supported");
        return;
    }
    let registry = variable("LAYERGATE_REGISTRY");
    let base = pushed_base();
    let cache = format!("{registry}/cache-{}:x", nonce());
    let project = project(&format!("FROM {base}\n{LARGE}")).file("data", "x");
    let first = project
        .build()
        .args([
            format!("--cache-to=type=registry,mode=max,ref={cache}"),
            "--provenance=mode=min".to_owned(),
        ])
        .output(&format!("type=image,push=true,name={registry}/image-{}:x", nonce()))
        .run()
        .passes();
    assert_eq!(first.scans_run().len(), 4, "{}", first.log);

    let (_keep, database) = database();
    let fresh = Command::new(repository().join("tests/engine/fresh"))
        .arg(variable("LAYERGATE_ENGINE"))
        .arg(repository().join("tests/e2e/fresh-build"))
        .arg(project.path())
        .arg(&cache)
        .arg(variable("LAYERGATE_BINARY"))
        .arg(&database)
        .output()
        .unwrap();
    let log = format!(
        "{}{}",
        String::from_utf8_lossy(&fresh.stdout),
        String::from_utf8_lossy(&fresh.stderr)
    );
    assert!(fresh.status.success(), "{log}");
    let outcome = Outcome { code: Some(0), stdout: String::new(), metadata: String::new(), log };
    let outcome = outcome.says("[layergate] scan 4/4");
    assert_eq!(outcome.scans_run(), Vec::<String>::new(), "{}", outcome.log);
    assert!(outcome.is_cached("RUN head -c 20000000 /dev/urandom > /large2"), "{}", outcome.log);
    let pulled = outcome
        .log
        .lines()
        .filter_map(|it| it.trim().strip_prefix("Size:"))
        .find(|it| is_large(it));
    assert_eq!(pulled, None, "a layer was pulled:\n{}", outcome.log);
}

/// Whether a size that `docker buildx du` prints is that of a layer that this test made. The only
/// larger one there may be is the base image's, which the fresh engine has anyway.
fn is_large(size: &str) -> bool {
    let megabytes = size.trim().strip_suffix("MB").and_then(|it| it.parse::<f64>().ok());
    megabytes.is_some_and(|it| (19.0..30.0).contains(&it))
}

/// BuildKit may throw a layer away and keep the scan of it. What the instruction makes the next time
/// must not be judged by the old scan.
#[test]
fn a_layer_that_was_thrown_away_and_made_anew_is_scanned_anew() {
    let mark = nonce();
    let project = project(&format!(
        "FROM {{base}}\nRUN --mount=type=secret,id=what mkdir -p /opt/lg.dist-info && \
         cp /run/secrets/what /opt/lg.dist-info/METADATA # {mark}\n"
    ));
    let (_keep, directory) = directory();
    let what = directory.join("what");
    let secret = format!("--secret=id=what,src={}", what.display());
    std::fs::write(&what, "Name: lgtest\nVersion: 1.1\n").unwrap();
    project.build().args([&secret]).run().passes();

    let layers = records(&mark);
    assert!(!layers.is_empty(), "{mark} is not in the cache");
    layers.iter().for_each(|id| prune(id));
    std::fs::write(&what, "Name: lgtest\nVersion: 1.0\n").unwrap();
    let again = project.build().args([&secret]).run();
    // BuildKit may call the RUN cached until it looks for the layer; the finding is in the new one.
    let again = again.stops_at("RUN --mount=type=secret").says("TEST-2026-0001");
    assert!(again.scans_run().iter().any(|it| it.contains("RUN --mount")), "{}", again.log);
    // Nothing is left that would speak for it the next time.
    project.build().args([&secret]).run().stops_at("RUN --mount=type=secret");
}

/// The cache records that the instruction with `mark` made; what scans made is not among them.
fn records(mark: &str) -> Vec<String> {
    let usage = Command::new("docker").args(["buildx", "du", "--verbose"]).output().unwrap();
    let usage = String::from_utf8_lossy(&usage.stdout).into_owned();
    let is_ours = |it: &&str| it.contains(mark) && !it.contains("[layergate]");
    let id =
        |it: &str| it.lines().find_map(|it| it.strip_prefix("ID:")).map(|it| it.trim().to_owned());
    usage.split("\n\n").filter(is_ours).filter_map(id).collect()
}

/// An image that another engine finds under the same name.
fn pushed_base() -> String {
    let name = format!("layergate/cache-base-{}:e2e", nonce());
    let project = project("FROM {base}\nRUN head -c 25000000 /dev/urandom > /base # {nonce}\n");
    if engine() == Engine::Buildkitd {
        return image(&project, &name);
    }
    let reference = format!("{}/{name}", variable("LAYERGATE_REGISTRY"));
    let output = format!("type=image,push=true,name={reference}");
    project.build_ungated().args(["--provenance=false"]).output(&output).run().passes();
    reference
}
