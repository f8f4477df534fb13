use tallykey_protocol::grant::{Grant, Line as GrantLine, Plan};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::list::List;
use tallykey_protocol::proof::Given;
use tallykey_signing::{Vendor, simulator};

use super::*;

const SERIAL: &str = "TK-0001";
const THUMBPRINT: [u8; 32] = [7; 32];

/// A host of the simulator's vendor and product.
struct Host {
    vendor: Vendor,
    trust: Trust,
    profile: Profile,
}

impl Host {
    fn new() -> Self {
        let vendor = simulator::vendor().expect("constant keys");
        let trust = Trust::decode(&vendor.trust_bundle()).expect("our own bundle");
        let record = vendor
            .sign_profile(&simulator::profile())
            .expect("our own profile");
        let profile = Profile::verify(&record, &trust).expect("our own vendor");
        Self {
            vendor,
            trust,
            profile,
        }
    }

    fn entitle(&self, proof: &Proof<'_>, records: &[&[u8]]) -> Result<Entitlement, GrantRefusal> {
        let records = records.iter().copied();
        Entitlement::of_dongle(proof, THUMBPRINT, records, &self.trust, &self.profile)
    }
}

/// A grant of 64 cameras and 8 of something else to the dongle of these tests.
fn grant() -> Grant<'static> {
    let line = |id, feature, count| GrantLine {
        id,
        feature,
        count,
        plan: Plan::Perpetual,
        valid_from: simulator::ISSUED_AT,
        valid_to: None,
    };
    let profile = simulator::profile();
    Grant {
        vendor: profile.vendor,
        serial: SERIAL,
        thumbprint: THUMBPRINT,
        issued_at: simulator::ISSUED_AT,
        product: profile.product,
        revision: 1,
        profile_revision: profile.revision,
        request_nonce: None,
        lines: List::of(&[line(1, "camera", 64), line(4, "vca", 8)]).expect("two fit"),
        convert: tallykey_protocol::grant::Convert::None,
        flags: 0,
        absorbs: List::default(),
        customer: "",
        project: "",
    }
}

/// What a dongle holding `record` would prove after it gave `given` of each line away.
fn proof<'b>(grant: &Grant<'b>, record: &[u8], given: &[(u32, u64)]) -> Proof<'b> {
    let given: Vec<Given> = given
        .iter()
        .map(|(line, count)| Given {
            line: *line,
            count: *count,
        })
        .collect();
    let digest = Sign1::parse(record, GRANT_MAX).expect("a record").digest();
    let given = List::of(&given).expect("they fit");
    let state = GrantState {
        product: grant.product,
        revision: grant.revision,
        digest,
        given,
    };
    Proof {
        serial: SERIAL,
        nonce: [0; 32],
        simulated: true,
        lifecycle: Lifecycle::Sealed,
        firmware: "1.0.0",
        firmware_digest: [0; 32],
        grants: List::of(&[state]).expect("one fits"),
        counter: 3,
        boot_id: [0; 16],
        time_floor: 0,
        opening: None,
    }
}

const NOTHING_GIVEN: &[(u32, u64)] = &[(1, 0), (4, 0)];

#[test]
fn a_grant_gives_its_holder_what_is_left_of_it() {
    let host = Host::new();
    let grant = grant();
    let record = host.vendor.sign_grant(&grant).expect("ours");
    let entitled = host
        .entitle(&proof(&grant, &record, &[(1, 14), (4, 0)]), &[&record])
        .expect("all holds");
    assert_eq!(entitled.channels("camera", simulator::ISSUED_AT), 50);
    assert_eq!(entitled.channels("vca", simulator::ISSUED_AT), 8);
    assert_eq!(entitled.channels("camera", simulator::ISSUED_AT - 1), 0);
    assert_eq!(
        entitled.source(),
        &Source::Dongle {
            serial: SERIAL.into(),
            thumbprint: THUMBPRINT
        }
    );
}

#[test]
fn a_grant_may_exclude_the_free_channels() {
    let host = Host::new();
    let grant = Grant {
        flags: NO_FREE_CHANNELS,
        ..grant()
    };
    let record = host.vendor.sign_grant(&grant).expect("ours");
    let entitled = host
        .entitle(&proof(&grant, &record, NOTHING_GIVEN), &[&record])
        .expect("all holds");
    assert!(entitled.excludes_free());
}

#[test]
fn a03_other_vendors_grant_is_refused() {
    let host = Host::new();
    let other =
        Vendor::generate("Other", true, simulator::ISSUED_AT, getrandom::fill).expect("keys");
    let grant = grant();
    let record = other.sign_grant(&grant).expect("theirs");
    let refused = host
        .entitle(&proof(&grant, &record, NOTHING_GIVEN), &[&record])
        .expect_err("not ours");
    assert_eq!(refused.code(), "wrong-vendor");
}

#[test]
fn a03_a_grant_with_one_byte_changed_is_refused() {
    let host = Host::new();
    let grant = grant();
    let record = host.vendor.sign_grant(&grant).expect("ours");
    let place = record
        .windows(6)
        .position(|window| window == b"camera")
        .expect("a line");
    let mut changed = record.clone();
    changed[place] = b'd';
    // Even if the dongle's own proof names the changed record.
    let refused = host
        .entitle(&proof(&grant, &changed, NOTHING_GIVEN), &[&changed])
        .expect_err("changed");
    assert!(
        matches!(refused, GrantRefusal::NotVendors { .. }),
        "{refused:?}"
    );
    let refused = host
        .entitle(&proof(&grant, &record, NOTHING_GIVEN), &[&changed])
        .expect_err("changed");
    assert!(
        matches!(refused, GrantRefusal::Disagrees { .. }),
        "{refused:?}"
    );
}

#[test]
fn a12_record_copied_to_another_stick_is_refused() {
    let host = Host::new();
    let table = [
        Grant {
            serial: "TK-0002",
            ..grant()
        },
        // The same serial on another key is another dongle.
        Grant {
            thumbprint: [8; 32],
            ..grant()
        },
    ];
    for grant in table {
        let record = host.vendor.sign_grant(&grant).expect("ours");
        let refused = host
            .entitle(&proof(&grant, &record, NOTHING_GIVEN), &[&record])
            .expect_err("copied");
        assert_eq!(refused.code(), "other-holder");
    }
}

#[test]
fn a_grant_that_needs_a_newer_profile_is_refused() {
    let host = Host::new();
    let grant = Grant {
        profile_revision: 2,
        ..grant()
    };
    let record = host.vendor.sign_grant(&grant).expect("ours");
    let refused = host
        .entitle(&proof(&grant, &record, NOTHING_GIVEN), &[&record])
        .expect_err("too new");
    assert!(
        matches!(
            refused,
            GrantRefusal::ProfileTooOld {
                needed: 2,
                loaded: 1,
                ..
            }
        ),
        "{refused:?}"
    );
}

#[test]
fn a_proof_that_leaves_out_what_was_given_away_is_refused() {
    let host = Host::new();
    let grant = grant();
    let record = host.vendor.sign_grant(&grant).expect("ours");
    for given in [
        &[][..],
        &[(1, 0)],
        &[(1, 0), (2, 0)],
        &[(1, 0), (4, 0), (5, 0)],
    ] {
        let refused = host
            .entitle(&proof(&grant, &record, given), &[&record])
            .expect_err("left out");
        assert!(
            matches!(refused, GrantRefusal::Disagrees { .. }),
            "{given:?}: {refused:?}"
        );
    }
}

#[test]
fn a_proof_of_another_revision_or_of_two_grants_for_one_product_is_refused() {
    let host = Host::new();
    let grant = grant();
    let record = host.vendor.sign_grant(&grant).expect("ours");
    let sound = proof(&grant, &record, NOTHING_GIVEN);
    let state = sound.grants[0];
    let other = GrantState {
        revision: 2,
        ..state
    };
    for grants in [&[other][..], &[state, state]] {
        let grants = List::of(grants).expect("two fit");
        let refused = host
            .entitle(&Proof { grants, ..sound }, &[&record])
            .expect_err("not so");
        assert!(
            matches!(refused, GrantRefusal::Disagrees { .. }),
            "{refused:?}"
        );
    }
}

#[test]
fn what_is_of_another_product_or_all_given_away_is_empty() {
    let host = Host::new();
    let grant = grant();
    let record = host.vendor.sign_grant(&grant).expect("ours");
    let all = proof(&grant, &record, &[(1, 64), (4, 8)]);
    assert_eq!(
        host.entitle(&all, &[&record]).expect_err("nothing").code(),
        "empty"
    );
    let other = Grant {
        product: "another",
        ..grant
    };
    let record = host.vendor.sign_grant(&other).expect("ours");
    let foreign = proof(&other, &record, NOTHING_GIVEN);
    assert_eq!(
        host.entitle(&foreign, &[&record])
            .expect_err("nothing")
            .code(),
        "empty"
    );
}
