//! Hosts that send anything at all. The dongle answers or not, writes nothing, and stays what it was.

use crate::support::*;
use proptest::prelude::*;
use std::time::Duration;
use tallykey_protocol::command::Command;
use tallykey_protocol::report::Report;
use tallykey_sim::dongle::{Connection, SimDongle};

fn drain(connection: &Connection) -> usize {
    std::iter::from_fn(|| connection.read(Duration::ZERO).expect("it is still there")).count()
}

/// The dongle is as good as before for a host that behaves.
fn check(dongle: &SimDongle, ticks: &Ticks, before: &[u8]) {
    assert_eq!(contents(dongle), before);
    // What the hostile host began and left must have run out first.
    ticks.pass(20_000);
    open(dongle).close().expect("a session");
}

fn report() -> impl Strategy<Value = Report> {
    (
        prop_oneof![Just(0xFFFF_FFFF_u32), Just(0), 1..20_u32, any::<u32>()],
        any::<u8>(),
        any::<u16>(),
        any::<u64>(),
    )
        .prop_map(|(channel, command, length, seed)| {
            let mut report: Report = core::array::from_fn(|n| (seed >> (n % 8 * 8)) as u8);
            report[..4].copy_from_slice(&channel.to_be_bytes());
            report[4] = command;
            report[5..7].copy_from_slice(&length.to_be_bytes());
            report
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a01_arbitrary_reports_never_panic_and_never_write(reports in proptest::collection::vec(report(), 0..400)) {
        let (dongle, ticks) = provisioned_copy();
        let before = contents(&dongle);
        let connection = dongle.connect().unwrap();
        for report in &reports {
            connection.write(report).unwrap();
            ticks.pass(3);
            prop_assert!(drain(&connection) <= 132);
        }
        check(&dongle, &ticks, &before);
    }

    #[test]
    fn a01_arbitrary_bytes_in_every_command_never_panic_and_never_write(
        command in proptest::sample::select(&Command::ALL[..]),
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            proptest::collection::vec(any::<u8>(), 7000..=7609),
            (0..9_u64, any::<[u8; 32]>()).prop_map(|(key, value)| almost_a_request(key, &value)),
        ],
    ) {
        let (dongle, ticks) = provisioned_copy();
        let before = contents(&dongle);
        let host = channel(&dongle);
        let reply = host.exchange(command.code(), &body).unwrap();
        prop_assert!(!reply.is_empty());
        check(&dongle, &ticks, &before);
    }
}

/// A copy of one dongle: provisioning each would take most of the time.
fn provisioned_copy() -> (SimDongle, Ticks) {
    static FLASH: std::sync::LazyLock<Vec<u8>> =
        std::sync::LazyLock::new(|| contents(&provisioned(SERIAL).0));
    let ticks = Ticks::default();
    (
        plug(tallykey_sim::flash::SimFlash::copy_of(&FLASH), &ticks),
        ticks,
    )
}

/// {key: value}: the right form with the wrong content.
fn almost_a_request(key: u64, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    let length =
        tallykey_protocol::cbor::write(&mut bytes, |e| e.map(1)?.u64(key)?.bytes(value)?.ok())
            .unwrap();
    bytes.truncate(length);
    bytes
}

#[test]
fn a20_a_host_that_writes_and_never_reads_costs_a_bounded_queue() {
    let (dongle, ticks) = provisioned_copy();
    let before = contents(&dongle);
    let silent = dongle.connect().unwrap();
    let ping = tallykey_protocol::frame::init_request([1; 8]);
    for _ in 0..10_000 {
        silent.write(&ping).unwrap();
    }
    assert!(drain(&silent) <= 400);
    check(&dongle, &ticks, &before);
}

#[test]
fn a01_a_message_that_is_never_finished_does_not_keep_others_out() {
    let (dongle, ticks) = provisioned_copy();
    let host = channel(&dongle);
    let mut first = [0; 64];
    first[..4].copy_from_slice(&host.id().to_be_bytes());
    first[4..7].copy_from_slice(&[0x80 | Command::Update.code(), 0x1D, 0xB9]);
    dongle.connect().unwrap().write(&first).unwrap();
    ticks.pass(500);
    open(&dongle);
}
