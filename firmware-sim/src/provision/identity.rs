//! Key, certificate and serial.

use super::{Order, ProvisionError};
use crate::host::{Channel, TalkError, random};
use tallykey_protocol::cert::CertificationRequest;
use tallykey_protocol::command::{Command, Empty, certify, make_key, personalise};
use tallykey_signing::Vendor;

/// Gives the dongle an identity, from whatever it had before it was sealed.
pub(super) fn give(
    channel: &Channel,
    vendor: &Vendor,
    order: &Order<'_>,
    chip_id: [u8; 8],
) -> Result<(), ProvisionError> {
    let nonce = random().map_err(TalkError::from)?;
    let made = channel.ask(Command::MakeKey, &make_key::Request { nonce })?;
    let request = made.read_ok::<make_key::Reply<'_>>()?.request;
    let request = CertificationRequest::verify(request, &nonce).map_err(ProvisionError::Request)?;

    let number = random().map_err(TalkError::from)?;
    let leaf = vendor.certify_dongle(
        order.serial,
        &chip_id,
        request.public_key(),
        number,
        order.now,
    )?;
    let request = certify::Request {
        chain: [&leaf, vendor.factory_certificate()],
        root: vendor.root_certificate(),
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
