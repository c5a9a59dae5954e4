//! What a scan leaves: read whole, however large, and never taken for less than it is.

use super::buildkit::BuildKit;
use super::judge::Judge;
use super::{THREE_STEPS, gate};

#[tokio::test(start_paused = true)]
async fn a_large_inventory_is_read_in_ranges() {
    let mut inventory = b"inventory".to_vec();
    inventory.resize(40 << 20, b'x');
    let buildkit = BuildKit::building("FROM base\n").scanning("scan FROM base", inventory);
    let judge = Judge::default();
    let outcome = gate(buildkit, &judge).await;
    assert_eq!(outcome.told(), "passed");
    assert_eq!(judge.heard(), ["FROM base: 41943040 bytes", "the end"]);
    let calls = outcome.buildkit.calls();
    let reads: Vec<&str> = calls.iter().filter_map(|it| it.strip_prefix("read scan ")).collect();
    assert_eq!(
        reads,
        [0, 8, 16, 24, 32, 40].map(|it| format!("FROM base/inventory.jsonl from {it} MiB"))
    );
}

#[tokio::test(start_paused = true)]
async fn an_inventory_that_the_judge_cannot_read_fails_the_build_at_its_line() {
    for inventory in ["", "{\"layergate\":1,\"fil", "{\"layergate\":999,\"files\":0}\n"] {
        let buildkit = BuildKit::building(THREE_STEPS).scanning("scan RUN one", inventory);
        let judge = Judge { stops_at: vec!["RUN two"], ..Judge::default() };
        let outcome = gate(buildkit, &judge).await;
        assert_eq!(
            outcome.told(),
            "layergate: could not scan instruction 2/3 (RUN one): the inventory cannot be read \
             @ Dockerfile:2-2"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn warnings_are_shown_though_a_later_inventory_cannot_be_read() {
    let buildkit = BuildKit::building(THREE_STEPS).scanning("scan RUN two", "").in_order(&[
        "scan FROM base",
        "scan RUN two",
        "scan RUN one",
    ]);
    let judge = Judge { warns_at: vec!["RUN one"], ..Judge::default() };
    let outcome = gate(buildkit, &judge).await;
    assert!(outcome.told().contains("(RUN two): the inventory cannot be read"));
    assert!(outcome.buildkit.calls().contains(&"warn mind RUN one".to_owned()));
}
