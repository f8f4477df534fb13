//! The command line: one file per command, and how a command ends.

mod desk;
mod failure;
mod inspect;
mod keys;
mod screen;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::{failure::Failure, screen::Screen};

/// Keys of a vendor, and what the vendor signs.
#[derive(Debug, Parser)]
#[command(name = "tallykey-vendor", version)]
struct Cli {
    /// Print one JSON document.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the vendor's keys
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Issue licences, take receipts and returns; everything goes into the register first
    Desk(desk::DeskArgs),
    /// Say what every object of a file is; no service, no register
    Inspect(inspect::InspectArgs),
}

/// Runs the command that the arguments name.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen { json: cli.json };
    match cli.act(&screen) {
        Ok(exit) => exit,
        Err(failure) => screen.fail(&failure),
    }
}

impl Cli {
    fn act(self, screen: &Screen) -> Result<ExitCode, Failure> {
        match self.command {
            Command::Keys(command) => command.run(screen),
            Command::Desk(args) => args.run(screen),
            Command::Inspect(args) => args.run(screen),
        }
    }
}
