//! Reading a request: container, claims, and the signature by the key in them.

use super::{Environment, Head, Installed, Mark, Purpose, Request, Wanted};
use crate::array::Array;
use crate::cbor::{self, Decoder, Malformed};
use crate::claim::{
    BINDING, DESK_NONCE, DONGLES, ENVIRONMENT, HISTORY, HOST_KEY, IAT, INSTALLED, ISS, MARKS,
    NONCE, PRODUCT, PROFILE_REVISION, PURPOSE, WANTED,
};
use crate::cose::{CoseError, Sign1, Typ, X5CHAIN};
use crate::id;
use crate::limits::{DONGLES_MAX, FEATURES_MAX, INSTALLED_MAX, MARKS_MAX, REQUEST_MAX, TIME_MAX};
use crate::target::Binding;

impl<'b> Request<'b> {
    /// Reads `record` and verifies that whoever holds the host key in it made it; returns the record's digest too.
    /// Nobody certifies a host key: what the dongles say is verified apart ([`super::Dongle::verify`]), the rest is the
    /// host's word.
    ///
    /// # Errors
    /// [`CoseError`] with what is wrong.
    pub fn verify(record: &'b [u8]) -> Result<(Self, [u8; 32]), CoseError> {
        let sign1 = Sign1::parse(record, REQUEST_MAX)?;
        if !sign1.chain().is_empty() {
            return Err(CoseError::UnknownHeader(X5CHAIN));
        }
        let request = Self::decode(sign1.payload())?;
        sign1.verify(Typ::Request, &request.host_key)?;
        Ok((request, sign1.digest()))
    }

    fn decode(claims: &'b [u8]) -> Result<Self, Malformed> {
        let (mut host, mut issued_at, mut nonce, mut desk_nonce) = (None, None, None, None);
        let (mut product, mut profile_revision, mut purpose) = (None, None, None);
        let (mut host_key, mut binding, mut environment) = (None, None, None);
        let (mut installed, mut dongles, mut marks) = (None, None, None);
        let (mut history, mut wanted) = (None, None);
        cbor::read_map(claims, |key, d| {
            match key {
                ISS => host = Some(cbor::text(d, id::is_label, "host")?),
                IAT => issued_at = Some(cbor::number(d, TIME_MAX, "issued at")?),
                NONCE => nonce = Some(cbor::bytes(d, "nonce")?),
                PRODUCT => product = Some(cbor::text(d, id::is_name, "product")?),
                PROFILE_REVISION => {
                    profile_revision = Some(cbor::number(d, u64::MAX, "profile revision")?)
                }
                BINDING => binding = Some(Binding::decode(d)?),
                DESK_NONCE => desk_nonce = Some(cbor::bytes(d, "desk nonce")?),
                HOST_KEY => host_key = Some(cbor::bytes(d, "host key")?),
                PURPOSE => purpose = Purpose::from_code(cbor::code(d, "purpose")?),
                ENVIRONMENT => environment = Environment::from_code(cbor::code(d, "environment")?),
                INSTALLED => {
                    let rises = |a: &Installed<'_>, b: &Installed<'_>| a.identity < b.identity;
                    installed = Some(Array::decode(d, INSTALLED_MAX, "installed", rises)?);
                }
                DONGLES => dongles = Some(Array::decode(d, DONGLES_MAX, "dongles", |_, _| true)?),
                MARKS => {
                    let rises = |a: &Mark<'_>, b: &Mark<'_>| a.thumbprint < b.thumbprint;
                    marks = Some(Array::decode(d, MARKS_MAX, "marks", rises)?);
                }
                HISTORY => history = Some(read_head(d)?),
                WANTED => {
                    let rises = |a: &Wanted<'_>, b: &Wanted<'_>| a.feature < b.feature;
                    wanted = Some(Array::decode(d, FEATURES_MAX, "wanted", rises)?);
                }
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(Self {
            host: cbor::need(host, "host")?,
            issued_at: cbor::need(issued_at, "issued at")?,
            nonce: cbor::need(nonce, "nonce")?,
            purpose: cbor::need(purpose, "purpose")?,
            product: cbor::need(product, "product")?,
            profile_revision: cbor::need(profile_revision, "profile revision")?,
            host_key: cbor::need(host_key, "host key")?,
            binding: cbor::need(binding, "binding")?,
            environment: cbor::need(environment, "environment")?,
            installed: cbor::need(installed, "installed")?,
            dongles: cbor::need(dongles, "dongles")?,
            marks: cbor::need(marks, "marks")?,
            history: cbor::need(history, "history")?,
            desk_nonce,
            wanted: cbor::need(wanted, "wanted")?,
        })
    }
}

fn read_head(d: &mut Decoder<'_>) -> Result<Head, Malformed> {
    cbor::tuple(d, 2, "history")?;
    Ok(Head {
        sequence: cbor::number(d, u64::MAX, "history")?,
        hash: cbor::bytes(d, "history")?,
    })
}
