//! A1, A2: no bytes make a reader panic, and what a reader accepts it writes back as the same bytes.

use proptest::prelude::*;
use tallykey_protocol::cbor;
use tallykey_protocol::cert::Crl;
use tallykey_protocol::command::{
    Decode, Empty, Encode, acknowledge, certificate, certify, grant, heartbeat, hello, instruct,
    make_key, open, order, personalise, prove, receipt, revoke, seal, self_test, time, update,
};
use tallykey_protocol::composite::Composite;
use tallykey_protocol::cose::Sign1;
use tallykey_protocol::file::Objects;
use tallykey_protocol::limits::{MESSAGE_MAX, PROFILE_MAX};
use tallykey_protocol::request::Request;
use tallykey_protocol::trust::TrustBundle;

/// Bytes that often look like CBOR: heads of every kind, short bodies.
fn cborish() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(vec![0xA1, 0x01]),
        Just(vec![0xD2, 0x84]),
        Just(vec![0x58, 0x20]),
        (0_u8..=0xFF).prop_map(|byte| vec![byte]),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn same<'b, T: Encode + Decode<'b>>(bytes: &'b [u8]) -> Result<(), TestCaseError> {
    if let Ok(body) = T::decode(bytes) {
        let mut out = [0; MESSAGE_MAX];
        let length = body.encode(&mut out).expect("what was read fits");
        prop_assert_eq!(&out[..length], bytes);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a01_arbitrary_bytes_are_answered(bytes in cborish()) {
        // Requests are strict: the dongle accepts exactly what a host writes.
        same::<hello::Request>(&bytes)?;
        same::<certificate::Request>(&bytes)?;
        same::<open::Request>(&bytes)?;
        same::<heartbeat::Request>(&bytes)?;
        same::<prove::Request>(&bytes)?;
        same::<grant::Request>(&bytes)?;
        same::<update::Request>(&bytes)?;
        same::<make_key::Request>(&bytes)?;
        same::<certify::Request>(&bytes)?;
        same::<personalise::Request>(&bytes)?;
        same::<receipt::Request>(&bytes)?;
        same::<order::Request<'_>>(&bytes)?;
        same::<order::Order<'_>>(&bytes)?;
        same::<acknowledge::Request>(&bytes)?;
        same::<instruct::Request<'_>>(&bytes)?;
        same::<time::Request<'_>>(&bytes)?;
        same::<revoke::Request<'_>>(&bytes)?;
        same::<Empty>(&bytes)?;
        // Replies of a newer dongle may say more, so only the panic counts.
        let _ = (hello::Reply::decode(&bytes), certificate::Reply::decode(&bytes), open::Busy::decode(&bytes));
        let _ = (heartbeat::Reply::decode(&bytes), update::Reply::decode(&bytes), seal::Reply::decode(&bytes));
        let _ = (receipt::Reply::decode(&bytes), order::Reply::decode(&bytes), order::TriesLeft::decode(&bytes));
        let _ = (instruct::Reply::decode(&bytes), time::Reply::decode(&bytes), revoke::Reply::decode(&bytes));
        let _ = (self_test::Reply::decode(&bytes), Crl::parse(&bytes).is_ok());
        let _ = (Sign1::parse(&bytes, PROFILE_MAX).is_ok(), TrustBundle::decode(&bytes).is_ok());
        let _ = Request::verify(&bytes).is_ok();
        // What only files carry is as strict as a request to a dongle.
        if let Ok(composite) = Composite::decode(&bytes) {
            let mut out = vec![0; bytes.len()];
            let length = composite.encode(&mut out).expect("as long as it was");
            prop_assert_eq!(&out[..length], &bytes[..]);
        }
        let (mut objects, mut out) = (Objects::new(&bytes), [0; 1024]);
        while objects.next(&mut out).is_some() {}
    }

    #[test]
    fn a02_a_million_fields_and_huge_lengths_end_at_once(
        head in prop::sample::select(vec![0x9B_u8, 0xBB, 0x5B, 0x7B, 0xDB]),
        length in any::<u64>(),
        tail in prop::collection::vec(any::<u8>(), 0..16),
    ) {
        let bytes = [&[head][..], &length.to_be_bytes(), &tail].concat();
        let _ = cbor::check(&bytes);
    }

    #[test]
    fn what_passes_the_gate_is_deterministic(bytes in cborish()) {
        if cbor::check(&bytes).is_ok() {
            // An independent reader understands the same, and its shortest writing of it is these bytes.
            let value: coset::cbor::Value = coset::cbor::from_reader(&bytes[..]).expect("plain CBOR");
            let mut again = Vec::new();
            coset::cbor::into_writer(&value, &mut again).expect("writes");
            prop_assert_eq!(again, bytes);
        }
    }
}
