//! `tallykey-sim`: simulated dongles on a socket or a USB bus, for a host on the same machine, and their knobs.

#![forbid(unsafe_code)]

mod ctl;
mod serve;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

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
    Serve(Box<serve::Arguments>),

    /// Work the knobs of a simulator that serves: pull the plug, make it slow, cut the power.
    Ctl(ctl::Arguments),
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Ctl(arguments) => ctl::run(arguments),
    }
}
