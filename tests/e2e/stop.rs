//! A build stops at the line that brought something in.

use std::process::Command;

use crate::support::{project, repository, variable};

#[test]
fn at_the_run_that_installed_a_vulnerable_package() {
    let wheels = Command::new(repository().join("tests/engine/wheels")).output().unwrap();
    assert!(wheels.status.success(), "{}", String::from_utf8_lossy(&wheels.stderr));
    let wheels = repository().join("target/engine/wheels");
    let mut project = project(
        "FROM {base}\n\
         COPY wheels/ /w/\n\
         RUN pip install --break-system-packages --no-index --no-deps --find-links /w jinja2==2.10\n\
         COPY Dockerfile /app/\n",
    );
    for wheel in std::fs::read_dir(wheels).unwrap() {
        let wheel = wheel.unwrap();
        let name = format!("wheels/{}", wheel.file_name().display());
        project = project.file(&name, std::fs::read(wheel.path()).unwrap());
    }
    project
        .build()
        .run()
        .stops_at("RUN pip install")
        .says("CVE-2019-10906")
        .says("jinja2 2.10")
        .says("fixed in 2.10.1")
        .says("Jinja2-2.10.dist-info/METADATA")
        .does_not_say("could not scan");
}

#[test]
fn at_the_copy_that_brought_a_vulnerable_package() {
    project("FROM {base}\nRUN true\nCOPY site/ /opt/site/\nRUN true {nonce}\n")
        .python_package("lgtest", "1.0")
        .build()
        .run()
        .stops_at("COPY site/ /opt/site/")
        .says("TEST-2026-0001")
        .says("lgtest 1.0")
        .says("fixed in 1.1");
}

#[test]
fn all_findings_of_the_instruction_are_told() {
    project("FROM {base}\nCOPY site/ /opt/site/\n")
        .python_package("lgtest", "1.0")
        .python_package("lgother", "3.0")
        .file("site/token", crate::support::token())
        .build()
        .run()
        .stops_at("COPY site/")
        .says("3 findings")
        .says("TEST-2026-0001")
        .says("TEST-2026-0002")
        .says("/opt/site/token");
}

#[test]
fn a_fixed_version_passes() {
    project("FROM {base}\nCOPY site/ /opt/site/\n")
        .python_package("lgtest", "1.1")
        .build()
        .run()
        .passes()
        .does_not_say("TEST-2026-0001");
}

#[test]
fn several_lines_of_one_instruction_are_marked() {
    project("FROM {base}\nRUN mkdir -p /opt/x.dist-info && \\\n  printf 'Name: lgtest\\nVersion: 1.0\\n' \\\n  > /opt/x.dist-info/METADATA\nRUN true {nonce}\n")
        .build()
        .run()
        .stops_at("RUN mkdir -p /opt/x.dist-info")
        .stops_at("  > /opt/x.dist-info/METADATA");
}

#[test]
fn below_the_bar_it_is_a_warning_with_its_lines() {
    let outcome = project("FROM {base}\nCOPY site/ /opt/site/\n")
        .python_package("lgmedium", "1.0")
        .build()
        .args(["--label", "x=y"])
        .run()
        .passes();
    let outcome = outcome.says("lgmedium").says("(line 3)");
    let warnings = &outcome.metadata;
    assert!(
        warnings.contains("buildx.build.warnings") || !warnings.contains("layergate: 1"),
        "{warnings}"
    );
}

#[test]
fn the_exit_code_is_that_of_a_failed_build() {
    let project = project("FROM {base}\nCOPY site/ /opt/site/\n").python_package("lgtest", "1.0");
    let stopped = project.build().run();
    let failed =
        crate::support::project("FROM {base}\nRUN exit 7 # {nonce}\n").build_ungated().run();
    assert_eq!(stopped.code, failed.code);
    assert!(!variable("LAYERGATE_BINARY").is_empty());
}
