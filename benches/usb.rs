//! What a session costs on USB, measured in one run: prints reports, times and ratios.
//!
//! The host of this crate, over USB/IP's own wire, on a bus that moves one report in each frame of 1 ms, as a cable
//! does. The floor of reports follows from the lengths of the messages alone: 57 bytes in the first, 59 in each other.

use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use tallykey::dongle::{Found, Open, Timing, Vendor};
use tallykey::usb::{ReportPort, UsbError};
use tallykey_protocol::command::Command;
use tallykey_protocol::grant::Convert;
use tallykey_protocol::report::Report;
use tallykey_protocol::trust::TrustBundle;
use tallykey_signing::simulator;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{Order, chip_id, provision};
use tallykey_sim::usbip::Server;

#[path = "../firmware-sim/tests/usbip/client.rs"]
#[expect(dead_code, reason = "the tests of the bus use the rest")]
mod client;

const SERIAL: &str = "SIM-BENCH";

/// Challenges of each kind, and bare signatures between them.
const ROUNDS: usize = 200;

/// One report of a full-speed interrupt endpoint at 1 ms.
const FRAME: Duration = Duration::from_millis(1);

/// What our own part may take of a warm challenge, ms.
const OWN_MS: f64 = 2.0;

fn main() -> Result<(), Box<dyn Error>> {
    let dongle = sold()?;
    let mut server = Server::bind("127.0.0.1:0".parse()?, true)?;
    let busid = server.plug(dongle)?;
    let address = server.address();
    thread::spawn(move || server.serve());

    let traffic = Arc::new(Mutex::new(Vec::new()));
    let port = Cable {
        host: client::Host::configured(address, &busid),
        traffic: Arc::clone(&traffic),
    };
    let maker = simulator::vendor()?;
    let bundle = maker.trust_bundle();
    let vendor = Vendor::pin(&TrustBundle::decode(&bundle)?, true)?;
    let begin = Instant::now();
    let mut session = Found::new(Box::new(port), Timing::default())?
        .identify(&vendor)?
        .open([1; 16])?;
    session.heartbeat()?;
    let opened = begin.elapsed();
    reports(&taken(&traffic));
    println!(
        "all of that: {:.1} ms, on a dongle that signs as fast as this machine",
        ms(opened)
    );

    challenges(&mut session, &traffic)?;
    session.close()?;
    Ok(())
}

fn sold() -> Result<SimDongle, Box<dyn Error>> {
    let flash = SimFlash::blank(chip_id(SERIAL));
    let dongle = SimDongle::plug(SimPlatform::new(flash, Clock::real()))?;
    let order = Order {
        serial: SERIAL,
        profile: &simulator::profile(),
        channels: &[("camera", 64), ("vca", 8)],
        raise: true,
        convert: Convert::None,
        now: simulator::ISSUED_AT,
    };
    provision(&dongle, &simulator::vendor()?, &order, |_| Ok(()))?;
    Ok(dongle)
}

/// A message that went one way, and the reports that it took.
#[derive(Clone, Copy)]
struct Moved {
    command: u8,
    length: usize,
    reports: usize,
}

impl Moved {
    /// One initialisation packet, and continuation packets for what is left (CTAP 2.1 §11.2.4).
    const fn floor(self) -> usize {
        1 + self.length.saturating_sub(57).div_ceil(59)
    }
}

type Traffic = Arc<Mutex<Vec<Moved>>>;

/// A port on the bus that counts.
struct Cable {
    host: client::Host,
    traffic: Traffic,
}

impl Cable {
    fn count(&self, report: &Report) {
        let mut traffic = self.traffic.lock().expect("one thread");
        if report[4] & 0x80 != 0 {
            traffic.push(Moved {
                command: report[4] & 0x7F,
                length: usize::from(u16::from_be_bytes([report[5], report[6]])),
                reports: 1,
            });
        } else if let Some(last) = traffic.last_mut() {
            last.reports += 1;
        }
    }
}

fn lost(status: i32) -> UsbError {
    UsbError::Failed {
        action: "use",
        place: "the bench's cable".to_owned(),
        source: Box::new(io::Error::from_raw_os_error(-status)),
    }
}

impl ReportPort for Cable {
    fn write(&mut self, report: &Report) -> Result<(), UsbError> {
        self.count(report);
        let seq = self.host.write(report);
        self.host.done(seq).map(drop).map_err(lost)
    }

    /// The dongle of this bench always answers: there is nothing to wait for in vain.
    fn read(&mut self, _: Duration) -> Result<Option<Report>, UsbError> {
        let seq = self.host.read();
        let bytes = self.host.done(seq).map_err(lost)?;
        let report = bytes[..].try_into().map_err(|_| UsbError::ReportLength {
            place: "the bench's cable".to_owned(),
            length: bytes.len(),
        })?;
        self.count(&report);
        Ok(Some(report))
    }
}

fn taken(traffic: &Traffic) -> Vec<Moved> {
    std::mem::take(&mut *traffic.lock().expect("one thread"))
}

/// The reports of everything up to the first heartbeat, against their floor.
fn reports(moved: &[Moved]) {
    println!("| command | bytes there | bytes back | reports | floor |");
    println!("| --- | --- | --- | --- | --- |");
    let (mut used, mut floor) = (0, 0);
    for pair in moved.chunks(2) {
        let name = Command::from_code(pair[0].command).map(|command| format!("{command:?}"));
        let lengths: Vec<_> = pair.iter().map(|moved| moved.length.to_string()).collect();
        let here: usize = pair.iter().map(|moved| moved.reports).sum();
        let least: usize = pair.iter().map(|moved| moved.floor()).sum();
        println!(
            "| {} | {} | {here} | {least} |",
            name.unwrap_or_else(|| "INIT".to_owned()),
            lengths.join(" | ")
        );
        used += here;
        floor += least;
    }
    println!("reports: {used}, floor {floor}, beyond it {}", used - floor);
}

/// Warm challenges: the median of each kind, without its reports and without the signature in it.
fn challenges(session: &mut Open, traffic: &Traffic) -> Result<(), Box<dyn Error>> {
    let key = SigningKey::from_slice(&[0x42; 32])?;
    let (mut signatures, mut beats, mut proofs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let begin = Instant::now();
        let _: Signature = key.sign_prehash(&[round as u8; 32])?;
        signatures.push(begin.elapsed());
        beats.push(challenge(traffic, || session.heartbeat().map(drop))?);
        proofs.push(challenge(traffic, || session.prove().map(drop))?);
    }
    let signature = median(signatures.into_iter());
    println!("bare P-256 signature: {:.2} ms", ms(signature));
    for (name, measured, signs) in [
        ("heartbeat", beats, Duration::ZERO),
        ("prove", proofs, signature),
    ] {
        let whole = median(measured.iter().map(|(whole, _)| *whole));
        let frames = median(measured.iter().map(|(_, frames)| *frames));
        // The first report goes into the frame that is under way, so this may be below nothing.
        let own = ms(whole) - ms(frames) - ms(signs);
        println!(
            "{name}: {:.2} ms, of it {:.0} ms for reports, {:.2} ms to sign, {:.2} ms our own, {:.2} of the {:.0} ms \
             it may be",
            ms(whole),
            ms(frames),
            ms(signs),
            own,
            own / OWN_MS,
            OWN_MS
        );
    }
    Ok(())
}

/// How long a challenge took, and the frames that its reports need.
fn challenge<E>(
    traffic: &Traffic,
    ask: impl FnOnce() -> Result<(), E>,
) -> Result<(Duration, Duration), E> {
    let begin = Instant::now();
    ask()?;
    let whole = begin.elapsed();
    let reports: usize = taken(traffic).iter().map(|moved| moved.reports).sum();
    Ok((whole, FRAME * reports as u32))
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
