//! The `layergate` command. Everything of interest is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    layergate::cli::main()
}
