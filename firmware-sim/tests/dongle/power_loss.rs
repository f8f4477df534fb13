//! A24: the power goes during every write of every command that writes.
//!
//! Each command runs once while its writes are recorded. Then, for each of them, the flash is made as it is
//! when power goes inside that write, torn in many ways; the core starts from it, and must find exactly the
//! state before the command or exactly the state after it.

use crate::support::*;
use sha2::{Digest, Sha256};
use tallykey_core::platform::Platform;
use tallykey_protocol::cert::CertificationRequest;
use tallykey_protocol::command::{Command, Empty, Encode, certify, make_key, personalise, update};
use tallykey_protocol::status::Status;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::{PowerCut, SimFlash, Tear, Write};
use tallykey_sim::provision::chip_id;

/// A command to be interrupted.
struct Case {
    name: &'static str,
    command: Command,
    request: Vec<u8>,
    /// The flash before it and after it, and what it wrote.
    before: Vec<u8>,
    after: Vec<u8>,
    writes: Vec<Write>,
}

/// Bytes that are a request already.
struct Raw<'a>(&'a [u8]);

impl Encode for Raw<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, tallykey_protocol::cbor::Full> {
        out[..self.0.len()].copy_from_slice(self.0);
        Ok(self.0.len())
    }
}

fn ask(dongle: &SimDongle, command: Command, request: &[u8]) -> (Status, Vec<u8>) {
    let answer = match command.in_session() {
        true => open(dongle).ask(command, &Raw(request)),
        false => channel(dongle).ask(command, &Raw(request)),
    };
    let answer = answer.expect("an answer");
    (answer.status, answer.body)
}

/// Every command that writes, each on a dongle as the one before it left it.
fn cases() -> Vec<Case> {
    let dongle = blank(SERIAL);
    let mut cases = Vec::new();
    let mut run = |name, command: Command, request: &dyn Fn(&mut [u8]) -> usize| {
        let mut bytes = vec![0; 7609];
        let length = request(&mut bytes);
        bytes.truncate(length);
        let before = contents(&dongle);
        dongle.with_platform(|platform| platform.flash().record());
        let (status, body) = ask(&dongle, command, &bytes);
        assert_eq!(status, Status::Ok, "{name}");
        let writes = dongle.with_platform(|platform| platform.flash().recorded());
        cases.push(Case {
            name,
            command,
            request: bytes,
            before,
            after: contents(&dongle),
            writes,
        });
        dongle.replug().expect("it boots");
        body
    };
    let write = |request: &dyn Encode, out: &mut [u8]| request.encode(out).expect("it fits");

    let make = make_key::Request { nonce: [0; 16] };
    run("make-key on empty flash", Command::MakeKey, &|out| {
        write(&make, out)
    });
    let body = run("make-key", Command::MakeKey, &|out| write(&make, out));
    let request = tallykey_protocol::command::Decode::decode(&body).expect("a reply");
    let make_key::Reply { request } = request;
    let key = *CertificationRequest::verify(request, &make.nonce)
        .expect("a request")
        .public_key();
    let leaf = VENDOR
        .certify_dongle(SERIAL, &chip_id(SERIAL), &key, [1; 16], NOW)
        .expect("a certificate");
    let chain = [&leaf[..], VENDOR.factory_certificate()];
    let certify = certify::Request {
        chain,
        root: VENDOR.root_certificate(),
    };
    run("certify", Command::Certify, &|out| write(&certify, out));
    run("personalise", Command::Personalise, &|out| {
        write(&personalise::Request { serial: SERIAL }, out)
    });
    run("seal", Command::Seal, &|out| write(&Empty, out));
    run("seal again", Command::Seal, &|out| write(&Empty, out));
    for (name, revision) in [("first grant", 1), ("update", 2)] {
        let grant = grant(SERIAL, &key, revision, &lines(63 + revision));
        let record = VENDOR.sign_grant(&grant).expect("a grant");
        run(name, Command::Update, &|out| {
            write(&update::Request { record: &record }, out)
        });
    }
    cases
}

/// The slot that holds the state, by the format that the core's store documents: of those whose header is
/// complete the one with the higher sequence. Nothing on empty flash.
fn active(flash: &[u8]) -> &[u8] {
    let slots = flash[..160 * 1024].chunks(80 * 1024);
    let complete = slots.filter(|slot| Sha256::digest(&slot[..48])[..8] == slot[48..56]);
    let newest =
        complete.max_by_key(|slot| u64::from_le_bytes(slot[8..16].try_into().expect("8 bytes")));
    newest.map_or(&[], |slot| {
        let length = u32::from_le_bytes(slot[4..8].try_into().expect("4 bytes"));
        &slot[..64 + length as usize]
    })
}

/// How a write may be torn. The header, which makes a state count, in every way there is time for.
fn tears(write: &Write, contents: &[u8], thorough: bool) -> Vec<Tear> {
    let (bits, subsets) = if thorough {
        (write.bits(contents), 64)
    } else {
        (4, 6)
    };
    let bits = (0..bits.min(64)).map(|n| Tear::Bit(n * 31));
    [Tear::None, Tear::All]
        .into_iter()
        .chain(bits)
        .chain((0..subsets).map(Tear::Subset))
        .collect()
}

#[test]
fn a24_a_power_cut_in_any_write_leaves_the_old_or_the_new_state() {
    let (mut points, mut writes, mut old, mut new) = (0, 0, 0, 0);
    for case in cases() {
        let mut contents = case.before.clone();
        for (n, write) in case.writes.iter().enumerate() {
            let thorough = n < 2 || n + 9 > case.writes.len();
            for tear in tears(write, &contents, thorough) {
                let mut torn = contents.clone();
                write.torn(&mut torn, tear);
                let place = format!(
                    "{}, write {n} of {}, {tear:?}",
                    case.name,
                    case.writes.len()
                );
                let found = active(&torn);
                let is_new = found == active(&case.after);
                assert!(
                    is_new || found == active(&case.before),
                    "{place}: neither state"
                );
                // Only the whole header makes the new state.
                let last = n + 1 == case.writes.len();
                assert!(
                    !is_new || (last && tear != Tear::None),
                    "{place}: new before its time"
                );
                let dongle = tallykey_core::Dongle::boot(tallykey_sim::platform::SimPlatform::new(
                    SimFlash::copy_of(&torn),
                    Ticks::default().clock(),
                ));
                assert!(dongle.is_ok(), "{place}: does not boot");
                points += 1;
                *(if is_new { &mut new } else { &mut old }) += 1;
            }
            write.torn(&mut contents, Tear::All);
            writes += 1;
        }
        assert_eq!(
            contents, case.after,
            "{}: the record is what happened",
            case.name
        );
    }
    println!(
        "{points} power cuts in {writes} flash writes: {old} left the old state, {new} the new one"
    );
    assert_eq!(new, 8, "each command's last write, whole");
}

/// The same with the power really going away under the running core: it says that it failed, says nothing more
/// from RAM, and after the restart the same command can be sent again.
#[test]
fn a24_a_dongle_that_lost_power_inside_a_command_goes_on_after_the_restart() {
    let mut cuts = 0;
    for case in cases() {
        let last = case.writes.len() as u64 - 1;
        for left in [0, 1, last / 2, last - 1, last] {
            for tear in [Tear::None, Tear::Subset(left), Tear::All] {
                let dongle = plug(SimFlash::copy_of(&case.before), &Ticks::default());
                dongle.with_platform(|platform| platform.flash().plan(PowerCut::after(left, tear)));
                let (status, _) = ask(&dongle, case.command, &case.request);
                assert_eq!(status, Status::StorageFailed, "{}, write {left}", case.name);
                let hello = channel(&dongle).hello().expect("an answer");
                assert_eq!(
                    hello.status,
                    Status::StorageFailed,
                    "{}: nothing more from RAM",
                    case.name
                );

                dongle.with_platform(|platform| platform.flash().restore_power());
                dongle.replug().expect("it boots");
                let (status, _) = ask(&dongle, case.command, &case.request);
                let done = tear == Tear::All && left == last;
                let again = match case.command {
                    Command::Update if done => Status::RevisionHeld,
                    Command::Personalise if done => Status::WrongLifecycle,
                    _ => Status::Ok,
                };
                assert_eq!(status, again, "{}, write {left}, {tear:?}", case.name);
                cuts += 1;
            }
        }
    }
    println!("{cuts} power cuts under the running core");
}
