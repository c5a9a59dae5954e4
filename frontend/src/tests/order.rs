//! Whatever answers first, the build ends the same way.

use layergate_proto::rpc;

use super::buildkit::BuildKit;
use super::judge::Judge;
use super::{Outcome, gate};

const FOUR_STEPS: &str = "FROM base\nRUN one\nRUN two\nRUN three\n";
const STAGES: &str = "FROM base AS a\nRUN one\nFROM other AS b\nCOPY --from=a\nRUN two\n";

fn exit(code: i32) -> rpc::Status {
    rpc::Status { code: 2, message: format!("exit code: {code}"), details: vec![] }
}

fn permutations(of: &[&'static str]) -> Vec<Vec<&'static str>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |first: usize| {
        let mut rest = of.to_vec();
        let first = rest.remove(first);
        permutations(&rest).into_iter().map(move |it| [vec![first], it].concat())
    };
    (0..of.len()).flat_map(with_first).collect()
}

#[tokio::test(start_paused = true)]
async fn scans_may_arrive_in_any_order() {
    let scans = ["scan FROM base", "scan RUN one", "scan RUN two", "scan RUN three"];
    for order in permutations(&scans) {
        let judge = Judge { stops_at: vec!["RUN two", "RUN three"], ..Judge::default() };
        let outcome = gate(BuildKit::building(FOUR_STEPS).in_order(&order), &judge).await;
        assert_eq!(outcome.told(), "stopped at RUN two @ Dockerfile:3-3", "{order:?}");
        assert_eq!(
            judge.heard().iter().map(|it| it.split(':').next().unwrap()).collect::<Vec<_>>(),
            ["FROM base", "RUN one", "RUN two"],
            "{order:?}"
        );
    }
}

/// The end of a build in which `RUN one` is to be stopped, in both orders of the two answers.
async fn in_both_orders(
    dockerfile: &str,
    failing: &'static str,
    first: &'static str,
) -> [String; 2] {
    let build = async |order: [&'static str; 2]| -> Outcome {
        let judge = Judge { stops_at: vec!["RUN one"], ..Judge::default() };
        let buildkit = BuildKit::building(dockerfile).failing(failing, exit(3)).in_order(&order);
        gate(buildkit, &judge).await
    };
    [build([failing, first]).await.told(), build([first, failing]).await.told()]
}

#[tokio::test(start_paused = true)]
async fn the_verdict_on_an_earlier_step_wins_over_a_failing_instruction() {
    let told = in_both_orders(FOUR_STEPS, "RUN two", "scan RUN one").await;
    assert_eq!(told, ["stopped at RUN one @ Dockerfile:2-2"; 2]);
}

#[tokio::test(start_paused = true)]
async fn the_verdict_on_a_stage_that_is_copied_from_wins_over_a_failing_copy() {
    let told = in_both_orders(STAGES, "COPY --from=a", "scan RUN one").await;
    assert_eq!(told, ["stopped at RUN one @ Dockerfile:2-2"; 2]);
}

#[tokio::test(start_paused = true)]
async fn the_verdict_on_an_earlier_step_wins_over_a_failing_scan() {
    let told = in_both_orders(FOUR_STEPS, "scan RUN three", "scan RUN one").await;
    assert_eq!(told, ["stopped at RUN one @ Dockerfile:2-2"; 2]);
}

#[tokio::test(start_paused = true)]
async fn the_verdict_on_an_earlier_step_wins_over_a_source_that_cannot_be_had() {
    let dockerfile = "FROM base AS a\nRUN one\nADD https://example.invalid/x\n";
    let told = in_both_orders(dockerfile, "https://example.invalid/x", "scan RUN one").await;
    assert_eq!(told, ["stopped at RUN one @ Dockerfile:2-2"; 2]);
}

#[tokio::test(start_paused = true)]
async fn the_verdict_on_a_stage_wins_over_the_verdict_on_what_is_copied_from_it() {
    for order in permutations(&["scan RUN one", "scan COPY --from=a", "scan FROM other AS b"]) {
        let judge = Judge { stops_at: vec!["RUN one", "COPY --from=a"], ..Judge::default() };
        let outcome = gate(BuildKit::building(STAGES).in_order(&order), &judge).await;
        assert_eq!(outcome.told(), "stopped at RUN one @ Dockerfile:2-2", "{order:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_instruction_is_told_when_everything_before_it_was_judged() {
    let order = ["RUN two", "scan RUN one"];
    let buildkit = BuildKit::building(FOUR_STEPS).failing("RUN two", exit(3)).in_order(&order);
    let judge = Judge::default();
    let outcome = gate(buildkit, &judge).await;
    assert_eq!(outcome.error(), &outcome.buildkit.failures()[0]);
    assert_eq!(
        judge.heard(),
        ["FROM base: 22 bytes", "RUN one: 20 bytes"].map(|it| {
            let name = it.split(':').next().unwrap();
            format!("{name}: {} bytes", "inventory of scan ".len() + name.len())
        })
    );
}

#[tokio::test(start_paused = true)]
async fn strict_asks_for_nothing_before_the_verdict() {
    let judge = Judge { strict: true, stops_at: vec!["RUN two"], ..Judge::default() };
    let outcome = gate(BuildKit::building(FOUR_STEPS), &judge).await;
    assert_eq!(outcome.told(), "stopped at RUN two @ Dockerfile:3-3");
    let calls = outcome.buildkit.calls();
    let scans: Vec<&String> = calls.iter().filter(|it| it.contains("scan ")).collect();
    assert_eq!(
        scans,
        [
            "build scan FROM base",
            "read scan FROM base/inventory.jsonl from 0 MiB",
            "build scan RUN one",
            "read scan RUN one/inventory.jsonl from 0 MiB",
            "build scan RUN two",
            "read scan RUN two/inventory.jsonl from 0 MiB",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn otherwise_every_scan_is_asked_for_at_once() {
    let judge = Judge { stops_at: vec!["FROM base"], ..Judge::default() };
    let last = ["scan FROM base"];
    let outcome = gate(BuildKit::building(FOUR_STEPS).in_order(&last), &judge).await;
    assert_eq!(outcome.told(), "stopped at FROM base @ Dockerfile:1-1");
    let mut scans = outcome.scans();
    scans.sort();
    assert_eq!(scans, ["FROM base", "RUN one", "RUN three", "RUN two"]);
}
