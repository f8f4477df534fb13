//! What there is of a feature that has too little left.

/// The counts behind a refusal. All numbers are channels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shortage {
    /// Channels in all: free ones and those of the active source.
    pub owned: u64,
    /// Free channels of the product profile, part of `owned`.
    pub free: u64,
    /// Free channels in use, part of `used`.
    pub free_used: u64,
    /// Channels in use by licensed devices.
    pub used: u64,
    /// Channels left (`owned` less `used`; 0 while anything is suspended).
    pub available: u64,
    /// Channels that suspended devices wait for.
    pub suspended: u64,
    /// Channels of lines that the user parked; they are not among `owned`.
    pub parked: u64,
    /// Channels that the devices before it in the same batch would take; the other numbers are as
    /// they were before the batch, and stay so.
    pub before: u64,
}

impl std::fmt::Display for Shortage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let left = self.available.saturating_sub(self.before);
        write!(f, "{left} of {} owned are left", self.owned)?;
        if self.before > 0 {
            let before = self.before;
            write!(f, " after {before} for the devices before it in the batch")?;
        }
        write!(
            f,
            " ({} used, of them {} of {} free; {} suspended",
            self.used, self.free_used, self.free, self.suspended
        )?;
        if self.parked > 0 {
            write!(f, "; {} parked", self.parked)?;
        }
        f.write_str(")")
    }
}
