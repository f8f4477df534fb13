//! Seeds that only files carry: licences of both forms, requests, revocation lists, and several in one file.

use tallykey_protocol::armour::Armoured;
use tallykey_protocol::array::Array;
use tallykey_protocol::cbor::Full;
use tallykey_protocol::composite::Composite;
use tallykey_protocol::cose::{Header, Sign1, Typ, assemble};
use tallykey_protocol::file::Kind;
use tallykey_protocol::grant;
use tallykey_protocol::licence::{Line, Macs};
use tallykey_protocol::limits::{COMPOSITE_MAX, RECEIPT_MAX, REQUEST_MAX};
use tallykey_protocol::list::List;
use tallykey_protocol::receipt::{Evidence, GivenAway, Kind as ReceiptKind, Receipt};
use tallykey_protocol::request::{
    Dongle, Environment, Head, Held, Installed, Mark, Purpose, Reached, Request, Wanted,
};
use tallykey_protocol::revocation::{RevocationList, Revoked};
use tallykey_protocol::target::{Component, Part, Target};
use tallykey_signing::{
    Signer, SoftwareKey, mac_licence, machine_licence, sign_request, simulator,
};

use super::Facts;

pub(super) fn files(facts: &Facts) -> Vec<(String, Vec<u8>)> {
    const FILE: u8 = 0xFF;
    let receipt = receipt(facts);
    let composite = composite(facts, &receipt);
    let from = |key: u8| request(facts, &receipt, &host_key(key));
    let request = from(ANOTHER);
    let [machine, macs] = licences(facts);
    let list = revocations(facts);
    let objects = [
        (Kind::Licence, "licence", machine),
        (Kind::Licence, "mac-licence", macs),
        (Kind::Composite, "composite", composite),
        (Kind::Request, "request", request),
        (Kind::Revocation, "revocations", list),
    ];
    let raw: Vec<u8> = objects.iter().flat_map(|(.., b)| b.clone()).collect();
    let mail: String = objects
        .iter()
        .map(|(kind, name, bytes)| {
            let label = kind.label();
            format!("{name}:\r\n{}", Armoured { label, bytes })
        })
        .collect();
    let mut seeds = vec![
        ("several".into(), [&[FILE], &raw[..]].concat()),
        ("several-armour".into(), [&[FILE], mail.as_bytes()].concat()),
    ];
    for (_, name, bytes) in &objects {
        seeds.push(((*name).into(), [&[FILE], &bytes[..]].concat()));
        let bytes = match *name {
            "request" => &from(TARGETS_OWN),
            _ => bytes,
        };
        if let Ok(record) = Sign1::parse(bytes, REQUEST_MAX) {
            let mode = Typ::ALL.iter().position(|known| *known == record.typ());
            let mode = mode.expect("one of all") as u8;
            let claims = [&[mode], record.payload()].concat();
            seeds.push((format!("claims-{name}"), claims));
        }
    }
    seeds
}

/// The key that the fuzz target signs claims with: a request that names it is read to its end.
const TARGETS_OWN: u8 = 0x42;
/// One that it does not have: no whole record may verify under its own.
const ANOTHER: u8 = 0x43;

fn host_key(key: u8) -> SoftwareKey {
    SoftwareKey::from_bytes(&[key; 32]).expect("a scalar")
}

fn target(key: &SoftwareKey) -> Target {
    let part = |part| Component {
        part,
        hash: [7; 16],
    };
    Target {
        salt: [5; 16],
        components: List::of(&[part(Part::Board), part(Part::Network)]).expect("two"),
        host_key: key.public_key(),
    }
}

fn licences(facts: &Facts) -> [Vec<u8>; 2] {
    let (profile, now) = (simulator::profile(), simulator::ISSUED_AT);
    let line = grant::Line {
        id: 1,
        feature: "camera",
        count: 64,
        plan: grant::Plan::Perpetual,
        valid_from: now,
        valid_to: None,
    };
    let lines = |macs| {
        let macs = Macs::new(macs).expect("rising");
        List::of(&[Line { line, macs }]).expect("one")
    };
    let macs = [[0, 2, 0xD1, 0, 0, 1], [0, 2, 0xD1, 0, 0, 2]];
    [
        machine_licence(&profile, &target(&host_key(ANOTHER)), lines(&[]), now),
        mac_licence(&profile, lines(&macs), now),
    ]
    .map(|licence| facts.vendor.sign_licence(&licence).expect("signs"))
}

fn receipt(facts: &Facts) -> Vec<u8> {
    let key = host_key(ANOTHER);
    let grant = Sign1::parse(&facts.grant, REQUEST_MAX).expect("our own");
    let given = GivenAway {
        line: 1,
        before: 0,
        after: 16,
    };
    let receipt = Receipt {
        serial: "SIM-FUZZ",
        product: simulator::profile().product,
        revision: 1,
        grant: grant.digest(),
        counter: 9,
        request_id: [1; 16],
        given: List::of(&[given]).expect("one"),
        target: Some(target(&key)),
    };
    let (mut payload, mut record) = ([0; RECEIPT_MAX], [0; RECEIPT_MAX]);
    let length = receipt.encode(&mut payload).expect("it fits");
    let header = Header {
        typ: ReceiptKind::ConvertOffline.typ(),
        key: &key.public_key(),
        chain: &[],
    };
    let length = assemble::<Full>(&mut record, &header, &payload[..length], |digest| {
        key.sign(digest).map_err(|_| Full)
    });
    record[..length.expect("it fits")].to_vec()
}

fn composite(facts: &Facts, receipt: &[u8]) -> Vec<u8> {
    let evidence = Evidence {
        receipt,
        grant: &facts.grant,
        chain: [&facts.leaf, facts.vendor.factory_certificate()],
    };
    let mut out = vec![0; COMPOSITE_MAX];
    let length = Composite(evidence).encode(&mut out).expect("it fits");
    out.truncate(length);
    out
}

fn request(facts: &Facts, receipt: &[u8], key: &SoftwareKey) -> Vec<u8> {
    let profile = simulator::profile();
    let (grants, receipts) = ([&facts.grant[..]], [receipt]);
    let dongles = [Dongle {
        chain: [&facts.leaf, facts.vendor.factory_certificate()],
        proof: facts.proofs.get(2).map(|(_, proof)| &proof[..]),
        grants: Array::of(&grants),
        receipts: Array::of(&receipts),
    }];
    let lines = [Held { line: 1, count: 16 }];
    let installed = [Installed {
        identity: [1; 32],
        revision: 1,
        lines: Array::of(&lines),
    }];
    let reached = [Reached {
        product: profile.product,
        revision: 1,
    }];
    let marks = [Mark {
        serial: "SIM-FUZZ",
        thumbprint: [2; 32],
        counter: 9,
        revisions: Array::of(&reached),
    }];
    let wanted = [Wanted {
        feature: "camera",
        count: 64,
    }];
    let target = target(key);
    let request = Request {
        host: "nvr",
        issued_at: simulator::ISSUED_AT,
        nonce: [9; 32],
        purpose: Purpose::Update,
        product: profile.product,
        profile_revision: profile.revision,
        host_key: target.host_key,
        binding: target.binding(),
        environment: Environment::Physical,
        installed: Array::of(&installed),
        dongles: Array::of(&dongles),
        marks: Array::of(&marks),
        history: Head {
            sequence: 1,
            hash: [3; 32],
        },
        desk_nonce: Some([4; 32]),
        wanted: Array::of(&wanted),
    };
    sign_request(&request, key).expect("signs")
}

fn revocations(facts: &Facts) -> Vec<u8> {
    let revoked = [1, 2].map(|n| Revoked {
        thumbprint: [n; 32],
        counter: u64::from(n),
    });
    let list = RevocationList {
        vendor: "Tallykey simulator",
        issued_at: simulator::ISSUED_AT,
        epoch: 1,
        revoked: Array::of(&revoked),
    };
    facts.vendor.sign_revocations(&list).expect("signs")
}
