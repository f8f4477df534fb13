//! Armour: what mailers and editors do to a file is undone, what damage does is named with its line.

use proptest::prelude::*;
use tallykey_protocol::armour::{ArmourError, Armoured, Label, single};

const RECORD: &[u8] =
    b"\xd2\x84 a record of some length, so that it takes more than one line of text";

#[test]
fn text_is_as_rfc_7468_writes_it() {
    let expected = "-----BEGIN TALLYKEY GRANT-----\n\
        0oQgYSByZWNvcmQgb2Ygc29tZSBsZW5ndGgsIHNvIHRoYXQgaXQgdGFrZXMgbW9y\n\
        ZSB0aGFuIG9uZSBsaW5lIG9mIHRleHQ=\n\
        -----END TALLYKEY GRANT-----\n";
    assert_eq!(armoured(Label::Grant, RECORD), expected);
}

#[test]
fn raw_bytes_are_taken_as_they_are() {
    assert_eq!(single(RECORD, Label::Grant, &mut []), Ok(RECORD));
}

#[test]
fn a_courier_may_change_line_ends_and_add_text() {
    let text = armoured(Label::Profile, RECORD);
    let mailed = format!(
        "\u{FEFF}Dear desk,\r\n\r\n  {}\r\nRegards\r\n",
        text.replace('\n', " \r\n")
    );
    assert_eq!(
        single(mailed.as_bytes(), Label::Profile, &mut [0; 100]),
        Ok(RECORD)
    );
    let one_line = text.replace("W9y\n", "W9y");
    assert_eq!(
        single(one_line.as_bytes(), Label::Profile, &mut [0; 100]),
        Ok(RECORD)
    );
}

#[test]
fn a02_damaged_armour_is_named_with_its_line() {
    let text = armoured(Label::Grant, RECORD);
    let cases = [
        (
            text.replace("ZSB0", "ZS!0"),
            ArmourError::BadText { line: 3 },
        ),
        (
            text.replace("ZSB0", "ZSB"),
            ArmourError::BadText { line: 3 },
        ),
        (text.replace("HQ=", "HR="), ArmourError::BadText { line: 3 }),
        (text.clone(), ArmourError::TooLong),
        (
            text.replace("-----END TALLYKEY GRANT-----\n", ""),
            ArmourError::NoEnd,
        ),
        (
            text.replace("END TALLYKEY GRANT", "END TALLYKEY PROFILE"),
            ArmourError::BadText { line: 4 },
        ),
        (text.repeat(2), ArmourError::Several { line: 5 }),
        (
            text.replace("GRANT", "PROFILE"),
            ArmourError::WrongLabel {
                found: Some(Label::Profile),
                expected: Label::Grant,
                line: 1,
            },
        ),
        (
            text.replace("TALLYKEY GRANT", "CERTIFICATE"),
            ArmourError::WrongLabel {
                found: None,
                expected: Label::Grant,
                line: 1,
            },
        ),
    ];
    for (text, expected) in cases {
        let mut out = vec![
            0;
            if expected == ArmourError::TooLong {
                20
            } else {
                100
            }
        ];
        assert_eq!(
            single(text.as_bytes(), Label::Grant, &mut out),
            Err(expected),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn what_was_armoured_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let text = armoured(Label::TrustBundle, &bytes);
        let mut out = [0; 300];
        prop_assert_eq!(single(text.as_bytes(), Label::TrustBundle, &mut out), Ok(&bytes[..]));
    }

    #[test]
    fn a02_arbitrary_text_never_panics(text in "(-----(BEGIN|END) TALLYKEY GRANT-----|[A-Za-z0-9+/=\n ]){0,40}") {
        let mut out = [0; 64];
        if let Ok(bytes) = single(text.as_bytes(), Label::Grant, &mut out) {
            prop_assert!(bytes.len() <= text.len());
        }
    }
}

fn armoured(label: Label, bytes: &[u8]) -> String {
    Armoured { label, bytes }.to_string()
}
