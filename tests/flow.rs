//! Read this first: the way of a count, from a dongle's flash to the answer of the API, through every real
//! layer and in one process. Only flash, clock, random source and bus of the dongle are pretended.
#![cfg(all(feature = "sim", unix))]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tallykey::api::{Server, SocketListener};
use tallykey::arbiter::Takeover;
use tallykey::dongle::Vendor as PinnedVendor;
use tallykey::licence::machine_binding::Facts;
use tallykey::licence::{Profile, Trust};
use tallykey::service::watch::{Intervals, Watch};
use tallykey::service::{Moment, Role, Service, Settings, Snapshot};
use tallykey::store::{HostKeyFile, SqliteStore, StateFolder};
use tallykey::usb::sim::LocalFinder;
use tallykey_client::wire::{AllocationState, Ask};
use tallykey_client::{Client, ClientError, Endpoint};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::trust::TrustBundle;
use tallykey_signing::{Vendor, simulator};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{Order, chip_id, provision};
use tokio::sync::mpsc;

/// The factory: a blank dongle gets a key of its own, a certificate, a serial, and two cameras.
fn dongle(vendor: &Vendor) -> SimDongle {
    let flash = SimFlash::blank(chip_id("TK-FLOW-1"));
    let dongle =
        SimDongle::plug(SimPlatform::new(flash, Clock::real())).expect("blank flash boots");
    let order = Order {
        serial: "TK-FLOW-1",
        profile: &simulator::profile(),
        channels: &[("camera", 2)],
        raise: true,
        convert: Convert::None,
        now: simulator::ISSUED_AT,
    };
    provision(&dongle, vendor, &order, |_| Ok(())).expect("the station finishes");
    dongle
}

/// The host: what `tallykey serve` wires together.
async fn host(
    folder: &std::path::Path,
    vendor: &Vendor,
    dongle: SimDongle,
    hours: Arc<AtomicU32>,
) -> (Service, Server) {
    let bundle = vendor.trust_bundle();
    let trust = Trust::decode(&bundle).expect("a bundle");
    let record = vendor.sign_profile(&simulator::profile()).expect("signs");
    let profile = Profile::verify(&record, &trust).expect("a profile of that vendor");

    let bundle = TrustBundle::decode(&bundle).expect("a bundle");
    let pinned = PinnedVendor::pin(&bundle, true).expect("a root");
    let finder = Box::new(LocalFinder::new(vec![dongle]));
    let (events, inbox) = mpsc::channel(16);
    let watch =
        Watch::start(finder, pinned, [1; 16], Intervals::simulated(), events).expect("a thread");

    let state = StateFolder::claim(&folder.join("state")).expect("a folder of our own");
    let (host_key, _) = HostKeyFile::open(&state).expect("a host key");
    let store = SqliteStore::new(state).expect("a store");
    let settings = Settings {
        trust,
        profile,
        simulated: true,
        host: "nvr-3".into(),
        takeover: Takeover::Ask,
        host_key: Box::new(host_key),
        machine: Box::new(Facts::default),
        clock: Box::new(move || {
            let passed_ms = hours.load(Ordering::SeqCst) * 3_600_000;
            Moment {
                wall_ms: 1_800_000_000_000 + i64::from(passed_ms),
                running_ms: passed_ms.into(),
            }
        }),
    };
    let service = Service::start(settings, store, inbox, Box::new(watch))
        .await
        .expect("starts");
    let mut server = Server::new(&service, |_, _| Some(Role::Admin));
    server.on_socket(
        SocketListener::bind(&folder.join("door/api.sock"))
            .await
            .expect("binds"),
    );
    (service, server)
}

fn camera(number: u8) -> Ask {
    Ask {
        device: format!("00:02:D1:00:00:{number:02X}"),
        feature: Some("camera".into()),
        ..Ask::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_travels_from_flash_to_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let vendor = simulator::vendor().expect("constant keys");
    let stick = dongle(&vendor);
    let hours = Arc::new(AtomicU32::new(0));
    let (service, server) = host(folder.path(), &vendor, stick.clone(), Arc::clone(&hours)).await;
    let client = Client::new(Endpoint::unix(folder.path().join("door/api.sock")));

    // The service did not wait for USB; the dongle is an event. Two granted and four free cameras.
    let total = |wanted| service.wait_for(move |snapshot| snapshot.features[0].total == wanted);
    total(6).await.expect("the dongle opens");
    let status = client.status().await.expect("answers");
    assert!(status.simulated, "loud");
    assert_eq!(status.dongles[0].state, "open");

    // Six cameras are licensed, the same again is the same, the seventh is refused with a code.
    for number in 1..=6 {
        let first = client.allocate(&camera(number)).await.expect("licensed");
        let again = client
            .allocate(&camera(number))
            .await
            .expect("licensed before");
        assert!(first.created && !again.created);
        assert_eq!(first.allocation, again.allocation);
    }
    let refused = client.allocate(&camera(7)).await.expect_err("one too many");
    let ClientError::Problem(problem) = refused else {
        panic!("not a refusal: {refused}")
    };
    assert_eq!(
        (problem.status, problem.code.as_str()),
        (409, "no-channel-left")
    );

    // Unplugged: they go on for the grace of a dongle that is new here; then the newest two wait, in order. Plugged
    // in again: they go on by themselves.
    let states = || async {
        let held = client.allocations().await.expect("answers").allocations;
        held.into_iter()
            .map(|allocation| allocation.state)
            .collect::<Vec<_>>()
    };
    stick.unplug();
    let away = |snapshot: &Snapshot| !snapshot.away.is_empty();
    service.wait_for(away).await.expect("the dongle is missed");
    assert_eq!(states().await, [AllocationState::Licensed; 6]);
    hours.store(4, Ordering::SeqCst);
    total(4).await.expect("the grace is over");
    let (licensed, suspended) = (AllocationState::Licensed, AllocationState::Suspended);
    assert_eq!(
        states().await,
        [licensed, licensed, licensed, licensed, suspended, suspended]
    );
    stick.replug().expect("boots again");
    total(6).await.expect("the dongle opens again");
    assert_eq!(states().await, [AllocationState::Licensed; 6]);

    // Releasing one makes room for the one that was refused.
    let first = client
        .allocations()
        .await
        .expect("answers")
        .allocations
        .remove(0);
    client.release(first.id).await.expect("released");
    client
        .allocate(&camera(7))
        .await
        .expect("there is room now");

    tokio::time::timeout(Duration::from_secs(30), async {
        server.stop().await;
        service.stop().await;
    })
    .await
    .expect("stops in good order");
}
