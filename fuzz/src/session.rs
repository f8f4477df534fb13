//! A whole life of a dongle, written as bytes.

mod bench;
mod part;

use bench::Bench;

/// Steps taken of one script, and sessions opened: each costs the dongle two signatures' time.
const STEPS_MAX: usize = 64;
const OPENS_MAX: usize = 6;

/// The first byte is 0 for a blank dongle, else it is one in use. Then steps:
///
/// | byte | step |
/// | --- | --- |
/// | 0 | 64 bytes: a report |
/// | 1 | a host asks for a channel |
/// | 2 | channel, command, length (2), body: a message |
/// | 3 | a host opens a session |
/// | 4 | command, length (2), body: a message of the session, rightly sealed |
/// | 5 | 2 bytes: milliseconds pass |
/// | 6 | bus reset |
/// | 7 | power goes and comes back |
///
/// Whatever the bytes: the dongle boots again, answers are bounded, and nothing that it gives changes, for
/// nobody here has an issuer's key.
pub fn session(data: &[u8]) {
    let mut script = Script(data);
    let in_use = script.byte() != Some(0);
    let blank = bench::blank();
    let contents = if in_use { bench::sealed() } else { &blank };
    let mut bench = Bench::new(contents);
    let before = in_use.then(|| {
        bench.open().expect("a dongle in use opens");
        let proved = bench.proved().expect("a proof");
        bench.bus_reset();
        proved
    });
    let mut opens = 0;
    for _ in 0..STEPS_MAX {
        let Some(step) = script.byte() else { break };
        match step {
            0 => {
                let mut report = [0; 64];
                let bytes = script.take(64);
                report[..bytes.len()].copy_from_slice(bytes);
                bench.report(&report);
            }
            1 => drop(bench.join()),
            2 => {
                let channel = bench.channel(script.byte().unwrap_or(0));
                let command = script.byte().unwrap_or(0) & 0x7F;
                let length = script.number();
                bench.message(channel, command, script.take(length));
            }
            3 if opens < OPENS_MAX => {
                opens += 1;
                bench.open();
            }
            4 => {
                let command = script.byte().unwrap_or(0);
                let length = script.number();
                bench.sealed_message(command, script.take(length));
            }
            5 => {
                let ms = script.number();
                bench.pass(ms as u64);
            }
            6 => bench.bus_reset(),
            7 => bench = bench.power_cycle(),
            _ => {}
        }
    }
    bench = bench.power_cycle();
    if let Some((state, counter)) = before {
        bench.open().expect("it opens as before");
        let (now, later) = bench.proved().expect("a proof");
        assert_eq!(
            String::from_utf8_lossy(&now),
            String::from_utf8_lossy(&state)
        );
        assert!(later >= counter, "the counter fell");
    }
}

struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> usize {
        let (high, low) = (self.byte().unwrap_or(0), self.byte().unwrap_or(0));
        usize::from(u16::from_be_bytes([high, low]))
    }

    /// Up to `length` bytes.
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }
}
