//! What a host that nobody here wrote asks a dongle, wherever it found it.

use std::time::Duration;

use ctaphid::error::{CommandError, Error, ResponseError};
use ctaphid::types::{Command, DeviceError, VendorCommand};
use ctaphid::{Device, HidDevice};
use tallykey_protocol::command::{Decode, hello, split_reply};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::status::Status;

/// Messages of every shape come back as they were: around one packet, around two, the longest.
pub(crate) fn it_pings<D: HidDevice>(device: &Device<D>) {
    assert_eq!(device.protocol_version(), 2);
    assert!(device.capabilities().has_wink());
    assert!(!device.capabilities().has_msg() && !device.capabilities().has_cbor());
    for length in [0, 1, 57, 58, 116, 117, MESSAGE_MAX] {
        let data: Vec<u8> = (0..length).map(|n| n as u8).collect();
        device.ping(&data).expect("the same again");
    }
    device.wink().expect("blinks");
}

/// Asks our `hello`, and what a dongle has to refuse. Lifecycle and chip id of the dongle.
pub(crate) fn it_says_hello_and_refuses_others<D: HidDevice>(
    device: &Device<D>,
) -> (Lifecycle, [u8; 8]) {
    let answer = device
        .vendor_command(VendorCommand::H40, b"\xA2\x01\x01\x02\x01")
        .expect("hello");
    let (status, body) = split_reply(&answer).expect("a status");
    let reply = hello::Reply::decode(body).expect("our reply");
    assert_eq!(status, Status::Ok);
    assert!(is_device_error(
        device.vendor_command(VendorCommand::H7F, &[0xA0]),
        DeviceError::InvalidCommand
    ));
    device.lock(Duration::from_secs(1)).expect("locked");
    device.lock(Duration::ZERO).expect("unlocked");
    // It reads from the capabilities that these are not to be asked.
    assert!(matches!(
        device.ctap2(4, &[]),
        Err(Error::CommandError(CommandError::NotSupported(
            Command::Cbor
        )))
    ));
    (reply.lifecycle, reply.chip_id)
}

fn is_device_error(answer: Result<Vec<u8>, Error>, expected: DeviceError) -> bool {
    matches!(
        answer,
        Err(Error::ResponseError(ResponseError::CommandFailed(error))) if error == expected
    )
}
