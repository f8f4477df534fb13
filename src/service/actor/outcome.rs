//! What comes back of the errands in the sessions with dongles.

use tokio::sync::mpsc;
use uuid::Uuid;

use super::deliveries::Delivered;
use crate::dongle::Fault as DongleFault;

/// What came of an errand.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A dongle was asked to give.
    Given {
        /// Names the request.
        id: Uuid,
        result: Result<(), DongleFault>,
    },
    /// A dongle did not take notice that a receipt is kept.
    NotTold {
        /// Thumbprint of its key.
        thumbprint: [u8; 32],
        /// The receipt's.
        counter: u64,
    },
    /// Records of the vendor were handed to a dongle.
    Delivered(Box<Delivered>),
}

/// How errands tell what came of them. What waits in it is bounded by the errands that were sent.
pub(super) struct Outcomes {
    pub(super) tell: mpsc::UnboundedSender<Outcome>,
    pub(super) told: mpsc::UnboundedReceiver<Outcome>,
}

impl Outcomes {
    pub(super) fn new() -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        Self { tell, told }
    }
}
