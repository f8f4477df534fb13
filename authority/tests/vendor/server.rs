//! A server with its host key: it imports licences and asks.

use std::fs;

use tallykey_protocol::{
    armour::{self, Armoured, Label},
    array::Array,
    cert::Certificate,
    licence::Licence,
    limits::LICENCE_MAX,
    list::List,
    request::{Dongle, Environment, Head, Held, Installed, Purpose, Request},
    target::{Component, Part, Target},
};
use tallykey_signing::{Signer, SoftwareKey, sign_request};

use crate::{home::Home, stick::Stick};

pub(crate) const PRODUCT: &str = "tallykey-vms";

/// What a server has of one licence: identity, revision, counts.
pub(crate) type Has = ([u8; 32], u64, Vec<Held>);

pub(crate) struct Server {
    key: SoftwareKey,
    parts: Vec<Part>,
    pub(crate) installed: Vec<Has>,
    pub(crate) desk_nonce: Option<[u8; 32]>,
}

impl Server {
    pub(crate) fn new(number: u8) -> Self {
        Self {
            key: SoftwareKey::from_bytes(&[number; 32]).expect("a scalar"),
            parts: vec![Part::Board, Part::Cpu, Part::Memory, Part::Network],
            installed: Vec::new(),
            desk_nonce: None,
        }
    }

    /// One that can hardly be told from another.
    pub(crate) fn of_few_parts(number: u8) -> Self {
        Self {
            parts: vec![Part::Cpu, Part::Memory],
            ..Self::new(number)
        }
    }

    pub(crate) fn target(&self) -> Target {
        let components = self.parts.iter().map(|part| Component {
            part: *part,
            hash: [*part as u8; 16],
        });
        let components: Vec<_> = components.collect();
        Target {
            salt: [5; 16],
            components: List::of(&components).expect("few"),
            host_key: self.key.public_key(),
        }
    }

    /// Writes a request into the file `name`; `nonce` makes it another request.
    pub(crate) fn asks(&self, home: &Home, name: &str, purpose: Purpose, nonce: u8) {
        self.asks_with(home, name, purpose, nonce, &[]);
    }

    /// The same with dongles plugged in.
    pub(crate) fn asks_with(
        &self,
        home: &Home,
        name: &str,
        purpose: Purpose,
        nonce: u8,
        sticks: &[&Stick],
    ) {
        let target = self.target();
        let mut installed: Vec<_> = self
            .installed
            .iter()
            .map(|(identity, revision, lines)| Installed {
                identity: *identity,
                revision: *revision,
                lines: Array::of(lines),
            })
            .collect();
        installed.sort_by_key(|held| held.identity);
        let mut request = Request {
            host: "nvr-3 駅",
            issued_at: 1_767_225_600,
            nonce: [nonce; 32],
            purpose,
            product: PRODUCT,
            profile_revision: 1,
            host_key: target.host_key,
            binding: target.binding(),
            environment: Environment::Physical,
            installed: Array::of(&installed),
            dongles: Array::default(),
            marks: Array::default(),
            history: Head {
                sequence: 1,
                hash: [1; 32],
            },
            desk_nonce: self.desk_nonce,
            wanted: Array::default(),
        };
        let proof_nonce = request.proof_nonce();
        let proofs: Vec<_> = sticks
            .iter()
            .map(|stick| stick.proof(proof_nonce))
            .collect();
        let grants: Vec<[&[u8]; 1]> = sticks.iter().map(|stick| [&stick.grant[..]]).collect();
        let receipts: Vec<Vec<&[u8]>> = sticks
            .iter()
            .map(|stick| stick.receipts.iter().map(|receipt| &receipt[..]).collect())
            .collect();
        let dongles: Vec<_> = (0..sticks.len())
            .map(|index| Dongle {
                chain: [&sticks[index].certificate, &sticks[index].factory],
                proof: sticks[index].plugged.then_some(&proofs[index][..]),
                grants: Array::of(&grants[index]),
                receipts: Array::of(&receipts[index]),
            })
            .collect();
        request.dongles = Array::of(&dongles);
        let bytes = sign_request(&request, &self.key).expect("signed");
        let label = Label::Request;
        let text = Armoured {
            label,
            bytes: &bytes,
        }
        .to_string();
        fs::write(home.path(name), text).expect("writable");
    }

    /// Imports a licence as a host does: what it absorbs is gone.
    pub(crate) fn imports(&mut self, home: &Home, name: &str) {
        let text = fs::read(home.path(name)).expect("the answer");
        let mut buffer = [0; LICENCE_MAX];
        let record = armour::single(&text, Label::Licence, &mut buffer).expect("a licence");
        let root = home.certificate("root");
        let root = Certificate::parse(&root).expect("a root");
        let (licence, identity) = Licence::verify(record, &root).expect("the vendor's");
        self.installed
            .retain(|(held, ..)| !licence.absorbs.contains(held));
        let lines = licence.lines.iter().map(|held| Held {
            line: held.line.id,
            count: held.line.count,
        });
        self.installed
            .push((identity, licence.revision, lines.collect()));
        self.desk_nonce = licence.desk_nonce;
    }

    /// Channels of all licences.
    pub(crate) fn channels(&self) -> u64 {
        let lines = self.installed.iter().flat_map(|(.., lines)| lines);
        lines.map(|line| line.count).sum()
    }
}
