//! The command line: arguments in, output and exit code out.
//!
//! One binary, two faces: started by BuildKit as a frontend it gates that build; with a subcommand
//! it is a tool. Exit codes: 0 done, 1 a database is wrong, 2 could not be done.

mod db;
mod progress;
mod scan;
mod scan_step;
mod secrets;

use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Gates container builds: scans each instruction's layer as it is built.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "As a BuildKit frontend it takes no arguments: put it on the first line of a Dockerfile,\n\
                  \x20   # syntax=layergate/frontend:dev\n\
                  and its options after the image, in layergate.toml or as --build-arg LAYERGATE_<NAME>=."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Scan(scan::Arguments),
    ScanStep(scan_step::Arguments),
    #[command(subcommand)]
    Db(db::Command),
}

/// Why a command could not do what it was asked, and what to do about it.
#[derive(Debug)]
struct Failure {
    message: String,
    hint: Option<&'static str>,
    /// The exit code.
    code: u8,
}

impl Failure {
    fn new(error: &dyn std::error::Error) -> Self {
        let causes = std::iter::successors(error.source(), |it| it.source());
        let message = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
        Self::of(message)
    }

    fn of(message: String) -> Self {
        Self { message, hint: None, code: 2 }
    }

    fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    fn code(self, code: u8) -> Self {
        Self { code, ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layergate: {}", self.message)?;
        self.hint.map_or(Ok(()), |it| write!(f, "\n{it}"))
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    #[cfg(feature = "frontend")]
    if let Some(request) = frontend_request() {
        return report(gate(&request));
    }
    report(match Arguments::parse().command {
        Command::Scan(arguments) => scan::run(&arguments),
        Command::ScanStep(arguments) => scan_step::run(&arguments),
        Command::Db(command) => db::run(&command),
    })
}

fn report(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nowhere is left to say that standard error is closed.
            writeln!(std::io::stderr(), "{failure}").unwrap_or_default();
            ExitCode::from(failure.code)
        }
    }
}

/// The build that BuildKit started this process for, if it did.
#[cfg(feature = "frontend")]
fn frontend_request() -> Option<layergate_frontend::Request> {
    use layergate_frontend::Request;
    let is_bare = std::env::args_os().len() == 1;
    (is_bare && Request::is_addressed_by(std::env::vars_os()))
        .then(|| Request::from_env(std::env::vars_os()))
}

#[cfg(feature = "frontend")]
fn gate(request: &layergate_frontend::Request) -> Result<(), Failure> {
    use crate::gate::LayerGate;
    let gate = LayerGate { database: "/layergate.db".into(), today: today() };
    layergate_frontend::run(&gate, request).map_err(|it| Failure::new(&it))
}

/// The date in UTC.
#[cfg(feature = "frontend")]
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn today() -> String {
    let now = std::time::SystemTime::now();
    jiff::Timestamp::try_from(now).unwrap_or_default().strftime("%Y-%m-%d").to_string()
}
