//! The crate `ctaphid`, a host that nobody here wrote, against the simulated dongle. The example `ctaphid_hidraw`
//! asks the same at a real kernel.

mod asked;

use std::borrow::Cow;
use std::time::Duration;

use ctaphid::error::{RequestError, ResponseError};
use ctaphid::{Device, HidDevice, HidDeviceInfo};
use tallykey_protocol::lifecycle::Lifecycle;
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

#[test]
fn it_gets_a_channel_pings_and_winks() {
    let dongle = dongle();
    asked::it_pings(&open(&dongle));
    assert_eq!(dongle.winks(), 1);
}

#[test]
fn it_asks_our_commands_and_is_refused_others() {
    let said = asked::it_says_hello_and_refuses_others(&open(&dongle()));
    assert_eq!(said, (Lifecycle::Blank, [7; 8]));
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
