//! `docs/protocol.md` says what the code does: commands, statuses and limits.

use tallykey_protocol::armour::Label;
use tallykey_protocol::command::Command;
use tallykey_protocol::limits;
use tallykey_protocol::status::Status;

const PAGE: &str = include_str!("../../docs/protocol.md");

/// Cells of the rows of the one table that has this head.
fn rows(head: &str) -> Vec<Vec<&'static str>> {
    let (_, table) = PAGE.split_once(head).expect("the table is there");
    let lines = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect();
    lines.map(cells).collect()
}

#[test]
fn every_command_is_in_the_page_and_no_other() {
    let written: Vec<(String, bool)> = rows("| code | command | in session |")
        .iter()
        .map(|row| (format!("{} {}", row[0], row[1]), row[2] == "yes"))
        .collect();
    let known: Vec<(String, bool)> = Command::ALL
        .iter()
        .map(|command| {
            let text = format!("{:#04X} `{}`", command.code(), kebab(*command));
            (text.replace("0X", "0x"), command.in_session())
        })
        .collect();
    assert_eq!(written, known);
}

#[test]
fn every_status_is_in_the_page_and_no_other() {
    let written: Vec<String> = rows("| code | name | |")
        .iter()
        .map(|row| format!("{} {}", row[0], row[1]))
        .collect();
    let known: Vec<String> = (0..=u8::MAX)
        .map(|code| (code, Status::from_code(code)))
        .filter(|(_, status)| !matches!(status, Status::Unknown(_)))
        .map(|(code, status)| format!("0x{code:02X} {}", kebab(status)))
        .collect();
    assert_eq!(written, known);
}

/// The variant's name as the page writes it.
fn kebab(variant: impl std::fmt::Debug) -> String {
    let mut text = String::new();
    for letter in format!("{variant:?}").chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[test]
fn every_label_is_in_the_page_with_the_size_of_what_it_holds() {
    let written = rows("| label | holds | most bytes |");
    let written = written
        .iter()
        .map(|row| (row[0].to_owned(), row[2].to_owned()));
    let size = |label| match label {
        Label::Grant => limits::GRANT_MAX,
        Label::Profile => limits::PROFILE_MAX,
        Label::TrustBundle => limits::BUNDLE_MAX,
        Label::Licence => limits::LICENCE_MAX.max(limits::COMPOSITE_MAX),
        Label::Request => limits::REQUEST_MAX,
        Label::Receipt => limits::RECEIPT_MAX,
        Label::Instruction | Label::Time => limits::INSTRUCTION_MAX,
        Label::Revocation => limits::REVOCATION_MAX,
        Label::Proof => limits::PROOF_MAX,
        Label::Crl => limits::CRL_MAX,
    };
    let known = Label::ALL
        .into_iter()
        .map(|label| (format!("`{}`", label.name()), size(label).to_string()));
    assert!(written.eq(known), "docs/protocol.md §12");
}

#[test]
fn the_limits_in_the_page_are_those_of_the_code() {
    let known = [
        ("REPORT_LEN", limits::REPORT_LEN as u64),
        ("MESSAGE_MAX", limits::MESSAGE_MAX as u64),
        ("CHANNELS_MAX", limits::CHANNELS_MAX as u64),
        ("PACKET_GAP_MS", limits::PACKET_GAP_MS),
        ("MESSAGE_TIME_MS", limits::MESSAGE_TIME_MS),
        ("LEASE_MS", limits::LEASE_MS),
        ("PROOF_MAX", limits::PROOF_MAX as u64),
        ("GRANT_MAX", limits::GRANT_MAX as u64),
        ("PROFILE_MAX", limits::PROFILE_MAX as u64),
        ("CERT_MAX", limits::CERT_MAX as u64),
        ("GRANTS_MAX", limits::GRANTS_MAX as u64),
        ("LINES_MAX", limits::LINES_MAX as u64),
        ("ABSORBS_MAX", limits::ABSORBS_MAX as u64),
        ("RECEIPTS_MAX", limits::RECEIPTS_MAX as u64),
        ("RECEIPT_MAX", limits::RECEIPT_MAX as u64),
        ("ORDER_MAX", limits::ORDER_MAX as u64),
        ("INSTRUCTION_MAX", limits::INSTRUCTION_MAX as u64),
        ("CRL_MAX", limits::CRL_MAX as u64),
        ("OWNER_TRIES", limits::OWNER_TRIES.into()),
        ("KEEPALIVE_MS", limits::KEEPALIVE_MS),
        ("CONFIRM_MS", limits::CONFIRM_MS),
        ("NONCE_LEN", limits::NONCE_LEN as u64),
        ("BEAT_NONCE_LEN", limits::BEAT_NONCE_LEN as u64),
        ("STATEMENT_MAX", limits::STATEMENT_MAX as u64),
        ("CBOR_DEPTH", limits::CBOR_DEPTH as u64),
        ("SERIAL_MAX", limits::SERIAL_MAX as u64),
        ("NAME_MAX", limits::NAME_MAX as u64),
        ("LABEL_MAX", limits::LABEL_MAX as u64),
        ("OWNER_CODE_LEN", limits::OWNER_CODE_LEN as u64),
    ];
    let written = rows("| name | value | |");
    let written = written.iter().map(|row| (row[0], row[1].to_owned()));
    let known = known.iter().map(|(name, value)| (*name, value.to_string()));
    assert!(written.eq(known), "docs/protocol.md §11");
}
