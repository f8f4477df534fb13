//! What a request is for, and where its host runs.

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// A first licence or grant.
    New = 1,
    /// Other counts than now: more, or fewer as the first phase of a return.
    Update = 2,
    /// The second phase of a return: it echoes the desk's nonce.
    ReturnConfirmation = 3,
    /// A conversion to this machine, by another host or through the desk.
    Conversion = 4,
    /// A licence for this machine as it is now, or what was lost.
    Repair = 5,
    /// A time token.
    Time = 6,
}

impl Purpose {
    const ALL: [Self; 6] = [
        Self::New,
        Self::Update,
        Self::ReturnConfirmation,
        Self::Conversion,
        Self::Repair,
        Self::Time,
    ];

    pub(super) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|known| *known as u8 == code)
    }

    /// The purpose with this [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// Word for people and for the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Update => "update",
            Self::ReturnConfirmation => "return-confirmation",
            Self::Conversion => "conversion",
            Self::Repair => "repair",
            Self::Time => "time",
        }
    }
}

/// Where the host runs, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Environment {
    /// On hardware.
    Physical = 1,
    /// In a virtual machine.
    VirtualMachine = 2,
    /// In a container.
    Container = 3,
}

impl Environment {
    pub(super) fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Physical),
            2 => Some(Self::VirtualMachine),
            3 => Some(Self::Container),
            _ => None,
        }
    }

    /// Word for people and for the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Physical => "physical",
            Self::VirtualMachine => "virtual-machine",
            Self::Container => "container",
        }
    }
}
