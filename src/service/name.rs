//! File names that say what is in a file: `nvr-3_new_camera-64_2026-11-22.tkr`. They are made of text from elsewhere, so
//! only of characters that mean nothing to any shell or file system.

use tallykey_protocol::id;
use tallykey_protocol::limits::LABEL_MAX;

use super::Purpose;
use crate::ledger::ReceiptKept;

/// Longest part of a host's name in a file name.
const HOST_MAX: usize = 40;

/// Features in a file name.
const FEATURES: usize = 4;

/// What stands for a host whose name has nothing that could be used.
const NAMELESS: &str = "host";

/// The name for the file of a request of `host`, about these counts, made at `at` (Unix time in milliseconds).
pub(super) fn file_name<'c>(
    host: &str,
    purpose: Purpose,
    counts: impl IntoIterator<Item = (&'c str, u64)>,
    at: i64,
) -> String {
    let name = format!("{}_{}{}", safe(host), purpose.name(), told(counts));
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    format!("{name}_{}.tkr", at.strftime("%Y-%m-%d"))
}

/// The name for the file of the licence that a receipt makes: whose it is, how much, and of which dongle.
pub(super) fn licence_name(kept: &ReceiptKept) -> String {
    let given = kept.given.iter();
    let counts = told(given.map(|given| (given.feature.as_str(), given.channels())));
    let host = safe(kept.host.as_deref().unwrap_or_default());
    format!(
        "{host}_licence{counts}_{}-{}.tkl",
        safe(&kept.serial),
        kept.counter
    )
}

fn told<'c>(counts: impl IntoIterator<Item = (&'c str, u64)>) -> String {
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    let told = counts.map(|(feature, count)| format!("_{feature}-{count}"));
    told.take(FEATURES).collect()
}

/// A host's name as a label: no longer than one, and without what could deceive.
pub(super) fn label(host: &str) -> String {
    let mut label = String::new();
    for c in host.trim().chars() {
        let mut bytes = [0; 4];
        let harmless = id::is_plain(c.encode_utf8(&mut bytes));
        if harmless && label.len() + c.len_utf8() <= LABEL_MAX {
            label.push(c);
        }
    }
    match label.is_empty() {
        true => NAMELESS.to_owned(),
        false => label,
    }
}

/// Small letters, digits, and single hyphens between them; European letters lose what is above or below them.
fn safe(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match plain(c) {
            Some(letters) => safe.push_str(letters),
            None if c.is_ascii_lowercase() || c.is_ascii_digit() => safe.push(c),
            None if !safe.is_empty() && !safe.ends_with('-') => safe.push('-'),
            None => {}
        }
    }
    safe.truncate(HOST_MAX);
    match safe.trim_end_matches('-') {
        "" => NAMELESS.to_owned(),
        safe => safe.to_owned(),
    }
}

/// How a letter is written without its mark.
const fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'à' | 'á' | 'â' | 'ã' | 'ā' | 'ă' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'å' => "aa",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ł' | 'ĺ' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ő' => "o",
        'ö' | 'ø' | 'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22, noon.
    const NOON: i64 = 1_795_348_800_000;

    #[test]
    fn a_name_says_host_purpose_counts_and_date() {
        let counts = [("camera", 64), ("mac", 0), ("vca", 8)];
        assert_eq!(
            file_name("nvr-3", Purpose::New, counts, NOON),
            "nvr-3_new_camera-64_vca-8_2026-11-22.tkr"
        );
        let none = file_name("nvr-3", Purpose::ReturnConfirmation, [], NOON);
        assert_eq!(none, "nvr-3_return-confirmation_2026-11-22.tkr");
        let many = ["a", "b", "c", "d", "e"].map(|feature| (feature, 1));
        assert_eq!(
            file_name("nvr-3", Purpose::Update, many, NOON),
            "nvr-3_update_a-1_b-1_c-1_d-1_2026-11-22.tkr"
        );
    }

    #[test]
    fn a_name_from_elsewhere_means_nothing_to_a_shell_or_a_file_system() {
        let table = [
            ("NVR 3 (Süd)", "nvr-3-sued"),
            ("../../etc/passwd", "etc-passwd"),
            ("-rf $(reboot); x", "rf-reboot-x"),
            ("nvr-3 駅", "nvr-3"),
            ("駅", "host"),
            ("", "host"),
            ("a\u{202E}gpj.exe\n", "a-gpj-exe"),
            ("Łódź Čihák Ærø", "lodz-cihak-aeroe"),
        ];
        for (host, expected) in table {
            assert_eq!(safe(host), expected, "{host:?}");
        }
        assert_eq!(safe(&"n".repeat(300)).len(), HOST_MAX);
        assert_eq!(safe(&"é-".repeat(300)).len(), HOST_MAX - 1);
    }

    #[test]
    fn a_hosts_name_is_a_label() {
        let table = [
            (" nvr-3 駅 ", "nvr-3 駅"),
            ("a\u{1b}[31m\u{202E}b\n", "a[31mb"),
            ("", "host"),
        ];
        for (host, expected) in table {
            assert_eq!(label(host), expected, "{host:?}");
        }
        for long in ["n".repeat(300), "駅".repeat(300)] {
            assert!(id::is_label(&label(&long)));
        }
    }
}
