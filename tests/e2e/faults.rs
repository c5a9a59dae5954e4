//! Whatever cannot be scanned or judged fails the build, in words that are no finding.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{database, directory, frontend_image, nonce, project, variable};

const CLEAN: &str = "FROM {base}\nRUN echo {nonce}\n";

/// Kills, with a real signal, the scan whose view holds the file `mark` at its top.
fn kill_scan_of(mark: &str) -> bool {
    let deadline = Instant::now() + Duration::from_secs(120);
    while Instant::now() < deadline {
        for process in std::fs::read_dir("/proc").unwrap().flatten() {
            let root = process.path().join("root/view").join(mark);
            let is_scan = || {
                let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
                command.starts_with(b"/layergate\0scan-step\0")
            };
            if is_scan() && root.exists() {
                let pid = process.file_name().display().to_string();
                return Command::new("kill").args(["-KILL", &pid]).status().unwrap().success();
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}

#[test]
fn a_killed_scanner_fails_the_build() {
    let mark = nonce();
    let project =
        project(&format!("FROM {{base}}\nRUN head -c 400000000 /dev/urandom | base64 > /{mark}\n"));
    let killer = std::thread::spawn(move || kill_scan_of(&mark));
    let outcome = project.build().run();
    assert!(killer.join().unwrap(), "no scan was seen:\n{}", outcome.log);
    assert_eq!(outcome.code, Some(1), "{}", outcome.log);
    outcome
        .says("layergate: could not scan instruction 2/2 (RUN head -c 400000000")
        .does_not_say("block this instruction")
        .stops_at("RUN head");
}

#[test]
fn a_corrupt_database_is_refused() {
    let (_keep, path) = database();
    let mut bytes = std::fs::read(&path).unwrap();
    // What a build does not ask for is not read, so more than one piece must be wrong.
    let middle = bytes.len() / 2;
    for byte in &mut bytes[middle..] {
        *byte ^= 1;
    }
    std::fs::write(&path, bytes).unwrap();
    let image = frontend_image(
        Path::new(&variable("LAYERGATE_BINARY")),
        &path,
        "layergate/frontend:corrupt",
    );
    let outcome = project(CLEAN).syntax(&image).build().run();
    assert_eq!(outcome.code, Some(1), "{}", outcome.log);
    outcome.says("/layergate.db").says("checksum");
}

#[test]
fn a_missing_database_is_told_with_what_to_do() {
    let (_keep, directory) = directory();
    let empty = directory.join("layergate.db");
    std::fs::write(&empty, "").unwrap();
    let image = frontend_image(
        Path::new(&variable("LAYERGATE_BINARY")),
        &empty,
        "layergate/frontend:empty",
    );
    let project = project(CLEAN).syntax(&image);
    let outcome = project.build().run();
    assert_eq!(outcome.code, Some(1), "{}", outcome.log);
    outcome.says("/layergate.db").says("layergate db build");
    project
        .build()
        .args(["--build-arg", "LAYERGATE_REPORT_ONLY=true"])
        .run()
        .passes()
        .says("/layergate.db");
}

#[test]
fn hostile_files_are_passed_over_and_nothing_outside_is_read() {
    project(
        "FROM {base}\nRUN mkfifo /fifo && ln -s /etc/shadow /shadow && ln -s loop /loop && \
         ln -s / /opt/root && mknod /null c 1 3 && truncate -s 2G /sparse && \
         mkdir -p \"/opt/$(printf 'bad\\377name')\" && printf 'Package: x\\nSta' > /opt/status && \
         mkdir -p /opt/x.dist-info && echo 'Version: 1' > /opt/x.dist-info/METADATA && \
         mkdir -p /a/b && chmod 000 /a && touch \"$(printf '/opt/new\\nline\\033[31m')\" # {nonce}\n\
         RUN head -c 300000000 /dev/zero | tr '\\0' 'a' > /big.txt\n",
    )
    .build()
    .run()
    .passes();
}

#[test]
fn a_name_with_control_characters_cannot_write_to_the_terminal() {
    let outcome = project(
        "FROM {base}\nCOPY token /t\nRUN cp /t \"$(printf '/opt/x\\033[31m\\nERROR: fake')\" && echo {nonce}\n",
    )
    .file("token", crate::support::token())
    .words("report-only")
    .build()
    .run()
    .passes();
    outcome.does_not_say("x\u{1b}[31m").does_not_say("\nERROR: fake");
}
