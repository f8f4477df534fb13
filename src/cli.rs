//! EDGE: the command line. Every command but `serve`, `machine` and `verify` is a client of the local API.

mod allocate;
mod allocations;
mod changed;
mod connect;
mod conversions;
mod convert;
mod dongle;
mod exit;
mod failure;
mod files;
mod held;
mod history;
mod import;
mod licences;
mod machine;
mod need;
mod pay;
mod places;
mod priority;
mod release;
mod relocate;
mod renew;
mod request;
mod resolve;
mod screen;
mod serve;
mod standing;
mod status;
mod table;
mod terms;
mod text;
mod token;
mod vendor;
mod verify;
mod written;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use exit::Exit;
pub use failure::{Failure, LOCAL_CODES, LocalCode};
pub use machine::MachineArgs;
pub use places::{Places, program};
pub use screen::Screen;
pub use serve::{Banner, Channels, InboxFolder, Listen, LogFormat, OwnerCode, ServeArgs, Takeover};
pub use vendor::VendorArgs;
pub use verify::VerifyArgs;

use connect::Connection;

/// Licences camera channels from a dongle.
#[derive(Debug, Parser)]
#[command(
    name = "tallykey",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 done, 1 fault, 2 wrong usage, 3 refused, 4 no service reachable, \
                  5 not permitted."
)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Globals {
    /// Print one JSON document on stdout, also for an error.
    #[arg(long, global = true)]
    json: bool,
    /// Unix socket of the service [default: the first where one answers].
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "TALLYKEY_SOCKET",
        hide_env_values = true
    )]
    socket: Option<PathBuf>,
}

/// One command, one file.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service.
    Serve(ServeArgs),
    /// Show what a software licence can be bound to on this machine; no service is needed.
    Machine(MachineArgs),
    /// Say what is in a file and whether it is the vendor's; no service is needed.
    Verify(VerifyArgs),
    #[command(flatten)]
    Ask(Question),
}

/// A command for a running service.
#[derive(Debug, Subcommand)]
pub(crate) enum Question {
    /// Show counts, dongles and their states.
    Status,
    /// Show the lines that give channels and what they pay for, or change which pay.
    Licences(licences::LicencesArgs),
    /// Import what the vendor sent, from files or folders.
    Import(import::ImportFileArgs),
    /// Make a request for the vendor: for counts, a repair, or what confirms a return.
    Request(request::RequestArgs),
    /// Choose between dongle and software licences: one kind counts, the other is held.
    Resolve(resolve::ResolveArgs),
    /// Make a dongle's channels the software licence of this machine or of another.
    Convert(convert::ConvertArgs),
    /// Give a dongle's channels back to the vendor, who gets the receipt.
    Retire(convert::GiveArgs),
    /// List, show, cancel or acknowledge conversions and returns of dongles.
    #[command(subcommand)]
    Conversions(conversions::ConversionsCommand),
    /// Give devices their channels; asking again changes nothing.
    Allocate(allocate::AllocateArgs),
    /// List what is held.
    Allocations(allocations::AllocationsArgs),
    /// Take a device's channels back.
    Release(release::ReleaseArgs),
    /// Move a device's channels to another device.
    Move(relocate::MoveArgs),
    /// Say which devices are suspended last in a shortage.
    Priority(priority::PriorityArgs),
    /// Put off the end of channels that are held for a time.
    Renew(renew::RenewArgs),
    /// Show what is needed, owned and short, now and in coming subscription years.
    Need,
    /// Name the line that pays for a device.
    Pay(pay::PayArgs),
    /// List, show or blink dongles.
    #[command(subcommand)]
    Dongle(dongle::DongleCommand),
    /// Show who did what, and when.
    History(history::HistoryArgs),
    /// Make, list or revoke bearer tokens for the loopback port.
    #[command(subcommand)]
    Token(token::TokenCommand),
}

/// What the arguments ask for.
#[derive(Debug)]
pub enum Task {
    /// Run the service; the caller wires it.
    Serve {
        /// Its arguments.
        args: ServeArgs,
        /// The socket that was named.
        socket: Option<PathBuf>,
    },
    /// Show the machine; the caller reads it.
    Machine(MachineArgs),
    /// Judge files; the caller reads the machine and the vendor.
    Verify(VerifyArgs),
    /// Ask a running service.
    Ask(Asking),
}

/// A question, and where to ask it.
#[derive(Debug)]
pub struct Asking {
    question: Question,
    socket: Option<PathBuf>,
}

impl Cli {
    /// Where to print.
    #[must_use]
    pub fn screen(&self) -> Screen {
        Screen::new(self.globals.json)
    }

    /// Tells the service itself from the commands that ask it.
    #[must_use]
    pub fn task(self) -> Task {
        let socket = self.globals.socket;
        match self.command {
            Command::Serve(args) => Task::Serve { args, socket },
            Command::Machine(args) => Task::Machine(args),
            Command::Verify(args) => Task::Verify(args),
            Command::Ask(question) => Task::Ask(Asking { question, socket }),
        }
    }
}

impl Asking {
    /// Asks the service and prints the answer.
    ///
    /// # Errors
    /// What kept it from its answer; not yet printed.
    pub async fn run(self, screen: &Screen) -> Result<(), Failure> {
        let find = Connection::find(self.socket);
        match self.question {
            Question::Status => status::run(&find.await?, screen).await,
            Question::Licences(args) => licences::run(args, &find.await?, screen).await,
            Question::Import(args) => import::run(args, &find.await?, screen).await,
            Question::Request(args) => request::run(args, &find.await?, screen).await,
            Question::Resolve(args) => resolve::run(args, &find.await?, screen).await,
            Question::Convert(args) => convert::run(args, &find.await?, screen).await,
            Question::Retire(args) => convert::retire(args, &find.await?, screen).await,
            Question::Conversions(command) => conversions::run(command, &find.await?, screen).await,
            Question::Allocate(args) => {
                // A file that cannot be used is told before a service is looked for.
                let work = args.prepare()?;
                allocate::run(work, &find.await?, screen).await
            }
            Question::Allocations(args) => allocations::run(args, &find.await?, screen).await,
            Question::Move(args) => relocate::run(args, &find.await?, screen).await,
            Question::Priority(args) => priority::run(args, &find.await?, screen).await,
            Question::Pay(args) => pay::run(args, &find.await?, screen).await,
            Question::Renew(args) => renew::run(args, &find.await?, screen).await,
            Question::Need => need::run(&find.await?, screen).await,
            Question::Release(args) => release::run(args, &find.await?, screen).await,
            Question::Dongle(command) => dongle::run(command, &find.await?, screen).await,
            Question::History(args) => history::run(args, &find.await?, screen).await,
            Question::Token(command) => token::run(command, &find.await?, screen).await,
        }
    }
}
