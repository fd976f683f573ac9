//! The `baton` command.

use std::{error::Error, process::ExitCode};

use baton::cli::Cli;
use clap::Parser;
use mimalloc::MiMalloc;

/// Less CPU per request than the system's: see Cargo.toml.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&*error);
            ExitCode::FAILURE
        }
    }
}

/// The error and what caused it, each on a line.
fn report(error: &dyn Error) {
    eprintln!("baton: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
}
