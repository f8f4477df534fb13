//! Canonical values: one machine has one spelling, whatever the kernel, the firmware's padding or the reader.

/// Texts that firmware carries where its maker wrote nothing, in small letters.
const PLACEHOLDERS: [&str; 17] = [
    "0123456789",
    "1234567890",
    "123456789",
    "base board serial number",
    "chassis serial number",
    "default string",
    "empty",
    "invalid",
    "n/a",
    "na",
    "none",
    "not applicable",
    "not available",
    "not specified",
    "oem",
    "system serial number",
    "unknown",
];

/// Beginnings of such texts.
const PLACEHOLDER_STARTS: [&str; 2] = ["to be filled by", "type2 - board"];

/// UUIDs that were built into many boards.
const SHARED_UUIDS: [&str; 2] = [
    "03000200-0400-0500-0006-000700080009",
    "12345678-1234-5678-90AB-CDDEEFAABBCC",
];

/// A serial number: trimmed, spaces within it one each, capital letters. None if it names nothing.
pub(super) fn serial(text: &str) -> Option<String> {
    let text = words(text);
    let small = text.to_lowercase();
    // A row of one character (0, F, X, -, .) is what an empty memory looks like.
    let mut marks = small.chars().filter(|c| *c != ' ');
    let first = marks.next()?;
    if marks.all(|c| c == first)
        || PLACEHOLDERS.contains(&small.as_str())
        || PLACEHOLDER_STARTS
            .iter()
            .any(|start| small.starts_with(start))
    {
        return None;
    }
    Some(text.to_uppercase())
}

/// A UUID (RFC 9562 §4) in capital letters. None if it has not 32 digits, or many boards have the same.
pub(super) fn uuid(text: &str) -> Option<String> {
    let digits: String = text.trim().chars().filter(|c| *c != '-').collect();
    if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.to_ascii_uppercase();
    if ["0", "F"].iter().any(|digit| digits == digit.repeat(32)) {
        return None;
    }
    let uuid = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ]
    .join("-");
    (!SHARED_UUIDS.contains(&uuid.as_str())).then_some(uuid)
}

/// A MAC address of one card, as `00:02:D1:1A:2B:3C`. None if it is no single card's.
pub(super) fn mac(text: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = text
        .trim()
        .split([':', '-'])
        .map(|byte| {
            u8::from_str_radix(byte, 16)
                .ok()
                .filter(|_| byte.len() == 2)
        })
        .collect();
    let bytes: [u8; 6] = bytes?.try_into().ok()?;
    // The lowest bit of the first byte marks a group of cards (IEEE 802 §8.2.2); all zero is no card.
    if bytes == [0; 6] || bytes[0] & 1 == 1 {
        return None;
    }
    Some(bytes.map(|byte| format!("{byte:02X}")).join(":"))
}

/// Whether a canonical address was chosen by a program instead of a card's maker: the second bit of its first
/// byte (IEEE 802 §8.2.2).
pub(super) fn is_local(mac: &str) -> bool {
    let first = mac
        .get(..2)
        .and_then(|byte| u8::from_str_radix(byte, 16).ok());
    first.is_some_and(|byte| byte & 2 == 2)
}

/// A name: trimmed, spaces within it one each.
pub(super) fn words(text: &str) -> String {
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ")
}

/// Memory in GiB as it is sold: `kib` rounded up to the next 2^n or 3 · 2^n GiB, at least 1. What a kernel tells is
/// the installed memory less what firmware, graphics and the kernel itself keep, some percent that change with
/// every update; none of that crosses from one such size to the one below.
pub(super) fn memory(kib: u64) -> Option<String> {
    // 1, 2, 3, 4, 6, 8, 12, 16, …
    let mut sizes = (0..24).flat_map(|n| [1_u64 << n, (3 << n) >> 1]);
    let size = sizes.find(|gib| (1..=gib << 20).contains(&kib))?;
    Some(format!("memory {size} GiB"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_no_serial_numbers() {
        for text in [
            "",
            "  ",
            "To Be Filled By O.E.M.",
            "to be filled by o.e.m. ",
            "Default string",
            "System Serial Number",
            "Not Specified",
            "0",
            "00000000",
            "FFFFFFFF",
            "xxxxxxx",
            "........",
            "0000 0000\n",
            "None",
            "Type2 - Board Serial Number",
            "0123456789",
            "0000000000000000\0",
        ] {
            assert_eq!(serial(text), None, "{text:?}");
        }
        let table = [
            ("  .7bq4k63. cnfcp0 \n", ".7BQ4K63. CNFCP0"),
            ("10000000abcd0001\0", "10000000ABCD0001"),
            ("VMware-56 4d  ab", "VMWARE-56 4D AB"),
        ];
        for (text, canonical) in table {
            assert_eq!(serial(text).as_deref(), Some(canonical));
        }
    }

    #[test]
    fn a_uuid_that_many_boards_have_is_none() {
        for text in [
            "",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "03000200-0400-0500-0006-000700080009",
            "Not Settable",
            "4c4c4544-0042-5110-8034-b7c04f4b363",
        ] {
            assert_eq!(uuid(text), None, "{text:?}");
        }
        let canonical = "4C4C4544-0042-5110-8034-B7C04F4B3633";
        for text in [canonical, "4c4c4544-0042-5110-8034-b7c04f4b3633\n"] {
            assert_eq!(uuid(text).as_deref(), Some(canonical));
        }
    }

    #[test]
    fn an_address_is_one_cards() {
        for text in [
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
            "01:00:5e:00:00:01",
            "00:02:d1:1a:2b",
            "0:02:d1:1a:2b:3c",
            "80:00:00:48:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:00:01",
            "",
        ] {
            assert_eq!(mac(text), None, "{text:?}");
        }
        let canonical = mac("00:02:d1:1a:2b:3c\n").expect("an address");
        assert_eq!(canonical, "00:02:D1:1A:2B:3C");
        assert!(!is_local(&canonical));
        for local in [
            "52:54:00:12:34:56",
            "02:42:ac:11:00:02",
            "DA:00:00:00:00:01",
        ] {
            assert!(is_local(&mac(local).expect("an address")), "{local}");
        }
    }

    #[test]
    fn memory_is_the_size_that_is_sold() {
        let table = [
            // MemTotal of a machine, and what is plugged in.
            (65_551_204, "64"),
            (32_620_328, "32"),
            (16_091_124, "16"),
            // 2 GiB of 16 are the graphics'.
            (14_082_000, "16"),
            (12_226_000, "12"),
            (8_007_364, "8"),
            (3_884_360, "4"),
            (948_012, "1"),
            (1, "1"),
            (1_048_577, "2"),
            (2_097_153, "3"),
            (1_583_000_000, "1536"),
        ];
        for (kib, gib) in table {
            assert_eq!(memory(kib), Some(format!("memory {gib} GiB")), "{kib}");
        }
        assert_eq!((memory(0), memory(u64::MAX)), (None, None));
    }

    #[test]
    fn no_kernel_moves_memory_to_another_size() {
        for installed in [
            1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024,
        ] {
            let whole = memory(installed << 20);
            for kept in 1..25 {
                let seen = (installed << 20) * (100 - kept) / 100;
                assert_eq!(memory(seen), whole, "{installed} GiB less {kept} %");
            }
        }
    }
}
