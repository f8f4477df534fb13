//! The dongle on a socket: a stream of bare 64-byte reports each way, for a host on the same machine.
//!
//! One host at a time. A new connection is a bus reset; while one is open, others are closed at once, so
//! that they see a device that is plugged in elsewhere.

mod listener;

pub use listener::{BindError, Listener};

pub(crate) use listener::Stream;

use crate::dongle::{Connection, SimDongle};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tallykey_protocol::limits::REPORT_LEN;

/// Serves `dongle` on `listener` until listening fails.
///
/// # Errors
/// What the system said. A host that is gone before it is accepted is no such failure.
pub fn serve(dongle: &SimDongle, listener: &Listener) -> io::Result<()> {
    let attached = Arc::new(AtomicBool::new(false));
    loop {
        let stream = match listener.accept() {
            Ok(stream) => stream,
            Err(error) if is_the_hosts(&error) => continue,
            Err(error) => return Err(error),
        };
        if attached.swap(true, Ordering::SeqCst) {
            continue;
        }
        let guard = Attached(Arc::clone(&attached));
        dongle.bus_reset();
        let Ok(connection) = dongle.connect() else {
            continue;
        };
        thread::Builder::new().name("host".into()).spawn(move || {
            let _guard = guard;
            carry(stream, &connection);
        })?;
    }
}

/// Whether a host went away before it was accepted.
pub(crate) fn is_the_hosts(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted
    )
}

/// The one host's place; free again when dropped.
struct Attached(Arc<AtomicBool>);

impl Drop for Attached {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Carries reports both ways until either side ends. What a host does not read is bounded by the
/// handle's queue and the socket's own buffer.
fn carry(stream: Stream, connection: &Connection) {
    let Ok(mut outgoing) = stream.try_clone() else {
        return;
    };
    let mut incoming = stream;
    thread::scope(|scope| {
        scope.spawn(|| {
            while let Ok(Some(report)) = connection.read(Duration::MAX) {
                if outgoing.write_all(&report).is_err() {
                    break;
                }
            }
            outgoing.shutdown();
        });
        let mut report = [0; REPORT_LEN];
        while incoming.read_exact(&mut report).is_ok() && connection.write(&report).is_ok() {}
        connection.close();
        incoming.shutdown();
    });
}
