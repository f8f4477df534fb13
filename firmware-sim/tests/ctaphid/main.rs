//! The crate `ctaphid`, a host that nobody here wrote, against the simulated dongle.

use std::borrow::Cow;
use std::time::Duration;

use ctaphid::error::{CommandError, Error, RequestError, ResponseError};
use ctaphid::types::{Command, DeviceError, VendorCommand};
use ctaphid::{Device, HidDevice, HidDeviceInfo};
use tallykey_protocol::command::{Decode, hello, split_reply};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::status::Status;
use tallykey_sim::dongle::{Connection, SimDongle};
use tallykey_sim::flash::SimFlash;
use tallykey_sim::platform::{Clock, SimPlatform};

/// An open handle, as `ctaphid` wants to see one.
struct Handle(Connection);

#[derive(Clone, Copy, Debug)]
struct Info;

impl HidDeviceInfo for Info {
    fn vendor_id(&self) -> u16 {
        0x1209
    }

    fn product_id(&self) -> u16 {
        0x0001
    }

    fn path(&self) -> Cow<'_, str> {
        "simulated".into()
    }
}

impl HidDevice for Handle {
    type Info = Info;

    /// What comes is what HID programs write: the number of the report, 0, and then the report.
    fn send(&self, data: &[u8]) -> Result<(), RequestError> {
        let report = data[1..]
            .try_into()
            .map_err(|_| RequestError::IncompleteWrite)?;
        self.0
            .write(report)
            .map_err(|gone| RequestError::PacketSendingFailed(gone.into()))
    }

    fn receive<'a>(
        &self,
        buffer: &'a mut [u8],
        timeout: Option<Duration>,
    ) -> Result<&'a [u8], ResponseError> {
        let report = self
            .0
            .read(timeout.unwrap_or(Duration::MAX))
            .map_err(|gone| ResponseError::PacketReceivingFailed(gone.into()))?
            .ok_or(ResponseError::Timeout)?;
        buffer[..report.len()].copy_from_slice(&report);
        Ok(&buffer[..report.len()])
    }
}

fn dongle() -> SimDongle {
    SimDongle::plug(SimPlatform::new(SimFlash::blank([7; 8]), Clock::real())).expect("boots")
}

fn open(dongle: &SimDongle) -> Device<Handle> {
    Device::new(Handle(dongle.connect().expect("plugged in")), Info).expect("a channel")
}

fn is_device_error(answer: Result<Vec<u8>, Error>, expected: DeviceError) -> bool {
    matches!(
        answer,
        Err(Error::ResponseError(ResponseError::CommandFailed(error))) if error == expected
    )
}

#[test]
fn it_gets_a_channel_pings_and_winks() {
    let dongle = dongle();
    let device = open(&dongle);
    assert_eq!(device.protocol_version(), 2);
    assert!(device.capabilities().has_wink());
    assert!(!device.capabilities().has_msg() && !device.capabilities().has_cbor());
    for length in [0, 1, 57, 58, 116, 117, MESSAGE_MAX] {
        let data: Vec<u8> = (0..length).map(|n| n as u8).collect();
        device.ping(&data).expect("the same again");
    }
    device.wink().expect("blinks");
    assert_eq!(dongle.winks(), 1);
}

#[test]
fn it_asks_our_commands_and_is_refused_others() {
    let dongle = dongle();
    let device = open(&dongle);
    let answer = device
        .vendor_command(VendorCommand::H40, b"\xA2\x01\x01\x02\x01")
        .expect("hello");
    let (status, body) = split_reply(&answer).expect("a status");
    let reply = hello::Reply::decode(body).expect("our reply");
    assert_eq!(
        (status, reply.lifecycle, reply.chip_id),
        (Status::Ok, Lifecycle::Blank, [7; 8])
    );
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
}

#[test]
fn two_of_them_on_one_dongle_read_past_each_others_answers() {
    let dongle = dongle();
    let (one, other) = (open(&dongle), open(&dongle));
    for round in 0..8 {
        one.ping(&[round; 200]).expect("its own answer");
        other.ping(&[0x80 | round; 200]).expect("its own answer");
    }
}
