//! Another machine, and its request.

use std::path::Path;

use tallykey::licence::machine_binding::{Bindable, Facts};
use tallykey::machine::facts::{LinuxMachine, Machine as _};
use tallykey_protocol::array::Array;
use tallykey_protocol::request::{Environment, Head, Purpose, Request};
use tallykey_signing::{Signer as _, SoftwareKey, sign_request};

/// What the machine shows of itself that a recorded tree stands for.
pub(crate) fn machine(tree: &str) -> Facts {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machine/trees");
    LinuxMachine::at(root.join(tree)).facts()
}

/// The host key of this number.
pub(crate) fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_bytes(&[seed; 32]).expect("a scalar")
}

/// What the other machine shows of itself.
pub(crate) fn facts() -> Facts {
    machine("nuc")
}

/// Its request.
pub(crate) fn request(product: &str) -> Vec<u8> {
    let facts = facts();
    let binding = Bindable::of(&facts)
        .expect("a whole machine")
        .record([5; 16]);
    let key = key(2);
    let request = Request {
        host: "nuc",
        issued_at: 1_700_000_000,
        nonce: [3; 32],
        purpose: Purpose::New,
        product,
        profile_revision: 1,
        host_key: key.public_key(),
        binding,
        environment: Environment::Physical,
        installed: Array::of(&[]),
        dongles: Array::of(&[]),
        marks: Array::of(&[]),
        history: Head {
            sequence: 1,
            hash: [0; 32],
        },
        desk_nonce: None,
        wanted: Array::of(&[]),
    };
    sign_request(&request, &key).expect("our own request")
}
