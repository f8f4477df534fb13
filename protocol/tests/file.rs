//! Files of several objects: found by their content, in armour or raw, each error with its place.

use proptest::prelude::*;
use tallykey_protocol::armour::{self, ArmourError, Armoured, Label};
use tallykey_protocol::cbor::{Full, Malformed};
use tallykey_protocol::composite::Composite;
use tallykey_protocol::cose::{CoseError, Header, Typ, assemble};
use tallykey_protocol::file::{FileError, Kind, Objects, Place, Sin};
use tallykey_protocol::limits::{FILE_MAX, OBJECTS_MAX};
use tallykey_protocol::receipt::Evidence;
use tallykey_protocol::trust::TrustBundle;
use tallykey_protocol::{proof, receipt};

/// Sniffing looks at no signature.
fn record(typ: Typ) -> Vec<u8> {
    let header = Header {
        typ,
        key: &[4; 65],
        chain: &[],
    };
    let mut out = [0; 256];
    let length = assemble::<Full>(&mut out, &header, &[0xA0], |_| Ok([1; 64])).expect("fits");
    out[..length].to_vec()
}

fn written(write: impl FnOnce(&mut [u8]) -> Result<usize, Full>) -> Vec<u8> {
    let mut out = [0; 256];
    let length = write(&mut out).expect("fits");
    out[..length].to_vec()
}

fn composite() -> Vec<u8> {
    let evidence = Evidence {
        receipt: b"receipt",
        grant: b"grant",
        chain: [b"dongle", b"factory"],
    };
    written(|out| Composite(evidence).encode(out))
}

fn bundle() -> Vec<u8> {
    let bundle = TrustBundle {
        vendor: "Acme",
        root: b"root",
        test: false,
    };
    written(|out| bundle.encode(out))
}

/// A list without entries, of the simulator's root.
fn crl() -> Vec<u8> {
    let mut out = [0; 512];
    let list = armour::single(include_bytes!("file/list.crl"), Label::Crl, &mut out);
    list.expect("armour").to_vec()
}

/// Every kind there is.
fn objects() -> Vec<(Kind, Vec<u8>)> {
    let kinds = [
        (Typ::Profile, Kind::Profile),
        (Typ::Grant, Kind::Grant),
        (Typ::OpenProof, Kind::Proof(proof::Kind::Open)),
        (Typ::AttestProof, Kind::Proof(proof::Kind::Attest)),
        (Typ::RequestProof, Kind::Proof(proof::Kind::Request)),
        (Typ::StateProof, Kind::Proof(proof::Kind::State)),
        (
            Typ::OfflineReceipt,
            Kind::Receipt(receipt::Kind::ConvertOffline),
        ),
        (Typ::DeskReceipt, Kind::Receipt(receipt::Kind::ConvertDesk)),
        (Typ::RetireReceipt, Kind::Receipt(receipt::Kind::Retire)),
        (Typ::Instruction, Kind::Instruction),
        (Typ::Time, Kind::Time),
        (Typ::Licence, Kind::Licence),
        (Typ::Request, Kind::Request),
        (Typ::Revocation, Kind::Revocation),
    ];
    assert!(kinds.iter().map(|(typ, _)| *typ).eq(Typ::ALL));
    let mut objects: Vec<_> = kinds.map(|(typ, kind)| (kind, record(typ))).into();
    objects.push((Kind::Composite, composite()));
    objects.push((Kind::TrustBundle, bundle()));
    objects.push((Kind::Crl, crl()));
    objects
}

type Found = Result<(Kind, Vec<u8>), FileError>;

fn read(file: &[u8]) -> Vec<Found> {
    let mut objects = Objects::new(file);
    let mut out = [0; 512];
    let mut found = Vec::new();
    while let Some(object) = objects.next(&mut out) {
        found.push(object.map(|object| (object.kind, object.bytes.to_vec())));
    }
    found
}

fn armoured(label: Label, bytes: &[u8]) -> String {
    Armoured { label, bytes }.to_string()
}

fn at_line(line: usize, sin: Sin) -> Found {
    let place = Place::Line(line);
    Err(FileError { place, sin })
}

fn at_byte(byte: usize, sin: Sin) -> Found {
    let place = Place::Byte(byte);
    Err(FileError { place, sin })
}

#[test]
fn every_kind_is_known_raw_and_in_armour() {
    let all = objects();
    let expected: Vec<Found> = all.iter().cloned().map(Ok).collect();
    let raw: Vec<u8> = all.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
    assert_eq!(read(&raw), expected);
    let text: String = all
        .iter()
        .map(|(kind, bytes)| armoured(kind.label(), bytes))
        .collect();
    assert_eq!(read(text.as_bytes()), expected);
    let mut names: Vec<_> = all.iter().map(|(kind, _)| kind.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all.len(), "a name for each");
}

#[test]
fn an_empty_file_has_nothing_in_it() {
    assert_eq!(read(b""), []);
}

#[test]
fn a_courier_may_write_around_the_objects() {
    let (grant, licence) = (record(Typ::Grant), record(Typ::Licence));
    let [a, b] = [(Label::Grant, &grant), (Label::Licence, &licence)]
        .map(|(label, bytes)| armoured(label, bytes).replace('\n', " \r\n"));
    let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let mut file =
        format!("\u{FEFF}Dear desk,\n{a}\nand\n{certificate}  {b}\nRegards").into_bytes();
    // A mailer's umlaut, in no encoding of ours.
    file.extend(b"\nM\xFCller\n");
    let expected = [Ok((Kind::Grant, grant)), Ok((Kind::Licence, licence))];
    assert_eq!(read(&file), expected);
}

#[test]
fn a02_what_is_damaged_is_named_and_what_follows_is_still_read() {
    let (grant, time) = (record(Typ::Grant), record(Typ::Time));
    let good = armoured(Label::Time, &time);
    let bad = armoured(Label::Grant, &grant);
    let cut = bad.replace("-----END TALLYKEY GRANT-----\n", "");
    let lines = bad.lines().count();
    let cases = [
        (
            bad.replacen("0oR", "0!R", 1),
            ArmourError::BadText { line: 2 },
        ),
        (cut, ArmourError::NoEnd),
        (
            bad.replace("END TALLYKEY GRANT", "END TALLYKEY TIME"),
            ArmourError::BadText { line: lines },
        ),
    ];
    for (bad, error) in cases {
        let expected = [
            at_line(1, Sin::Armour(error)),
            Ok((Kind::Time, time.clone())),
        ];
        assert_eq!(read((bad + &good).as_bytes()), expected);
    }
    let no_end = good.replace("-----END", "");
    assert_eq!(read(no_end.as_bytes()).len(), 1);

    let mislabelled = armoured(Label::Grant, &time) + &good;
    let expected = [
        at_line(1, Sin::Mislabelled(Kind::Time)),
        Ok((Kind::Time, time.clone())),
    ];
    assert_eq!(read(mislabelled.as_bytes()), expected);
    let renamed = good.replace("TALLYKEY TIME", "TALLYKEY THYME");
    let expected = at_line(1, Sin::Mislabelled(Kind::Time));
    assert_eq!(read(renamed.as_bytes()), [expected]);

    let long = armoured(Label::Time, &[0; 600]) + &good;
    let expected = [
        at_line(1, Sin::Armour(ArmourError::TooLong)),
        Ok((Kind::Time, time)),
    ];
    assert_eq!(read(long.as_bytes()), expected);
}

#[test]
fn a02_what_is_none_of_ours_ends_a_raw_file() {
    let grant = record(Typ::Grant);
    let unknown = [&grant[..], &[0xA1, 0x01, 0x01], &grant].concat();
    let place = grant.len();
    let good = Ok((Kind::Grant, grant.clone()));
    assert_eq!(read(&unknown), [good.clone(), at_byte(place, Sin::Unknown)]);
    let damaged = [&grant[..], &[0x9F, 0xFF]].concat();
    let malformed = Sin::Malformed(Malformed::Indefinite);
    assert_eq!(read(&damaged), [good, at_byte(place, malformed)]);
    let mut other = grant;
    let at = other
        .windows(5)
        .position(|text| text == b"grant")
        .expect("its type");
    other[at] = b'G';
    let unknown = Sin::Record(CoseError::UnknownTyp);
    assert_eq!(read(&other), [at_byte(0, unknown)]);
    for text in ["A licence.", "-----BEGIN CERTIFICATE-----\nMIIB\n"] {
        assert_eq!(read(text.as_bytes()).len(), 1, "{text}");
    }
}

#[test]
fn a02_a_file_without_end_is_not_looked_into() {
    let long = vec![0xA0; FILE_MAX + 1];
    assert_eq!(read(&long), [at_byte(0, Sin::TooMuch)]);
    let bundle = bundle();
    let many = bundle.repeat(OBJECTS_MAX + 1);
    let found = read(&many);
    assert_eq!(found.len(), OBJECTS_MAX + 1);
    let last = many.len();
    assert_eq!(found.last(), Some(&at_byte(last, Sin::TooMuch)));
    let many = armoured(Label::TrustBundle, &bundle).repeat(OBJECTS_MAX + 1);
    let found = read(many.as_bytes());
    let kinds = found.iter().filter(|found| found.is_ok()).count();
    assert_eq!((kinds, found.len()), (OBJECTS_MAX, OBJECTS_MAX + 1));
}

proptest! {
    #[test]
    fn objects_are_found_in_any_order(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        text in "([A-Za-z0-9 .:]{0,20}\n){0,3}",
    ) {
        let all = objects();
        let picked: Vec<_> = picks.iter().map(|pick| all[pick.index(all.len())].clone()).collect();
        let expected: Vec<Found> = picked.iter().cloned().map(Ok).collect();
        let raw: Vec<u8> = picked.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        prop_assert_eq!(read(&raw), expected.clone());
        let file: String = picked
            .iter()
            .map(|(kind, bytes)| armoured(kind.label(), bytes) + &text)
            .collect();
        prop_assert_eq!(read(file.as_bytes()), expected);
    }

    #[test]
    fn a02_arbitrary_files_end(
        text in "(-----(BEGIN|END) TALLYKEY (GRANT|TIME)-----\n?|[A-Za-z0-9+/=\n ]){0,40}",
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        for file in [text.as_bytes(), &bytes] {
            prop_assert!(read(file).len() <= file.len());
        }
    }
}

#[test]
fn der_that_is_no_list_is_nothing_of_ours() {
    let list = crl();
    let mut damaged = list.clone();
    // Its version.
    damaged[8] ^= 0x40;
    assert_eq!(read(&damaged), [at_byte(0, Sin::Unknown)]);
    let text = armoured(Label::Crl, &damaged);
    assert_eq!(read(text.as_bytes()), [at_line(1, Sin::Unknown)]);
    assert_eq!(read(b"00:02:D1:00:00:01\n"), [at_byte(0, Sin::Unknown)]);
    // One that was cut off is not even DER.
    assert!(matches!(&read(&list[..40])[..], [Err(_)]));
    let mislabelled = Sin::Mislabelled(Kind::Crl);
    let text = armoured(Label::Grant, &list);
    assert_eq!(read(text.as_bytes()), [at_line(1, mislabelled)]);
}
