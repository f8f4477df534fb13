//! One connection of a host: a list, or a device from import to detach.

use super::Exported;
use super::bus::Port;
use super::wire::{Command, ImportRefused, Operation, import_reply, list_reply};
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

/// How long a host may take to say what it wants, and to take a reply.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn serve(mut stream: TcpStream, exported: &[Exported]) -> io::Result<()> {
    // A report is a whole transfer: none may wait for the next.
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    match Operation::read(&mut stream)? {
        Operation::List => {
            let plugged = exported.iter().filter(|found| found.port.is_plugged());
            let records: Vec<_> = plugged.map(|found| found.record.clone()).collect();
            stream.write_all(&list_reply(&records))
        }
        Operation::Import { busid } => {
            let found = exported.iter().find(|found| found.record.busid == busid);
            let attached = match found {
                Some(found) => {
                    let hand = stream.try_clone()?;
                    let host = found.port.attach(hand);
                    host.map(|host| (found, host))
                }
                None => Err(ImportRefused::Absent),
            };
            let reply = import_reply(attached.map(|(found, _)| &found.record));
            match attached {
                Ok((found, host)) => {
                    let _guard = Attached {
                        port: &found.port,
                        host,
                    };
                    stream.write_all(&reply)?;
                    drive(&stream, &found.port, host)
                }
                Err(_) => stream.write_all(&reply),
            }
        }
    }
}

/// A host on its port; detached when dropped.
struct Attached<'a> {
    port: &'a Port,
    host: u64,
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        self.port.detach(self.host);
    }
}

/// Takes commands until the host is gone, while another thread sends what comes of them.
fn drive(stream: &TcpStream, port: &Port, host: u64) -> io::Result<()> {
    // From here on silence is how an idle host sounds.
    stream.set_read_timeout(None)?;
    thread::scope(|scope| {
        thread::Builder::new().spawn_scoped(scope, || {
            let mut outgoing = stream;
            while let Some(reply) = port.next_reply(host) {
                if outgoing.write_all(&reply.encode()).is_err() {
                    break;
                }
                port.reply_taken();
            }
            // Ends the reading too. It may have ended already.
            let _ = stream.shutdown(Shutdown::Both);
        })?;
        let ended = take_commands(stream, port);
        port.detach(host);
        // Ends a write to a host that does not read.
        let _ = stream.shutdown(Shutdown::Both);
        ended
    })
}

fn take_commands(mut stream: &TcpStream, port: &Port) -> io::Result<()> {
    loop {
        let command = Command::read(&mut stream)?;
        port.take(command).map_err(io::Error::other)?;
    }
}
