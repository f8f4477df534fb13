//! Every way in which a rule of the desk says no, with the code a program matches on and the next step.

use tallykey_protocol::{
    cose::CoseError, file::FileError, issued::IssuedError, receipt::TraceError,
    request::DongleError,
};

use crate::text::plain;

/// A rule said no. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the file cannot be read: {source}")]
    File {
        #[source]
        source: FileError,
    },
    #[error("the file holds {found} requests where one belongs")]
    NotOneRequest { found: usize },
    #[error("the request is not to be believed: {source}")]
    Request {
        #[source]
        source: CoseError,
    },
    #[error("this request was answered already, with entry {entry}")]
    RequestAnswered { entry: u64 },
    #[error("the answer of entry {entry} is still open: the holder has not imported it")]
    RequestOpen { entry: u64 },
    #[error("the return of entry {entry} is still open: it waits for its confirmation")]
    ReturnOpen { entry: u64 },
    #[error("a request of the purpose {purpose} is not for this")]
    WrongPurpose { purpose: &'static str },
    #[error(
        "the machine's parts weigh {weight} of the 6 that are needed, or neither board nor network card is among them"
    )]
    BindingTooWeak { weight: u32 },
    #[error("the profile of entry {entry} has no feature {feature}")]
    UnknownFeature { feature: String, entry: u64 },
    #[error("nothing would change")]
    NothingChanges,
    #[error("{feature} would fall from {before} to {after}; counts of a dongle never fall")]
    CountFalls {
        feature: String,
        before: u64,
        after: u64,
    },
    #[error("a {plan} needs an end, and a perpetual line has none")]
    PlanEnd { plan: &'static str },
    #[error("the licence would have {lines} lines or absorb {absorbs} others, more than fit one")]
    TooMuch { lines: usize, absorbs: usize },
    #[error("the list has {found} addresses for {features} features; a licence holds 1 to 1024")]
    AddressCount { found: usize, features: usize },
    #[error("the dongle {} is not in the request", plain(serial))]
    NoSuchDongle { serial: String },
    #[error("the dongle in the request is not to be believed: {source}")]
    Dongle {
        #[source]
        source: DongleError,
    },
    #[error(
        "the dongle {} was not plugged in when the request was made",
        plain(serial)
    )]
    NotPlugged { serial: String },
    #[error("the dongle {serial} is {lifecycle}")]
    NotInUse {
        serial: String,
        lifecycle: &'static str,
    },
    #[error("the dongle {serial} is simulated, and this vendor is no test vendor")]
    Simulated { serial: String },
    #[error("the dongle {serial} is revoked above its counter {last}, and this is {counter}")]
    Revoked {
        serial: String,
        last: u64,
        counter: u64,
    },
    #[error("the request does not bring the grant that the dongle {serial} holds")]
    NoGrant { serial: String },
    #[error("the grant that the request brings is not to be believed: {source}")]
    Grant {
        #[source]
        source: IssuedError,
    },
    #[error("the dongle {serial} holds another grant of revision {revision} than was issued here")]
    OtherHistory { serial: String, revision: u64 },
    #[error("the receipt is not to be believed: {source}")]
    Receipt {
        #[source]
        source: TraceError,
    },
    #[error("no receipt for the desk is in the file")]
    NoReceipt,
    #[error("the receipt is of an offline conversion, which counts in its licence and never here")]
    OfflineReceipt,
    #[error("the receipt was taken already, with entry {entry}")]
    ReceiptTaken { entry: u64 },
    #[error("the request echoes no nonce of a return that was issued here")]
    UnknownReturn,
    #[error("the return of entry {entry} is another server's")]
    OtherServer { entry: u64 },
    #[error("the return of entry {opened} was confirmed already, with entry {entry}")]
    StaleConfirmation { opened: u64, entry: u64 },
    #[error("the server does not show the licence with the lower counts of entry {entry}")]
    NotLowered { entry: u64 },
    #[error("the server still shows a licence that was replaced, beside that of entry {entry}")]
    StillInstalled { entry: u64 },
    #[error("the form of the profile is not understood: {source}")]
    Profile {
        #[source]
        source: serde_json::Error,
    },
    #[error("the profile has more than 64 features, or more than 256 weights or mappings")]
    ProfileTooLong,
    #[error("no dongle {} has proved itself here", plain(serial))]
    UnknownDongle { serial: String },
    #[error(
        "the dongle {} is on the list already, with the last counter {last}",
        plain(serial)
    )]
    RevokedAlready { serial: String, last: u64 },
}

impl Refusal {
    /// Stable word that a program matches on.
    pub(crate) const fn code(&self) -> &'static str {
        self.said().0
    }

    /// Whose the problem is, in the words of the support desk.
    pub(crate) const fn class(&self) -> &'static str {
        self.said().1
    }

    /// What to do.
    pub(crate) const fn next(&self) -> &'static str {
        self.said().2
    }

    #[rustfmt::skip]
    const fn said(&self) -> (&'static str, &'static str, &'static str) {
        const WRONG: &str = "wrong-procedure";
        const DAMAGED: &str = "damaged-file";
        const MOVED: &str = "migration";
        const MISSING: &str = "not-delivered";
        match self {
            Self::File { .. } => ("bad-file", DAMAGED, "ask for the file again; attach it instead of pasting it"),
            Self::NotOneRequest { .. } => ("not-one-request", WRONG, "give one request at a time"),
            Self::Request { .. } => ("bad-request", DAMAGED, "ask the server for a new request"),
            Self::RequestAnswered { .. } => ("request-answered", WRONG, "send the same answer again with `desk reissue`, or ask for a new request"),
            Self::RequestOpen { .. } => ("request-open", WRONG, "have that answer imported (`desk reissue` makes it again), then ask for a new request"),
            Self::ReturnOpen { .. } => ("return-open", WRONG, "have its file imported (`desk reissue` makes it again) and confirm the return with the server's next request"),
            Self::WrongPurpose { .. } => ("wrong-purpose", WRONG, "use the command for that purpose, or ask for a request of another"),
            Self::BindingTooWeak { .. } => ("binding-too-weak", MOVED, "offer a MAC licence: `desk issue --mac-list`"),
            Self::UnknownFeature { .. } => ("unknown-feature", WRONG, "look at the profile with `inspect`; a new feature needs a new profile first"),
            Self::NothingChanges => ("nothing-changes", WRONG, "give other counts with --channels"),
            Self::CountFalls { .. } => ("count-falls", WRONG, "have the channels retired at the dongle and redeem the receipt"),
            Self::PlanEnd { .. } => ("plan-end", WRONG, "give --valid-to with --plan subscription or fixed-term, and neither for perpetual"),
            Self::TooMuch { .. } => ("too-much", WRONG, "let the lines that ended be returned first"),
            Self::AddressCount { .. } => ("address-count", WRONG, "split the list over several licences"),
            Self::NoSuchDongle { .. } => ("no-such-dongle", MISSING, "look at the request with `inspect`, and give one of its serials"),
            Self::Dongle { .. } => ("dongle-not-believed", DAMAGED, "have the dongle plugged in and a new request made"),
            Self::NotPlugged { .. } => ("dongle-not-plugged", WRONG, "have the dongle plugged in and a new request made"),
            Self::NotInUse { .. } => ("dongle-not-in-use", WRONG, "take a dongle that the factory has sealed"),
            Self::Simulated { .. } => ("simulator-refused", DAMAGED, "give counts only to real dongles"),
            Self::Revoked { .. } => ("dongle-revoked", DAMAGED, "find out where the dongle was; what it did before stays good"),
            Self::NoGrant { .. } => ("grant-missing", MISSING, "ask the server for a new request"),
            Self::Grant { .. } => ("grant-not-believed", DAMAGED, "ask the server for a new request"),
            Self::OtherHistory { .. } => ("other-history", DAMAGED, "find the register that issued it; sign nothing for this dongle before"),
            Self::Receipt { .. } => ("receipt-not-believed", DAMAGED, "ask the server for a new request with the dongle plugged in"),
            Self::NoReceipt => ("no-receipt", MISSING, "have the channels converted through the desk, or retired, and ask for a new request"),
            Self::OfflineReceipt => ("offline-receipt", WRONG, "nothing is to be redeemed: the licence made from it counts by itself"),
            Self::ReceiptTaken { .. } => ("receipt-taken", WRONG, "send the same answer again with `desk reissue`"),
            Self::UnknownReturn => ("unknown-return", WRONG, "have the licence with the lower counts imported, then ask for a new request"),
            Self::OtherServer { .. } => ("other-server", DAMAGED, "ask for the request of the server that holds the licence"),
            Self::StaleConfirmation { .. } => ("stale-confirmation", WRONG, "nothing is left to do for this return"),
            Self::NotLowered { .. } => ("not-lowered", DAMAGED, "have the licence with the lower counts imported, then ask for a new request"),
            Self::StillInstalled { .. } => ("still-installed", DAMAGED, "have the older licence removed, then ask for a new request"),
            Self::Profile { .. } => ("bad-profile", WRONG, "correct the form; docs/desk.md shows one"),
            Self::ProfileTooLong => ("profile-too-long", WRONG, "take features or rules out, or use models that end in *"),
            Self::UnknownDongle { .. } => ("unknown-dongle", MISSING, "redeem or answer a request of this dongle first, so that its key is known"),
            Self::RevokedAlready { .. } => ("revoked-already", WRONG, "send the list again with `desk reissue`"),
        }
    }
}
