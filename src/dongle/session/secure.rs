//! Commands under the session's keys.

use tallykey_protocol::command::order::TriesLeft;
use tallykey_protocol::command::{Command, Decode, Encode, split_reply};
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::session::{self, Direction, Keys};
use tallykey_protocol::status::Status;

use super::ask::encoded;
use crate::dongle::error::{BadProof, Fault, Trouble};
use crate::dongle::link::{Link, LinkError};

/// A link with session keys. Numbers only rise; one is never used twice.
pub(super) struct Secure {
    link: Link,
    keys: Keys,
    sequence: u64,
    /// The request that was given up; its answer may still come, once.
    given_up: Option<u64>,
}

impl Secure {
    pub(super) fn new(link: Link, keys: Keys) -> Self {
        Self {
            link,
            keys,
            sequence: 0,
            given_up: None,
        }
    }

    pub(super) fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Sends one command and returns the body of its reply, which must say [`Status::Ok`].
    pub(super) fn ask(
        &mut self,
        command: Command,
        request: &impl Encode,
    ) -> Result<Vec<u8>, Fault> {
        self.sequence += 1;
        let payload = encoded(request)?;
        let mut message = vec![0; MESSAGE_MAX];
        let length = session::seal(
            &self.keys,
            Direction::ToDongle,
            self.sequence,
            command,
            &payload,
            &mut message,
        )
        .map_err(|_| Trouble::Full)?;
        let mut answer = self.sent(command, &message[..length])?;
        loop {
            match self.open(command, &answer)? {
                Some(body) => return Ok(body),
                None => answer = self.link.answer(command.code())?,
            }
        }
    }

    fn sent(&mut self, command: Command, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let answer = self.link.request(command.code(), message);
        if let Err(LinkError::Silent { .. }) = answer {
            self.given_up = Some(self.sequence);
        }
        Ok(answer?)
    }

    /// The body of an answer, or none if it is to the request that was given up: late, not wrong.
    fn open(&mut self, command: Command, answer: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        if let Some(status) = bare_refusal(answer) {
            return Err(Trouble::Refused { command, status }.into());
        }
        let (came, payload) = session::open(&self.keys, Direction::ToHost, command, answer)
            .map_err(BadProof::from)?;
        if self.given_up.take() == Some(came) {
            return Ok(None);
        }
        if came != self.sequence {
            return Err(BadProof::Sequence {
                due: self.sequence,
                came,
            }
            .into());
        }
        match split_reply(payload).map_err(BadProof::from)? {
            (Status::Ok, body) => Ok(Some(body.to_vec())),
            (Status::OwnerProofWrong, body) => {
                let TriesLeft { left } = TriesLeft::decode(body).map_err(BadProof::from)?;
                Err(Trouble::OwnerCode { left }.into())
            }
            (status, _) => Err(Trouble::Refused { command, status }.into()),
        }
    }
}

/// A dongle that has lost the session has no keys to say so with. Anyone could send this one byte,
/// and gains what unplugging would: the session ends and is opened anew.
fn bare_refusal(answer: &[u8]) -> Option<Status> {
    match answer {
        [code] => Some(Status::from_code(*code)).filter(|status| {
            matches!(
                status,
                Status::NoSession | Status::MacInvalid | Status::SequenceStale | Status::Malformed
            )
        }),
        _ => None,
    }
}
