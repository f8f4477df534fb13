//! One command outside a session.

use tallykey_protocol::cbor::Malformed;
use tallykey_protocol::command::{Command, Decode, Encode, split_reply};
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::status::Status;

use crate::dongle::error::{Fault, Trouble};
use crate::dongle::link::Link;

/// What went each way, byte for byte: the transcript of `open` covers it.
pub(super) struct Asked {
    pub(super) command: Command,
    pub(super) request: Vec<u8>,
    pub(super) reply: Vec<u8>,
}

/// Sends `request` and takes whatever answer comes.
pub(super) fn ask(
    link: &mut Link,
    command: Command,
    request: &impl Encode,
) -> Result<Asked, Fault> {
    let request = encoded(request)?;
    let reply = link.request(command.code(), &request)?;
    Ok(Asked {
        command,
        request,
        reply,
    })
}

/// A request as bytes.
pub(super) fn encoded(request: &impl Encode) -> Result<Vec<u8>, Trouble> {
    let mut bytes = vec![0; MESSAGE_MAX];
    let length = request.encode(&mut bytes).map_err(|_| Trouble::Full)?;
    bytes.truncate(length);
    Ok(bytes)
}

impl Asked {
    pub(super) fn split(&self) -> Result<(Status, &[u8]), Trouble> {
        split_reply(&self.reply).map_err(|source| self.unreadable(source))
    }

    /// The body of a reply that must say [`Status::Ok`].
    pub(super) fn body<'b, T: Decode<'b>>(&'b self) -> Result<T, Trouble> {
        match self.split()? {
            (Status::Ok, body) => T::decode(body).map_err(|source| self.unreadable(source)),
            (status, _) => Err(self.refused(status)),
        }
    }

    pub(super) fn refused(&self, status: Status) -> Trouble {
        Trouble::Refused {
            command: self.command,
            status,
        }
    }

    pub(super) fn unreadable(&self, source: Malformed) -> Trouble {
        Trouble::Reply {
            command: self.command,
            source,
        }
    }
}
