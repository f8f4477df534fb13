//! What people call this machine.

/// The host name, as the operating system tells it; nothing if it tells none.
#[cfg(unix)]
#[must_use]
pub fn host() -> String {
    let name = nix::unistd::gethostname().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The host name, as the operating system tells it; nothing if it tells none.
#[cfg(not(unix))]
#[must_use]
pub fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}
