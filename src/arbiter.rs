//! RULES: which source is active on this machine. Dongle and software licences exclude each other.

/// Which source gives this machine its paid channels: one at a time, never two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthenticationType {
    /// No source: only the free channels of the product profile count.
    None,
    /// The plugged dongles of one product, added up.
    Dongle,
    /// Software licences held by this machine.
    Software,
}

impl AuthenticationType {
    /// The stable name in API, CLI and history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dongle => "dongle",
            Self::Software => "software",
        }
    }
}
