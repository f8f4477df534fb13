//! Instructions and time tokens as we make them, and receipts as a dongle does: read back, described, and signed by no
//! wrong role.

use cddl::validate_cbor_from_slice;
use tallykey_protocol::{
    cbor::{Full, Malformed},
    cert::{Certificate, Role},
    cose::{CoseError, Header, assemble},
    id::thumbprint,
    instruction::{Instruction, Kind as InstructionKind},
    issued::IssuedError,
    limits::RECEIPT_MAX,
    list::List,
    receipt::{GivenAway, Kind, Receipt},
    target::{Component, Part, Target},
    time::TimeToken,
};
use tallykey_signing::{Issuer, RecordError, Signer, sign_instruction, sign_time};

use crate::pki::{BEGIN, END, Pki, SERIAL, pki};

const RECORDS: &str = include_str!("../../../protocol/records.cddl");

fn instruction(pki: &Pki, kind: InstructionKind) -> Instruction<'static> {
    Instruction {
        vendor: "Acme, Inc.",
        serial: SERIAL,
        issued_at: BEGIN,
        thumbprint: thumbprint(&pki.dongle_key.public_key()),
        counter: 300,
        kind,
    }
}

fn token(now: u64, nonce: Option<[u8; 32]>) -> TimeToken<'static> {
    TimeToken {
        vendor: "Acme, Inc.",
        now,
        nonce,
    }
}

fn role_of<T>(result: Result<T, RecordError>) -> Option<Role> {
    match result.err().expect("a refusal") {
        RecordError::Refused {
            source: IssuedError::RoleNotAllowed { role },
        } => role,
        other => panic!("{other:?}"),
    }
}

#[test]
fn instructions_come_back_as_they_went_and_are_as_described() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    for kind in [InstructionKind::ResetOwnerCode, InstructionKind::Recycle] {
        let instruction = instruction(&pki, kind);
        let record = sign_instruction(&instruction, &pki.desk()).unwrap();
        let (read, signer) = Instruction::verify(&record, &root).unwrap();
        assert_eq!((read, signer.role), (instruction, Role::Issuer));
        assert_eq!(signer.key, pki.issuer_key.public_key());
        described(&record, "instruction-record");
    }
}

#[test]
fn time_tokens_come_back_as_they_went_and_are_as_described() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    for token in [token(BEGIN, None), token(END, Some([7; 32]))] {
        let record = sign_time(&token, &pki.desk()).unwrap();
        assert_eq!(TimeToken::verify(&record, &root).unwrap(), token);
        described(&record, "time-record");
    }
    // The issuer's certificate is over by then: it cannot say that it is later.
    assert!(sign_time(&token(END + 1, None), &pki.desk()).is_err());
}

#[test]
fn a03_a_factory_issuer_may_recycle_and_nothing_else() {
    let pki = pki(1);
    let factory = pki.signer(&pki.factory_issuer_key, &pki.factory_issuer);
    sign_instruction(&instruction(&pki, InstructionKind::Recycle), &factory).unwrap();
    let reset = instruction(&pki, InstructionKind::ResetOwnerCode);
    let role = Some(Role::FactoryIssuer);
    assert_eq!(role_of(sign_instruction(&reset, &factory)), role);
    assert_eq!(role_of(sign_time(&token(BEGIN, None), &factory)), role);
    for (key, certificate, role) in [
        (&pki.dongle_key, &pki.dongle, Some(Role::Dongle)),
        (&pki.factory_key, &pki.factory, Some(Role::Factory)),
        (&pki.root_key, &pki.root, None),
    ] {
        let signer: Issuer<'_> = pki.signer(key, certificate);
        let recycle = instruction(&pki, InstructionKind::Recycle);
        assert_eq!(role_of(sign_instruction(&recycle, &signer)), role);
        assert_eq!(role_of(sign_time(&token(BEGIN, None), &signer)), role);
    }
}

#[test]
fn receipts_are_as_described_and_none_passes_for_another() {
    let pki = pki(1);
    let key = pki.dongle_key.public_key();
    let rules = [
        ("offline-receipt-record", Kind::ConvertOffline),
        ("desk-receipt-record", Kind::ConvertDesk),
        ("retire-receipt-record", Kind::Retire),
    ];
    for (rule, kind) in rules {
        let receipt = receipt(kind);
        let record = signed(&pki, kind, &receipt);
        let (read, _) = Receipt::verify(&record, kind, &key).unwrap();
        assert_eq!(read, receipt);
        described(&record, "receipt-record");
        for (other, other_kind) in rules {
            assert_eq!(valid(other, &record), other == rule, "{rule} as {other}");
            let verified = Receipt::verify(&record, other_kind, &key);
            assert_eq!(verified.is_ok(), other == rule, "{rule} as {other}");
        }
    }
}

#[test]
fn a_receipt_that_makes_no_sense_is_refused_whoever_signed_it() {
    let pki = pki(1);
    let key = pki.dongle_key.public_key();
    let good = receipt(Kind::ConvertDesk);
    let part = |line, before, after| GivenAway {
        line,
        before,
        after,
    };
    let given = |parts: &[GivenAway]| List::of(parts).unwrap();
    let cases = [
        (
            "given",
            Receipt {
                given: given(&[]),
                ..good
            },
        ),
        (
            "given",
            Receipt {
                given: given(&[part(1, 4, 4)]),
                ..good
            },
        ),
        (
            "given",
            Receipt {
                given: given(&[part(1, 4, 3)]),
                ..good
            },
        ),
        (
            "given",
            Receipt {
                given: given(&[part(2, 0, 1), part(1, 0, 1)]),
                ..good
            },
        ),
        (
            "given",
            Receipt {
                given: given(&[part(1, 0, 1), part(1, 1, 2)]),
                ..good
            },
        ),
        (
            "revision",
            Receipt {
                revision: 0,
                ..good
            },
        ),
        ("counter", Receipt { counter: 0, ..good }),
        (
            "target",
            Receipt {
                target: None,
                ..good
            },
        ),
    ];
    for (field, receipt) in cases {
        let record = signed(&pki, Kind::ConvertDesk, &receipt);
        let refused = Receipt::verify(&record, Kind::ConvertDesk, &key).unwrap_err();
        assert_eq!(
            refused,
            CoseError::Malformed(Malformed::Field(field)),
            "{receipt:?}"
        );
    }
    let targeted = signed(&pki, Kind::Retire, &good);
    let refused = Receipt::verify(&targeted, Kind::Retire, &key).unwrap_err();
    assert_eq!(refused, CoseError::Malformed(Malformed::Field("target")));
    let record = signed(&pki, Kind::ConvertDesk, &good);
    let refused = Receipt::verify(&record, Kind::ConvertDesk, &pki.issuer_key.public_key());
    assert_eq!(refused.unwrap_err(), CoseError::WrongKey);
}

fn receipt(kind: Kind) -> Receipt<'static> {
    let component = |part| Component {
        part,
        hash: [5; 16],
    };
    let target = Target {
        salt: [6; 16],
        components: List::of(&[component(Part::Board), component(Part::Network)]).unwrap(),
        host_key: [4; 65],
    };
    let given = GivenAway {
        line: 1,
        before: 4,
        after: 64,
    };
    Receipt {
        serial: SERIAL,
        product: "vms",
        revision: 2,
        grant: [3; 32],
        counter: 300,
        request_id: [1; 16],
        given: List::of(&[given]).unwrap(),
        target: (kind != Kind::Retire).then_some(target),
    }
}

fn signed(pki: &Pki, kind: Kind, receipt: &Receipt<'_>) -> Vec<u8> {
    let (mut payload, mut record) = ([0; RECEIPT_MAX], [0; RECEIPT_MAX]);
    let length = receipt.encode(&mut payload).unwrap();
    let header = Header {
        typ: kind.typ(),
        key: &pki.dongle_key.public_key(),
        chain: &[],
    };
    let sign = |digest: &[u8; 32]| Ok(pki.dongle_key.sign(digest).unwrap());
    let length = assemble::<Full>(&mut record, &header, &payload[..length], sign).unwrap();
    record[..length].to_vec()
}

fn valid(rule: &str, record: &[u8]) -> bool {
    let description = format!("start = {rule}\n{RECORDS}");
    validate_cbor_from_slice(&description, record, None).is_ok()
}

fn described(record: &[u8], rule: &str) {
    assert!(valid(rule, record), "{rule}");
    assert!(valid("tallykey", record), "{rule} is a record");
    assert!(!valid("grant-record", record), "{rule} is no grant");
}
