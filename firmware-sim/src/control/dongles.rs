//! The dongles of one simulator, and what is asked of them.

use super::{Ask, Refusal, Reply, Request, WAIT_MAX};
use crate::dongle::SimDongle;
use std::time::Duration;

/// Dongles, each with the serial that it was started under.
pub struct Dongles {
    named: Vec<(String, SimDongle)>,
}

impl Dongles {
    /// These.
    #[must_use]
    pub const fn new(named: Vec<(String, SimDongle)>) -> Self {
        Self { named }
    }

    /// Answers one request.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn answer(&self, request: &Request) -> Result<Reply, Refusal> {
        if let (Ask::Status, None) = (&request.ask, &request.dongle) {
            let all = self.named.iter().map(|(_, dongle)| dongle.status());
            return Ok(Reply::Dongles(all.collect()));
        }
        let (name, dongle) = self.find(request.dongle.as_deref())?;
        match &request.ask {
            Ask::Status => Ok(Reply::Dongles(vec![dongle.status()])),
            Ask::Do(action) => {
                action.apply(dongle)?;
                Ok(Reply::Done {
                    dongle: name.clone(),
                })
            }
            Ask::Wait {
                counter,
                least,
                timeout_ms,
            } => {
                let (counter, least) = (*counter, *least);
                let timeout = Duration::from_millis(*timeout_ms).min(WAIT_MAX);
                let value = dongle.wait_counted(counter, least, timeout);
                if value < least {
                    return Err(Refusal::NotReached {
                        counter,
                        least,
                        value,
                    });
                }
                Ok(Reply::Reached {
                    dongle: name.clone(),
                    counter,
                    value,
                })
            }
        }
    }

    fn find(&self, wanted: Option<&str>) -> Result<&(String, SimDongle), Refusal> {
        let serials = || self.named.iter().map(|(name, _)| name.clone()).collect();
        match (wanted, &self.named[..]) {
            (None, [only]) => Ok(only),
            (None, _) => Err(Refusal::WhichDongle { serials: serials() }),
            (Some(wanted), all) => {
                let found = all.iter().find(|(name, _)| name == wanted);
                found.ok_or_else(|| Refusal::NoSuchDongle {
                    wanted: wanted.to_owned(),
                    serials: serials(),
                })
            }
        }
    }
}
