//! The HID class: reports between two interrupt endpoints and the core.

use crate::descriptor::{HID, HID_WHOLE, REPORT, TYPE_HID, TYPE_REPORT};
use tallykey_core::Dongle;
use tallykey_core::platform::Platform;
use tallykey_protocol::limits::REPORT_LEN;
use tallykey_protocol::report::Report;
use usb_device::Result;
use usb_device::bus::{InterfaceNumber, UsbBus, UsbBusAllocator};
use usb_device::class::{ControlIn, ControlOut, UsbClass};
use usb_device::control::{Recipient, Request, RequestType};
use usb_device::descriptor::DescriptorWriter;
use usb_device::endpoint::{EndpointIn, EndpointOut};

/// USB class code of HID (HID 1.11 §4.1); no boot interface.
const CLASS_HID: u8 = 3;

/// Both endpoints are polled every millisecond.
const INTERVAL_MS: u8 = 1;

/// Requests of HID 1.11 §7.2.
const GET_REPORT: u8 = 0x01;
const GET_IDLE: u8 = 0x02;
const SET_IDLE: u8 = 0x0A;

/// One 64-byte report each way on endpoints of 1 ms.
pub struct ReportClass<'a, B: UsbBus> {
    interface: InterfaceNumber,
    to_host: EndpointIn<'a, B>,
    from_host: EndpointOut<'a, B>,
    /// Waits for the endpoint to be free.
    outgoing: Option<Report>,
    /// The host began anew and the core has not been told yet.
    began_anew: bool,
}

impl<'a, B: UsbBus> ReportClass<'a, B> {
    /// Takes an interface and two endpoints.
    ///
    /// # Panics
    /// If the controller has no two interrupt endpoints of 64 bytes left.
    #[must_use]
    pub fn new(allocator: &'a UsbBusAllocator<B>) -> Self {
        Self {
            interface: allocator.interface(),
            to_host: allocator.interrupt(REPORT_LEN as u16, INTERVAL_MS),
            from_host: allocator.interrupt(REPORT_LEN as u16, INTERVAL_MS),
            outgoing: None,
            began_anew: false,
        }
    }

    /// A report is all of 64 bytes; whatever else comes is dropped.
    fn receive(&mut self) -> Option<Report> {
        let mut report = [0; REPORT_LEN];
        let length = self.from_host.read(&mut report).ok()?;
        (length == REPORT_LEN).then_some(report)
    }

    /// Hands the waiting report to the endpoint if that is free; whether another may be given.
    fn flush(&mut self) -> bool {
        if let Some(report) = &self.outgoing
            && self.to_host.write(report).is_ok()
        {
            self.outgoing = None;
        }
        self.outgoing.is_none()
    }

    fn begin_anew(&mut self) {
        self.outgoing = None;
        self.began_anew = true;
    }

    fn is_ours(&self, request: &Request) -> bool {
        request.recipient == Recipient::Interface
            && request.index == u16::from(u8::from(self.interface))
    }
}

/// What reports are carried to and from: the core, or what a simulator puts around it.
pub trait ReportDevice {
    /// The host began anew.
    fn bus_reset(&mut self);

    /// Takes one report from the host.
    fn accept(&mut self, report: &Report);

    /// Does what is held ([`Dongle::work`]), at once or when its time has come.
    fn work(&mut self);

    /// Lets time pass.
    fn tick(&mut self);

    /// The next report for the host, in order.
    fn next_report(&mut self) -> Option<Report>;
}

impl<P: Platform> ReportDevice for Dongle<P> {
    fn bus_reset(&mut self) {
        self.bus_reset();
    }

    fn accept(&mut self, report: &Report) {
        self.accept(report);
    }

    fn work(&mut self) {
        self.work();
    }

    fn tick(&mut self) {
        self.tick();
    }

    fn next_report(&mut self) -> Option<Report> {
        self.next_report()
    }
}

/// Moves what has come and what can go, and lets time pass. To be called after each poll of the device, and
/// now and then without one.
pub fn carry<B: UsbBus>(class: &mut ReportClass<'_, B>, dongle: &mut impl ReportDevice) {
    if core::mem::take(&mut class.began_anew) {
        dongle.bus_reset();
    }
    send(class, dongle);
    while let Some(report) = class.receive() {
        dongle.accept(&report);
        dongle.work();
        send(class, dongle);
    }
    dongle.tick();
    dongle.work();
    send(class, dongle);
}

fn send<B: UsbBus>(class: &mut ReportClass<'_, B>, dongle: &mut impl ReportDevice) {
    while class.flush() {
        match dongle.next_report() {
            Some(report) => class.outgoing = Some(report),
            None => break,
        }
    }
}

impl<B: UsbBus> UsbClass<B> for ReportClass<'_, B> {
    fn get_configuration_descriptors(&self, writer: &mut DescriptorWriter<'_>) -> Result<()> {
        writer.interface(self.interface, CLASS_HID, 0, 0)?;
        writer.write(TYPE_HID, &HID)?;
        writer.endpoint(&self.to_host)?;
        writer.endpoint(&self.from_host)
    }

    fn reset(&mut self) {
        self.begin_anew();
    }

    fn control_in(&mut self, transfer: ControlIn<'_, '_, '_, B>) {
        let request = *transfer.request();
        if !self.is_ours(&request) {
            return;
        }
        // Where accepting fails the stack stalls the transfer, which tells the host all there is to tell.
        let _ = match (request.request_type, request.request) {
            (RequestType::Standard, Request::GET_DESCRIPTOR) => {
                match request.descriptor_type_index() {
                    (TYPE_REPORT, 0) => transfer.accept_with_static(&REPORT),
                    (TYPE_HID, 0) => transfer.accept_with_static(&HID_WHOLE),
                    _ => transfer.reject(),
                }
            }
            // Mandatory (HID 1.11 §7.2.1). Reports are messages here, not state: there is none to show.
            (RequestType::Class, GET_REPORT) => transfer.accept_with_static(&[0; REPORT_LEN]),
            (RequestType::Class, GET_IDLE) => transfer.accept_with_static(&[0]),
            (RequestType::Class, _) => transfer.reject(),
            _ => Ok(()),
        };
    }

    fn control_out(&mut self, transfer: ControlOut<'_, '_, '_, B>) {
        let request = *transfer.request();
        if request.request_type == RequestType::Standard
            && request.recipient == Recipient::Device
            && request.request == Request::SET_CONFIGURATION
        {
            // Left for the stack to answer. To configure a device, again too, is to start with it anew (USB 2.0
            // §9.1.1.5), and over some host controllers it is all that a device sees of a reset.
            self.begin_anew();
        }
        if request.request_type != RequestType::Class || !self.is_ours(&request) {
            return;
        }
        let _ = match request.request {
            // Nothing is ever repeated, as with an idle rate of 0.
            SET_IDLE => transfer.accept(),
            _ => transfer.reject(),
        };
    }
}
