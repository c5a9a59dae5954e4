//! Runs the binary.

use std::path::Path;
use std::process::Command;

pub(crate) fn layergate(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_layergate"));
    command.args(arguments).current_dir(directory).env_clear().env("COLUMNS", "100");
    command
}

/// Runs it and shows exit code and output.
pub(crate) fn run(directory: &Path, arguments: &[&str]) -> String {
    show(&mut layergate(directory, arguments))
}

pub(crate) fn show(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let mut shown = format!("exit {}\n", output.status.code().unwrap());
    for (name, text) in [("out", text(output.stdout)), ("err", text(output.stderr))] {
        for line in text.lines() {
            shown = format!("{shown}{name}| {line}").trim_end().to_owned() + "\n";
        }
    }
    shown
}
