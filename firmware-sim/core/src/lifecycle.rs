//! Which command each lifecycle allows, and where it leads: one table.

use tallykey_protocol::command::Command;
use tallykey_protocol::lifecycle::Lifecycle;

/// Where a command leads if it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct After {
    /// As a rule.
    pub(crate) next: Lifecycle,
    /// In the one case that the command itself recognises: nothing is left to give away, the instruction is to recycle.
    pub(crate) or: Option<Lifecycle>,
}

/// Where `command` leads, or `None` where it is not allowed.
///
/// A command may still be refused for other reasons: the session commands need a session, `seal` in Sealed
/// ends with the first grant.
pub(crate) const fn after(lifecycle: Lifecycle, command: Command) -> Option<After> {
    use Command::{
        Acknowledge, Certificate, Certify, Close, Convert, Grant, Heartbeat, Hello, Instruct,
        MakeKey, Open, Personalise, Prove, Receipt, Retire, Revoke, Seal, SelfTest, Time, Update,
    };
    use Lifecycle::{Blank, Personalised, Retired, Sealed};
    let (next, or) = match (lifecycle, command) {
        (_, Hello) => (lifecycle, None),
        // A new key makes everything that was said about the old one void.
        (Blank | Personalised, MakeKey) => (Blank, None),
        (Blank, Certify) => (Blank, None),
        (Blank, Personalise) => (Personalised, None),
        // Again in Sealed, because the answer with the owner code may be lost on its way.
        (Personalised | Sealed, Seal) => (Sealed, None),
        (Blank | Sealed, SelfTest) => (lifecycle, None),
        (Personalised | Sealed | Retired, Certificate) => (lifecycle, None),
        (
            Sealed | Retired,
            Open | Heartbeat | Prove | Grant | Receipt | Acknowledge | Time | Revoke | Close,
        ) => (lifecycle, None),
        (Sealed, Update | Convert) => (Sealed, None),
        (Sealed, Retire) => (Sealed, Some(Retired)),
        (Sealed | Retired, Instruct) => (lifecycle, Some(Blank)),
        (
            Blank | Personalised,
            Open | Heartbeat | Prove | Grant | Receipt | Update | Convert | Retire | Acknowledge
            | Instruct | Time | Revoke | Close,
        )
        | (Blank, Certificate | Seal)
        | (Personalised, Certify | Personalise | SelfTest)
        | (Sealed, MakeKey | Certify | Personalise)
        | (
            Retired,
            Update | Convert | Retire | SelfTest | MakeKey | Certify | Personalise | Seal,
        ) => return None,
    };
    Some(After { next, or })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;
    use std::string::{String, ToString};

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
                let lead = |to: Lifecycle| match to == lifecycle {
                    true => "yes".to_string(),
                    false => std::format!("→ {}", to.name()),
                };
                match after(lifecycle, command) {
                    None => text.push_str(" – |"),
                    Some(After { next, or: None }) => write!(text, " {} |", lead(next)).unwrap(),
                    Some(After { next, or: Some(or) }) => {
                        write!(text, " {} or {} |", lead(next), lead(or)).unwrap();
                    }
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
    fn only_an_instruction_leads_back_out_of_use() {
        for (lifecycle, command) in [Lifecycle::Sealed, Lifecycle::Retired]
            .into_iter()
            .flat_map(|lifecycle| Command::ALL.map(|command| (lifecycle, command)))
        {
            let Some(After { next, or }) = after(lifecycle, command) else {
                continue;
            };
            assert_eq!(next, lifecycle, "{command:?}");
            let expected = match (lifecycle, command) {
                (_, Command::Instruct) => Some(Lifecycle::Blank),
                (Lifecycle::Sealed, Command::Retire) => Some(Lifecycle::Retired),
                _ => None,
            };
            assert_eq!(or, expected, "{lifecycle:?} {command:?}");
        }
    }
}
