//! Says when a dongle was plugged in or out, through libusb: udev's or the kernel's own events on
//! Linux, whichever libusb was built for.
//!
//! Nothing depends on it. A container may have no USB, and a system library may know no hotplug; then
//! dongles are found and lost by looking every few seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusb::{Context, Device, HotplugBuilder, Registration, UsbContext};

use super::UsbError;
use super::hid::Match;

/// libusb waits this long for an event before it is asked again; being interrupted ends a wait.
const WAIT: Duration = Duration::from_secs(60);

/// Listens for arrivals and departures until it is dropped.
pub struct Hotplug {
    context: Context,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Hotplug {
    /// Calls `moved` whenever a device with the wanted ids comes or goes. At that moment its device
    /// node may not be there yet, or not yet be permitted.
    ///
    /// # Errors
    /// There is no USB here, or no hotplug.
    pub fn start(wanted: Match, moved: impl Fn() + Send + 'static) -> Result<Self, UsbError> {
        // A context of our own: rusb's global one panics where there is no USB.
        let context = Context::new().map_err(|source| failed(source.into()))?;
        let mut builder = HotplugBuilder::new();
        builder.vendor_id(wanted.vendor).product_id(wanted.product);
        let registration = builder
            .register(&context, Box::new(Moved(moved)))
            .map_err(|source| failed(source.into()))?;
        let ending = Arc::new(AtomicBool::new(false));
        let (events, over) = (context.clone(), Arc::clone(&ending));
        let thread = thread::Builder::new()
            .name("hotplug".into())
            .spawn(move || listen(&events, &over, registration))
            .map_err(|source| failed(source.into()))?;
        Ok(Self {
            context,
            ending,
            thread: Some(thread),
        })
    }
}

impl Drop for Hotplug {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Release);
        self.context.interrupt_handle_events();
        if self
            .thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            tracing::error!("listening for USB events ended by a defect");
        }
    }
}

/// Events are handed out only while somebody handles them, and as long as they are registered for.
fn listen(context: &Context, ending: &AtomicBool, _registration: Registration<Context>) {
    while !ending.load(Ordering::Acquire) {
        match context.handle_events(Some(WAIT)) {
            Ok(()) | Err(rusb::Error::Interrupted) => {}
            Err(error) => {
                tracing::warn!(%error, "no more USB events; dongles are found by looking");
                return;
            }
        }
    }
}

struct Moved<F>(F);

impl<F: Fn() + Send> rusb::Hotplug<Context> for Moved<F> {
    fn device_arrived(&mut self, _: Device<Context>) {
        tracing::debug!("a dongle was plugged in");
        (self.0)();
    }

    fn device_left(&mut self, _: Device<Context>) {
        tracing::debug!("a dongle was pulled out");
        (self.0)();
    }
}

fn failed(source: Box<dyn std::error::Error + Send + Sync>) -> UsbError {
    UsbError::Failed {
        action: "listen for",
        place: "USB events".to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_or_without_usb_it_starts_or_says_why_and_ends_when_dropped() {
        match Hotplug::start(Match::default(), || {}) {
            Ok(hotplug) => drop(hotplug),
            Err(error) => assert!(error.to_string().contains("USB events"), "{error}"),
        }
    }
}
