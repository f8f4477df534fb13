//! The terms of the product, shown and asked about.

use std::io::{self, BufRead, IsTerminal, Write};

use tallykey_client::wire::Terms;

use super::{connect::Connection, failure::Failure, screen::Screen, text::plain};

/// `tallykey licences terms`
pub(super) async fn run(service: &Connection, screen: &Screen) -> Result<(), Failure> {
    let terms = service.client.terms().await?;
    screen.answer(&terms, || {
        let accepted = if terms.accepted { "" } else { "not " };
        match &terms.text {
            None => "the product has no terms\n".to_owned(),
            Some(text) => format!("{}\n{accepted}accepted on this host\n", paragraphs(text)),
        }
    })
}

/// Whether the terms are to be accepted with an import: as the flag says, or as the person at the terminal says. Nobody
/// is asked twice.
pub(super) async fn accepts(flag: bool, service: &Connection) -> Result<bool, Failure> {
    if flag || !io::stdin().is_terminal() {
        return Ok(flag);
    }
    let terms = service.client.terms().await?;
    match terms {
        Terms {
            accepted: false,
            text: Some(text),
            ..
        } => ask(
            &text,
            &mut io::stdin().lock(),
            &mut anstream::stderr().lock(),
        )
        .map_err(|source| Failure::Output { source }),
        _ => Ok(false),
    }
}

/// Shows the terms and asks; anything but a clear yes is a no.
fn ask(text: &str, answers: &mut impl BufRead, screen: &mut impl Write) -> io::Result<bool> {
    let text = paragraphs(text);
    write!(
        screen,
        "The terms of the product:\n\n{text}\nDo you accept them? [yes/no] "
    )?;
    screen.flush()?;
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    let answer = answer.trim().to_lowercase();
    Ok(["y", "yes"].contains(&answer.as_str()))
}

/// The text with its lines, and nothing else that could drive the terminal.
fn paragraphs(text: &str) -> String {
    text.lines()
        .map(|line| format!("  {}\n", plain(line)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_accepts() {
        let said = |answer: &str| {
            let mut screen = Vec::new();
            let accepted = ask("One.\nTwo.", &mut answer.as_bytes(), &mut screen);
            let shown = String::from_utf8(screen).expect("text");
            assert!(shown.contains("\n  One.\n  Two.\n"), "{shown}");
            accepted.expect("in memory")
        };
        for yes in ["yes\n", "Y\n", " YES \n"] {
            assert!(said(yes), "{yes:?}");
        }
        for no in ["no\n", "\n", "", "yesterday\n"] {
            assert!(!said(no), "{no:?}");
        }
    }

    #[test]
    fn a08_terms_cannot_drive_the_terminal() {
        assert_eq!(paragraphs("a\x1b[2J\nb\r"), "  a\\u{1b}[2J\n  b\\r\n");
    }
}
