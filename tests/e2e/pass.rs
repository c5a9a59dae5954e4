//! A passing build is the build it would have been.

use crate::support::{Engine, directory, engine, project};

#[test]
fn its_configuration_has_the_same_digest() {
    let project = project(
        "FROM {base} AS build\nARG SOURCE_DATE_EPOCH\nRUN echo {nonce} > /made\n\
         FROM {base}\nENV A=b\nCOPY --from=build /made /made\nCOPY --link data /x/\nRUN cat /made\nCMD [\"true\"]\n",
    )
    .file("data", "content");
    let epoch = ["--build-arg", "SOURCE_DATE_EPOCH=1700000000"];
    let gated = project.build().args(epoch).config_digest();
    let ungated = project.build_ungated().args(epoch).config_digest();
    assert_eq!(gated, ungated);
}

#[test]
fn metadata_tells_verdict_counts_and_database() {
    let outcome = project("FROM {base}\nCOPY site/ /s/\n")
        .python_package("lgmedium", "1.0")
        .build()
        .run()
        .passes();
    assert_eq!(outcome.metadata("verdict"), "pass", "{}", outcome.metadata);
    assert_eq!(outcome.metadata("findings")["warned"], 1, "{}", outcome.metadata);
    assert!(outcome.metadata("database")["date"].is_string(), "{}", outcome.metadata);
}

#[test]
fn a_rebuild_runs_no_scan() {
    let project = project("FROM {base}\nRUN echo {nonce}\nCOPY Dockerfile /x\n");
    let first = project.build().run().passes();
    assert!(!first.scans_run().is_empty(), "{}", first.log);
    let second = project.build().run().passes();
    assert!(second.log.contains("[layergate] scan 3/3"), "{}", second.log);
    assert_eq!(second.scans_run(), Vec::<String>::new(), "{}", second.log);
}

#[test]
fn one_changed_instruction_is_one_scan() {
    let project =
        project("FROM {base}\nRUN echo {nonce}\nCOPY changing /x\n").file("changing", "1");
    project.build().run().passes();
    let project = project.file("changing", "2");
    let scans = project.build().run().passes().scans_run();
    assert_eq!(scans.len(), 1, "{scans:?}");
    assert!(scans[0].contains("COPY changing /x"), "{scans:?}");
}

#[test]
fn several_platforms_are_gated_and_returned() {
    let dockerfile = "FROM scratch\nCOPY site/ /s/\n";
    let two = ["--platform=linux/amd64,linux/arm64"];
    let stopped = project(dockerfile).python_package("lgtest", "1.0");
    let clean = project(dockerfile).python_package("lgtest", "1.1");
    if engine() == Engine::Classic {
        // This store refuses several platforms, with us or without, before a frontend is asked.
        let refusal = "Multi-platform build is not supported";
        clean.build().args(two).run().says(refusal);
        clean.build_ungated().args(two).run().says(refusal);
        return;
    }
    let (_keep, directory) = directory();
    let archive = directory.join("image.tar");
    let outcome =
        clean.build().args(two).output(&format!("type=oci,dest={}", archive.display())).run();
    outcome.passes().says("linux/arm64");
    assert!(archive.exists());
    stopped.build().args(two).run().stops_at("COPY site/ /s/");
}
