//! Whom to trust, and for which product: arguments of every command that judges by itself.

use std::path::PathBuf;

/// The vendor, and one product of it.
#[derive(Debug, Clone, clap::Args)]
pub struct VendorArgs {
    /// Trust the simulator, whose keys are known to everybody, and use its demonstration product. For trying out only.
    #[cfg(feature = "sim")]
    #[arg(long, conflicts_with = "trust")]
    pub simulate: bool,
    /// The vendor's trust bundle: the root that dongles and records must come from.
    #[arg(
        long,
        value_name = "BUNDLE",
        env = "TALLYKEY_TRUST",
        hide_env_values = true
    )]
    pub trust: Option<PathBuf>,
    /// The vendor's signed product profile.
    #[arg(
        long,
        value_name = "FILE",
        env = "TALLYKEY_PROFILE",
        hide_env_values = true
    )]
    pub profile: Option<PathBuf>,
}
