//! What BuildKit says of a failing instruction comes back as it was; a failing scan is our own.

use layergate_proto::protobuf::Any;
use layergate_proto::rpc;

use super::buildkit::BuildKit;
use super::judge::Judge;
use super::{THREE_STEPS, gate, gate_with};

/// A failing instruction, with a detail of `size` bytes that nobody here understands.
fn failure(size: usize) -> rpc::Status {
    let exit = "process \"/bin/sh -c two\" did not complete successfully: exit code: 3";
    let detail = |url: &str, value: Vec<u8>| Any { type_url: url.to_owned(), value };
    rpc::Status {
        code: 2,
        message: exit.to_owned(),
        details: vec![
            detail("type.googleapis.com/unknown", (0..=255).cycle().take(size).collect()),
            detail("github.com/moby/buildkit/errdefs.Solve+json", b"{\"inputIDs\":[]}".to_vec()),
        ],
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_instruction_comes_back_with_every_byte_of_its_details() {
    for size in [0, 17 << 10, 1 << 20, 3 << 20] {
        let buildkit = BuildKit::building(THREE_STEPS).failing("RUN two", failure(size));
        let outcome = gate(buildkit, &Judge::default()).await;
        let sent = outcome.buildkit.failures();
        assert_eq!(sent.len(), 1, "{size}");
        assert_eq!(sent[0].details.len(), 3, "{size}");
        assert!(outcome.error() == &sent[0], "{size}: {}", outcome.told());
    }
}

#[tokio::test(start_paused = true)]
async fn a_dockerfile_that_cannot_be_read_comes_back_as_it_was() {
    let mut buildkit = BuildKit::building(THREE_STEPS);
    buildkit.stock = Err(failure(1 << 20));
    let outcome = gate(buildkit, &Judge::default()).await;
    assert!(outcome.error() == &failure(1 << 20), "{}", outcome.told());
    assert!(outcome.scans().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failing_scan_names_its_instruction_and_lines() {
    let killed = rpc::Status { code: 2, message: "exit code: 137".to_owned(), details: vec![] };
    let buildkit = BuildKit::building(THREE_STEPS).failing("scan RUN one", killed);
    let outcome = gate(buildkit, &Judge::default()).await;
    assert_eq!(
        outcome.told(),
        "layergate: could not scan instruction 2/3 (RUN one): exit code: 137 @ Dockerfile:2-2"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_to_be_shown_is_in_no_name_and_in_no_excerpt() {
    let killed = rpc::Status { code: 2, message: "exit code: 137".to_owned(), details: vec![] };
    let buildkit = BuildKit::building("FROM base\nRUN login hunter2\n");
    let outcome = gate(buildkit.failing("scan RUN login h…", killed), &Judge::default()).await;
    let told =
        "layergate: could not scan instruction 2/2 (RUN login h…): exit code: 137 @ Dockerfile:2-2";
    assert_eq!(outcome.told(), told);
    for answer in outcome.buildkit.answers() {
        for detail in answer.error.unwrap().details {
            let detail: serde_json::Value = serde_json::from_slice(&detail.value).unwrap();
            // Base64 of what is shown of the Dockerfile.
            assert_eq!(detail["info"]["data"], "RlJPTSBiYXNlClJVTiBsb2dpbiBo4oCmCg==");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_judge_comes_before_any_scan() {
    let judge = Judge { refuses: Some("/layergate.db: no such file"), ..Judge::default() };
    let outcome = gate(BuildKit::building(THREE_STEPS), &judge).await;
    assert_eq!(outcome.told(), "layergate: /layergate.db: no such file");
    assert!(outcome.scans().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_option_of_buildkit_that_cannot_be_read_is_told() {
    let opts = [("cache-imports", "{")];
    let outcome = gate_with(BuildKit::building(THREE_STEPS), &Judge::default(), &opts).await;
    let told = outcome.told();
    assert!(told.starts_with("layergate: BuildKit's answer cannot be understood"), "{told}");
    assert!(told.contains("option cache-imports"), "{told}");
}
