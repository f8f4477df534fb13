//! Text from elsewhere, made safe for a terminal.

use std::borrow::Cow;

/// Escapes what could move the cursor, colour, or reorder what is read: control characters
/// (C0, C1), bidirectional formatting and invisible separators.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .fold(String::new(), |mut out, c| {
            if is_harmful(c) {
                out.extend(c.escape_default());
            } else {
                out.push(c);
            }
            out
        })
        .into()
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// `1 channel`, `2 channels`.
pub(super) fn count(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a08_text_cannot_drive_the_terminal() {
        assert_eq!(plain("Gate 1, <script> %s"), "Gate 1, <script> %s");
        assert_eq!(plain("a\x1b[31mred\n"), "a\\u{1b}[31mred\\n");
        assert_eq!(plain("\u{202E}gpj.exe"), "\\u{202e}gpj.exe");
        assert_eq!(plain("Kamera Süd"), "Kamera Süd");
    }
}
