//! `tallykey-vendor keys revoke`

use std::{fmt::Write, path::PathBuf};

use serde_json::json;

use crate::{
    cli::{failure::Failure, screen::Screen},
    keys::{self, Listed, Passphrase, Revoke},
    text::{now, plain},
};

/// What to revoke.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RevokeArgs {
    /// Certificates to revoke: .crt files of factory CAs, issuers and factory issuers
    #[arg(value_name = "CERT", required_unless_present = "stays_good")]
    certificates: Vec<PathBuf>,
    /// Folder with root.key, root.crt and the lists so far; the new one is written beside them
    #[arg(long, value_name = "FOLDER")]
    dir: PathBuf,
    /// What stays good although its signer is revoked: a record's digest, as `inspect` shows it, or SHA-256 of a
    /// dongle's certificate, in hex
    #[arg(long, value_name = "DIGEST,…", value_delimiter = ',', value_parser = digest)]
    stays_good: Vec<[u8; 32]>,
    /// The newest list that was given out, if it is not in the folder
    #[arg(long, value_name = "FILE")]
    after: Option<PathBuf>,
    /// File whose first line is the root's passphrase; without it you are asked
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl RevokeArgs {
    /// Signs the next list and says what is on it and where it belongs.
    pub(super) fn run(self, screen: &Screen) -> Result<(), Failure> {
        let passphrase = match &self.passphrase_file {
            Some(file) => Passphrase::from_file(file),
            None => Passphrase::ask("Passphrase of the root"),
        }?;
        let wanted = Revoke {
            certificates: &self.certificates,
            stays_good: &self.stays_good,
            after: self.after.as_deref(),
        };
        let listed = keys::revoke(&self.dir, &passphrase, &wanted, now())?;
        let revoked = listed.revoked.iter();
        let document = json!({
            "number": listed.number,
            "file": listed.file,
            "revoked": revoked
                .map(|(file, role)| json!({ "file": file, "role": role }))
                .collect::<Vec<_>>(),
            "certificates": listed.certificates,
            "stays_good": listed.stays_good,
        });
        screen.answer(&document, || readable(&listed))
    }
}

fn readable(listed: &Listed) -> String {
    let mut out = format!(
        "list {}: {} revoked, {} stay good\n\n",
        listed.number, listed.certificates, listed.stays_good
    );
    for (file, role) in &listed.revoked {
        let _ = writeln!(out, "  {role:<16}{}", plain(&file.display().to_string()));
    }
    let file = plain(&listed.file.display().to_string());
    let _ = write!(
        out,
        "\n{file}\n  not secret: give it out, and keep it beside the root for the next list\n  \
         new keys in place of the revoked: `keys init` in a folder of its own, --root-dir this one\n"
    );
    out
}

/// 64 hexadecimal digits; openssl puts colons between them.
fn digest(text: &str) -> Result<[u8; 32], &'static str> {
    let not_a_digest = "a digest is 64 hexadecimal digits";
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
    let (pairs, []) = digits.as_chunks::<2>() else {
        return Err(not_a_digest);
    };
    let byte = |pair: &[u8; 2]| {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()
    };
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(not_a_digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_inspect_and_openssl_write_it() {
        let mut expected = [0xAB; 32];
        expected[31] = 0x01;
        let plain = format!("{}01", "ab".repeat(31));
        let colons = format!("{}01", "AB:".repeat(31));
        assert_eq!(digest(&plain), Ok(expected));
        assert_eq!(digest(&colons), Ok(expected));
        for wrong in [
            "",
            "ab",
            &plain[1..],
            &format!("{plain}00"),
            &plain.replace('b', "g"),
        ] {
            assert!(digest(wrong).is_err(), "{wrong}");
        }
    }
}
