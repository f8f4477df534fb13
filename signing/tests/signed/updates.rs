//! Update files: what follows goes in, what does not is named.

use tallykey_protocol::{
    file::{Kind, Objects},
    grant::Grant,
    limits::OBJECT_MAX,
};
use tallykey_signing::{UpdateError, next_grant, sign_grant, update};

use crate::{
    pki::{BEGIN, pki},
    records::grant,
};

#[test]
fn an_update_holds_the_grants_in_their_order() {
    let pki = pki(1);
    let first = grant(&pki);
    let second = next_grant(&first, first.lines, BEGIN + 1);
    let third = next_grant(&second, first.lines, BEGIN + 2);
    let grants = [first, second, third].map(|grant| sign_grant(&grant, &pki.desk()).unwrap());
    let records: Vec<&[u8]> = grants.iter().map(|grant| &grant[..]).collect();
    let file = update(&records, &pki.root).unwrap();
    let (mut objects, mut out) = (Objects::new(file.as_bytes()), vec![0; OBJECT_MAX]);
    for grant in &grants {
        let object = objects.next(&mut out).unwrap().unwrap();
        assert_eq!((object.kind, object.bytes), (Kind::Grant, &grant[..]));
    }
    assert!(objects.next(&mut out).is_none());

    let refused = update(&[records[0], records[2]], &pki.root).unwrap_err();
    let skipped = matches!(
        refused,
        UpdateError::WrongRevision {
            index: 1,
            found: 3,
            expected: 2
        }
    );
    assert!(skipped, "{refused:?}");
    let refused = update(&[], &pki.root).unwrap_err();
    assert!(matches!(refused, UpdateError::Empty), "{refused:?}");
}

#[test]
fn a14_an_update_of_two_dongles_or_of_another_vendor_is_not_made() {
    let (pki, theirs) = (pki(1), pki(11));
    let first = grant(&pki);
    let ours = sign_grant(&first, &pki.desk()).unwrap();
    let second = next_grant(&first, first.lines, BEGIN + 1);
    for other in [
        Grant {
            serial: "TK-000043",
            ..second
        },
        Grant {
            thumbprint: [1; 32],
            ..second
        },
        Grant {
            product: "other",
            ..second
        },
    ] {
        let other = sign_grant(&other, &pki.desk()).unwrap();
        let refused = update(&[&ours, &other], &pki.root).unwrap_err();
        let named = matches!(refused, UpdateError::OtherHolder { index: 1 });
        assert!(named, "{refused:?}");
    }
    let foreign = sign_grant(&second, &theirs.desk()).unwrap();
    let refused = update(&[&ours, &foreign], &pki.root).unwrap_err();
    let named = matches!(refused, UpdateError::Refused { index: 1, .. });
    assert!(named, "{refused:?}");
}
