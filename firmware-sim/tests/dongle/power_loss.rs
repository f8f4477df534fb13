//! A24: the power goes during every write of every command that writes.
//!
//! Each command runs once while its writes are recorded. Then, for each of them, the flash is made as it is
//! when power goes inside that write: with none, all, each single bit and 64 subsets of what it changes. The core
//! starts from it, and must find exactly the state before the command or exactly the state after it. Where that boot
//! writes, its writes are cut in the same ways.

mod sweep;

use crate::support::*;
use sweep::sweep;
use tallykey_core::platform::Platform;
use tallykey_core::stored;
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
    /// Commits that it takes.
    commits: usize,
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

/// Runs a command that must succeed, and keeps what it writes. Returns the body of the answer too.
fn run(
    dongle: &SimDongle,
    name: &'static str,
    command: Command,
    request: &[u8],
) -> (Case, Vec<u8>) {
    let before = contents(dongle);
    dongle.with_platform(|platform| platform.flash().record());
    let (status, body) = ask(dongle, command, request);
    assert_eq!(status, Status::Ok, "{name}");
    let writes = dongle.with_platform(|platform| platform.flash().recorded());
    let case = Case {
        name,
        command,
        request: request.to_vec(),
        before,
        after: contents(dongle),
        writes,
        commits: 1,
    };
    (case, body)
}

/// Every command that writes, each on a dongle as the one before it left it.
fn cases() -> Vec<Case> {
    let dongle = blank(SERIAL);
    let mut cases = Vec::new();
    let mut add = |name, command: Command, request: &dyn Fn(&mut [u8]) -> usize| {
        let mut bytes = vec![0; 7609];
        let length = request(&mut bytes);
        bytes.truncate(length);
        let (case, body) = run(&dongle, name, command, &bytes);
        cases.push(case);
        dongle.replug().expect("it boots");
        body
    };
    let write = |request: &dyn Encode, out: &mut [u8]| request.encode(out).expect("it fits");

    let make = make_key::Request { nonce: [0; 16] };
    add("make-key on empty flash", Command::MakeKey, &|out| {
        write(&make, out)
    });
    let body = add("make-key", Command::MakeKey, &|out| write(&make, out));
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
    add("certify", Command::Certify, &|out| write(&certify, out));
    add("personalise", Command::Personalise, &|out| {
        write(&personalise::Request { serial: SERIAL }, out)
    });
    add("seal", Command::Seal, &|out| write(&Empty, out));
    add("seal again", Command::Seal, &|out| write(&Empty, out));
    for (name, revision) in [("first grant", 1), ("update", 2)] {
        let grant = grant(SERIAL, &key, revision, &lines(63 + revision));
        let record = VENDOR.sign_grant(&grant).expect("a grant");
        add(name, Command::Update, &|out| {
            write(&update::Request { record: &record }, out)
        });
    }
    cases
}

/// The same command after a cut in its first write: it cannot follow a torn frame, so it goes into the other bank.
fn in_other_bank(case: &Case) -> Case {
    let dongle = plug(SimFlash::copy_of(&case.before), &Ticks::default());
    let cut = PowerCut::after(0, Tear::Subset(1));
    dongle.with_platform(|platform| platform.flash().plan(cut));
    let (status, _) = ask(&dongle, case.command, &case.request);
    assert_eq!(status, Status::StorageFailed, "{}", case.name);
    dongle.with_platform(|platform| platform.flash().restore_power());
    dongle.replug().expect("it boots");
    run(&dongle, case.name, case.command, &case.request).0
}

/// An update after another on the dongle that the cases left, until one bank is full and the other has begun.
fn full(before: &[u8]) -> Case {
    let dongle = plug(SimFlash::copy_of(before), &Ticks::default());
    let key = *open(&dongle).key();
    let mut revisions = 3..;
    let mut next = |name| {
        let revision = revisions.next().expect("numbers do not end");
        let claims = grant(SERIAL, &key, revision, &lines(63 + revision));
        let record = VENDOR.sign_grant(&claims).expect("a grant");
        let mut request = vec![0; 7609];
        let length = update::Request { record: &record }
            .encode(&mut request)
            .expect("it fits");
        dongle.replug().expect("it boots");
        run(&dongle, name, Command::Update, &request[..length]).0
    };
    let erased = || dongle.with_platform(|platform| platform.flash().wear().iter().sum::<u32>());
    while erased() == 0 {
        next("update until a bank is full");
    }
    next("update over a full bank")
}

#[test]
fn a24_a_power_cut_in_any_write_leaves_the_old_or_the_new_state() {
    let mut cases = cases();
    let last = cases.last().expect("a case");
    cases.push(full(&last.after));
    let in_other_bank: Vec<Case> = cases.iter().map(in_other_bank).collect();
    cases.extend(in_other_bank);
    let count = sweep(&cases);
    println!(
        "{} points: {} in {} flash writes of {} commands ({} left the old state, {} the new one), {} in what the boot \
         after a cut writes",
        count.points + count.second,
        count.points,
        count.writes,
        cases.len(),
        count.old,
        count.new,
        count.second
    );
    assert!(count.old > count.new && count.new > 0 && count.second > 0);
}

/// The counter of the dongle that boots from `contents`.
fn counter(contents: &[u8]) -> u64 {
    let found = stored(&mut SimFlash::copy_of(contents)).expect("it boots");
    found.counter
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
                let done = counter(&contents(&dongle)) > counter(&case.before);
                let (status, _) = ask(&dongle, case.command, &case.request);
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
