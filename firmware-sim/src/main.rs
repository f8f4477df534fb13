//! `tallykey-sim`: a simulated dongle on a socket, for a host on the same machine.

#![forbid(unsafe_code)]

mod serve;

use clap::{Parser, Subcommand};

/// A simulated Tallykey dongle: the real firmware on pretended hardware. Worth nothing, for tests only.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plug in a dongle, and serve it until stopped.
    Serve(serve::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
    }
}
