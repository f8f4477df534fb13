//! `tallykey-vendor desk`

mod export;
mod finish;
mod order;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use self::{finish::Finish, order::OrderArgs};
use super::{failure::Failure, screen::Screen};
use crate::{
    desk::{Asked, Desk, DeskError, Instruct},
    keys::Passphrase,
    text::now,
};

/// Arguments of every command of the desk.
#[derive(Debug, clap::Args)]
pub(super) struct DeskArgs {
    /// Folder with the vendor's keys and the register
    #[arg(long, global = true, value_name = "FOLDER", default_value = ".")]
    dir: PathBuf,
    /// File whose first line is the passphrase of the issuer's key; without it you are asked
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    finish: Finish,
    #[command(subcommand)]
    command: DeskCommand,
}

#[derive(Debug, clap::Subcommand)]
enum DeskCommand {
    /// Give counts: a licence to a machine, the next grant to a dongle, or a licence to devices
    Issue {
        /// The request to answer
        #[arg(long, value_name = "FILE", required_unless_present = "mac_list")]
        request: Option<PathBuf>,
        /// The dongle to update; it was plugged in when the request was made
        #[arg(long, value_name = "SERIAL", requires = "request")]
        dongle: Option<String>,
        /// A licence for the devices in this list, an address in each line, instead of an answer to a request
        #[arg(
            long,
            value_name = "FILE",
            conflicts_with = "request",
            requires = "product"
        )]
        mac_list: Option<PathBuf>,
        /// Product of a licence for devices
        #[arg(long, value_name = "ID", value_parser = order::product)]
        product: Option<String>,
        #[command(flatten)]
        order: OrderArgs,
    },
    /// Confirm that a server gave up what it returned; only then it is credited
    ConfirmReturn {
        /// The server's new request
        #[arg(long, value_name = "FILE")]
        request: PathBuf,
    },
    /// Take receipts of dongles: a conversion becomes a licence, retired channels are credited
    Redeem {
        /// A request that carries them, or a receipt with its grant and chain
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Tell a host what time it is
    TimeToken {
        /// The request to answer
        #[arg(long, value_name = "FILE")]
        request: PathBuf,
    },
    /// Tell a dongle to do something, once
    Instruct {
        /// What to do
        #[arg(long)]
        kind: Instruct,
        /// The request to answer
        #[arg(long, value_name = "FILE")]
        request: PathBuf,
        /// The dongle; it was plugged in when the request was made
        #[arg(long)]
        serial: String,
    },
    /// Put a lost or stolen dongle on the revocation list, at the last counter that it proved here
    Revoke {
        /// The dongle
        #[arg(long)]
        serial: String,
    },
    /// Sign the next revision of a product's profile
    Profile {
        /// The form, JSON
        #[arg(value_name = "FILE")]
        form: PathBuf,
    },
    /// Write the file of an entry again
    Reissue {
        /// The entry's number
        #[arg(long)]
        entry: u64,
    },
    /// Print the register as CSV
    Export,
}

impl DeskArgs {
    /// Answers, with the register first.
    pub(super) fn run(self, screen: &Screen) -> Result<ExitCode, Failure> {
        let passphrase = match &self.passphrase_file {
            Some(file) => Passphrase::from_file(file),
            None => Passphrase::ask("Passphrase of the issuer's key"),
        };
        let passphrase = passphrase.map_err(DeskError::from)?;
        let desk = Desk::open(&self.dir, &passphrase, now())?;
        let entries = match &self.command {
            DeskCommand::Issue {
                request,
                dongle,
                mac_list,
                product,
                order,
            } => {
                let order = order.order();
                vec![match (request, dongle, mac_list, product) {
                    (Some(request), Some(serial), ..) => {
                        desk.update(&asked(request)?, serial, &order)?
                    }
                    (Some(request), None, ..) => desk.licence(&asked(request)?, &order)?,
                    (None, _, Some(list), Some(product)) => {
                        let addresses = order::addresses(&read(list)?)?;
                        desk.mac_licence(product, &addresses, &order)?
                    }
                    (None, ..) => {
                        unreachable!("clap asks for a request, or a list with its product")
                    }
                }]
            }
            DeskCommand::ConfirmReturn { request } => vec![desk.confirm_return(&asked(request)?)?],
            DeskCommand::Redeem { file } => desk.redeem(&read(file)?)?,
            DeskCommand::TimeToken { request } => vec![desk.time_token(&asked(request)?)?],
            DeskCommand::Instruct {
                kind,
                request,
                serial,
            } => vec![desk.instruct(&asked(request)?, serial, *kind)?],
            DeskCommand::Revoke { serial } => vec![desk.revoke(serial)?],
            DeskCommand::Profile { form } => vec![desk.profile(&read(form)?)?],
            DeskCommand::Reissue { entry } => {
                self.finish.again(&desk.register, *entry, screen)?;
                return Ok(ExitCode::SUCCESS);
            }
            DeskCommand::Export => {
                export::print(&desk.register, screen)?;
                return Ok(ExitCode::SUCCESS);
            }
        };
        self.finish.run(desk.register, entries, screen)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn asked(path: &Path) -> Result<Asked, Failure> {
    Ok(Asked::read(&read(path)?).map_err(DeskError::from)?)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|source| Failure::Unreadable {
        path: path.to_owned(),
        source,
    })
}
