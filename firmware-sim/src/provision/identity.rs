//! Key, certificate and serial.

use super::{Order, ProvisionError};
use crate::host::{Channel, TalkError, random};
use tallykey_protocol::cert::{Certificate, CertificationRequest, Role, verify_chain};
use tallykey_protocol::command::{Command, Empty, certificate, certify, make_key, personalise};
use tallykey_signing::Station;

/// Gives the dongle an identity, from whatever it had before it was sealed.
pub(super) fn give(
    channel: &Channel,
    station: &Station<'_>,
    order: &Order<'_>,
    chip_id: [u8; 8],
) -> Result<(), ProvisionError> {
    let nonce = random().map_err(TalkError::from)?;
    let made = channel.ask(Command::MakeKey, &make_key::Request { nonce })?;
    let request = made.read_ok::<make_key::Reply<'_>>()?.request;
    let request = CertificationRequest::verify(request, &nonce).map_err(ProvisionError::Request)?;

    let number = random().map_err(TalkError::from)?;
    let leaf = station.certify_dongle(
        order.serial,
        &chip_id,
        request.public_key(),
        number,
        order.now,
    )?;
    let request = certify::Request {
        chain: [&leaf, station.factory.certificate],
        root: station.factory.root,
    };
    channel
        .ask(Command::Certify, &request)?
        .read_ok::<Empty>()?;
    channel
        .ask(
            Command::Personalise,
            &personalise::Request {
                serial: order.serial,
            },
        )?
        .read_ok::<Empty>()?;
    Ok(())
}

/// Refuses a dongle whose certificate another vendor's factory made.
pub(super) fn check(channel: &Channel, station: &Station<'_>) -> Result<(), ProvisionError> {
    let shown = channel.ask(Command::Certificate, &certificate::Request { known: None })?;
    let [leaf, factory] = shown
        .read_ok::<certificate::Reply<'_>>()?
        .chain
        .ok_or(TalkError::Mismatch)?;
    let root = Certificate::parse(station.factory.root).map_err(ProvisionError::OtherVendor)?;
    verify_chain(leaf, &[factory], &root, Role::Dongle, None)
        .map_err(ProvisionError::OtherVendor)?;
    Ok(())
}
