//! A request as it came, believed as far as its own signature goes.

use tallykey_protocol::{
    file::{Kind, Objects},
    id::thumbprint,
    limits::OBJECT_MAX,
    request::{Purpose, Request},
};

use super::{Desk, Refusal};
use crate::ledger::{Entry, Id, Kind as EntryKind};

/// The bytes of the one request in a file.
pub(crate) struct Asked(Vec<u8>);

impl Asked {
    /// The one request in `file`; other objects around it are not looked at.
    pub(crate) fn read(file: &[u8]) -> Result<Self, Refusal> {
        let mut requests = requests(file)?;
        match (requests.pop(), requests.len()) {
            (Some(request), 0) => Ok(Self(request)),
            (last, before) => Err(Refusal::NotOneRequest {
                found: before + usize::from(last.is_some()),
            }),
        }
    }
}

fn requests(file: &[u8]) -> Result<Vec<Vec<u8>>, Refusal> {
    let mut buffer = vec![0; OBJECT_MAX];
    let mut objects = Objects::new(file);
    let mut found = Vec::new();
    while let Some(object) = objects.next(&mut buffer) {
        let object = object.map_err(|source| Refusal::File { source })?;
        if object.kind == Kind::Request {
            found.push(object.bytes.to_vec());
        }
    }
    Ok(found)
}

impl Desk {
    /// Verifies the request, that nobody answered it, and that it is for one of `purposes`.
    pub(super) fn request<'a>(
        &self,
        asked: &'a Asked,
        purposes: &[Purpose],
    ) -> Result<Request<'a>, Refusal> {
        let (request, _) =
            Request::verify(&asked.0).map_err(|source| Refusal::Request { source })?;
        if let Some(entry) = self.register.answer_to(Id(request.nonce)) {
            return Err(Refusal::RequestAnswered { entry });
        }
        match purposes.contains(&request.purpose) {
            true => Ok(request),
            false => Err(Refusal::WrongPurpose {
                purpose: request.purpose.name(),
            }),
        }
    }

    /// An entry that answers `request` and is about its machine.
    pub(super) fn answer(&self, request: &Request<'_>, kind: EntryKind) -> Entry {
        Entry {
            product: request.product.to_owned(),
            holder: Some(Id(thumbprint(&request.host_key))),
            name: request.host.to_owned(),
            answers: Some(Id(request.nonce)),
            ..Entry::new(self.now, kind)
        }
    }
}
