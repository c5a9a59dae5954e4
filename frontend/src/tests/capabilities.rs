//! A BuildKit that lacks something: refused in one sentence, or done without.

use super::buildkit::{self, BuildKit};
use super::judge::Judge;
use super::{THREE_STEPS, dockerfile, gate, gate_with};
use crate::Attach;

#[tokio::test(start_paused = true)]
async fn each_missing_capability_is_told_with_the_version_that_has_it() {
    let needed = [
        ("solve.base", "solving"),
        ("readfile", "reading files"),
        ("return", "returning results"),
        ("returnmap", "returning several platforms"),
        ("proto.refarray", "references with definitions"),
        ("reference.output", "definitions in results"),
        ("gateway.solve.evaluate", "evaluating a step"),
        ("gateway.solve.metadata", "naming a step"),
        ("exec.meta.base", "exec steps"),
        ("exec.meta.network", "steps without network"),
        ("exec.mount.bind", "mounts"),
        ("exec.mount.selector", "mounts of a single file"),
    ];
    for (cap, what) in needed {
        let outcome = gate(BuildKit::building(THREE_STEPS).without(cap), &Judge::default()).await;
        assert_eq!(
            outcome.told(),
            format!(
                "layergate: this BuildKit is too old for layergate: it lacks {what} (capability \
                 {cap}); BuildKit 0.11 or Docker Engine 24 and later have it"
            )
        );
        assert_eq!(outcome.buildkit.calls(), ["ping"], "{cap}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_inputs_none_are_asked_for() {
    let buildkit = BuildKit::building(THREE_STEPS).without("frontend.inputs");
    let outcome = gate(buildkit, &Judge::default()).await;
    assert_eq!(outcome.told(), "passed");
    assert!(!outcome.buildkit.calls().contains(&"inputs".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn without_warnings_the_build_goes_on_in_silence() {
    let judge = Judge { warns_at: vec!["RUN one"], ..Judge::default() };
    let warned = gate(BuildKit::building(THREE_STEPS), &judge).await;
    assert_eq!(warned.told(), "passed");
    assert!(warned.buildkit.calls().contains(&"warn mind RUN one".to_owned()));

    let silent = gate(BuildKit::building(THREE_STEPS).without("gateway.warnings"), &judge).await;
    assert_eq!(silent.told(), "passed");
    assert!(!silent.buildkit.calls().iter().any(|it| it.starts_with("warn")));
}

#[tokio::test(start_paused = true)]
async fn scans_travel_with_an_attested_result_where_attestations_are_known() {
    let judge = Judge { attach: Attach::Auto, ..Judge::default() };
    let opts = [("attest:provenance", "mode=min")];
    let platforms = br#"{"Platforms":[{"ID":"linux/amd64"}]}"#.to_vec();
    let building = || {
        let mut result = buildkit::single(dockerfile::definition(THREE_STEPS));
        result.metadata.insert("refs.platforms".to_owned(), platforms.clone());
        BuildKit::answering(result)
    };

    let known = gate_with(building(), &judge, &opts).await;
    let attached = &known.result().attestations["linux/amd64"].attestation;
    assert_eq!(attached[0].r#ref.as_ref().unwrap().id, "scan RUN two");

    let unknown = gate_with(building().without("reference.attestations"), &judge, &opts).await;
    assert_eq!(unknown.told(), "passed");
    assert!(unknown.result().attestations.is_empty());
}
