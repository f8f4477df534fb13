//! A24: the power goes during every write of every command that writes.
//!
//! Each command runs once while its writes are recorded. Then, for each of them, the flash is made as it is
//! when power goes inside that write: with none, all, each single bit and 64 subsets of what it changes. The core
//! starts from it, and must find exactly the state before the command or exactly the state after it. Where that boot
//! writes, its writes are cut in the same ways.

mod cases;
mod sweep;

use crate::support::*;
use cases::{Case, cases, full};
use sweep::sweep;
use tallykey_core::platform::Platform;
use tallykey_core::stored;
use tallykey_protocol::status::Status;
use tallykey_sim::flash::{PowerCut, SimFlash, Tear};

/// The same command after a cut in its first write: it cannot follow a torn frame, so it goes into the other bank.
fn in_other_bank(case: &Case) -> Case {
    let dongle = plug(SimFlash::copy_of(&case.before), &Ticks::default());
    let cut = PowerCut::after(0, Tear::Subset(1));
    dongle.with_platform(|platform| platform.flash().plan(cut));
    let (status, _) = case.step.run(&dongle);
    assert_eq!(status, Status::StorageFailed, "{}", case.step.name);
    dongle.with_platform(|platform| platform.flash().restore_power());
    dongle.replug().expect("it boots");
    Case::record(&dongle, case.step.clone()).0
}

#[test]
fn a24_a_power_cut_in_any_write_leaves_the_old_or_the_new_state() {
    let mut cases = cases();
    cases.push(full());
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

/// The same with the power really going away under the running core: it says that it failed, says nothing more
/// from RAM, and after the restart the same command can be sent again.
#[test]
fn a24_a_dongle_that_lost_power_inside_a_command_goes_on_after_the_restart() {
    let mut cuts = 0;
    for case in cases() {
        let (name, last) = (case.step.name, case.writes.len() as u64 - 1);
        for left in [0, 1, last / 2, last - 1, last] {
            for tear in [Tear::None, Tear::Subset(left), Tear::All] {
                let dongle = plug(SimFlash::copy_of(&case.before), &Ticks::default());
                dongle.with_platform(|platform| platform.flash().plan(PowerCut::after(left, tear)));
                let (status, _) = case.step.run(&dongle);
                assert_eq!(status, Status::StorageFailed, "{name}, write {left}");
                let hello = channel(&dongle).hello().expect("an answer");
                assert_eq!(
                    hello.status,
                    Status::StorageFailed,
                    "{name}: nothing more from RAM"
                );

                dongle.with_platform(|platform| platform.flash().restore_power());
                dongle.replug().expect("it boots");
                let done = counter(&contents(&dongle)) > counter(&case.before);
                let (status, _) = case.step.run(&dongle);
                let expected = match done {
                    true => case.step.again,
                    false => case.step.status,
                };
                assert_eq!(status, expected, "{name}, write {left}, {tear:?}");
                cuts += 1;
            }
        }
    }
    println!("{cuts} power cuts under the running core");
}

/// The counter of the dongle that boots from `contents`.
fn counter(contents: &[u8]) -> u64 {
    let found = stored(&mut SimFlash::copy_of(contents)).expect("it boots");
    found.counter
}
