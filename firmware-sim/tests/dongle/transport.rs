//! The port: plugging, blinking, files and sockets.

use crate::support::*;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;
use tallykey_core::BootFault;
use tallykey_core::platform::FLASH_LEN;
use tallykey_protocol::frame::{BROADCAST, Exchange, InitReply, Progress, command, init_request};
use tallykey_sim::dongle::{Gone, SimDongle};
use tallykey_sim::flash::{FlashFileError, SimFlash};
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{OwnerCodeFile, chip_id, provision};
use tallykey_sim::socket::{BindError, Listener, serve};

#[test]
fn ping_is_echoed_and_wink_blinks() {
    let (dongle, _) = provisioned(SERIAL);
    let host = channel(&dongle);
    let echo: Vec<u8> = (0..7609).map(|n| n as u8).collect();
    assert_eq!(host.exchange(command::PING, &echo).unwrap(), echo);
    assert_eq!(dongle.winks(), 0);
    assert_eq!(host.exchange(command::WINK, &[]).unwrap(), b"");
    assert_eq!(dongle.winks(), 1);
}

#[test]
fn a_read_that_waits_ends_when_the_dongle_is_pulled_out() {
    let dongle = blank(SERIAL);
    let connection = Arc::new(dongle.connect().unwrap());
    let waiting = Arc::clone(&connection);
    let reader = std::thread::spawn(move || waiting.read(Duration::MAX));
    dongle.unplug();
    assert_eq!(reader.join().unwrap(), Err(Gone));
    assert!(!dongle.is_plugged());
    assert_eq!(dongle.connect().err(), Some(Gone));
    dongle.replug().unwrap();
    assert_eq!(
        connection.write(&[0; 64]),
        Err(Gone),
        "an old handle stays dead"
    );
    channel(&dongle);
}

#[test]
fn every_handle_sees_every_report() {
    let dongle = blank(SERIAL);
    let (asking, watching) = (dongle.connect().unwrap(), dongle.connect().unwrap());
    asking.write(&init_request([5; 8])).unwrap();
    let seen = [&asking, &watching].map(|handle| handle.read(Duration::ZERO).unwrap());
    assert!(seen[0].is_some() && seen[0] == seen[1]);
}

#[test]
fn a_dongle_in_a_file_survives_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dongle.flash");
    let codes = OwnerCodeFile::beside(&path);
    let start = || {
        let flash = SimFlash::in_file(&path, chip_id(SERIAL)).unwrap();
        SimDongle::plug(SimPlatform::new(flash, Clock::real())).unwrap()
    };
    assert_eq!(codes.read().unwrap(), None);
    let dongle = start();
    provision(&dongle, &VENDOR, &order(SERIAL), |code| codes.keep(code)).unwrap();
    let before = facts(&mut open(&dongle));
    assert!(matches!(
        SimFlash::in_file(&path, [0; 8]),
        Err(FlashFileError::InUse { .. })
    ));
    drop(dongle);

    let dongle = start();
    assert_eq!(facts(&mut open(&dongle)), before);
    assert!(codes.read().unwrap().is_some_and(|code| code.len() == 16));
    #[cfg(unix)]
    for name in ["dongle.flash", "dongle.flash.owner-code"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = folder
            .path()
            .join(name)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_damaged_file_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dongle.flash");
    for length in [1_usize, 4096, 200_000] {
        std::fs::write(&path, vec![7; length]).unwrap();
        let error = SimFlash::in_file(&path, [0; 8]).err().unwrap();
        assert!(
            matches!(error, FlashFileError::WrongLength { found, .. } if found == length as u64),
            "{error}"
        );
        assert!(
            error.to_string().contains("dongle.flash")
                && error.to_string().contains("move it aside")
        );
        assert_eq!(std::fs::read(&path).unwrap(), vec![7; length]);
    }
    let mut flash = contents(&provisioned(SERIAL).0);
    // The first bank to be begun is the second one: this is in its image.
    let image = FLASH_LEN as usize / 2 + 100;
    flash[image] ^= 0x10;
    std::fs::write(&path, &flash).unwrap();
    let damaged = SimFlash::in_file(&path, [0; 8]).unwrap();
    let fault = SimDongle::plug(SimPlatform::new(damaged, Clock::real())).err();
    assert_eq!(fault, Some(BootFault::Damaged));
    assert_eq!(std::fs::read(&path).unwrap(), flash);
}

/// A host at the other end of a stream: gets a channel.
fn attach(stream: &mut (impl Read + Write)) -> Option<u32> {
    stream.write_all(&init_request([9; 8])).ok()?;
    let mut exchange = Exchange::new(BROADCAST, command::INIT);
    loop {
        let mut report = [0; 64];
        stream.read_exact(&mut report).ok()?;
        if let Progress::Done(reply) = exchange.feed(&report) {
            return Some(InitReply::parse(reply, [9; 8]).ok()?.channel);
        }
    }
}

/// Serves `dongle` on a free port of the loopback until the process ends.
fn serve_tcp(dongle: &SimDongle) -> std::net::SocketAddr {
    let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener
        .attach()
        .unwrap()
        .strip_prefix("tcp:")
        .unwrap()
        .parse()
        .unwrap();
    let dongle = dongle.clone();
    std::thread::spawn(move || serve(&dongle, &listener));
    address
}

#[test]
fn a_socket_carries_reports_for_one_host_at_a_time() {
    let (dongle, _) = provisioned(SERIAL);
    let address = serve_tcp(&dongle);
    let mut first = TcpStream::connect(address).unwrap();
    assert!(attach(&mut first).is_some());
    let mut second = TcpStream::connect(address).unwrap();
    assert_eq!(attach(&mut second), None, "closed at once");
    assert!(attach(&mut first).is_some(), "the first is undisturbed");
}

#[test]
fn a_new_connection_is_a_bus_reset() {
    let (dongle, _) = provisioned(SERIAL);
    let address = serve_tcp(&dongle);
    let session = open(&dongle);
    let mut host = TcpStream::connect(address).unwrap();
    assert!(attach(&mut host).is_some());
    assert!(session.close().is_err(), "its channel is gone");
    open(&dongle);
}

#[test]
fn pulling_the_dongle_out_ends_the_connection() {
    let (dongle, _) = provisioned(SERIAL);
    let address = serve_tcp(&dongle);
    let mut host = TcpStream::connect(address).unwrap();
    assert!(attach(&mut host).is_some());
    dongle.unplug();
    assert_eq!(host.read(&mut [0; 64]).unwrap_or(0), 0);
}

#[test]
fn a10_a_host_that_floods_and_never_reads_does_not_stay() {
    let (dongle, _) = provisioned(SERIAL);
    let address = serve_tcp(&dongle);
    let mut flood = TcpStream::connect(address).unwrap();
    let reports: Vec<u8> = init_request([1; 8]).repeat(1_000);
    for _ in 0..20 {
        flood.write_all(&reports).unwrap();
    }
    drop(flood);
    // The server may still be busy with the flood: it takes the next host when it has seen it end.
    let next = std::iter::repeat_with(|| {
        TcpStream::connect(address)
            .ok()
            .and_then(|mut host| attach(&mut host))
    });
    assert!(next.take(10_000).any(|channel| channel.is_some()));
}

#[cfg(unix)]
#[test]
fn a_unix_socket_is_for_its_owner_and_replaces_only_a_dead_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dongle.sock");
    let listener = Listener::unix(&path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        listener.attach().unwrap(),
        format!("unix:{}", path.display())
    );
    assert!(matches!(
        Listener::unix(&path),
        Err(BindError::InUse { .. })
    ));
    drop(listener);
    assert!(!path.exists());

    // What a killed simulator leaves behind.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists() && Listener::unix(&path).is_ok());

    std::fs::write(&path, "mine").unwrap();
    assert!(matches!(
        Listener::unix(&path),
        Err(BindError::NotASocket { .. })
    ));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn a04_only_loopback_is_listened_on() {
    let outside = "0.0.0.0:0".parse().unwrap();
    assert!(matches!(
        Listener::tcp(outside),
        Err(BindError::NotLoopback { .. })
    ));
}
