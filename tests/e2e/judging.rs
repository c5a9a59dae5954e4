//! When what is judged: the three modes, base images, builder stages.

use crate::support::{frontend_with, image, nonce, project};

/// A base image in which dpkg knows `lgdeb` in version 1.0, for which there is an advisory.
fn base_with_old_deb() -> String {
    let name = format!("layergate/old-{}:e2e", nonce());
    image(&project(&format!("FROM {{base}}\n{}\n", install_deb("1.0"))), &name)
}

/// An instruction that builds a package and installs it with dpkg.
pub(crate) fn install_deb(version: &str) -> String {
    format!(
        "RUN mkdir -p /d/DEBIAN && printf 'Package: lgdeb\\nVersion: {version}\\nArchitecture: all\\n\
         Maintainer: none <none@example.com>\\nDescription: test\\n' > /d/DEBIAN/control && \
         dpkg-deb --build /d /d.deb && dpkg -i /d.deb && rm -rf /d /d.deb"
    )
}

#[test]
fn a_finding_of_the_base_image_is_told_at_its_from() {
    let base = base_with_old_deb();
    project(&format!("FROM {base}\nRUN echo {{nonce}} > /ran\n"))
        .build()
        .run()
        .stops_at("FROM")
        .says("TEST-2026-0003")
        .says("lgdeb 1.0")
        .says("fixed in 2.0");
}

#[test]
fn a_later_upgrade_repairs_the_base_image() {
    let base = base_with_old_deb();
    project(&format!("FROM {base}\nRUN echo {{nonce}}\n{}\n", install_deb("2.0")))
        .build()
        .run()
        .passes()
        .does_not_say("TEST-2026-0003");
}

#[test]
fn strict_does_not_wait_for_an_upgrade_and_starts_nothing_before_the_verdict() {
    let base = base_with_old_deb();
    project(&format!("FROM {base}\nRUN echo ran-{{nonce}}\n{}\n", install_deb("2.0")))
        .words("judge=strict")
        .build()
        .run()
        .stops_at("FROM")
        .says("TEST-2026-0003")
        .did_not_run("RUN echo ran");
}

#[test]
fn strict_runs_nothing_after_the_instruction_it_stops_at() {
    project("FROM {base}\nCOPY site/ /s/\nRUN echo must-not-run-{nonce}\n")
        .python_package("lgtest", "1.0")
        .words("judge=strict")
        .build()
        .run()
        .stops_at("COPY site/ /s/")
        .did_not_run("must-not-run");
}

#[test]
fn strict_passes_what_has_no_findings() {
    project("FROM {base} AS b\nRUN echo {nonce} > /made\nFROM {base}\nCOPY --from=b /made /\nRUN cat /made\n")
        .words("judge=strict")
        .build()
        .run()
        .passes();
}

#[test]
fn early_stops_at_a_package_that_a_later_instruction_would_remove() {
    project("FROM {base}\nCOPY site/ /s/\nRUN rm -r /s # {nonce}\n")
        .python_package("lgtest", "1.0")
        .build()
        .run()
        .stops_at("COPY site/ /s/");
}

#[test]
fn final_judges_what_is_left_at_the_end() {
    project("FROM {base}\nCOPY site/ /s/\nRUN rm -r /s # {nonce}\n")
        .python_package("lgtest", "1.0")
        .words("judge=final")
        .build()
        .run()
        .passes();
    project("FROM {base}\nCOPY site/ /s/\nRUN echo {nonce}\n")
        .python_package("lgtest", "1.0")
        .words("judge=final")
        .build()
        .run()
        .stops_at("COPY site/ /s/")
        .says("TEST-2026-0001");
}

#[test]
fn final_still_counts_a_secret_that_was_deleted() {
    project("FROM {base}\nCOPY token /t\nRUN rm /t # {nonce}\n")
        .file("token", crate::support::token())
        .words("judge=final")
        .build()
        .run()
        .stops_at("COPY token /t");
}

#[test]
fn a_builder_stage_is_told_from_what_ships() {
    let dockerfile = "FROM {base} AS build\nCOPY site/ /s/\nRUN echo {nonce} > /made\nFROM {base}\nCOPY --from=build /made /made\n";
    let project = project(dockerfile).python_package("lgtest", "1.0");
    let outcome = project.build().run().passes();
    outcome.says("lgtest").says("(line 3)");
    project
        .build()
        .args(["--build-arg", "LAYERGATE_BUILDER=block"])
        .run()
        .stops_at("COPY site/ /s/");
    project
        .build()
        .args(["--build-arg", "LAYERGATE_BUILDER=ignore"])
        .run()
        .passes()
        .does_not_say("lgtest");
}

#[test]
fn what_is_copied_out_of_a_builder_stage_is_blamed_on_the_copy() {
    project(
        "FROM {base} AS build\nCOPY site/ /s/\nFROM {base}\nRUN echo {nonce}\nCOPY --from=build /s /opt/s\n",
    )
    .python_package("lgtest", "1.0")
    .build()
    .run()
    .stops_at("COPY --from=build /s /opt/s");
}

#[test]
fn a_newer_database_judges_a_cached_build_anew_without_a_scan() {
    let older =
        project("FROM {base}\nCOPY site/ /s/\nRUN echo {nonce}\n").python_package("lglater", "1.0");
    older.build().run().passes();
    let newer = frontend_with("tests/fixtures/advisories-later", "layergate/frontend:later");
    let outcome =
        older.syntax(&newer).build().run().stops_at("COPY site/ /s/").says("TEST-2026-0009");
    assert_eq!(outcome.scans_run(), Vec::<String>::new(), "{}", outcome.log);
}

#[test]
fn packages_that_nothing_is_known_about_are_told() {
    let outcome = project("FROM {base}\nRUN echo {nonce}\nCOPY gems/ /usr/lib/ruby/gems/3.3.0/\n")
        .file(
            "gems/specifications/lggem-1.0.0.gemspec",
            "Gem::Specification.new do |s|\n  s.name = \"lggem\"\n  s.version = \"1.0.0\"\nend\n",
        )
        .build()
        .run()
        .passes();
    let outcome = outcome.says("layergate: 1 gem packages are not judged").says("(line 4)");
    assert_eq!(outcome.metadata("findings")["unjudged"], 1, "{}", outcome.metadata);
}
