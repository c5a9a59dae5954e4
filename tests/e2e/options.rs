//! The channels by which a build is told how to gate, and which of them wins.

use crate::support::project;

const VULNERABLE: &str = "FROM {base}\nRUN echo {nonce}\nCOPY site/ /s/\n";

#[test]
fn on_the_syntax_line() {
    project(VULNERABLE)
        .python_package("lgtest", "1.0")
        .words("fail-on=none")
        .build()
        .run()
        .passes();
}

#[test]
fn as_a_build_argument() {
    let project = project(VULNERABLE).python_package("lgmedium", "1.0");
    project.build().run().passes();
    project
        .build()
        .args(["--build-arg", "LAYERGATE_FAIL_ON=medium"])
        .run()
        .stops_at("COPY site/ /s/");
}

#[test]
fn in_a_file_beside_the_dockerfile() {
    project(VULNERABLE)
        .python_package("lgmedium", "1.0")
        .file("layergate.toml", "fail-on = \"medium\"\n")
        .build()
        .run()
        .stops_at("COPY site/ /s/");
}

#[test]
fn the_file_is_read_even_if_dockerignore_hides_it() {
    project(VULNERABLE)
        .python_package("lgmedium", "1.0")
        .file("layergate.toml", "fail-on = \"medium\"\n")
        .file(".dockerignore", "layergate.toml\n")
        .build()
        .run()
        .stops_at("COPY site/ /s/");
}

#[test]
fn a_build_argument_wins_over_the_syntax_line_and_that_over_the_file() {
    let project = project(VULNERABLE)
        .python_package("lgmedium", "1.0")
        .file("layergate.toml", "fail-on = \"medium\"\n")
        .words("fail-on=high");
    project.build().run().passes();
    project.build().args(["--build-arg", "LAYERGATE_FAIL_ON=low"]).run().stops_at("COPY site/ /s/");
}

#[test]
fn an_unknown_name_is_an_error_that_lists_the_right_ones() {
    project(VULNERABLE)
        .words("fail-om=high")
        .build()
        .run()
        .says("fail-om")
        .says("fail-on")
        .says("report-only")
        .does_not_say("[layergate] scan");
}

#[test]
fn an_unknown_value_is_an_error_that_lists_the_right_ones() {
    let outcome =
        project(VULNERABLE).build().args(["--build-arg", "LAYERGATE_FAIL_ON=severe"]).run();
    assert_eq!(outcome.code, Some(1));
    outcome.says("severe").says("critical").says("LAYERGATE_FAIL_ON");
}

#[test]
fn a_file_with_a_mistake_names_its_line() {
    project(VULNERABLE)
        .file("layergate.toml", "judge = \"early\"\nfail-on = 3\n")
        .build()
        .run()
        .says("layergate.toml")
        .says("line 2");
}

#[test]
fn unfixed_findings_follow_their_own_option() {
    let project = project(VULNERABLE).python_package("lgunfixed", "1.0");
    project.build().run().passes().says("lgunfixed");
    project
        .build()
        .args(["--build-arg", "LAYERGATE_UNFIXED=block"])
        .run()
        .stops_at("COPY site/ /s/");
    project
        .build()
        .args(["--build-arg", "LAYERGATE_UNFIXED=ignore"])
        .run()
        .passes()
        .does_not_say("lgunfixed");
}

#[test]
fn secrets_can_be_a_warning_or_off() {
    let project = project("FROM {base}\nRUN echo {nonce}\nCOPY token /t\n")
        .file("token", crate::support::token());
    project.build().run().stops_at("COPY token /t");
    project.build().args(["--build-arg", "LAYERGATE_SECRETS=warn"]).run().passes().says("/t");
    project
        .build()
        .args(["--build-arg", "LAYERGATE_SECRETS=off"])
        .run()
        .passes()
        .does_not_say("Hugging Face");
}

#[test]
fn reporting_only_shows_everything_and_stops_nothing() {
    let outcome = project(VULNERABLE)
        .python_package("lgtest", "1.0")
        .build()
        .args(["--build-arg", "LAYERGATE_REPORT_ONLY=true"])
        .run()
        .passes()
        .says("lgtest");
    assert_eq!(outcome.metadata("findings")["blocking"], 1, "{}", outcome.metadata);
}

const EXEMPT: &str =
    "[[exempt]]\nid = \"TEST-2026-0001\"\npackage = \"lgtest\"\nreason = \"not reachable\"\n";

#[test]
fn an_exemption_with_a_reason_lets_a_finding_pass() {
    let outcome = project(VULNERABLE)
        .python_package("lgtest", "1.0")
        .file("layergate.toml", EXEMPT)
        .build()
        .run()
        .passes();
    assert_eq!(outcome.metadata("findings")["exempt"], 1, "{}", outcome.metadata);
    project(VULNERABLE)
        .python_package("lgtest", "1.0")
        .python_package("lgother", "3.0")
        .file("layergate.toml", EXEMPT)
        .build()
        .run()
        .stops_at("COPY site/ /s/")
        .says("TEST-2026-0002")
        .does_not_say("TEST-2026-0001  ");
}

#[test]
fn an_exemption_ends_and_an_unused_one_is_told() {
    project(VULNERABLE)
        .python_package("lgtest", "1.0")
        .file("layergate.toml", format!("{EXEMPT}expires = 2020-01-31\n"))
        .build()
        .run()
        .stops_at("COPY site/ /s/")
        .says("layergate.toml line 1: the exemption of TEST-2026-0001 ended on 2020-01-31");
    project(VULNERABLE)
        .file("site/x", "")
        .file("layergate.toml", EXEMPT)
        .build()
        .run()
        .passes()
        .says("the exemption of TEST-2026-0001 matches nothing in this build");
}

#[test]
fn an_exemption_without_a_reason_is_refused() {
    project(VULNERABLE)
        .file("layergate.toml", "[[exempt]]\nid = \"TEST-2026-0001\"\n")
        .build()
        .run()
        .says("layergate.toml line 1: the exemption of TEST-2026-0001 needs a reason");
}
