//! Which command each lifecycle allows, and where it leads: one table.

use tallykey_protocol::command::Command;
use tallykey_protocol::lifecycle::Lifecycle;

/// The lifecycle that `command` leads to if it succeeds, or `None` where it is not allowed.
///
/// A command may still be refused for other reasons: the session commands need a session, `seal` in Sealed
/// ends with the first grant.
pub(crate) const fn after(lifecycle: Lifecycle, command: Command) -> Option<Lifecycle> {
    use Command::{
        Certificate, Certify, Close, Grant, Heartbeat, Hello, MakeKey, Open, Personalise, Prove,
        Seal, Update,
    };
    use Lifecycle::{Blank, Personalised, Retired, Sealed};
    match (lifecycle, command) {
        (_, Hello) => Some(lifecycle),
        // A new key makes everything that was said about the old one void.
        (Blank | Personalised, MakeKey) => Some(Blank),
        (Blank, Certify) => Some(Blank),
        (Blank, Personalise) => Some(Personalised),
        // Again in Sealed, because the answer with the owner code may be lost on its way.
        (Personalised | Sealed, Seal) => Some(Sealed),
        (Personalised | Sealed | Retired, Certificate) => Some(lifecycle),
        (Sealed | Retired, Open | Heartbeat | Prove | Grant | Close) => Some(lifecycle),
        (Sealed, Update) => Some(Sealed),
        (Blank, Certificate | Open | Heartbeat | Prove | Grant | Update | Close | Seal)
        | (
            Personalised,
            Open | Heartbeat | Prove | Grant | Update | Close | Certify | Personalise,
        )
        | (Sealed, MakeKey | Certify | Personalise)
        | (Retired, Update | MakeKey | Certify | Personalise | Seal) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;
    use std::string::String;

    const HEAD: &str = "# States of a dongle\n\n\
        Which command each lifecycle allows, and where success leads. Written by the test \
        `the_table_in_the_docs_is_the_one_in_the_code`; with `TALLYKEY_UPDATE_GOLDEN=1` it rewrites this file.\n\n";

    /// The table as docs/states-dongle.md shows it.
    fn table() -> String {
        let mut text = String::from(HEAD);
        text.push_str("| command |");
        Lifecycle::ALL
            .iter()
            .for_each(|lifecycle| write!(text, " {} |", lifecycle.name()).unwrap());
        text.push_str("\n| --- | --- | --- | --- | --- |\n");
        for command in Command::ALL {
            write!(text, "| `{:#04x}` {command:?} |", command.code()).unwrap();
            for lifecycle in Lifecycle::ALL {
                match after(lifecycle, command) {
                    None => text.push_str(" – |"),
                    Some(next) if next == lifecycle => text.push_str(" yes |"),
                    Some(next) => write!(text, " → {} |", next.name()).unwrap(),
                }
            }
            text.push('\n');
        }
        text
    }

    #[test]
    fn the_table_in_the_docs_is_the_one_in_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/states-dongle.md");
        if std::env::var_os("TALLYKEY_UPDATE_GOLDEN").is_some() {
            std::fs::write(path, table()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == table(),
            "docs/states-dongle.md is out of date: run this test with TALLYKEY_UPDATE_GOLDEN=1"
        );
    }

    #[test]
    fn no_command_leads_back_out_of_use() {
        for (lifecycle, command) in [Lifecycle::Sealed, Lifecycle::Retired]
            .into_iter()
            .flat_map(|lifecycle| Command::ALL.map(|command| (lifecycle, command)))
        {
            assert!(
                after(lifecycle, command).is_none_or(|next| next == lifecycle),
                "{lifecycle:?} {command:?}"
            );
        }
    }
}
