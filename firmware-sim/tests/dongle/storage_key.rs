//! What lies in the flash, and whose it is.

use crate::giving::*;
use crate::support::*;
use tallykey_core::BootFault;
use tallykey_protocol::grant::Convert;
use tallykey_protocol::receipt::Kind;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::platform::SimPlatform;
use tallykey_sim::provision::chip_id;

/// `contents` in the part with this chip id.
fn moved(contents: &[u8], chip: [u8; 8]) -> Result<SimDongle, BootFault> {
    let mut contents = contents.to_vec();
    let own = contents.len() - chip.len();
    contents[own..].copy_from_slice(&chip);
    let flash = SimFlash::with_contents(contents);
    SimDongle::plug(SimPlatform::new(flash, Ticks::default().clock()))
}

#[test]
fn a12_a_flash_moved_to_another_part_does_not_start() {
    let (dongle, _, _) = owned(Convert::Offline);
    let before = facts(&mut open(&dongle));
    let contents = contents(&dongle);
    let other = moved(&contents, chip_id("SIM-0002"));
    assert_eq!(other.err(), Some(BootFault::OtherPart));
    let back = moved(&contents, chip_id(SERIAL)).expect("its own part");
    assert_eq!(facts(&mut open(&back)), before);
}

#[test]
fn a_blank_flash_is_any_parts() {
    let blank = contents(&blank(SERIAL));
    moved(&blank, chip_id("SIM-0002")).expect("nothing in it is anyone's");
}

#[test]
fn a23_no_verifier_lies_in_the_flash_as_it_is() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let order = next(&mut session, Kind::Retire, &[(1, 1)]);
    given(&mut session, &verifier, &order);
    let contents = contents(&dongle);
    assert!(
        !contents
            .windows(verifier.len())
            .any(|part| part == verifier)
    );
}
