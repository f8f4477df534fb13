//! The program `tallykey`: the service and its command line. Only here are adapters named.
#![forbid(unsafe_code)]

#[path = "main/bus.rs"]
mod bus;
#[path = "main/log.rs"]
mod log;
#[path = "main/run.rs"]
mod run;
#[cfg(feature = "sim")]
#[path = "main/simulator.rs"]
mod simulator;
#[path = "main/stop.rs"]
mod stop;
#[path = "main/vendor.rs"]
mod vendor;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use tallykey::cli::{Cli, Exit, Failure, MachineArgs, Screen, Task, VerifyArgs};
use tallykey::licence::machine_binding::Facts;
use tallykey::machine::facts::{self, LinuxMachine, Machine};
use tallykey::verify::Against;
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = cli.screen();
    match act(cli, &screen) {
        Ok(()) => Exit::Done.into(),
        Err(failure) => screen.fail(&failure).into(),
    }
}

fn act(cli: Cli, screen: &Screen) -> Result<(), Failure> {
    let (mut builder, task) = match cli.task() {
        serve @ Task::Serve { .. } => (Builder::new_multi_thread(), serve),
        short => (Builder::new_current_thread(), short),
    };
    let runtime = builder.enable_all().build().map_err(|error| {
        let next = "look at the limits of this system for threads and open files";
        Failure::start(Exit::Fault, "no-runtime", error.to_string(), next)
    })?;
    runtime.block_on(async {
        match task {
            Task::Machine(args) => show_machine(&args, screen),
            Task::Verify(args) => verify(&args, screen),
            Task::Ask(asking) => asking.run(screen).await,
            Task::Serve { args, socket } => run::run(args, socket, screen).await,
        }
    })
}

fn show_machine(args: &MachineArgs, screen: &Screen) -> Result<(), Failure> {
    args.answer(&facts(args.root.as_deref()), screen)
}

fn verify(args: &VerifyArgs, screen: &Screen) -> Result<(), Failure> {
    let (trust, profile) = bus::judge(&args.vendor)?;
    let against = Against {
        trust: &trust,
        profile: profile.as_ref(),
        facts: &facts(args.root.as_deref()),
    };
    args.answer(&against, screen)
}

fn facts(root: Option<&Path>) -> Facts {
    match root {
        Some(root) => LinuxMachine::at(root).facts(),
        None => facts::here().facts(),
    }
}
