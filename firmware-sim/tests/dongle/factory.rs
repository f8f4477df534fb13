//! From blank to sealed, and everything that is refused on the way.

use crate::support::*;
use std::cell::RefCell;
use tallykey_protocol::cert::CertificationRequest;
use tallykey_protocol::command::{
    Command, Empty, certify, heartbeat, hello, make_key, personalise, seal,
};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::status::Status;
use tallykey_signing::{Station, Vendor};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::host::{Channel, TalkError};
use tallykey_sim::provision::{Order, ProvisionError, chip_id, provision, provision_at};

fn lifecycle(channel: &mut Channel) -> Lifecycle {
    channel
        .hello()
        .unwrap()
        .read_ok::<hello::Reply<'_>>()
        .unwrap()
        .lifecycle
}

fn make_key(channel: &Channel) -> [u8; 65] {
    let made = channel
        .ask(Command::MakeKey, &make_key::Request { nonce: [3; 16] })
        .unwrap();
    let request = made.read_ok::<make_key::Reply<'_>>().unwrap().request;
    let request = CertificationRequest::verify(request, &[3; 16]).unwrap();
    let chip: String = chip_id(SERIAL)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(request.chip_id(), Some(chip.as_str()));
    *request.public_key()
}

fn certify(channel: &Channel, vendor: &Vendor, serial: &str, key: &[u8; 65]) -> Status {
    let leaf = vendor
        .certify_dongle(serial, &chip_id(SERIAL), key, [1; 16], NOW)
        .unwrap();
    let chain = [&leaf[..], vendor.factory_certificate()];
    channel
        .ask(
            Command::Certify,
            &certify::Request {
                chain,
                root: vendor.root_certificate(),
            },
        )
        .unwrap()
        .status
}

fn personalise(channel: &Channel, serial: &str) -> Status {
    channel
        .ask(Command::Personalise, &personalise::Request { serial })
        .unwrap()
        .status
}

fn seal(channel: &Channel) -> Result<String, TalkError> {
    let sealed = channel.ask(Command::Seal, &Empty).unwrap();
    sealed
        .read_ok::<seal::Reply<'_>>()
        .map(|reply| reply.owner_code.to_owned())
}

fn counter(dongle: &SimDongle) -> u64 {
    facts(&mut open(dongle)).counter
}

#[test]
fn from_blank_to_sealed_step_by_step() {
    let dongle = blank(SERIAL);
    let mut channel = channel(&dongle);
    let key = make_key(&channel);
    assert_eq!(lifecycle(&mut channel), Lifecycle::Blank);
    assert_eq!(certify(&channel, &VENDOR, SERIAL, &key), Status::Ok);
    assert_eq!(lifecycle(&mut channel), Lifecycle::Blank);
    assert_eq!(personalise(&channel, "SIM-0002"), Status::SerialMismatch);
    assert_eq!(personalise(&channel, SERIAL), Status::Ok);
    assert_eq!(lifecycle(&mut channel), Lifecycle::Personalised);
    assert!(seal(&channel).is_ok());
    assert_eq!(lifecycle(&mut channel), Lifecycle::Sealed);
    assert_eq!(counter(&dongle), 4, "one commit each");
}

#[test]
fn what_comes_before_its_time_is_refused() {
    let dongle = blank(SERIAL);
    let channel = channel(&dongle);
    let stranger = *open(&provisioned("SIM-0002").0).key();
    assert_eq!(
        certify(&channel, &VENDOR, SERIAL, &stranger),
        Status::NoSuchItem,
        "no key yet"
    );
    assert_eq!(
        personalise(&channel, SERIAL),
        Status::NoSuchItem,
        "no certificate yet"
    );
    let beat = heartbeat::Request { nonce: [0; 16] };
    assert_eq!(
        channel.ask(Command::Seal, &Empty).unwrap().status,
        Status::WrongLifecycle
    );
    assert_eq!(
        channel.ask(Command::Heartbeat, &beat).unwrap().status,
        Status::NoSession
    );

    let key = make_key(&channel);
    assert_eq!(
        certify(&channel, &VENDOR, SERIAL, &stranger),
        Status::KeyMismatch
    );
    let other = other_vendor();
    let leaf = VENDOR
        .certify_dongle(SERIAL, &chip_id(SERIAL), &key, [1; 16], NOW)
        .unwrap();
    for (chain, root) in [
        (
            [&leaf[..], other.factory_certificate()],
            VENDOR.root_certificate(),
        ),
        (
            [&leaf[..], VENDOR.factory_certificate()],
            other.root_certificate(),
        ),
        (
            [&leaf[..], VENDOR.factory_certificate()],
            VENDOR.factory_certificate(),
        ),
        (
            [VENDOR.factory_certificate(), VENDOR.factory_certificate()],
            VENDOR.root_certificate(),
        ),
        ([b"".as_slice(), b""], b"".as_slice()),
    ] {
        let status = channel
            .ask(Command::Certify, &certify::Request { chain, root })
            .unwrap()
            .status;
        assert_eq!(status, Status::ChainInvalid);
    }
    let chip = *b"01234567";
    let leaf = VENDOR
        .certify_dongle(SERIAL, &chip, &key, [1; 16], NOW)
        .unwrap();
    let request = certify::Request {
        chain: [&leaf, VENDOR.factory_certificate()],
        root: VENDOR.root_certificate(),
    };
    assert_eq!(
        channel.ask(Command::Certify, &request).unwrap().status,
        Status::KeyMismatch,
        "another chip"
    );
    assert_eq!(
        certify(&channel, &VENDOR, SERIAL, &key),
        Status::Ok,
        "none of it did harm"
    );
}

#[test]
fn a_new_key_makes_a_personalised_dongle_blank_again() {
    let dongle = blank(SERIAL);
    let mut channel = channel(&dongle);
    let first = make_key(&channel);
    certify(&channel, &VENDOR, SERIAL, &first);
    personalise(&channel, SERIAL);
    let second = make_key(&channel);
    assert_ne!(first, second);
    assert_eq!(lifecycle(&mut channel), Lifecycle::Blank);
    assert_eq!(
        personalise(&channel, SERIAL),
        Status::NoSuchItem,
        "the certificate went with its key"
    );
    assert_eq!(
        certify(&channel, &VENDOR, SERIAL, &first),
        Status::KeyMismatch
    );
}

#[test]
fn a_sealed_dongle_is_never_personalised_again() {
    let (dongle, _) = provisioned(SERIAL);
    let channel = channel(&dongle);
    let key = *open(&dongle).key();
    let before = contents(&dongle);
    let make = make_key::Request { nonce: [0; 16] };
    assert_eq!(
        channel.ask(Command::MakeKey, &make).unwrap().status,
        Status::WrongLifecycle
    );
    assert_eq!(
        certify(&channel, &VENDOR, SERIAL, &key),
        Status::WrongLifecycle
    );
    assert_eq!(personalise(&channel, SERIAL), Status::WrongLifecycle);
    assert_eq!(
        channel.ask(Command::Seal, &Empty).unwrap().status,
        Status::TooLate,
        "a grant is held"
    );
    assert_eq!(contents(&dongle), before);
}

#[test]
fn every_seal_makes_a_new_owner_code_until_the_first_grant() {
    let dongle = blank(SERIAL);
    let channel = channel(&dongle);
    let key = make_key(&channel);
    certify(&channel, &VENDOR, SERIAL, &key);
    personalise(&channel, SERIAL);
    let codes = [(); 3].map(|()| seal(&channel).unwrap());
    assert!(codes.iter().all(|code| seal::is_owner_code(code)));
    assert!(codes[0] != codes[1] && codes[1] != codes[2] && codes[0] != codes[2]);
    let flash = contents(&dongle);
    assert!(
        codes.iter().all(|code| !flash
            .windows(code.len())
            .any(|part| part == code.as_bytes())),
        "only a verifier is kept"
    );
}

#[test]
fn a_station_goes_on_wherever_it_stopped() {
    let dongle = blank(SERIAL);
    let (channel_1, codes) = (channel(&dongle), RefCell::new(Vec::new()));
    let keep = |code: &str| {
        codes.borrow_mut().push(code.to_owned());
        Ok(())
    };
    make_key(&channel_1);
    provision(&dongle, &VENDOR, &order(SERIAL), keep).unwrap();
    let after = facts(&mut open(&dongle));
    dongle.replug().unwrap();
    provision(&dongle, &VENDOR, &order(SERIAL), keep).unwrap();
    assert_eq!(facts(&mut open(&dongle)), after, "nothing was left to do");
    assert_eq!(codes.borrow().len(), 1);
}

#[test]
fn a_station_raises_counts_and_never_lowers_them() {
    let (dongle, _) = provisioned(SERIAL);
    let more = [("camera", 100), ("pos", 2)];
    let mut order = order(SERIAL);
    order.channels = &more;
    provision(&dongle, &VENDOR, &order, |_| Ok(())).unwrap();
    let facts = facts(&mut open(&dongle));
    assert_eq!((facts.grants[0].1, facts.grants[0].3.len()), (2, 3));

    dongle.replug().unwrap();
    let less = [("camera", 99)];
    order.channels = &less;
    let refused = provision(&dongle, &VENDOR, &order, |_| Ok(())).unwrap_err();
    assert!(matches!(refused, ProvisionError::TooFew(few) if (few.held, few.wanted) == (100, 99)));

    dongle.replug().unwrap();
    order.raise = false;
    provision(&dongle, &VENDOR, &order, |_| Ok(())).unwrap();
    assert_eq!(
        self::facts(&mut open(&dongle)).grants[0].1,
        2,
        "what it has, it keeps"
    );
}

#[test]
fn a_station_refuses_what_it_cannot_make() {
    let dongle = blank(SERIAL);
    let unknown = [("cameras", 1)];
    let mut order_1 = order(SERIAL);
    order_1.channels = &unknown;
    let refused = provision(&dongle, &VENDOR, &order_1, |_| Ok(())).unwrap_err();
    assert!(
        matches!(refused, ProvisionError::UnknownFeature { feature, .. } if feature == "cameras")
    );
    let (sealed, _) = provisioned(SERIAL);
    let refused = provision(&sealed, &VENDOR, &order("SIM-0009"), |_| Ok(())).unwrap_err();
    assert!(matches!(refused, ProvisionError::OtherSerial { found, .. } if found == SERIAL));
}

#[test]
fn a_station_without_the_issuer_makes_dongles_and_raises_nothing() {
    let station = Station {
        issuer: None,
        ..VENDOR.station()
    };
    let dongle = blank(SERIAL);
    let make = |order: &Order<'_>| {
        let made = provision_at(&station, &dongle, order, |_| Ok(()));
        dongle.replug().unwrap();
        made
    };
    let mut order = order(SERIAL);
    make(&order).unwrap();
    let before = facts(&mut open(&dongle));
    assert_eq!((before.grants[0].1, before.grants[0].3.len()), (1, 2));
    dongle.replug().unwrap();
    make(&order).unwrap();
    let more = [("camera", 100)];
    order.channels = &more;
    assert!(matches!(make(&order), Err(ProvisionError::NoIssuer)));
    assert_eq!(facts(&mut open(&dongle)), before);
}

#[test]
fn a_station_leaves_the_dongle_of_another_vendor_alone() {
    let (dongle, _) = provisioned(SERIAL);
    let before = facts(&mut open(&dongle));
    dongle.replug().unwrap();
    let refused = provision(&dongle, &other_vendor(), &order(SERIAL), |_| Ok(())).unwrap_err();
    assert!(matches!(refused, ProvisionError::OtherVendor(_)));
    assert_eq!(facts(&mut open(&dongle)), before);
}
