//! Software licences, and that they and dongles exclude each other.

use std::time::Duration;

use tallykey::licence::machine_binding::{Bindable, Standing};
use tallykey::service::{
    AuthenticationType, Held, ImportItem, Imported, Kind, ServiceError, Snapshot,
};
use tallykey_protocol::array::Array;
use tallykey_protocol::cert::Certificate;
use tallykey_protocol::composite::Composite;
use tallykey_protocol::file::Kind as FileKind;
use tallykey_protocol::grant::{Line, Plan};
use tallykey_protocol::licence::{self, Licence, Macs};
use tallykey_protocol::list::List;
use tallykey_protocol::revocation::{RevocationList, Revoked};
use tallykey_protocol::target::Target;
use tallykey_signing::{mac_licence, machine_licence, next_licence, simulator};

use super::bench::{Bench, camera, operator, product};
use super::converted::Parts;
use super::dongle::Dongle;

pub(crate) const ISSUED: u64 = simulator::ISSUED_AT;

pub(crate) fn line(id: u32, count: u64) -> licence::Line<'static> {
    licence::Line {
        line: Line {
            id,
            feature: "camera",
            count,
            plan: Plan::Perpetual,
            valid_from: ISSUED,
            valid_to: None,
        },
        macs: Macs::default(),
    }
}

/// The machine of the test, as its request would say.
pub(crate) fn target(bench: &Bench) -> Target {
    let facts = bench.clock.facts();
    let binding = Bindable::of(&facts)
        .expect("a whole machine")
        .record([7; 16]);
    Target {
        salt: binding.salt,
        components: binding.components,
        host_key: bench.host_key(),
    }
}

pub(crate) fn sign(licence: &Licence<'_>) -> Vec<u8> {
    let vendor = simulator::vendor().expect("constant keys");
    vendor.sign_licence(licence).expect("our own vendor")
}

/// A licence of so many cameras for the machine of the test.
pub(crate) fn of_machine(bench: &Bench, count: u64) -> Vec<u8> {
    let (product, target) = (product(), target(bench));
    let lines = [line(1, count)];
    let lines = List::of(&lines).expect("one fits");
    sign(&machine_licence(&product, &target, lines, ISSUED))
}

async fn import(bench: &Bench, content: &[u8]) -> Vec<ImportItem> {
    let done = bench.service.import(&operator(), content.to_vec()).await;
    done.expect("a sound history")
}

fn code(item: &ImportItem) -> Result<Imported, &'static str> {
    item.outcome.clone().map_err(|refusal| refusal.code())
}

pub(crate) async fn import_one(bench: &Bench, content: &[u8]) -> Result<Imported, &'static str> {
    let items = import(bench, content).await;
    let [item] = &items[..] else {
        panic!("one object: {items:?}")
    };
    code(item)
}

fn kind(snapshot: &Snapshot) -> (AuthenticationType, Option<Held>) {
    (snapshot.authentication_type, snapshot.held)
}

/// As the product says, or longer.
const DEBOUNCE: Duration = Duration::from_secs(30);

const SOFTWARE_ASKS: Option<Held> = Some(Held {
    kind: Kind::Software,
    asks: true,
});

#[tokio::test]
async fn a_licence_gives_its_channels_also_after_a_restart_and_until_it_is_removed() {
    let bench = Bench::start().await;
    let record = of_machine(&bench, 8);
    assert_eq!(import_one(&bench, &record).await, Ok(Imported::New));
    assert_eq!(import_one(&bench, &record).await, Ok(Imported::Already));
    let snapshot = bench.service.snapshot();
    assert_eq!(kind(&snapshot), (AuthenticationType::Software, None));
    assert_eq!(bench.counts("camera").total, 12);

    let bench = bench.restart().await;
    assert_eq!(bench.counts("camera").total, 12);
    let licences = bench.service.licences().await.expect("it runs");
    let [installed] = &licences.installed[..] else {
        panic!("one is installed")
    };
    assert_eq!(installed.standing, Ok(Standing::Holds));
    let id = installed.id.clone();
    let removed = bench.service.remove_licence(&operator(), &id).await;
    removed.expect("it is there");
    assert_eq!(bench.counts("camera").total, 4);
    let again = bench.service.remove_licence(&operator(), &id).await;
    assert!(matches!(again, Err(ServiceError::Refused(_))));
    assert_eq!(import_one(&bench, &record).await, Ok(Imported::New));
}

#[tokio::test]
async fn a_dongle_beside_an_active_licence_changes_no_count_and_the_reverse_neither() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    import_one(&bench, &of_machine(&bench, 8))
        .await
        .expect("imported");
    let snapshot = bench.plug(&dongle).await;
    let asks = Some(Held {
        kind: Kind::Dongle,
        asks: true,
    });
    assert_eq!(kind(&snapshot), (AuthenticationType::Software, asks));
    assert_eq!(bench.counts("camera").total, 12);
    // Held, it has no grace: it is gone when it does not come back at once.
    let snapshot = bench.unplug(&dongle).await;
    assert_eq!(kind(&snapshot), (AuthenticationType::Software, asks));
    let snapshot = bench.pass(DEBOUNCE).await;
    assert_eq!(kind(&snapshot), (AuthenticationType::Software, None));

    let bench = Bench::start().await;
    bench.plug(&dongle).await;
    import_one(&bench, &of_machine(&bench, 8))
        .await
        .expect("imported");
    let snapshot = bench.service.snapshot();
    assert_eq!(kind(&snapshot), (AuthenticationType::Dongle, SOFTWARE_ASKS));
    assert_eq!(bench.counts("camera").total, 7);
    // The recorded incumbent stays over a restart.
    let bench = bench.crash().await;
    let snapshot = bench.service.snapshot();
    assert_eq!(kind(&snapshot), (AuthenticationType::Dongle, SOFTWARE_ASKS));
    assert_eq!(bench.counts("camera").total, 7);
}

#[tokio::test]
async fn the_operator_chooses_and_is_told_before_which_devices_that_suspends() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    bench.plug(&dongle).await;
    import_one(&bench, &of_machine(&bench, 1))
        .await
        .expect("imported");
    for number in 1..=7 {
        bench
            .ask(&format!("gate-{number}"))
            .await
            .expect("4 free and 3 of the dongle");
    }
    let actor = operator();
    let resolve = |keep, dry_run| bench.service.resolve(&actor, keep, dry_run);
    let rehearsed = resolve(Kind::Software, true).await.expect("both are there");
    let devices: Vec<_> = rehearsed
        .suspended
        .iter()
        .map(|one| one.device.as_str())
        .collect();
    assert_eq!(devices, ["gate-6", "gate-7"]);
    assert_eq!(bench.counts("camera").suspended, 0, "nothing was changed");

    let done = resolve(Kind::Software, false)
        .await
        .expect("both are there");
    assert_eq!(done, rehearsed);
    let snapshot = bench.service.snapshot();
    let held = Some(Held {
        kind: Kind::Dongle,
        asks: false,
    });
    assert_eq!(kind(&snapshot), (AuthenticationType::Software, held));
    assert_eq!(bench.counts("camera").suspended, 2);
    // The choice outlives a crash, in which the dongle has to prove itself anew.
    let bench = bench.crash().await;
    assert_eq!(
        kind(&bench.service.snapshot()),
        (AuthenticationType::Software, held)
    );
    let snapshot = bench.plug(&dongle).await;
    assert_eq!(kind(&snapshot), (AuthenticationType::Software, held));
    // And back.
    let resolve = |keep, dry_run| bench.service.resolve(&actor, keep, dry_run);
    let back = resolve(Kind::Dongle, false).await.expect("both are there");
    assert_eq!(back.resumed.len(), 2);
    assert_eq!(bench.counts("camera").suspended, 0);
}

#[tokio::test]
async fn what_is_not_there_cannot_be_kept() {
    let bench = Bench::start().await;
    let refused = bench
        .service
        .resolve(&operator(), Kind::Software, false)
        .await;
    let Err(ServiceError::Refused(refusal)) = refused else {
        panic!("nothing is there: {refused:?}")
    };
    assert_eq!(refusal.code(), "nothing-to-keep");
}

#[tokio::test]
async fn a_held_licence_waits_to_be_chosen_when_the_dongle_is_gone_for_good() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    bench.plug(&dongle).await;
    import_one(&bench, &of_machine(&bench, 8))
        .await
        .expect("imported");
    let snapshot = bench.lose(&dongle).await;
    assert_eq!(kind(&snapshot), (AuthenticationType::None, SOFTWARE_ASKS));
    assert_eq!(bench.counts("camera").total, 4);
    let done = bench
        .service
        .resolve(&operator(), Kind::Software, false)
        .await;
    done.expect("it waits");
    assert_eq!(bench.counts("camera").total, 12);
}

#[tokio::test]
async fn a12_a_licence_of_another_machine_gives_nothing() {
    let bench = Bench::start().await;
    let record = of_machine(&bench, 8);
    bench.clock.become_machine("nuc");
    assert_eq!(import_one(&bench, &record).await, Err("other-machine"));
    assert_eq!(bench.counts("camera").total, 4);
}

#[tokio::test]
async fn a_disk_moved_to_another_machine_counts_on_for_a_grace_and_holds_again_at_home() {
    let bench = Bench::start().await;
    let record = of_machine(&bench, 8);
    import_one(&bench, &record).await.expect("imported");
    let clock = bench.clock.clone();
    let bench = bench.restart_after(|| clock.become_machine("nuc")).await;
    let standing = || async {
        let licences = bench.service.licences().await.expect("it runs");
        (
            licences.installed[0].standing.clone().expect("it verifies"),
            licences.installed[0].drift.len(),
        )
    };
    let (found, drift) = standing().await;
    assert!(
        matches!(found, Standing::InGrace { .. }) && drift > 0,
        "{found:?}, {drift} drifted"
    );
    assert_eq!(bench.counts("camera").total, 12);
    let days = |days: u64| Duration::from_secs(days * 24 * 3_600);
    bench.pass(days(13)).await;
    assert_eq!(bench.counts("camera").total, 12);
    bench.pass(days(1)).await;
    assert_eq!(bench.counts("camera").total, 4);
    assert_eq!(standing().await.0, Standing::Out);
    // Back at home, the next look at the machine is enough: here that of an import.
    bench.clock.become_machine("server");
    assert_eq!(import_one(&bench, &record).await, Ok(Imported::Already));
    assert_eq!(standing().await, (Standing::Holds, 0));
    assert_eq!(bench.counts("camera").total, 12);
}

#[tokio::test]
async fn a_licence_whose_host_key_is_lost_counts_on_and_says_that_it_is_unbound() {
    let bench = Bench::start().await;
    let desk = of_machine(&bench, 8);
    let vendor = simulator::vendor().expect("constant keys");
    let composite = Parts::of(&vendor, &product(), target(&bench)).envelope();
    for licence in [&desk, &composite] {
        assert_eq!(import_one(&bench, licence).await, Ok(Imported::New));
    }
    let unbound = async |bench: &Bench| {
        let licences = bench.service.licences().await.expect("it runs");
        let each = licences.installed.iter().map(|one| {
            assert_eq!(one.standing, Ok(Standing::Holds));
            one.unbound
        });
        (each.collect(), bench.service.snapshot().host_key_unbound)
    };
    assert_eq!(unbound(&bench).await, (vec![false, false], 0));

    let folder = bench.folder().to_owned();
    let key = || folder.join("host-key.pem");
    let former = std::fs::read(key()).expect("a key");
    let lose = || std::fs::remove_file(key()).expect("it was there");
    let bench = bench.restart_after(lose).await;
    assert_eq!(unbound(&bench).await, (vec![true, true], 2));
    assert_eq!(bench.counts("camera").total, 28, "both count");
    // What is made out to the new key is bound, and so are all when the former is put back.
    let repaired = of_machine(&bench, 1);
    assert_eq!(import_one(&bench, &repaired).await, Ok(Imported::New));
    assert_eq!(bench.service.snapshot().host_key_unbound, 2);
    let put_back = || std::fs::write(key(), &former).expect("written");
    let bench = bench.restart_after(put_back).await;
    assert_eq!(bench.service.snapshot().host_key_unbound, 1);
}

#[tokio::test]
async fn a14_an_absorbed_licence_never_counts_again_also_after_a_delete() {
    let bench = Bench::start().await;
    let (product, target) = (product(), target(&bench));
    let lines = [line(1, 8)];
    let first = machine_licence(
        &product,
        &target,
        List::of(&lines).expect("one fits"),
        ISSUED,
    );
    let older = sign(&first);
    import_one(&bench, &older).await.expect("imported");
    let licences = bench.service.licences().await.expect("it runs");
    let id = &licences.installed[0].id;
    let mut identity = [0; 32];
    for (place, byte) in identity.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&id[2 * place..2 * place + 2], 16).expect("hex");
    }
    let lines = [line(1, 5)];
    let next = next_licence(
        &first,
        identity,
        List::of(&lines).expect("one fits"),
        ISSUED,
    );
    import_one(&bench, &sign(&next)).await.expect("imported");
    assert_eq!(bench.counts("camera").total, 9);
    assert_eq!(import_one(&bench, &older).await, Err("licence-absorbed"));
    let licences = bench.service.licences().await.expect("it runs");
    let [installed] = &licences.installed[..] else {
        panic!("the later one alone")
    };
    let removed = bench
        .service
        .remove_licence(&operator(), &installed.id)
        .await;
    removed.expect("it is there");
    assert_eq!(import_one(&bench, &older).await, Err("licence-absorbed"));
}

#[tokio::test]
async fn a_mac_licence_pays_for_its_cameras_and_for_no_other() {
    let bench = Bench::start().await;
    // A container that shows nothing of itself.
    bench.clock.become_machine("container");
    let macs = [[0x00, 0x02, 0xD1, 0, 0, 1], [0x00, 0x02, 0xD1, 0, 0, 2]];
    let of_macs = licence::Line {
        macs: Macs::new(&macs).expect("two of devices"),
        ..line(1, 2)
    };
    let product = product();
    let lines = [of_macs];
    let record = sign(&mac_licence(
        &product,
        List::of(&lines).expect("one fits"),
        ISSUED,
    ));
    import_one(&bench, &record).await.expect("imported");
    for gate in 1..=4 {
        bench.ask(&format!("gate-{gate}")).await.expect("4 free");
    }
    let listed = bench
        .service
        .allocate(&operator(), camera("00:02:D1:00:00:01"))
        .await;
    listed.expect("it is listed");
    let other = bench
        .service
        .allocate(&operator(), camera("00:02:D1:00:00:09"))
        .await;
    assert!(other.is_err(), "it is not listed");
}

#[tokio::test]
async fn a_licence_that_a_dongle_made_counts_on_its_machine_and_on_no_other() {
    let bench = Bench::start().await;
    let vendor = simulator::vendor().expect("constant keys");
    let parts = Parts::of(&vendor, &product(), target(&bench));
    let licence = parts.envelope();
    bench.clock.become_machine("nuc");
    assert_eq!(import_one(&bench, &licence).await, Err("other-machine"));
    bench.clock.become_machine("server");
    assert_eq!(import_one(&bench, &licence).await, Ok(Imported::New));
    assert_eq!(bench.counts("camera").total, 20, "4 free and 16 converted");
    // The same receipt again is the same licence.
    assert_eq!(import_one(&bench, &licence).await, Ok(Imported::Already));
    let bent = Parts {
        receipt: Parts::of(&vendor, &product(), target(&bench)).receipt,
        ..parts
    };
    let refused = import_one(&bench, &bent.envelope()).await;
    assert_eq!(refused, Err("not-converted"), "of another dongle's key");
    assert_eq!(bench.counts("camera").total, 20);
}

#[tokio::test]
async fn of_a_file_each_object_is_judged_by_itself() {
    let bench = Bench::start().await;
    let good = of_machine(&bench, 8);
    let vendor = simulator::vendor().expect("constant keys");
    let profile = vendor.sign_profile(&product()).expect("our own profile");
    let mut bad = of_machine(&bench, 9);
    let last = bad.len() - 1;
    bad[last] ^= 1;
    let file = [bad, profile, good].concat();
    let items = import(&bench, &file).await;
    let found: Vec<_> = items.iter().map(|item| (item.kind, code(item))).collect();
    let expected = [
        (FileKind::Licence.name(), Err("wrong-vendor")),
        (FileKind::Profile.name(), Err("not-a-licence")),
        (FileKind::Licence.name(), Ok(Imported::New)),
    ];
    assert_eq!(found, expected);
    assert_eq!(bench.counts("camera").total, 12);
}

#[tokio::test]
async fn a02_what_is_no_file_of_ours_changes_nothing() {
    let bench = Bench::start().await;
    let before = bench.service.history(0, 100).await.expect("sound").len();
    for content in [
        &b""[..],
        b"hello",
        &[0xFF; 4096],
        b"-----BEGIN TALLYKEY LICENCE-----\n",
    ] {
        let items = import(&bench, content).await;
        assert!(items.iter().all(|item| item.outcome.is_err()), "{items:?}");
    }
    let after = bench.service.history(0, 100).await.expect("sound").len();
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_conversion_above_the_last_counter_honoured_counts_no_more_and_one_below_stays_good() {
    let bench = Bench::start().await;
    let vendor = simulator::vendor().expect("constant keys");
    let parts = Parts::of(&vendor, &product(), target(&bench));
    let envelope = parts.envelope();
    let root = Certificate::parse(vendor.root_certificate()).expect("a root");
    let made = Composite::verify(&envelope, &root).expect("its own").traced;
    let revoke = |epoch, counter| {
        let revoked = [Revoked {
            thumbprint: made.thumbprint,
            counter,
        }];
        let list = RevocationList {
            vendor: product().vendor,
            issued_at: ISSUED,
            epoch,
            revoked: Array::of(&revoked),
        };
        vendor.sign_revocations(&list).expect("our own vendor")
    };
    assert_eq!(import_one(&bench, &envelope).await, Ok(Imported::New));
    let counter = made.receipt.counter;
    let honoured = import_one(&bench, &revoke(1, counter)).await;
    assert_eq!(honoured, Ok(Imported::New));
    assert_eq!(bench.counts("camera").total, 4 + 16, "made before");

    let void = import_one(&bench, &revoke(2, counter - 1)).await;
    assert_eq!(void, Ok(Imported::New));
    assert_eq!(bench.counts("camera").total, 4);
    let bench = bench.restart().await;
    assert_eq!(bench.counts("camera").total, 4);
    let licences = bench.service.licences().await.expect("it runs");
    let why = licences.installed[0].standing.clone();
    assert_eq!(why.map_err(|refusal| refusal.code()), Err("revoked"));
    // Nor can it be brought again.
    let id = licences.installed[0].id.clone();
    let removed = bench.service.remove_licence(&operator(), &id).await;
    removed.expect("it was installed");
    assert_eq!(import_one(&bench, &envelope).await, Err("revoked"));
}
