//! Short orders: what time it is, what a dongle is to do, and which dongles are believed no more.

use tallykey_protocol::{
    armour::{Armoured, Label},
    array::Array,
    instruction::{self, Instruction},
    request::Purpose,
    revocation::{RevocationList, Revoked},
    time::TimeToken,
};
use tallykey_signing::{sign_instruction, sign_revocations, sign_time};

use super::{Asked, Desk, DeskError, Refusal, dongle::seen};
use crate::ledger::{Entry, Id, Kind};

/// What a dongle is to do.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Instruct {
    /// Make a new owner code; the old one is void
    ResetOwnerCode,
    /// Forget everything: back to the factory
    Recycle,
}

impl Desk {
    /// The time, for the host that asked.
    pub(crate) fn time_token(&self, asked: &Asked) -> Result<Entry, DeskError> {
        let request = self.request(asked, &[Purpose::Time])?;
        let token = TimeToken {
            vendor: &self.trust.vendor,
            now: self.now,
            nonce: Some(request.nonce),
        };
        let bytes = sign_time(&token, &self.issuer())?;
        Ok(Entry {
            file: armoured(Label::Time, &bytes),
            ..self.answer(&request, Kind::Time)
        })
    }

    /// An instruction to a dongle that was plugged in when the request was made. It works once: executing it raises
    /// the counter that it names.
    pub(crate) fn instruct(
        &self,
        asked: &Asked,
        serial: &str,
        instruct: Instruct,
    ) -> Result<Entry, DeskError> {
        let purposes = [Purpose::Update, Purpose::Repair];
        let request = self.request(asked, &purposes)?;
        let (_, attested, proof) = self.plugged(&request, serial)?;
        let instruction = Instruction {
            vendor: &self.trust.vendor,
            serial: attested.serial,
            issued_at: self.now,
            thumbprint: attested.thumbprint,
            counter: proof.counter,
            kind: match instruct {
                Instruct::ResetOwnerCode => instruction::Kind::ResetOwnerCode,
                Instruct::Recycle => instruction::Kind::Recycle,
            },
        };
        let bytes = sign_instruction(&instruction, &self.issuer())?;
        Ok(Entry {
            holder: Some(Id(attested.thumbprint)),
            name: attested.serial.to_owned(),
            seen: Some(seen(&attested, &proof)),
            file: armoured(Label::Instruction, &bytes),
            ..self.answer(&request, Kind::Instruction)
        })
    }

    /// The next revocation list, with the dongle of this serial at the last counter that it proved here.
    pub(crate) fn revoke(&self, serial: &str) -> Result<Entry, DeskError> {
        let unknown = || Refusal::UnknownDongle {
            serial: serial.to_owned(),
        };
        let last = self.register.last_seen(serial).ok_or_else(unknown)?;
        let thumbprint = last.thumbprint.0;
        let (epoch, mut revoked) = self.revoked()?;
        if let Some(found) = revoked.iter().find(|found| found.thumbprint == thumbprint) {
            let (serial, last) = (serial.to_owned(), found.counter);
            return Err(Refusal::RevokedAlready { serial, last }.into());
        }
        let counter = last.counter;
        revoked.push(Revoked {
            thumbprint,
            counter,
        });
        revoked.sort_by_key(|revoked| revoked.thumbprint);
        let list = RevocationList {
            vendor: &self.trust.vendor,
            issued_at: self.now,
            epoch: epoch + 1,
            revoked: Array::of(&revoked),
        };
        let bytes = sign_revocations(&list, &self.issuer())?;
        Ok(Entry {
            holder: Some(last.thumbprint),
            name: serial.to_owned(),
            file: armoured(Label::Revocation, &bytes),
            ..Entry::new(self.now, Kind::Revocation)
        })
    }
}

fn armoured(label: Label, bytes: &[u8]) -> String {
    Armoured { label, bytes }.to_string()
}
