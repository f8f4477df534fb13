//! Software licences: read back as they went, described, and refused by name when they are not.

use cddl::validate_cbor_from_slice;
use coset::cbor::Value;
use tallykey_protocol::{
    cbor::Malformed,
    cert::{CertError, Certificate, Role},
    cose::{CoseError, Typ},
    grant::{self, Convert, Grant, NO_FREE_CHANNELS, Plan},
    id::thumbprint,
    issued::IssuedError,
    licence::{Holder, Licence, Line, Mac, Macs},
    limits::{
        CERT_MAX, COMPONENTS_MAX, COUNT_MAX, LABEL_MAX, LICENCE_ABSORBS_MAX, LICENCE_LINES_MAX,
        LICENCE_MAX, MACS_MAX, NAME_MAX, TIME_MAX,
    },
    list::List,
    target::{Component, Part, Target},
};
use tallykey_signing::{
    RecordError, Signer, SoftwareKey, mac_licence, machine_licence, next_licence, sign_grant,
    sign_licence, simulator,
};

use crate::{
    forger::{Bend, Claims, Forger, claim, drop_claim},
    pki::{BEGIN, Pki, pki},
    records::grant,
};

const RECORDS: &str = include_str!("../../../protocol/records.cddl");
const CAMERAS: [Mac; 2] = [[0, 2, 0xd1, 0, 0, 7], [0, 2, 0xd1, 0, 0, 9]];

pub(crate) fn target() -> Target {
    let component = |part, hash| Component {
        part,
        hash: [hash; 16],
    };
    let components = [component(Part::Board, 1), component(Part::Network, 2)];
    Target {
        salt: [5; 16],
        components: List::of(&components).unwrap(),
        host_key: SoftwareKey::from_bytes(&[9; 32]).unwrap().public_key(),
    }
}

fn line(macs: &[Mac]) -> Line<'_> {
    let line = grant::Line {
        id: 1,
        feature: "camera",
        count: 64,
        plan: Plan::Perpetual,
        valid_from: BEGIN,
        valid_to: None,
    };
    let macs = Macs::new(macs).unwrap();
    Line { line, macs }
}

fn for_machine() -> Licence<'static> {
    let lines = List::of(&[line(&[])]).unwrap();
    machine_licence(&simulator::profile(), &target(), lines, BEGIN)
}

fn for_macs() -> Licence<'static> {
    let lines = List::of(&[line(&CAMERAS)]).unwrap();
    mac_licence(&simulator::profile(), lines, BEGIN)
}

/// Every field at its limit; the issuer's certificate may be longer than ours.
fn largest(with: impl FnOnce(&Licence<'_>)) {
    let (feature, product) = ("f".repeat(NAME_MAX), "p".repeat(NAME_MAX));
    let label = "ö".repeat(LABEL_MAX / 2);
    let macs: Vec<Mac> = (0..MACS_MAX as u64)
        .map(|n| {
            let [.., high, low] = n.to_be_bytes();
            [0xfe, 0, 0, 0, high, low]
        })
        .collect();
    let share = MACS_MAX / LICENCE_LINES_MAX;
    let lines: Vec<Line<'_>> = (0..LICENCE_LINES_MAX)
        .map(|n| Line {
            line: grant::Line {
                id: u32::MAX - 64 + n as u32,
                feature: &feature,
                count: COUNT_MAX,
                plan: Plan::Subscription,
                valid_from: TIME_MAX - 1,
                valid_to: Some(TIME_MAX),
            },
            macs: Macs::new(&macs[n * share..(n + 1) * share]).unwrap(),
        })
        .collect();
    with(&Licence {
        vendor: &label,
        product: &product,
        revision: u64::MAX,
        profile_revision: u64::MAX,
        request_nonce: Some([0xff; 32]),
        lines: List::of(&lines).unwrap(),
        absorbs: List::of(&[[0xff; 32]; LICENCE_ABSORBS_MAX]).unwrap(),
        customer: &label,
        project: &label,
        desk_nonce: Some([0xff; 32]),
        ..for_macs()
    });
}

#[test]
fn licences_come_back_as_they_went_and_are_as_described() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let first = for_machine();
    let next = Licence {
        desk_nonce: Some([8; 32]),
        request_nonce: Some([7; 32]),
        convert: Convert::Desk,
        flags: NO_FREE_CHANNELS,
        customer: "Ada",
        ..next_licence(&first, [3; 32], List::default(), BEGIN + 1)
    };
    assert_eq!((next.revision, &*next.absorbs), (2, &[[3; 32]][..]));
    for (rule, other, licence) in [
        ("machine-licence", "mac-licence", first),
        ("machine-licence", "mac-licence", next),
        ("mac-licence", "machine-licence", for_macs()),
    ] {
        let record = sign_licence(&licence, &pki.desk()).unwrap();
        let (read, _) = Licence::verify(&record, &root).unwrap();
        assert_eq!(read, licence);
        validate("licence-record", &record).unwrap();
        validate("tallykey", &record).unwrap();
        let mut claims = vec![0; LICENCE_MAX];
        let length = licence.encode(&mut claims).unwrap();
        validate(rule, &claims[..length]).unwrap();
        validate(other, &claims[..length]).unwrap_err();
    }
}

#[test]
fn a_machine_is_named_by_its_key_and_its_components() {
    let target = target();
    let Holder::Machine {
        thumbprint: key,
        binding,
    } = for_machine().holder
    else {
        panic!("a machine's");
    };
    assert_eq!(key, thumbprint(&target.host_key));
    assert_eq!(binding, target.binding());
}

#[test]
fn a_line_knows_its_devices() {
    let macs = Macs::new(&CAMERAS).unwrap();
    assert!(macs.contains(&CAMERAS[1]) && !macs.contains(&[0, 2, 0xd1, 0, 0, 8]));
    assert_eq!(macs.addresses(), CAMERAS);
    let [a, b] = CAMERAS;
    for wrong in [[b, a], [a, a], [a, [0xff; 6]], [[0; 6], a]] {
        assert_eq!(Macs::new(&wrong), Err(Malformed::Field("mac")));
    }
}

#[test]
fn the_largest_licence_fits_its_limit() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    largest(|licence| {
        let record = sign_licence(licence, &pki.desk()).unwrap();
        let longest = record.len() - pki.issuer.len() + CERT_MAX;
        assert!(longest <= LICENCE_MAX, "{longest}");
        assert_eq!(Licence::verify(&record, &root).unwrap().0, *licence);
        validate("licence-record", &record).unwrap();
    });
    let longest = [Component::default(); COMPONENTS_MAX];
    let machine = Target {
        components: List::of(&longest).unwrap(),
        ..target()
    };
    let licence = machine_licence(&simulator::profile(), &machine, List::default(), BEGIN);
    sign_licence(&licence, &pki.desk()).unwrap();
}

#[test]
fn a02_licence_longer_than_its_limit_is_refused_unread() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let refused = Licence::verify(&vec![0xff; LICENCE_MAX + 1], &root).unwrap_err();
    assert_eq!(refused, IssuedError::from(Malformed::TooLong));
}

#[test]
fn a03_other_vendors_licence_is_refused() {
    let (ours, theirs) = (pki(1), pki(11));
    let record = sign_licence(&for_machine(), &theirs.desk()).unwrap();
    let root = Certificate::parse(&ours.root).unwrap();
    let refused = Licence::verify(&record, &root).unwrap_err();
    let foreign = matches!(refused, IssuedError::Chain(CertError::OtherVendor { .. }));
    assert!(foreign, "{refused:?}");
}

#[test]
fn a03_only_an_issuer_signs_licences() {
    let pki = pki(1);
    for (key, certificate, role) in [
        (
            &pki.factory_issuer_key,
            &pki.factory_issuer,
            Some(Role::FactoryIssuer),
        ),
        (&pki.dongle_key, &pki.dongle, Some(Role::Dongle)),
        (&pki.factory_key, &pki.factory, Some(Role::Factory)),
        (&pki.root_key, &pki.root, None),
    ] {
        for licence in [for_machine(), for_macs()] {
            let RecordError::Refused { source } =
                sign_licence(&licence, &pki.signer(key, certificate)).unwrap_err()
            else {
                panic!("another error");
            };
            assert_eq!(source, IssuedError::RoleNotAllowed { role });
        }
    }
}

#[test]
fn a03_a_licence_and_a_grant_never_pass_for_each_other() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let licence = sign_licence(&for_machine(), &pki.desk()).unwrap();
    assert!(Grant::verify(&licence, &root).is_err());
    let grant = sign_grant(&grant(&pki), &pki.desk()).unwrap();
    assert!(Licence::verify(&grant, &root).is_err());
    // Nor do a licence's claims under a grant's name, or under an unknown one.
    let forger = forger(&pki, &for_macs());
    let wrong = |found| CoseError::WrongTyp {
        found,
        expected: Typ::Licence,
    };
    for (typ, expected) in [
        (Typ::Grant.media_type(), wrong(Typ::Grant)),
        (Typ::Time.media_type(), wrong(Typ::Time)),
        ("application/cwt", CoseError::UnknownTyp),
    ] {
        let refused = Licence::verify(&forger.typ(typ), &root).unwrap_err();
        assert_eq!(refused, IssuedError::Record(expected));
    }
}

#[test]
fn a03_no_bit_of_a_licence_can_change() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    for licence in [for_machine(), for_macs()] {
        let good = sign_licence(&licence, &pki.desk()).unwrap();
        for bit in 0..8 * good.len() {
            let mut record = good.clone();
            record[bit / 8] ^= 1 << (bit % 8);
            assert!(Licence::verify(&record, &root).is_err(), "bit {bit}");
        }
        for length in 0..good.len() {
            assert!(Licence::verify(&good[..length], &root).is_err(), "{length}");
        }
        let longer = [&good[..], &[0]].concat();
        let refused = Licence::verify(&longer, &root).unwrap_err();
        assert_eq!(refused, IssuedError::from(Malformed::Trailing));
    }
}

#[test]
fn a03_licence_in_another_container_is_refused_by_its_name() {
    use coset::iana::Algorithm;
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let forger = forger(&pki, &for_machine());
    assert!(Licence::verify(&forger.good(), &root).is_ok());
    for (name, bytes, expected) in [
        (
            "ES384",
            forger.header(|h| h.algorithm(Algorithm::ES384)),
            IssuedError::Record(CoseError::WrongAlgorithm),
        ),
        (
            "high s",
            forger.high_s(),
            IssuedError::Record(CoseError::HighS),
        ),
        ("no certificate", forger.bare(), IssuedError::NoIssuer),
        (
            "unprotected header",
            forger.unprotected(),
            Malformed::UnknownKey(4).into(),
        ),
        (
            "claim twice",
            forger.claims(|claims| claims.push(claims[0].clone())),
            Malformed::KeyOrder.into(),
        ),
    ] {
        let refused = Licence::verify(&bytes, &root).unwrap_err();
        assert_eq!(refused, expected, "{name}");
    }
}

/// What is bent, how, and the answer.
type Bent = (bool, Bend, &'static str);

#[test]
fn a02_claims_that_break_a_rule_are_refused_by_their_field() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    const MACHINE: bool = true;
    const MACS: bool = false;
    let bent: [Bent; 12] = [
        (MACHINE, |c| drop_claim(c, -65572), "binding"),
        (
            MACHINE,
            |c| *part(c, -65572, 1) = Value::Array(vec![]),
            "binding",
        ),
        (MACHINE, |c| drop_claim(c, 8), "line"),
        (MACHINE, |c| *claim(c, -65543) = Value::from(2), "convert"),
        (MACHINE, |c| *claim(c, -65544) = Value::from(2), "flags"),
        (MACHINE, |c| *claim(c, -65539) = Value::from(0), "revision"),
        (MACHINE, |c| drop_claim(c, -65545), "absorbs"),
        (MACS, |c| *macs(c) = Value::Bytes(vec![]), "mac"),
        (MACS, |c| *macs(c) = Value::Bytes(vec![2; 7]), "mac"),
        (MACS, |c| *macs(c) = Value::Bytes(vec![2; 12]), "mac"),
        (MACS, |c| *macs(c) = Value::Bytes(vec![1; 6]), "mac"),
        (
            MACS,
            |c| {
                let lines = claim(c, -65542).as_array_mut().unwrap();
                lines.push(lines[0].clone());
            },
            "line id",
        ),
    ];
    for (machine, bend, field) in bent {
        let licence = if machine { for_machine() } else { for_macs() };
        let record = forger(&pki, &licence).claims(bend);
        let refused = Licence::verify(&record, &root).unwrap_err();
        assert_eq!(refused, Malformed::Field(field).into(), "{field}");
    }
    let unknown = forger(&pki, &for_macs()).claims(|c| c.push(((-65600).into(), 1.into())));
    let refused = Licence::verify(&unknown, &root).unwrap_err();
    assert_eq!(refused, Malformed::UnknownKey(-65600).into());
}

#[test]
fn a02_a_licence_of_too_many_addresses_is_refused() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let record = forger(&pki, &for_macs()).claims(|claims| {
        let lines = claim(claims, -65542).as_array_mut().unwrap();
        let addresses: Vec<u8> = (0..=MACS_MAX as u16 / 2)
            .flat_map(|n| [2, 0, 0, 0, n.to_be_bytes()[0], n.to_be_bytes()[1]])
            .collect();
        lines[0].as_array_mut().unwrap()[6] = Value::Bytes(addresses);
        let mut second = lines[0].clone();
        second.as_array_mut().unwrap()[0] = Value::from(2);
        lines.push(second);
    });
    let refused = Licence::verify(&record, &root).unwrap_err();
    assert_eq!(refused, Malformed::Field("mac").into());
}

fn part(claims: &mut Claims, key: i64, index: usize) -> &mut Value {
    &mut claim(claims, key).as_array_mut().unwrap()[index]
}

fn macs(claims: &mut Claims) -> &mut Value {
    &mut part(claims, -65542, 0).as_array_mut().unwrap()[6]
}

fn forger<'a>(pki: &'a Pki, licence: &Licence<'_>) -> Forger<'a> {
    let mut payload = vec![0; LICENCE_MAX];
    let length = licence.encode(&mut payload).unwrap();
    payload.truncate(length);
    Forger::of(pki, Typ::Licence, payload)
}

fn validate(rule: &str, cbor: &[u8]) -> Result<(), String> {
    let description = format!("start = {rule}\n{RECORDS}");
    validate_cbor_from_slice(&description, cbor, None).map_err(|error| error.to_string())
}
