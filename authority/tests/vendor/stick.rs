//! A dongle's key and what it signs: proofs, receipts.

use std::fs;

use tallykey_protocol::{
    armour::{self, Label},
    cbor::Full,
    cert::Certificate,
    cose::{Header, Typ, assemble},
    grant::{Convert, Grant, Line, Plan},
    id::thumbprint,
    lifecycle::Lifecycle,
    limits::{GRANT_MAX, PROOF_MAX},
    list::List,
    proof::{Given, GrantState, Proof},
    receipt::{GivenAway, Kind, Receipt, identity},
    request::Held,
};
use tallykey_signing::{
    Signer, SoftwareKey,
    certificate::{NO_END, Subject, Terms, certify},
    sign_grant,
};

use crate::{
    home::{Home, NAME},
    server::{Has, PRODUCT, Server},
};

pub(crate) const SERIAL: &str = "TK-000042";

pub(crate) struct Stick {
    key: SoftwareKey,
    pub(crate) certificate: Vec<u8>,
    pub(crate) factory: Vec<u8>,
    root: Vec<u8>,
    pub(crate) grant: Vec<u8>,
    pub(crate) receipts: Vec<Vec<u8>>,
    pub(crate) plugged: bool,
    pub(crate) simulated: bool,
    given: u64,
    counter: u64,
}

impl Stick {
    /// From the vendor's factory, with 64 cameras.
    pub(crate) fn new(home: &Home) -> Self {
        let key = SoftwareKey::from_bytes(&[200; 32]).expect("a scalar");
        let (factory, root) = (home.certificate("factory"), home.certificate("root"));
        let subject = Subject::Dongle {
            serial: SERIAL,
            chip_id: &[1; 8],
        };
        let terms = Terms {
            serial_number: [7; 16],
            not_before: 1_767_225_600,
            not_after: NO_END,
        };
        let public = key.public_key();
        let certificate = certify(&subject, &public, &factory, &home.key("factory"), &terms);
        let line = Line {
            id: 1,
            feature: "camera",
            count: 64,
            plan: Plan::Perpetual,
            valid_from: 1_767_225_600,
            valid_to: None,
        };
        let grant = Grant {
            vendor: NAME,
            serial: SERIAL,
            thumbprint: thumbprint(&public),
            // The issuer's certificate is younger than any fixed date.
            issued_at: 4_000_000_000,
            product: PRODUCT,
            revision: 1,
            profile_revision: 1,
            request_nonce: None,
            lines: List::of(&[line]).expect("room"),
            convert: Convert::Offline,
            flags: 0,
            absorbs: List::default(),
            customer: "",
            project: "",
        };
        let grant = home.as_issuer(|issuer| sign_grant(&grant, issuer));
        Self {
            key,
            certificate: certificate.expect("certified"),
            factory,
            root,
            grant: grant.expect("signed"),
            receipts: Vec::new(),
            plugged: true,
            simulated: false,
            given: 0,
            counter: 10,
        }
    }

    fn held(&self) -> (Grant<'_>, [u8; 32]) {
        let root = Certificate::parse(&self.root).expect("a root");
        Grant::verify(&self.grant, &root).expect("the vendor's")
    }

    /// Channels that were ever granted, and the revision.
    pub(crate) fn gross(&self) -> (u64, u64) {
        let (grant, _) = self.held();
        (
            grant.lines.iter().map(|line| line.count).sum(),
            grant.revision,
        )
    }

    pub(crate) fn proof(&self, nonce: [u8; 32]) -> Vec<u8> {
        let (grant, digest) = self.held();
        let given = Given {
            line: 1,
            count: self.given,
        };
        let state = GrantState {
            product: PRODUCT,
            revision: grant.revision,
            digest,
            given: List::of(&[given]).expect("room"),
        };
        let proof = Proof {
            serial: SERIAL,
            nonce,
            simulated: self.simulated,
            lifecycle: Lifecycle::Sealed,
            firmware: "0.1.0",
            firmware_digest: [2; 32],
            grants: List::of(&[state]).expect("room"),
            counter: self.counter,
            boot_id: [4; 16],
            time_floor: 0,
            opening: None,
        };
        self.signed(Typ::RequestProof, |out| proof.encode(out))
    }

    /// Gives cameras away, to a server or back to the vendor.
    pub(crate) fn gives(&mut self, kind: Kind, channels: u64, to: &Server) {
        self.counter += 1;
        let given = GivenAway {
            line: 1,
            before: self.given,
            after: self.given + channels,
        };
        self.given += channels;
        let (grant, digest) = self.held();
        let receipt = Receipt {
            serial: SERIAL,
            product: PRODUCT,
            revision: grant.revision,
            grant: digest,
            counter: self.counter,
            request_id: [6; 16],
            given: List::of(&[given]).expect("room"),
            target: (kind != Kind::Retire).then(|| to.target()),
        };
        let receipt = self.signed(kind.typ(), |out| receipt.encode(out));
        self.receipts.push(receipt);
    }

    /// What a machine has of the licence made from the newest receipt.
    pub(crate) fn converted(&self, count: u64) -> Has {
        let thumbprint = thumbprint(&self.key.public_key());
        let (_, revision) = self.gross();
        let lines = vec![Held { line: 1, count }];
        (identity(&thumbprint, self.counter), revision, lines)
    }

    /// Takes its next grant.
    pub(crate) fn imports(&mut self, home: &Home, name: &str) {
        let text = fs::read(home.path(name)).expect("the answer");
        let mut buffer = [0; GRANT_MAX];
        let record = armour::single(&text, Label::Grant, &mut buffer).expect("a grant");
        self.grant = record.to_vec();
        self.counter += 1;
    }

    fn signed(&self, typ: Typ, claims: impl FnOnce(&mut [u8]) -> Result<usize, Full>) -> Vec<u8> {
        let (mut payload, mut record) = ([0; PROOF_MAX], [0; PROOF_MAX]);
        let length = claims(&mut payload).expect("fits");
        let header = Header {
            typ,
            key: &self.key.public_key(),
            chain: &[],
        };
        let length = assemble::<Full>(&mut record, &header, &payload[..length], |digest| {
            Ok(self.key.sign(digest).expect("signs"))
        });
        record[..length.expect("fits")].to_vec()
    }
}
