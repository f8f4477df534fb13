//! Composite licences: the whole is believed only if every part is true and they belong together.

use cddl::validate_cbor_from_slice;
use tallykey_protocol::{
    cbor::{Full, Malformed},
    cert::{CertError, Certificate, Role},
    composite::{Composite, CompositeError, Converted},
    cose::{CoseError, Header, Typ, assemble},
    grant::{Convert, Grant},
    id::thumbprint,
    issued::IssuedError,
    limits::{CERT_MAX, CHAIN_MAX, COMPOSITE_MAX, GRANT_MAX, RECEIPT_MAX},
    list::List,
    receipt::{Evidence, GivenAway, Kind, Receipt, TraceError, identity},
};
use tallykey_signing::{
    Signer,
    certificate::{NO_END, Subject, Terms, certify},
    sign_grant,
};

use crate::{
    licences::target,
    pki::{BEGIN, CHIP_ID, Pki, SERIAL, pki},
    records::grant,
};

const RECORDS: &str = include_str!("../../../protocol/records.cddl");

/// The parts of a licence for 16 of 64 cameras, of which 8 went before; a test changes some and builds the rest.
struct Parts<'a> {
    pki: &'a Pki,
    grant: Grant<'a>,
    kind: Kind,
    receipt: Box<dyn Fn(Receipt<'static>) -> Receipt<'static>>,
    chain: [Vec<u8>; 2],
}

impl<'a> Parts<'a> {
    fn new(pki: &'a Pki) -> Self {
        Self {
            pki,
            grant: Grant {
                convert: Convert::Offline,
                ..grant(pki)
            },
            kind: Kind::ConvertOffline,
            receipt: Box::new(|receipt| receipt),
            chain: [pki.dongle.clone(), pki.factory.clone()],
        }
    }

    fn build(&self) -> Vec<u8> {
        let grant = sign_grant(&self.grant, &self.pki.desk()).unwrap();
        let root = Certificate::parse(&self.pki.root).unwrap();
        let (_, digest) = Grant::verify(&grant, &root).unwrap();
        let receipt = signed(self.pki, self.kind, &(self.receipt)(receipt(digest)));
        let [dongle, factory] = &self.chain;
        envelope(&receipt, &grant, [dongle, factory])
    }
}

fn receipt(grant: [u8; 32]) -> Receipt<'static> {
    let given = GivenAway {
        line: 1,
        before: 8,
        after: 24,
    };
    Receipt {
        serial: SERIAL,
        product: "tallykey-vms",
        revision: 1,
        grant,
        counter: 300,
        request_id: [6; 16],
        given: List::of(&[given]).unwrap(),
        target: Some(target()),
    }
}

fn envelope(receipt: &[u8], grant: &[u8], chain: [&[u8]; 2]) -> Vec<u8> {
    let composite = Composite(Evidence {
        receipt,
        grant,
        chain,
    });
    let mut out = vec![0; COMPOSITE_MAX];
    let length = composite.encode(&mut out).unwrap();
    out.truncate(length);
    assert_eq!(Composite::decode(&out), Ok(composite));
    out
}

fn signed(pki: &Pki, kind: Kind, receipt: &Receipt<'_>) -> Vec<u8> {
    let receipt = match kind {
        Kind::Retire => Receipt {
            target: None,
            ..*receipt
        },
        Kind::ConvertOffline | Kind::ConvertDesk => *receipt,
    };
    let (mut payload, mut record) = ([0; RECEIPT_MAX], [0; RECEIPT_MAX]);
    let length = receipt.encode(&mut payload).unwrap();
    let header = Header {
        typ: kind.typ(),
        key: &pki.dongle_key.public_key(),
        chain: &[],
    };
    let length = assemble::<Full>(&mut record, &header, &payload[..length], |digest| {
        Ok(pki.dongle_key.sign(digest).unwrap())
    });
    record[..length.unwrap()].to_vec()
}

fn verify<'b>(bytes: &'b [u8], pki: &Pki) -> Result<Converted<'b>, CompositeError> {
    Composite::verify(bytes, &Certificate::parse(&pki.root).unwrap())
}

fn refusal(bytes: &[u8], pki: &Pki) -> TraceError {
    match verify(bytes, pki).unwrap_err() {
        CompositeError::Trace(error) => error,
        CompositeError::Malformed(malformed) => panic!("{malformed}"),
    }
}

#[test]
fn a_conversion_stands_alone_up_to_the_root() {
    let pki = pki(1);
    let bytes = Parts::new(&pki).build();
    for rule in ["composite", "tallykey"] {
        let description = format!("start = {rule}\n{RECORDS}");
        validate_cbor_from_slice(&description, &bytes, None).unwrap();
    }
    let converted = verify(&bytes, &pki).unwrap();
    let traced = converted.traced;
    assert_eq!(converted.target, target());
    let [line] = *traced.lines else {
        panic!("one line: {:?}", traced.lines);
    };
    assert_eq!((line.id, line.feature, line.count), (1, "camera", 16));
    assert_eq!((line.valid_from, line.valid_to), (BEGIN, None));
    let key = thumbprint(&pki.dongle_key.public_key());
    assert_eq!(traced.thumbprint, key);
    assert_eq!(traced.identity, identity(&key, 300));
    assert_eq!(traced.receipt.counter, 300);
    assert!(!traced.simulated);
}

#[test]
fn the_largest_composite_fits_its_limit() {
    let part = |length| vec![0; length];
    let [receipt, grant] = [part(RECEIPT_MAX), part(GRANT_MAX)];
    let certificate = part(CERT_MAX);
    let bytes = envelope(&receipt, &grant, [&certificate; CHAIN_MAX]);
    assert!(bytes.len() <= COMPOSITE_MAX, "{}", bytes.len());
    let longer = vec![0xff; COMPOSITE_MAX + 1];
    assert_eq!(Composite::decode(&longer), Err(Malformed::TooLong));
}

#[test]
fn a03_composite_whose_parts_do_not_belong_together_is_refused_by_name() {
    let ours = pki(1);
    let parts = || Parts::new(&ours);
    let later = |pki| Grant {
        revision: 2,
        ..Parts::new(pki).grant
    };
    let cases: [(&str, Parts<'_>, TraceError); 9] = [
        (
            "desk receipt",
            Parts {
                kind: Kind::ConvertDesk,
                ..parts()
            },
            TraceError::Receipt(CoseError::WrongTyp {
                found: Typ::DeskReceipt,
                expected: Typ::OfflineReceipt,
            }),
        ),
        (
            "retire receipt",
            Parts {
                kind: Kind::Retire,
                ..parts()
            },
            TraceError::Receipt(CoseError::WrongTyp {
                found: Typ::RetireReceipt,
                expected: Typ::OfflineReceipt,
            }),
        ),
        (
            "another serial in the receipt",
            with(parts(), |r| Receipt {
                serial: "TK-000043",
                ..r
            }),
            TraceError::OtherSerial,
        ),
        (
            "another revision",
            Parts {
                grant: later(&ours),
                ..parts()
            },
            TraceError::OtherGrant,
        ),
        (
            "another grant",
            with(parts(), |r| Receipt {
                grant: [1; 32],
                ..r
            }),
            TraceError::OtherGrant,
        ),
        (
            "another product",
            with(parts(), |r| Receipt {
                product: "other",
                ..r
            }),
            TraceError::OtherGrant,
        ),
        (
            "a grant of another key",
            Parts {
                grant: Grant {
                    thumbprint: [1; 32],
                    ..parts().grant
                },
                ..parts()
            },
            TraceError::OtherHolder,
        ),
        (
            "a grant of another dongle",
            Parts {
                grant: Grant {
                    serial: "TK-000043",
                    ..parts().grant
                },
                ..parts()
            },
            TraceError::OtherHolder,
        ),
        (
            "a grant that may only go through the desk",
            Parts {
                grant: Grant {
                    convert: Convert::Desk,
                    ..parts().grant
                },
                ..parts()
            },
            TraceError::NotConvertible,
        ),
    ];
    for (name, parts, expected) in cases {
        assert_eq!(refusal(&parts.build(), &ours), expected, "{name}");
    }
    assert!(
        verify(&parts().build(), &ours).is_ok(),
        "the parts are good"
    );
}

#[test]
fn a03_composite_of_more_than_was_granted_is_refused() {
    let pki = pki(1);
    let given = |line, after| {
        let given = GivenAway {
            line,
            before: 8,
            after,
        };
        List::of(&[given]).unwrap()
    };
    for (line, after, expected) in [
        (1, 65, TraceError::AboveGrant { line: 1 }),
        (2, 9, TraceError::UnknownLine { line: 2 }),
    ] {
        let parts = with(Parts::new(&pki), move |r| Receipt {
            given: given(line, after),
            ..r
        });
        assert_eq!(refusal(&parts.build(), &pki), expected);
    }
    let all = with(Parts::new(&pki), move |r| Receipt {
        given: given(1, 64),
        ..r
    });
    let all = all.build();
    assert_eq!(verify(&all, &pki).unwrap().traced.lines[0].count, 56);
}

#[test]
fn a03_composite_under_a_wrong_chain_is_refused_by_name() {
    let (ours, theirs) = (pki(1), pki(11));
    let foreign = Parts::new(&theirs).build();
    let refused = refusal(&foreign, &ours);
    let other = matches!(refused, TraceError::Chain(CertError::OtherVendor { .. }));
    assert!(other, "{refused:?}");

    // A true dongle of ours whose grant another vendor signed.
    let grant = sign_grant(&Parts::new(&ours).grant, &theirs.desk()).unwrap();
    let record = signed(&ours, Kind::ConvertOffline, &receipt([0; 32]));
    let bytes = envelope(&record, &grant, [&ours.dongle, &ours.factory]);
    let refused = refusal(&bytes, &ours);
    let other = matches!(
        refused,
        TraceError::Grant(IssuedError::Chain(CertError::OtherVendor { .. }))
    );
    assert!(other, "{refused:?}");

    let wrong_role = Parts {
        chain: [ours.issuer.clone(), ours.factory.clone()],
        ..Parts::new(&ours)
    };
    let expected = CertError::WrongRole {
        wanted: Role::Dongle,
        found: Some(Role::Issuer),
    };
    let refused = refusal(&wrong_role.build(), &ours);
    assert_eq!(refused, TraceError::Chain(expected));

    // Another dongle of the same factory did not sign this.
    let (subject, key) = (
        Subject::Dongle {
            serial: SERIAL,
            chip_id: CHIP_ID,
        },
        theirs.dongle_key.public_key(),
    );
    let terms = Terms {
        serial_number: [9; 16],
        not_before: BEGIN,
        not_after: NO_END,
    };
    let other = certify(&subject, &key, &ours.factory, &ours.factory_key, &terms).unwrap();
    let stolen = Parts {
        chain: [other, ours.factory.clone()],
        ..Parts::new(&ours)
    };
    let refused = refusal(&stolen.build(), &ours);
    assert_eq!(refused, TraceError::Receipt(CoseError::WrongKey));
}

#[test]
fn a03_no_byte_of_a_composite_can_change() {
    let pki = pki(1);
    let good = Parts::new(&pki).build();
    // Its parts are held to every bit elsewhere; here that each part counts.
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        assert!(verify(&bytes, &pki).is_err(), "byte {at}");
    }
    for length in 0..good.len() {
        assert!(verify(&good[..length], &pki).is_err(), "{length} bytes");
    }
}

#[test]
fn a02_damaged_envelope_is_refused_before_its_parts() {
    let pki = pki(1);
    let good = Parts::new(&pki).build();
    let bent = |bend: fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        bend(&mut bytes);
        bytes
    };
    for (bytes, expected) in [
        (bent(|b| b.push(0)), Malformed::Trailing),
        (bent(|b| b.truncate(90)), Malformed::Truncated),
        (bent(|b| b[2] = 2), Malformed::Field("format")),
        (bent(|b| b[3] = 1), Malformed::KeyOrder),
        (
            bent(|b| {
                b[0] = 0xa5;
                b.extend([5, 0]);
            }),
            Malformed::UnknownKey(5),
        ),
        (vec![0xa1, 1, 1], Malformed::Field("receipt")),
    ] {
        assert_eq!(Composite::decode(&bytes), Err(expected));
        let refused = verify(&bytes, &pki).unwrap_err();
        assert_eq!(refused, CompositeError::Malformed(expected));
    }
}

fn with<'a>(
    parts: Parts<'a>,
    receipt: impl Fn(Receipt<'static>) -> Receipt<'static> + 'static,
) -> Parts<'a> {
    Parts {
        receipt: Box::new(receipt),
        ..parts
    }
}
