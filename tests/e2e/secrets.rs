//! Secrets: found where they came in, never shown.

use std::process::Command;

use crate::support::{Engine, directory, engine, project, token, variable};

#[test]
fn a_secret_that_the_next_instruction_deletes_is_caught_at_the_first() {
    project(&format!(
        "FROM {{base}}\nCOPY make /make\nRUN sh /make # {{nonce}}\nRUN rm /root/token\n"
    ))
    .file("make", script())
    .build()
    .run()
    .stops_at("RUN sh /make")
    .says("/root/token")
    .does_not_say(&token());
}

/// A script that writes the token without holding it in one piece.
fn script() -> String {
    let token = token();
    let (head, tail) = token.split_at(12);
    format!("printf %s%s {head} {tail} > /root/token\n")
}

#[test]
fn in_an_env_instruction() {
    project(&format!("FROM {{base}}\nENV A=1\nENV HF_TOKEN={}\nRUN echo {{nonce}}\n", token()))
        .build()
        .run()
        .stops_at("ENV HF_TOKEN=")
        .does_not_say(&token());
}

#[test]
fn in_a_label_a_command_and_the_text_of_a_run() {
    for line in ["LABEL token=", "CMD [\"login\", \"", "RUN true "] {
        let end = if line.starts_with("CMD") { "\"]" } else { "" };
        project(&format!("FROM {{base}}\nRUN echo {{nonce}}\n{line}{}{end}\n", token()))
            .build()
            .run()
            .stops_at(line.split(['=', '"']).next().unwrap())
            .does_not_say(&token());
    }
}

#[test]
fn in_the_value_of_a_build_argument() {
    let outcome = project("FROM {base}\nRUN echo {nonce}\nARG TOKEN\nRUN true\n")
        .build()
        .args(["--build-arg".to_owned(), format!("TOKEN={}", token())])
        .run();
    outcome.stops_at("ARG TOKEN").does_not_say(&token());
}

#[test]
fn a_stage_that_is_not_built_is_not_judged() {
    project(&format!(
        "FROM {{base}} AS a\nRUN echo {{nonce}}\nFROM {{base}} AS b\nENV T={}\n",
        token()
    ))
    .build()
    .args(["--target=a"])
    .run()
    .passes();
}

#[test]
fn a_comment_is_not_in_the_image() {
    let comment = format!("# {}\n", token());
    project(&format!("{comment}FROM {{base}}\nRUN echo {{nonce}} && \\\n{comment}  true\n"))
        .build()
        .run()
        .passes();
}

#[test]
fn a_file_changed_in_place_with_size_and_time_restored_is_still_scanned() {
    let filler = "x".repeat(token().len());
    project(&format!(
        "FROM {{base}}\nCOPY make filler /d/\nRUN touch -r /d/filler /stamp && sh /d/make && \
         cp --no-preserve=all /root/token /t2 && cat /t2 > /d/filler && rm /t2 /root/token && touch -r /stamp /d/filler # {{nonce}}\n"
    ))
    .file("make", script())
    .file("filler", filler)
    .build()
    .run()
    .stops_at("RUN touch -r /d/filler")
    .says("/d/filler");
}

#[test]
fn a_secret_mount_is_not_in_the_layer() {
    let (_keep, directory) = directory();
    let secret = directory.join("token");
    std::fs::write(&secret, token()).unwrap();
    project("FROM {base}\nRUN --mount=type=secret,id=t cat /run/secrets/t | wc -c # {nonce}\n")
        .build()
        .args([format!("--secret=id=t,src={}", secret.display())])
        .run()
        .passes();
}

#[test]
fn reporting_only_does_not_stop_and_still_does_not_show_it() {
    let outcome = project("FROM {base}\nCOPY token /t\nRUN echo {nonce}\n")
        .file("token", token())
        .words("report-only")
        .build()
        .run()
        .passes();
    outcome.says("/t").does_not_say(&token());
}

/// Everything that a build leaves: log, metadata, cache export, image.
#[test]
fn the_raw_secret_appears_nowhere_but_in_its_own_layer() {
    let project = project("FROM {base}\nCOPY token /t\nRUN rm /t # {nonce}\n")
        .file("token", token())
        .words("report-only attach=on");
    let (_keep, directory) = directory();
    let mut build = project.build();
    if engine() != Engine::Classic {
        let cache = format!(
            "--cache-to=type=local,mode=max,compression=uncompressed,dest={}",
            directory.display()
        );
        build = build.args([cache]);
    }
    let outcome = build.run().passes().does_not_say(&token());
    assert!(!outcome.metadata.contains(&token()));
    // The layer of the COPY holds the file itself; no other blob may hold the token.
    let found = Command::new("grep").args(["-rlaF", &token()]).arg(&directory).output().unwrap();
    let found = String::from_utf8(found.stdout).unwrap();
    if engine() != Engine::Classic {
        assert_eq!(found.lines().count(), 1, "{found}");
    }
}

#[test]
fn an_inventory_does_not_hold_it() {
    let (_keep, directory) = directory();
    let view = directory.join("view");
    std::fs::create_dir(&view).unwrap();
    std::fs::write(view.join("t"), token()).unwrap();
    let out = directory.join("out");
    let scan = Command::new(variable("LAYERGATE_BINARY"))
        .args(["scan-step", "--view"])
        .arg(&view)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    assert!(scan.status.success(), "{}", String::from_utf8_lossy(&scan.stderr));
    let inventory = std::fs::read_to_string(out.join("inventory.jsonl")).unwrap();
    assert!(inventory.contains("\"path\":\"t\""), "{inventory}");
    for text in [
        inventory,
        String::from_utf8(scan.stdout).unwrap(),
        String::from_utf8(scan.stderr).unwrap(),
    ] {
        assert!(!text.contains(&token()), "{text}");
    }
}
