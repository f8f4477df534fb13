//! The crate `ctaphid` over hidapi, two things that nobody here wrote, against a dongle at a real kernel.
//!
//! usage: `ctaphid_hidraw SERIAL` asks the dongle of this serial, which no other program may be talking to.
//! Ends with a panic at the first answer that is not as it has to be.

#[path = "../tests/ctaphid/asked.rs"]
mod asked;

use std::borrow::Cow;
use std::time::Duration;

use ctaphid::error::{RequestError, ResponseError};
use ctaphid::{Device, HidDeviceInfo};
use hidapi::{DeviceInfo, HidApi, HidDevice};
use tallykey_protocol::lifecycle::Lifecycle;

/// `ctaphid` knows an older hidapi only, and cargo links one.
struct Handle(HidDevice);

#[derive(Debug)]
struct Info(DeviceInfo);

impl HidDeviceInfo for Info {
    fn vendor_id(&self) -> u16 {
        self.0.vendor_id()
    }

    fn product_id(&self) -> u16 {
        self.0.product_id()
    }

    fn path(&self) -> Cow<'_, str> {
        self.0.path().to_string_lossy()
    }
}

impl ctaphid::HidDevice for Handle {
    type Info = Info;

    fn send(&self, data: &[u8]) -> Result<(), RequestError> {
        let length = self
            .0
            .write(data)
            .map_err(|error| RequestError::PacketSendingFailed(error.into()))?;
        if length == data.len() {
            Ok(())
        } else {
            Err(RequestError::IncompleteWrite)
        }
    }

    fn receive<'a>(
        &self,
        buffer: &'a mut [u8],
        timeout: Option<Duration>,
    ) -> Result<&'a [u8], ResponseError> {
        // hidapi waits for ever if it is asked for less than no time.
        let millis = timeout.map_or(-1, |timeout| {
            i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX)
        });
        match self.0.read_timeout(buffer, millis) {
            Ok(0) => Err(ResponseError::Timeout),
            Ok(length) => Ok(&buffer[..length]),
            Err(error) => Err(ResponseError::PacketReceivingFailed(error.into())),
        }
    }
}

fn main() {
    let serial = std::env::args().nth(1).expect("the serial of a dongle");
    let api = HidApi::new().expect("HID devices are listed");
    let info = api
        .device_list()
        .find(|device| device.serial_number() == Some(&serial))
        .expect("hidapi lists the dongle");
    assert_eq!((info.vendor_id(), info.product_id()), (0x1209, 0x0001));
    assert_eq!((info.usage_page(), info.usage()), (0xffa0, 1));
    let opened = info
        .open_device(&api)
        .expect("this user may open the dongle");
    let device = Device::new(Handle(opened), Info(info.clone())).expect("a channel");
    asked::it_pings(&device);
    let (lifecycle, _) = asked::it_says_hello_and_refuses_others(&device);
    assert_eq!(lifecycle, Lifecycle::Sealed);
    println!(
        "ctaphid: {serial} at {} answers",
        info.path().to_string_lossy()
    );
}
