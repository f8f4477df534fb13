//! Words, numbers and foreign text as people read them.

use std::fmt::Write;

use jiff::Timestamp;

/// Escapes what could move the cursor, colour, or reorder what is read: control characters, bidirectional
/// formatting and invisible separators.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match harmful(c) {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    out
}

fn harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Bytes in small hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Seconds since 1970 as RFC 3339; a number that is no time stays a number.
pub(crate) fn time(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(|| seconds.to_string(), |time| time.to_string())
}

/// Now, in seconds since 1970; 0 if the clock stands before that.
pub(crate) fn now() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a08_text_cannot_drive_the_terminal() {
        assert_eq!(plain("a\x1b[31mred\n"), "a\\u{1b}[31mred\\n");
        assert_eq!(plain("\u{202E}gpj.exe"), "\\u{202e}gpj.exe");
        assert_eq!(plain("Kamera Süd 駅"), "Kamera Süd 駅");
    }

    #[test]
    fn times_and_bytes_read_as_usual() {
        assert_eq!(time(1_577_836_800), "2020-01-01T00:00:00Z");
        assert_eq!(time(u64::MAX), "18446744073709551615");
        assert_eq!(hex(&[0, 0xab]), "00ab");
    }
}
