//! `tallykey-vendor keys`

mod revoke;

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::json;

use self::revoke::RevokeArgs;
use super::{failure::Failure, screen::Screen};
use crate::{
    keys::{self, KeyError, Made, Passphrase},
    text::{now, plain},
};

/// Making keys.
#[derive(Debug, clap::Subcommand)]
pub(super) enum KeysCommand {
    /// Make the root that certifies everything else; a step of its own, on a machine without a network
    InitRoot {
        /// Folder for root.key and root.crt
        #[arg(long, value_name = "FOLDER")]
        dir: PathBuf,
        /// The vendor's name, 1 to 64 bytes; it goes into every certificate and record
        #[arg(long)]
        name: String,
        /// File whose first line is the passphrase; without it you are asked
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// Make factory CA, issuer and factory issuer under the root, and the bundle that hosts pin
    Init {
        /// Folder for the keys, their certificates and vendor.bundle
        #[arg(long, value_name = "FOLDER")]
        dir: PathBuf,
        /// Folder with root.key and root.crt [default: that of --dir]
        #[arg(long, value_name = "FOLDER")]
        root_dir: Option<PathBuf>,
        /// A vendor for trials: its dongles may be simulated, and hosts say so everywhere
        #[arg(long)]
        test: bool,
        /// File whose first line is the passphrase of the new keys; without it you are asked
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// File whose first line is the root's passphrase [default: that of --passphrase-file]
        #[arg(long, value_name = "FILE")]
        root_passphrase_file: Option<PathBuf>,
    },
    /// Sign the next list of certificates that are void, with the root
    Revoke(RevokeArgs),
}

impl KeysCommand {
    /// Makes keys or a list, and says which files they are and where each belongs.
    pub(super) fn run(self, screen: &Screen) -> Result<ExitCode, Failure> {
        let (made, checklist) = match self {
            Self::InitRoot {
                dir,
                name,
                passphrase_file,
            } => {
                let passphrase = new_passphrase(passphrase_file.as_deref(), "root")?;
                let made = keys::init_root(&dir, &name, &passphrase, now())?;
                (made, ROOT_CHECKLIST.to_owned())
            }
            Self::Init {
                dir,
                root_dir,
                test,
                passphrase_file,
                root_passphrase_file,
            } => {
                let root_file = root_passphrase_file.as_ref().or(passphrase_file.as_ref());
                let root_passphrase = match root_file {
                    Some(file) => Passphrase::from_file(file),
                    None => Passphrase::ask("Passphrase of the root"),
                }?;
                let passphrase = new_passphrase(passphrase_file.as_deref(), "new keys")?;
                let root_dir = root_dir.as_ref().unwrap_or(&dir);
                let made = keys::init(&dir, root_dir, test, &passphrase, &root_passphrase, now())?;
                let notice = if test { TEST_NOTICE } else { "" };
                (made, format!("{CHECKLIST}{notice}"))
            }
            Self::Revoke(args) => {
                args.run(screen)?;
                return Ok(ExitCode::SUCCESS);
            }
        };
        let document = json!({ "vendor": made.vendor, "files": made.files });
        screen.answer(&document, || readable(&made, &checklist))?;
        Ok(ExitCode::SUCCESS)
    }
}

const ROOT_CHECKLIST: &str = "\
root.key        offline: two copies in two safes, the passphrase in a third place
root.crt        beside the key, and with whoever runs `keys init`
";

const CHECKLIST: &str = "\
factory.key     the factory's station: certifies dongles
issuer.key      the desk: signs profiles, grants, licences
factory-issuer.key  the factory's station: signs first grants
*.crt           beside its key
vendor.bundle   every host: `tallykey serve --trust vendor.bundle`; not secret
";

const TEST_NOTICE: &str = "
TEST VENDOR: its dongles may be simulated; hosts show SIMULATED.
";

fn readable(made: &Made, checklist: &str) -> String {
    let mut out = format!("{}\n\n", plain(&made.vendor));
    for file in &made.files {
        let _ = writeln!(out, "  {}", plain(&file.display().to_string()));
    }
    let _ = write!(out, "\n{checklist}");
    out
}

fn new_passphrase(file: Option<&Path>, what: &str) -> Result<Passphrase, KeyError> {
    match file {
        Some(file) => Passphrase::from_file(file),
        None => Passphrase::ask_new(&format!("Passphrase for the {what}")),
    }
}
