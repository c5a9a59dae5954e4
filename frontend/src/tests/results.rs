//! Every shape of result that the stock frontend may give, and shapes that it may not.

use std::collections::HashMap;

use layergate_proto::{gateway, llb};
use prost::Message as _;

use super::buildkit::{self, BuildKit};
use super::judge::Judge;
use super::{THREE_STEPS, dockerfile, gate, gate_with};
use crate::Attach;

fn several(platforms: &[(&str, &str)]) -> gateway::Result {
    let reference = |text: &str| gateway::Ref {
        id: "stock".to_owned(),
        def: Some(dockerfile::definition(text)),
    };
    let refs = platforms.iter().map(|(name, text)| ((*name).to_owned(), reference(text)));
    gateway::Result {
        result: Some(gateway::result::Result::Refs(gateway::RefMap { refs: refs.collect() })),
        ..Default::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_passing_result_comes_back_as_it_was_but_for_our_metadata() {
    let mut stock = buildkit::single(dockerfile::definition(THREE_STEPS));
    stock.metadata.insert("containerimage.config".to_owned(), b"{}".to_vec());
    let outcome = gate(BuildKit::answering(stock.clone()), &Judge::default()).await;
    stock.metadata.insert("frontend.layergate.verdict".to_owned(), b"pass".to_vec());
    crate::answer::slim(&mut stock);
    assert_eq!(outcome.result(), &stock);
}

#[tokio::test(start_paused = true)]
async fn every_platform_is_scanned_and_carries_its_own_scans() {
    let stock = several(&[
        ("linux/amd64", "FROM base-amd64\nRUN one\n"),
        ("linux/arm64", "FROM base-arm64\nRUN other\n"),
    ]);
    let judge = Judge { attach: Attach::Always, ..Judge::default() };
    let outcome = gate(BuildKit::answering(stock), &judge).await;
    assert_eq!(outcome.told(), "passed");
    let attached = |platform: &str| {
        let all = &outcome.result().attestations[platform].attestation;
        all.iter().map(|it| it.r#ref.as_ref().unwrap().id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(attached("linux/amd64"), ["scan RUN one"]);
    assert_eq!(attached("linux/arm64"), ["scan RUN other"]);
    assert_eq!(judge.heard().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_finding_on_any_platform_stops_the_build() {
    let stock = several(&[
        ("linux/amd64", "FROM base-amd64\nRUN one\n"),
        ("linux/arm64", "FROM base-arm64\nRUN other\n"),
    ]);
    let judge = Judge { stops_at: vec!["RUN other"], ..Judge::default() };
    let outcome = gate(BuildKit::answering(stock), &judge).await;
    assert_eq!(outcome.told(), "stopped at RUN other @ Dockerfile:2-2");
}

#[tokio::test(start_paused = true)]
async fn a_result_with_nothing_in_it_passes() {
    for stock in [gateway::Result::default(), buildkit::single(llb::Definition::default())] {
        let judge = Judge::default();
        let outcome = gate(BuildKit::answering(stock), &judge).await;
        assert_eq!(outcome.told(), "passed");
        assert_eq!(judge.heard(), ["the end"]);
    }
}

#[tokio::test(start_paused = true)]
async fn references_of_the_deprecated_kind_are_refused() {
    let refs = gateway::RefMapDeprecated { refs: HashMap::new() };
    let stock = gateway::Result {
        result: Some(gateway::result::Result::RefsDeprecated(refs)),
        ..Default::default()
    };
    let outcome = gate(BuildKit::answering(stock), &Judge::default()).await;
    assert_eq!(
        outcome.told(),
        "layergate: BuildKit's answer cannot be understood: a result without definitions"
    );
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_sub_request_is_passed_on() {
    let mut stock = gateway::Result::default();
    stock.metadata.insert("result.json".to_owned(), b"{}".to_vec());
    let opts = [("requestid", "frontend.lint")];
    let judge = Judge::default();
    let outcome = gate_with(BuildKit::answering(stock.clone()), &judge, &opts).await;
    assert_eq!(outcome.result(), &stock);
    assert!(judge.heard().is_empty());
}

#[tokio::test(start_paused = true)]
async fn file_actions_that_start_from_each_other_do_not_hang_the_plan() {
    let action = |input, output| llb::FileAction {
        input,
        secondary_input: -1,
        output,
        ..Default::default()
    };
    let file = llb::FileOp { actions: vec![action(1, -1), action(0, 0), action(2, 0)] };
    let op = llb::Op { op: Some(llb::op::Op::File(file)), ..Default::default() };
    let mut graph = crate::graph::Graph::default();
    let vertex = graph.insert(op, llb::OpMetadata::default());
    let view = crate::graph::View { vertex, output: 0 };
    let stock = buildkit::single(graph.definition(&view));
    let judge = Judge::default();
    gate(BuildKit::answering(stock), &judge).await;
    assert_eq!(judge.heard().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_reference_without_a_definition_is_no_empty_image() {
    let reference = gateway::Ref { id: "stock".to_owned(), def: None };
    let stock = gateway::Result {
        result: Some(gateway::result::Result::Ref(reference)),
        ..Default::default()
    };
    let outcome = gate(BuildKit::answering(stock), &Judge::default()).await;
    assert_eq!(
        outcome.told(),
        "layergate: BuildKit's answer cannot be understood: a reference without a definition"
    );
}

#[tokio::test(start_paused = true)]
async fn an_image_is_gated_though_it_answers_a_sub_request() {
    let judge = Judge { stops_at: vec!["RUN one"], ..Judge::default() };
    let opts = [("requestid", "frontend.unheard-of")];
    let outcome = gate_with(BuildKit::building(THREE_STEPS), &judge, &opts).await;
    assert_eq!(outcome.told(), "stopped at RUN one @ Dockerfile:2-2");
}

fn op(inputs: &[&str]) -> Vec<u8> {
    let inputs = inputs.iter().map(|it| llb::Input { digest: (*it).to_owned(), index: 0 });
    llb::Op { inputs: inputs.collect(), ..Default::default() }.encode_to_vec()
}

#[tokio::test(start_paused = true)]
async fn a_definition_that_makes_no_sense_is_refused() {
    let source = dockerfile::definition("FROM base\n").def;
    let unnamed = vec![source[0].clone(), op(&[])];
    let truncated = vec![source[0][..source[0].len() - 1].to_vec(), source[1].clone()];
    let backwards = vec![source[1].clone(), source[0].clone()];
    // A digest that names its own vertex cannot be made; two that claim to can.
    let cycle = vec![op(&["sha256:b"]), op(&["sha256:a"]), op(&["sha256:a"])];
    let garbage = vec![vec![0xff; 32], op(&["sha256:a"])];
    for def in [unnamed, truncated, backwards, cycle, garbage, vec![op(&["sha256:a"])]] {
        let definition = llb::Definition { def: def.clone(), ..Default::default() };
        let outcome =
            gate(BuildKit::answering(buildkit::single(definition)), &Judge::default()).await;
        let told = outcome.told();
        assert!(
            told.starts_with("layergate: BuildKit's answer cannot be understood: "),
            "{told}: {def:?}"
        );
    }
}
