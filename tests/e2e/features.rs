//! What a Dockerfile and a command line can do, they can do through the gate.

use crate::support::{Engine, directory, engine, project};

#[test]
fn a_linked_copy_is_scanned_and_blamed() {
    let dockerfile =
        "FROM {base}\nRUN echo {nonce}\nCOPY --link site/ /opt/s/\nRUN test -d /opt/s\n";
    project(dockerfile)
        .python_package("lgtest", "1.0")
        .build()
        .run()
        .stops_at("COPY --link site/ /opt/s/");
    project(dockerfile).python_package("lgtest", "1.1").build().run().passes();
}

#[test]
fn a_linked_copy_replaces_what_was_there() {
    project(
        "FROM {base}\nRUN mkdir -p /opt/s/lgmedium-1.0.dist-info && \
         printf 'Name: lgmedium\\nVersion: 1.0\\n' > /opt/s/lgmedium-1.0.dist-info/METADATA # {nonce}\n\
         COPY --link site/ /opt/s/\nRUN cat /opt/s/lgmedium-1.0.dist-info/METADATA\n",
    )
    .file("site/lgmedium-1.0.dist-info/METADATA", "Name: lgmedium\nVersion: 2.0\n")
    .words("judge=final")
    .build()
    .run()
    .passes()
    .does_not_say("TEST-2026-0004");
}

#[test]
fn here_documents() {
    project("FROM {base}\nCOPY <<EOF /opt/lg.dist-info/METADATA\nName: lgtest\nVersion: 1.0\nEOF\nRUN echo {nonce}\n")
        .build()
        .run()
        .stops_at("COPY <<EOF");
    project("FROM {base}\nRUN <<EOF\nmkdir -p /opt/lg.dist-info\nprintf 'Name: lgtest\\nVersion: 1.0\\n' > /opt/lg.dist-info/METADATA\n# {nonce}\nEOF\n")
        .build()
        .run()
        .stops_at("RUN <<EOF");
}

#[test]
fn cache_and_bind_mounts_leave_nothing_in_the_layer() {
    project(
        "FROM {base}\nRUN --mount=type=cache,target=/cache --mount=type=bind,target=/ctx \
         cp -r /ctx/site /cache/ && ls /cache/site # {nonce}\n",
    )
    .python_package("lgtest", "1.0")
    .build()
    .run()
    .passes();
}

#[test]
fn a_stage_that_is_mounted_is_scanned_as_a_builder() {
    project("FROM {base} AS tools\nCOPY site/ /s/\nFROM {base}\nRUN --mount=from=tools,target=/tools ls /tools/s # {nonce}\n")
        .python_package("lgtest", "1.0")
        .words("builder=block")
        .build()
        .run()
        .stops_at("COPY site/ /s/");
}

#[test]
fn target_leaves_later_stages_out() {
    let project = project("FROM {base} AS a\nRUN echo {nonce}\nFROM a AS b\nCOPY site/ /s/\n")
        .python_package("lgtest", "1.0");
    project.build().args(["--target=a"]).run().passes();
    project.build().args(["--target=b"]).run().stops_at("COPY site/ /s/");
}

#[test]
fn build_arguments_reach_the_dockerfile() {
    project("FROM {base}\nARG WHAT=none\nRUN echo \"got-$WHAT\" # {nonce}\n")
        .build()
        .args(["--build-arg", "WHAT=this"])
        .run()
        .passes()
        .says("got-this");
}

#[test]
fn our_build_arguments_reach_no_stage_and_no_cache_key() {
    let project = project(
        "FROM {base}\nARG LAYERGATE_FAIL_ON=unset\nRUN echo \"got-$LAYERGATE_FAIL_ON\" # {nonce}\n",
    );
    project.build().args(["--build-arg", "LAYERGATE_FAIL_ON=low"]).run().passes().says("got-unset");
    let again = project.build().args(["--build-arg", "LAYERGATE_FAIL_ON=high"]).run().passes();
    assert!(again.is_cached("RUN echo"), "{}", again.log);
}

#[test]
fn without_cache_everything_is_run_and_scanned_again() {
    let project = project(
        "FROM {base}\nRUN cat /proc/sys/kernel/random/uuid > /u # {nonce}\nCOPY Dockerfile /x\n",
    );
    project.build().run().passes();
    let again = project.build().args(["--no-cache"]).run().passes();
    let scans = again.scans_run();
    assert!(scans.iter().any(|it| it.contains("RUN cat /proc")), "{scans:?}");
    assert!(scans.iter().any(|it| it.contains("COPY Dockerfile")), "{scans:?}");
}

/// What an instruction makes may change from one run to the next; the verdict must follow.
#[test]
fn without_cache_the_verdict_is_on_what_was_made_now() {
    let project = project(
        "FROM {base}\nRUN --mount=type=secret,id=what mkdir -p /opt/lg.dist-info && \
         cp /run/secrets/what /opt/lg.dist-info/METADATA # {nonce}\n",
    );
    let (_keep, directory) = directory();
    let what = directory.join("what");
    let secret = format!("--secret=id=what,src={}", what.display());
    std::fs::write(&what, "Name: lgtest\nVersion: 1.1\n").unwrap();
    project.build().args([&secret]).run().passes();
    std::fs::write(&what, "Name: lgtest\nVersion: 1.0\n").unwrap();
    project.build().args([&secret]).run().passes();
    project.build().args([secret.as_str(), "--no-cache"]).run().stops_at("RUN --mount=type=secret");
}

#[test]
fn a_named_context_is_scanned_where_it_arrives() {
    let (_keep, other) = directory();
    std::fs::create_dir_all(other.join("lg.dist-info")).unwrap();
    std::fs::write(other.join("lg.dist-info/METADATA"), "Name: lgtest\nVersion: 1.0\n").unwrap();
    project("FROM {base}\nRUN echo {nonce}\nCOPY --from=other . /opt/\n")
        .build()
        .args([format!("--build-context=other={}", other.display())])
        .run()
        .stops_at("COPY --from=other . /opt/");
}

#[test]
fn dockerignore_is_honoured() {
    project("FROM {base}\nRUN echo {nonce}\nCOPY . /ctx/\n")
        .python_package("lgtest", "1.0")
        .file(".dockerignore", "site\n")
        .build()
        .run()
        .passes();
}

#[test]
fn onbuild_instructions_of_the_base_are_blamed_on_the_from() {
    let name = format!("layergate/onbuild-{}:e2e", crate::support::nonce());
    let base = crate::support::image(
        &project("FROM {base}\nONBUILD COPY site/ /s/\nRUN echo {nonce}\n"),
        &name,
    );
    project(&format!("FROM {base}\nRUN echo {{nonce}}\n"))
        .python_package("lgtest", "1.0")
        .build()
        .run()
        .stops_at("FROM")
        .says("TEST-2026-0001");
}

#[test]
fn an_image_from_scratch_with_nothing_in_it() {
    project("FROM scratch\nLABEL a={nonce}\n").build().run().passes();
}

#[test]
fn an_image_from_scratch_with_nothing_in_it_for_two_platforms() {
    if engine() == Engine::Classic {
        return; // several_platforms_are_gated_and_returned tells why
    }
    let project = project("FROM scratch\nLABEL a={nonce}\n");
    let two = ["--platform=linux/amd64,linux/arm64"];
    let gated = project.build().args(two).run();
    // buildx 0.13 itself breaks on such a result.
    let ungated = project.build_ungated().args(two).run();
    assert_eq!(gated.code, ungated.code, "{}", gated.log);
}

#[test]
fn from_an_earlier_stage() {
    project("FROM {base} AS a\nCOPY site/ /s/\nFROM a\nRUN echo {nonce}\n")
        .python_package("lgtest", "1.0")
        .build()
        .run()
        .stops_at("COPY site/ /s/");
}

/// The same words, but for times, digests and names that differ between any two builds.
#[test]
fn a_failing_instruction_comes_back_unchanged() {
    let project = project("FROM {base}\nRUN echo {nonce}\nRUN false\nRUN true\n");
    let gated = project.build().run();
    let ungated = project.build_ungated().run();
    assert_eq!(gated.code, ungated.code);
    let tail = |log: &str| {
        let from = log.find("\n------\n > [").expect("BuildKit tells what failed");
        let told = log[from..].lines().filter(|it| !it.contains("syntax"));
        told.map(|it| format!("{it}\n")).collect::<String>()
    };
    assert!(tail(&gated.log).contains(">>> RUN false"), "{}", gated.log);
    assert_eq!(tail(&gated.log), tail(&ungated.log));
}

#[test]
fn a_dockerfile_that_does_not_parse_is_told_as_without_us() {
    let project = project("FROM {base}\nRUNN x\n");
    project.build().run().stops_at("RUNN x").says("unknown instruction: RUNN");
}

/// An image of the stock frontend stands for any other, such as one with experimental features.
#[test]
fn another_frontend_makes_the_result() {
    if engine() != Engine::Buildkitd {
        return; // its program comes with the BuildKit that is built from source
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let programs = std::env::split_paths(&path).map(|it| it.join("dockerfile-frontend"));
    let program =
        programs.into_iter().find(|it| it.exists()).expect("dockerfile-frontend is on PATH");
    let stock = project(
        "FROM scratch\nCOPY dockerfile-frontend /bin/dockerfile-frontend\n\
         LABEL moby.buildkit.frontend.caps=moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests\n\
         ENTRYPOINT [\"/bin/dockerfile-frontend\"]\n",
    );
    std::fs::copy(program, stock.path().join("dockerfile-frontend")).unwrap();
    let image = crate::support::image(&stock, "layergate/other-frontend:e2e");
    let dockerfile = "FROM {base}\nRUN echo {nonce}\nCOPY site/ /s/\n";
    let frontend = format!("frontend={image}");
    let clean = project(dockerfile).python_package("lgtest", "1.1").words(&frontend);
    clean.build().run().passes().says(&image);
    let vulnerable = project(dockerfile).python_package("lgtest", "1.0");
    vulnerable.build().run().stops_at("COPY site/ /s/").does_not_say(&image);
    let vulnerable = vulnerable.file("layergate.toml", format!("frontend = \"{image}\"\n"));
    vulnerable.build().run().stops_at("COPY site/ /s/").says(&image);
}

#[test]
fn calls_are_answered_as_without_us() {
    let project = project(
        "ARG A=1\nFROM {base} AS first\nARG B\nRUN --mount=type=secret,id=s true\nFROM first AS second\nWORKDIR x\n",
    );
    for call in ["outline", "targets", "outline,format=json", "targets,format=json"] {
        let gated = project.build().call(call);
        let ungated = project.build_ungated().call(call);
        assert_eq!(gated.code, ungated.code, "{call}\n{}", gated.log);
        assert!(!ungated.stdout.is_empty(), "{call}\n{}", ungated.log);
        let said = |text: &str| match serde_json::from_str::<serde_json::Value>(text) {
            // The Dockerfile itself is in the answer, and its first line differs.
            Ok(mut json) => {
                json.as_object_mut().unwrap().remove("sources");
                json.to_string()
            }
            Err(_) => text.to_owned(),
        };
        assert_eq!(said(&gated.stdout), said(&ungated.stdout), "{call}");
    }
}

#[test]
fn checks_are_answered_as_without_us() {
    for dockerfile in ["FROM {base}\nWORKDIR relative\n", "FROM {base}\nWORKDIR /absolute\n"] {
        let project = project(dockerfile);
        let gated = project.build().call("check");
        let ungated = project.build_ungated().call("check");
        assert_eq!(gated.code, ungated.code, "{}", gated.log);
        let said = |text: &str| {
            let lines = text.lines().filter(|it| !it.contains("syntax"));
            lines.map(|it| format!("{it}\n")).collect::<String>()
        };
        assert_eq!(said(&gated.stdout), said(&ungated.stdout));
    }
}
