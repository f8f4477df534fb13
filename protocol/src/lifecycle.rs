//! Where a dongle is in its life.

/// Lifecycle of a dongle; each has its table of allowed commands in the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Lifecycle {
    /// Empty: no identity yet.
    Blank = 0,
    /// Key, certificate and serial are in; nothing protects them yet.
    Personalised = 1,
    /// In use.
    Sealed = 2,
    /// Everything was given away by `retire`.
    Retired = 3,
}

impl Lifecycle {
    /// Every lifecycle, in order.
    pub const ALL: [Self; 4] = [Self::Blank, Self::Personalised, Self::Sealed, Self::Retired];

    /// The lifecycle with this wire code.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Blank),
            1 => Some(Self::Personalised),
            2 => Some(Self::Sealed),
            3 => Some(Self::Retired),
            _ => None,
        }
    }

    /// Wire code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Word for people and for the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Personalised => "personalised",
            Self::Sealed => "sealed",
            Self::Retired => "retired",
        }
    }
}
