//! Where the database comes from, and how old it may be.

use std::path::Path;
use std::process::Command;

use crate::support::{
    Engine, Project, database_of, engine, frontend_image, image, nonce, project, variable,
};

/// A build that only the advisories of later days stop.
fn of_later() -> Project {
    project("FROM {base}\nCOPY site/ /s/\nRUN echo {nonce}\n").python_package("lglater", "1.0")
}

/// A directory with those advisories in a database.
fn later() -> (tempfile::TempDir, std::path::PathBuf) {
    database_of("tests/fixtures/advisories-later", "2026-01-01")
}

#[test]
fn in_a_directory_that_is_a_named_context() {
    let (keep, _) = later();
    let place = format!("layergate-db={}", keep.path().display());
    of_later().build().run().passes();
    of_later()
        .build()
        .args(["--build-context", &place])
        .run()
        .stops_at("COPY site/")
        .says("TEST-2026-0009")
        .says("Judged by advisories of 2026-01-01");
}

#[test]
fn in_an_image_that_is_a_named_context_or_an_option() {
    let (_keep, database) = later();
    let holder = project("FROM scratch\nCOPY layergate.db /\n")
        .file("layergate.db", std::fs::read(database).unwrap());
    let holder = image(&holder, &format!("layergate/db-{}:e2e", nonce()));
    of_later()
        .build()
        .args(["--build-context", &format!("layergate-db=docker-image://{holder}")])
        .run()
        .stops_at("COPY site/")
        .says("TEST-2026-0009");
    let words = format!("db={holder}");
    of_later().words(&words).build().run().stops_at("COPY site/").says("TEST-2026-0009");
    // What the build names goes before what its file names.
    let (keep, _) = database_of("tests/fixtures/advisories", "2026-01-01");
    let place = format!("layergate-db={}", keep.path().display());
    of_later().words(&words).build().args(["--build-context", &place]).run().passes();
}

#[test]
fn in_an_oci_layout_that_is_a_named_context() {
    let (keep, database) = later();
    let layout = keep.path().join("layout");
    let packed = Command::new(crate::support::repository().join("tests/engine/oci-layout"))
        .args([&layout, &database])
        .output()
        .unwrap();
    assert!(packed.status.success(), "{}", String::from_utf8_lossy(&packed.stderr));
    let place = format!("layergate-db=oci-layout://{}:latest", layout.display());
    let outcome = of_later().build().args(["--build-context", &place]).run();
    if engine() == Engine::Classic {
        // This engine's BuildKit reads no layouts, for nobody.
        assert_eq!(outcome.code, Some(1), "{}", outcome.log);
        outcome.says("unknown scheme oci-layout");
        return;
    }
    outcome.stops_at("COPY site/").says("TEST-2026-0009");
}

#[test]
fn a_context_without_a_database_fails_closed() {
    let keep = tempfile::tempdir().unwrap();
    std::fs::write(keep.path().join("other"), "").unwrap();
    let place = format!("layergate-db={}", keep.path().display());
    let outcome = of_later().build().args(["--build-context", &place]).run();
    assert_eq!(outcome.code, Some(1), "{}", outcome.log);
    outcome.says("layergate.db");
    std::fs::write(keep.path().join("layergate.db"), "no database at all").unwrap();
    let outcome = of_later().build().args(["--build-context", &place]).run();
    assert_eq!(outcome.code, Some(1), "{}", outcome.log);
    outcome.says("this is not a Layergate advisory database");
}

#[test]
fn an_old_one_is_told_and_may_be_refused() {
    let (_keep, database) = database_of("tests/fixtures/advisories", "2026-01-01");
    let old = frontend_image(
        Path::new(&variable("LAYERGATE_BINARY")),
        &database,
        "layergate/frontend:old",
    );
    let build = |words: &str| {
        project("FROM {base}\nRUN echo {nonce}\n").syntax(&format!("{old} {words}")).build().run()
    };
    build("").passes().says("days old (2026-01-01)");
    let refused = build("db-max-age=5");
    assert_eq!(refused.code, Some(1), "{}", refused.log);
    refused.says("db-max-age=5 allows 5");
    build("db-max-age=100000").passes();
}
