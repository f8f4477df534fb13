//! What a device is called: one spelling for one device.

use std::fmt;

use crate::licence::{DeviceIdProblem, Refusal};

/// A normalised device id: a MAC address as `00:02:D1:1A:2B:3C`, or another stable id as given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(String);

/// Longest other id, characters.
const LENGTH_MAX: usize = 64;

/// Longest part of a wrong value that an answer repeats, characters.
const SHOWN_MAX: usize = 40;

impl DeviceId {
    /// Reads a MAC address in any usual notation (colons, dashes, dots, bare), or another stable
    /// id of letters, digits, `.`, `_` and `-`.
    ///
    /// A value made only of hexadecimal digits and separators is a MAC address and nothing else:
    /// a mistyped one must not become an id of its own.
    ///
    /// # Errors
    /// [`Refusal::BadDeviceId`].
    pub fn parse(value: &str) -> Result<Self, Refusal> {
        let trimmed = value.trim_ascii();
        let parsed = if is_like_mac(trimmed) {
            parse_mac(trimmed)
        } else {
            parse_other(trimmed)
        };
        parsed.map_err(|problem| Refusal::BadDeviceId {
            value: shown(value),
            problem,
        })
    }

    /// Reads an id that was normalised before. `None` if it was not.
    #[must_use]
    pub(super) fn from_normalised(value: &str) -> Option<Self> {
        Self::parse(value).ok().filter(|id| id.0 == value)
    }

    /// The normalised text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The MAC address; none for another id.
    #[must_use]
    pub fn mac(&self) -> Option<[u8; 6]> {
        let digits = self.0.contains(':').then(|| self.0.split(':'))?;
        let mut address = [0; 6];
        for (byte, pair) in address.iter_mut().zip(digits) {
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(address)
    }

    /// The maker's part of a MAC address (IEEE OUI); none for another id.
    #[must_use]
    pub fn oui(&self) -> Option<[u8; 3]> {
        let [a, b, c, ..] = self.mac()?;
        Some([a, b, c])
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A wrong value as an answer repeats it: short, so that nobody is answered with a megabyte.
pub(super) fn shown(value: &str) -> String {
    let mut shown: String = value.chars().take(SHOWN_MAX).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    shown
}

const fn is_separator(character: char) -> bool {
    matches!(character, ':' | '-' | '.')
}

fn is_like_mac(value: &str) -> bool {
    let digits_only = value
        .chars()
        .all(|c| c.is_ascii_hexdigit() || is_separator(c));
    let has_digit = value.contains(|c: char| c.is_ascii_hexdigit());
    let six_pairs = value.split('-').count() == 6 && value.split('-').all(|part| part.len() == 2);
    (digits_only && has_digit) || value.contains(':') || six_pairs
}

fn parse_mac(value: &str) -> Result<DeviceId, DeviceIdProblem> {
    if let Some(character) = value
        .chars()
        .find(|c| !c.is_ascii_hexdigit() && !is_separator(*c))
    {
        return Err(DeviceIdProblem::MacCharacter { character });
    }
    let digits: Vec<char> = value
        .chars()
        .filter(char::is_ascii_hexdigit)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    if digits.len() != 12 {
        return Err(DeviceIdProblem::MacDigits {
            found: digits.len(),
        });
    }
    let pairs: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    Ok(DeviceId(pairs.join(":")))
}

fn parse_other(value: &str) -> Result<DeviceId, DeviceIdProblem> {
    let found = value.chars().count();
    if found == 0 || found > LENGTH_MAX {
        return Err(DeviceIdProblem::Length { found });
    }
    match value
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '-'))
    {
        Some(character) => Err(DeviceIdProblem::Character { character }),
        None => Ok(DeviceId(value.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use DeviceIdProblem::{Character, Length, MacCharacter, MacDigits};

    #[test]
    fn one_device_has_one_spelling() {
        let table = [
            ("00:02:D1:1A:2B:3C", "00:02:D1:1A:2B:3C"),
            ("00:02:d1:1a:2b:3c", "00:02:D1:1A:2B:3C"),
            ("00-02-d1-1a-2b-3c", "00:02:D1:1A:2B:3C"),
            ("0002.d11a.2b3c", "00:02:D1:1A:2B:3C"),
            ("0002D11A2B3C", "00:02:D1:1A:2B:3C"),
            (" 00:02:D1:1A:2B:3C\n", "00:02:D1:1A:2B:3C"),
            ("gate-7_north.2", "gate-7_north.2"),
            ("SN-4711", "SN-4711"),
            ("Gate", "Gate"),
        ];
        for (given, expected) in table {
            assert_eq!(DeviceId::parse(given).expect(given).as_str(), expected);
        }
    }

    #[test]
    fn a_wrong_id_is_refused_with_what_is_wrong() {
        let long = "x".repeat(65);
        let table = [
            ("00:02:D1:1A:2B:3", MacDigits { found: 11 }),
            ("0002D11A2B3", MacDigits { found: 11 }),
            ("00:02:D1:1A:2B:3C:4D", MacDigits { found: 14 }),
            ("12345678", MacDigits { found: 8 }),
            ("10.0.0.5", MacDigits { found: 5 }),
            (":", MacDigits { found: 0 }),
            ("00:02:D1:1A:2B:3G", MacCharacter { character: 'G' }),
            ("00-02-D1-1A-2B-3G", MacCharacter { character: 'G' }),
            ("00 02 D1 1A 2B 3C", Character { character: ' ' }),
            ("gate/7", Character { character: '/' }),
            ("gate\u{7}", Character { character: '\u{7}' }),
            ("tür", Character { character: 'ü' }),
            ("", Length { found: 0 }),
            (&long, Length { found: 65 }),
        ];
        for (given, expected) in table {
            match DeviceId::parse(given) {
                Err(Refusal::BadDeviceId { problem, .. }) => {
                    assert_eq!(problem, expected, "{given:?}")
                }
                other => panic!("{given:?} gave {other:?}"),
            }
        }
    }

    #[test]
    fn a_long_wrong_value_is_not_repeated_whole() {
        let Err(Refusal::BadDeviceId { value, .. }) = DeviceId::parse(&"/".repeat(1_000_000))
        else {
            panic!("a slash is no id")
        };
        assert_eq!(value.chars().count(), SHOWN_MAX + 1);
    }

    #[test]
    fn only_a_mac_address_has_an_oui() {
        let oui = |value| DeviceId::parse(value).expect(value).oui();
        assert_eq!(oui("0002D11A2B3C"), Some([0x00, 0x02, 0xD1]));
        assert_eq!(oui("gate-7"), None);
        let mac = |value| DeviceId::parse(value).expect(value).mac();
        assert_eq!(
            mac("0002D11A2B3C"),
            Some([0x00, 0x02, 0xD1, 0x1A, 0x2B, 0x3C])
        );
        assert_eq!(mac("SN-4711"), None);
    }

    proptest! {
        #[test]
        fn what_was_normalised_stays(value in "\\PC{0,70}") {
            if let Ok(id) = DeviceId::parse(&value) {
                prop_assert_eq!(DeviceId::from_normalised(id.as_str()), Some(id));
            }
        }

        #[test]
        fn any_notation_of_an_address_is_the_same_device(address: [u8; 6], upper: bool) {
            let pairs: Vec<String> = address.iter().map(|byte| format!("{byte:02x}")).collect();
            let bare = pairs.concat();
            let dots = [&bare[..4], &bare[4..8], &bare[8..]].join(".");
            let wanted = DeviceId::parse(&bare).expect("12 digits");
            for text in [pairs.join(":"), pairs.join("-"), dots] {
                let text = if upper { text.to_uppercase() } else { text };
                prop_assert_eq!(DeviceId::parse(&text).expect("12 digits"), wanted.clone());
            }
        }
    }
}
