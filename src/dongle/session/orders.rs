//! What an open dongle can be told: to give channels away, to take a record, to prove itself in a request.

use tallykey_protocol::command::order::{self, Order};
use tallykey_protocol::command::receipt::{Entry, Reply, Request};
use tallykey_protocol::command::{
    Command, Decode, acknowledge, grant, instruct, prove, revoke, time, update,
};
use tallykey_protocol::id::PublicKey;
use tallykey_protocol::limits::{NONCE_LEN, OWNER_CODE_LEN};
use tallykey_protocol::owner;
use tallykey_protocol::proof::{Kind, Proof};
use tallykey_protocol::receipt;
use tallykey_protocol::status::Status;

use super::open::{Open, is};
use super::secure::Secure;
use crate::dongle::error::{BadProof, Fault, Trouble};
use crate::dongle::evidence::Receipt;

/// The code that shows who owns a dongle: 16 characters of base32. It is never shown again nor sent.
#[derive(Clone)]
pub struct OwnerCode([u8; OWNER_CODE_LEN]);

impl OwnerCode {
    /// The code in `text`, as a person types it: spaces and hyphens do not count, nor does case. None if it cannot be
    /// one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.chars().filter(|c| !matches!(c, ' ' | '-'));
        let plain: String = plain.map(|c| c.to_ascii_uppercase()).collect();
        let bytes: [u8; OWNER_CODE_LEN] = plain.trim().as_bytes().try_into().ok()?;
        let base32 = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'2'..=b'7');
        bytes.iter().all(base32).then_some(Self(bytes))
    }
}

impl std::fmt::Debug for OwnerCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OwnerCode")
    }
}

impl Open {
    /// Has the dongle give channels away. What comes back is its receipt, which is still to be verified; the same order
    /// brings the same receipt, whatever the code.
    ///
    /// # Errors
    /// [`Trouble::OwnerCode`] and [`Trouble::Refused`]: nothing was lowered. After any other fault it is not known:
    /// the receipts tell.
    pub fn give(&mut self, order: &[u8], code: &OwnerCode) -> Result<Vec<u8>, Fault> {
        let unreadable = |source| Trouble::Reply {
            command: Command::Convert,
            source,
        };
        let kind = Order::decode(order).map_err(unreadable)?.kind;
        let command = match kind {
            receipt::Kind::Retire => Command::Retire,
            receipt::Kind::ConvertOffline | receipt::Kind::ConvertDesk => Command::Convert,
        };
        let verifier = owner::verifier(&code.0, &self.identity.serial);
        let proof = owner::proof(&verifier, &self.transcript, command, order);
        let body = self.secure.ask(command, &order::Request { order, proof })?;
        let reply = order::Reply::decode(&body).map_err(BadProof::from)?;
        Ok(reply.record.to_vec())
    }

    /// Says that a receipt is kept: from then on the dongle may let it go.
    ///
    /// # Errors
    /// The link's, or that the dongle has no such receipt.
    pub fn acknowledge(&mut self, counter: u64, digest: [u8; 32]) -> Result<(), Fault> {
        let request = acknowledge::Request { counter, digest };
        self.secure.ask(Command::Acknowledge, &request).map(drop)
    }

    /// A proof for a request with this nonce ([`tallykey_protocol::request::proof_nonce`]), as signed.
    ///
    /// # Errors
    /// [`Fault::ProofInvalid`], or the link's.
    pub fn prove_for_request(&mut self, nonce: [u8; NONCE_LEN]) -> Result<Vec<u8>, Fault> {
        let request = prove::Request {
            kind: Kind::Request,
            nonce,
            statement: &[],
        };
        let body = self.secure.ask(Command::Prove, &request)?;
        let record = prove::Reply::decode(&body).map_err(BadProof::from)?.proof;
        let proof =
            Proof::verify(record, Kind::Request, &self.identity.key).map_err(BadProof::from)?;
        if proof.nonce != nonce {
            return Err(BadProof::Nonce.into());
        }
        Ok(record.to_vec())
    }

    /// Gives the dongle its next grant. What comes back is the revision that it holds.
    ///
    /// # Errors
    /// [`Trouble::Refused`] with the rule that the grant breaks, and nothing changed; or the link's.
    pub fn update(&mut self, record: &[u8]) -> Result<u64, Fault> {
        let body = self
            .secure
            .ask(Command::Update, &update::Request { record })?;
        let reply = update::Reply::decode(&body).map_err(BadProof::from)?;
        Ok(reply.revision)
    }

    /// Gives the dongle an instruction of its vendor. What comes back is the new owner code, if that was the
    /// instruction: it is told here and nowhere else.
    ///
    /// # Errors
    /// As [`Open::update`].
    pub fn instruct(&mut self, record: &[u8]) -> Result<Option<String>, Fault> {
        let request = instruct::Request { record };
        let body = self.secure.ask(Command::Instruct, &request)?;
        let reply = instruct::Reply::decode(&body).map_err(BadProof::from)?;
        Ok(reply.owner_code.map(str::to_owned))
    }

    /// Gives the dongle a time token. What comes back is its time floor, Unix time in seconds.
    ///
    /// # Errors
    /// As [`Open::update`].
    pub fn set_time(&mut self, record: &[u8]) -> Result<u64, Fault> {
        let body = self.secure.ask(Command::Time, &time::Request { record })?;
        let reply = time::Reply::decode(&body).map_err(BadProof::from)?;
        Ok(reply.time_floor)
    }

    /// Gives the dongle a list of certificates that the vendor's root revoked (RFC 5280), DER. What comes back is its
    /// number.
    ///
    /// # Errors
    /// As [`Open::update`].
    pub fn revoke(&mut self, list: &[u8]) -> Result<u64, Fault> {
        let body = self
            .secure
            .ask(Command::Revoke, &revoke::Request { list })?;
        let reply = revoke::Reply::decode(&body).map_err(BadProof::from)?;
        Ok(reply.number)
    }
}

/// Every receipt in the dongle, oldest first, with the grant that it came from; read only where `known` has it not.
pub(super) fn read_receipts(
    secure: &mut Secure,
    key: &PublicKey,
    known: &[Receipt],
    grants: &[Vec<u8>],
) -> Result<Vec<Receipt>, Fault> {
    let body = secure.ask(Command::Receipt, &Request::List)?;
    let Reply::List(entries) = Reply::decode(&body).map_err(BadProof::from)? else {
        return Err(BadProof::Differs { what: "receipts" }.into());
    };
    let mut receipts = Vec::new();
    for entry in &*entries {
        let same =
            |one: &&Receipt| one.counter == entry.counter && one.request_id == entry.request_id;
        let mut one = match known.iter().find(same) {
            Some(known) => known.clone(),
            None => match read_receipt(secure, key, entry, grants)? {
                Some(read) => read,
                // It says that it has it and does not give it: the rest of it may be sound.
                None => continue,
            },
        };
        one.acknowledged = entry.acknowledged;
        receipts.push(one);
    }
    Ok(receipts)
}

fn read_receipt(
    secure: &mut Secure,
    key: &PublicKey,
    entry: &Entry,
    grants: &[Vec<u8>],
) -> Result<Option<Receipt>, Fault> {
    let request = Request::Read {
        counter: entry.counter,
    };
    let Some(body) = unless_refused(secure.ask(Command::Receipt, &request))? else {
        return Ok(None);
    };
    let Reply::Record(record) = Reply::decode(&body).map_err(BadProof::from)? else {
        return Err(BadProof::Differs { what: "receipt" }.into());
    };
    let (signed, digest) =
        receipt::Receipt::verify(record, entry.kind, key).map_err(BadProof::from)?;
    if (signed.counter, signed.request_id) != (entry.counter, entry.request_id) {
        return Err(BadProof::Differs { what: "receipt" }.into());
    }
    let held = grants.iter().find(|grant| is(grant, &signed.grant));
    let grant = match held {
        Some(grant) => grant.clone(),
        None => {
            let request = grant::Request::Digest(signed.grant);
            let Some(body) = unless_refused(secure.ask(Command::Grant, &request))? else {
                return Ok(None);
            };
            let reply = grant::Reply::decode(&body).map_err(BadProof::from)?;
            if !is(reply.record, &signed.grant) {
                return Err(BadProof::Differs {
                    what: "receipt's grant",
                }
                .into());
            }
            reply.record.to_vec()
        }
    };
    Ok(Some(Receipt {
        counter: entry.counter,
        kind: entry.kind,
        request_id: entry.request_id,
        acknowledged: entry.acknowledged,
        digest,
        record: record.to_vec(),
        grant,
    }))
}

/// What was answered, or none where the dongle has no such thing or cannot read it.
fn unless_refused(answer: Result<Vec<u8>, Fault>) -> Result<Option<Vec<u8>>, Fault> {
    match answer {
        Ok(body) => Ok(Some(body)),
        Err(Fault::Io {
            source:
                Trouble::Refused {
                    status: Status::NoSuchItem | Status::StorageFailed,
                    ..
                },
        }) => Ok(None),
        Err(fault) => Err(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::OwnerCode;

    #[test]
    fn a_code_is_read_as_people_type_it_and_never_shown() {
        let code = OwnerCode::parse("abcd-efgh ijkl-mn27").expect("a code");
        assert_eq!(&code.0, b"ABCDEFGHIJKLMN27");
        assert_eq!(format!("{code:?}"), "OwnerCode");
        for no in [
            "",
            "ABCD",
            "ABCDEFGHIJKLMN01",
            "ABCDEFGHIJKLMN277",
            "ÄBCDEFGHIJKLMN2",
        ] {
            assert!(OwnerCode::parse(no).is_none(), "{no}");
        }
    }
}
