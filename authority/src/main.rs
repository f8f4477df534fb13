//! The vendor's side of Tallykey, never in a customer's package: keys, and the desk that issues licences, takes
//! receipts and returns, and keeps a register of everything that it signed.
#![forbid(unsafe_code)]

mod cli;
mod desk;
mod inspect;
mod keys;
mod ledger;
mod text;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
