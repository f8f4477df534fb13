//! The JSON of the API, version 1.
//!
//! Answers may gain members; a client must ignore those it does not know. Requests refuse
//! members they do not know, so that a misspelt `feature` is not silently another feature.

mod allocation;
mod change;
mod conversion;
mod dongle;
mod history;
mod import;
mod licence;
mod need;
mod request;
mod standing;
mod status;
mod token;

pub use allocation::{
    Allocated, Allocation, AllocationState, Allocations, Ask, BatchAllocated, BatchAnswer, Payment,
};
pub use change::{
    AllocationChange, Changed, LicencesChanged, LineChange, Move, PolicyChange, Renewal,
};
pub use conversion::{
    Conversion, ConversionState, Conversions, ConvertAsk, Converted, ConvertedLine, Gift, Given,
    Goal, Part, Secret,
};
pub use dongle::{Dongle, DongleFault, Dongles, HeldGrant};
pub use history::{HistoryEntry, HistoryPage};
pub use import::{
    Choice, ChoiceKind, ConflictAnswer, ImportAnswer, ImportAsk, ImportItem, ImportState, Keep,
    Licence, Resolution, ResolveAsk, Standpoint, Terms,
};
pub use licence::{Licences, Line, LineSource, Policy};
pub use need::{Need, Needs, Period};
pub use request::{CarriedLicence, LeftOut, Purpose, RequestAnswer, RequestAsk, Unbound};
pub use standing::{Away, AwayPhase, ClockSuspect, Conflict, HostKeyUnbound, Return};
pub use status::{AuthenticationType, FeatureCounts, Product, Status};
pub use token::{NewToken, Role, Token, TokenAsk, Tokens};
