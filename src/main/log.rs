//! The log: to stderr, as text for people or JSON for collectors.

use std::io::{self, IsTerminal};

use tallykey::cli::LogFormat;
use tracing_subscriber::{EnvFilter, fmt};

/// What is logged unless RUST_LOG says otherwise.
const LEVEL: &str = "info";

/// Sends events to stderr from now on.
pub(crate) fn start(format: Option<LogFormat>) {
    let terminal = io::stderr().is_terminal();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LEVEL));
    let log = fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        Some(LogFormat::Json) => log.json().flatten_event(true).init(),
        Some(LogFormat::Text) | None => log.with_ansi(terminal).with_target(false).init(),
    }
}
