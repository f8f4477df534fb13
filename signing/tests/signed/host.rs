//! A host that asks: its key, what its dongle brings, and its requests.

use tallykey_protocol::{
    array::Array,
    cbor::Full,
    cert::Certificate,
    cose::{Header, Typ, assemble},
    grant::{Convert, Grant},
    id::thumbprint,
    lifecycle::Lifecycle,
    limits::PROOF_MAX,
    list::List,
    proof::{Given, GrantState, Proof},
    receipt::{self, GivenAway, Receipt},
    request::{
        Dongle, Environment, Head, Held, Installed, Mark, Purpose, Reached, Request, Wanted,
        proof_nonce,
    },
};
use tallykey_signing::{Signer, SoftwareKey, sign_grant};

use crate::{
    licences::target,
    pki::{BEGIN, Pki, SERIAL},
    records::grant,
};

pub(crate) const NONCE: [u8; 32] = [0x4e; 32];
const LINES: [Held; 2] = [Held { line: 1, count: 8 }, Held { line: 4, count: 2 }];

pub(crate) fn host_key() -> SoftwareKey {
    SoftwareKey::from_bytes(&[9; 32]).unwrap()
}

/// What one dongle brings, to be borrowed from.
pub(crate) struct Brought {
    pub(crate) proof: Vec<u8>,
    pub(crate) grant: Vec<u8>,
    pub(crate) digest: [u8; 32],
    pub(crate) receipts: Vec<Vec<u8>>,
}

impl Brought {
    /// A dongle of `pki` that answers `nonce`, with a receipt of each kind over its only grant.
    fn of(pki: &Pki, nonce: [u8; 32]) -> Self {
        let grant = sign_grant(
            &Grant {
                convert: Convert::Offline,
                ..grant(pki)
            },
            &pki.desk(),
        )
        .unwrap();
        let root = Certificate::parse(&pki.root).unwrap();
        let (_, digest) = Grant::verify(&grant, &root).unwrap();
        let receipts = [
            (receipt::Kind::ConvertDesk, 301, 8),
            (receipt::Kind::Retire, 302, 16),
            (receipt::Kind::ConvertOffline, 303, 24),
        ];
        let receipts = receipts
            .map(|(kind, counter, before)| {
                signed(pki, kind.typ(), |out| {
                    receipt(digest, kind, counter, before).encode(out)
                })
            })
            .into();
        let proof = signed(pki, Typ::RequestProof, |out| {
            proof(SERIAL, nonce, digest).encode(out)
        });
        Self {
            proof,
            grant,
            digest,
            receipts,
        }
    }
}

fn receipt(grant: [u8; 32], kind: receipt::Kind, counter: u64, before: u64) -> Receipt<'static> {
    let after = before + 8;
    let given = GivenAway {
        line: 1,
        before,
        after,
    };
    Receipt {
        serial: SERIAL,
        product: "tallykey-vms",
        revision: 1,
        grant,
        counter,
        request_id: [6; 16],
        given: List::of(&[given]).unwrap(),
        target: (kind != receipt::Kind::Retire).then(target),
    }
}

pub(crate) fn proof(serial: &'static str, nonce: [u8; 32], digest: [u8; 32]) -> Proof<'static> {
    let held = GrantState {
        product: "tallykey-vms",
        revision: 1,
        digest,
        given: List::of(&[Given { line: 1, count: 32 }]).unwrap(),
    };
    Proof {
        serial,
        nonce,
        simulated: false,
        lifecycle: Lifecycle::Sealed,
        firmware: "0.1.0",
        firmware_digest: [2; 32],
        grants: List::of(&[held]).unwrap(),
        counter: 303,
        boot_id: [4; 16],
        time_floor: BEGIN,
        opening: None,
    }
}

/// A record of the dongle's.
pub(crate) fn signed(
    pki: &Pki,
    typ: Typ,
    claims: impl FnOnce(&mut [u8]) -> Result<usize, Full>,
) -> Vec<u8> {
    let (mut payload, mut record) = ([0; PROOF_MAX], [0; PROOF_MAX]);
    let length = claims(&mut payload).unwrap();
    let header = Header {
        typ,
        key: &pki.dongle_key.public_key(),
        chain: &[],
    };
    let length = assemble::<Full>(&mut record, &header, &payload[..length], |digest| {
        Ok(pki.dongle_key.sign(digest).unwrap())
    });
    record[..length.unwrap()].to_vec()
}

pub(crate) fn plain() -> Request<'static> {
    let target = target();
    Request {
        host: "nvr-3 駅",
        issued_at: BEGIN,
        nonce: NONCE,
        purpose: Purpose::New,
        product: "tallykey-vms",
        profile_revision: 1,
        host_key: target.host_key,
        binding: target.binding(),
        environment: Environment::Physical,
        installed: Array::default(),
        dongles: Array::default(),
        marks: Array::default(),
        history: Head {
            sequence: 17,
            hash: [0x48; 32],
        },
        desk_nonce: None,
        wanted: Array::default(),
    }
}

/// Every part filled, of one dongle.
pub(crate) fn full<T>(pki: &Pki, with: impl FnOnce(&Brought, &Request<'_>) -> T) -> T {
    let brought = Brought::of(pki, proof_nonce(&NONCE, &plain().host_key));
    let receipts: Vec<&[u8]> = brought.receipts.iter().map(|r| &r[..]).collect();
    let installed = [
        Installed {
            identity: [1; 32],
            revision: 3,
            lines: Array::of(&LINES),
        },
        Installed {
            identity: [2; 32],
            revision: 1,
            lines: Array::default(),
        },
    ];
    let product = "tallykey-vms";
    let revision = 1;
    let reached = [Reached { product, revision }];
    let mark = Mark {
        serial: SERIAL,
        thumbprint: thumbprint(&pki.dongle_key.public_key()),
        counter: 303,
        revisions: Array::of(&reached),
    };
    let grants = [&brought.grant[..]];
    let marks = [mark];
    let dongles = [
        Dongle {
            chain: [&pki.dongle, &pki.factory],
            proof: Some(&brought.proof),
            grants: Array::of(&grants),
            receipts: Array::of(&receipts),
        },
        Dongle {
            chain: [&pki.dongle, &pki.factory],
            proof: None,
            grants: Array::default(),
            receipts: Array::default(),
        },
    ];
    let (camera, vca) = (("camera", 64), ("vca", 8));
    let wanted = [camera, vca].map(|(feature, count)| Wanted { feature, count });
    let request = Request {
        purpose: Purpose::ReturnConfirmation,
        environment: Environment::Container,
        installed: Array::of(&installed),
        dongles: Array::of(&dongles),
        marks: Array::of(&marks),
        desk_nonce: Some([0xde; 32]),
        wanted: Array::of(&wanted),
        ..plain()
    };
    with(&brought, &request)
}

/// Signed by the host key, whatever it is.
pub(crate) fn by_host(typ: Typ, chain: &[&[u8]], payload: &[u8]) -> Vec<u8> {
    let key = host_key();
    let header = Header {
        typ,
        key: &key.public_key(),
        chain,
    };
    let mut record = vec![0; payload.len() + 4096];
    let length = assemble::<Full>(&mut record, &header, payload, |digest| {
        Ok(key.sign(digest).unwrap())
    });
    record.truncate(length.unwrap());
    record
}
