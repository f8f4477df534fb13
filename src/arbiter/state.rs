//! What the arbiter remembers.

/// Which source gives this machine its paid channels: one at a time, never two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AuthenticationType {
    /// No source: only the free channels of the product profile count.
    #[default]
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

/// The two kinds of source that exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Dongles, added up.
    Dongle,
    /// Software licences, added up.
    Software,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Dongle, Self::Software];

    /// The stable name in API and CLI.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dongle => "dongle",
            Self::Software => "software",
        }
    }

    /// The one that it excludes.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Dongle => Self::Software,
            Self::Software => Self::Dongle,
        }
    }
}

/// Which kind is active, which one is held, and whether the operator has chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum State {
    /// Nothing gives.
    #[default]
    None,
    /// Only this kind gives, and is active.
    Only(Kind),
    /// Both give; this one was first and stays active until the operator chooses.
    Conflict(Kind),
    /// Both give; the operator chose this one.
    Kept(Kind),
    /// Nothing is active: what was active is gone for good, and this kind, held so far, waits.
    Waiting(Kind),
}

impl State {
    /// Every one, in the order of the state table.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::Only(Kind::Dongle),
        Self::Only(Kind::Software),
        Self::Conflict(Kind::Dongle),
        Self::Conflict(Kind::Software),
        Self::Kept(Kind::Dongle),
        Self::Kept(Kind::Software),
        Self::Waiting(Kind::Dongle),
        Self::Waiting(Kind::Software),
    ];

    /// The stable name in the history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Only(Kind::Dongle) => "dongle",
            Self::Only(Kind::Software) => "software",
            Self::Conflict(Kind::Dongle) => "dongle-conflict",
            Self::Conflict(Kind::Software) => "software-conflict",
            Self::Kept(Kind::Dongle) => "dongle-kept",
            Self::Kept(Kind::Software) => "software-kept",
            Self::Waiting(Kind::Dongle) => "dongle-waits",
            Self::Waiting(Kind::Software) => "software-waits",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The kind whose channels count.
    #[must_use]
    pub const fn active(self) -> Option<Kind> {
        match self {
            Self::Only(kind) | Self::Conflict(kind) | Self::Kept(kind) => Some(kind),
            Self::None | Self::Waiting(_) => None,
        }
    }

    /// The kind that is verified, shown, and counts 0.
    #[must_use]
    pub const fn held(self) -> Option<Kind> {
        match self {
            Self::Conflict(kind) | Self::Kept(kind) => Some(kind.other()),
            Self::Waiting(kind) => Some(kind),
            Self::None | Self::Only(_) => None,
        }
    }

    /// Whether the operator has to choose.
    #[must_use]
    pub const fn asks(self) -> bool {
        matches!(self, Self::Conflict(_) | Self::Waiting(_))
    }

    /// The authentication type of this machine.
    #[must_use]
    pub const fn authentication_type(self) -> AuthenticationType {
        match self.active() {
            None => AuthenticationType::None,
            Some(Kind::Dongle) => AuthenticationType::Dongle,
            Some(Kind::Software) => AuthenticationType::Software,
        }
    }
}
