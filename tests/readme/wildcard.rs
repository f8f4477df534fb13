//! Compares what a program said with what README shows, where `…` stands for anything.

/// Whether `said` is what `shown` shows; a line of `…` alone stands for any number of lines.
pub(crate) fn fits(shown: &[&str], said: &[&str]) -> bool {
    match shown.split_first() {
        None => said.is_empty(),
        Some((&"…", rest)) => (0..=said.len()).any(|skipped| fits(rest, &said[skipped..])),
        Some((line, rest)) => said
            .split_first()
            .is_some_and(|(first, others)| fits_line(line, first) && fits(rest, others)),
    }
}

fn fits_line(shown: &str, said: &str) -> bool {
    let said = said.trim_end();
    let mut pieces = shown.trim_end().split('…');
    let Some(mut rest) = pieces.next().and_then(|first| said.strip_prefix(first)) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
        last = Some(piece);
    }
    // Without a last wildcard the line ends where it is shown to end.
    match last {
        None => rest.is_empty(),
        Some(piece) => piece.is_empty() || said.ends_with(piece),
    }
}

#[test]
fn a_wildcard_is_anything_and_nothing_else() {
    assert!(fits(&["a…c", "…", "z"], &["abc", "x", "y", "z"]));
    assert!(fits(&["…"], &[]));
    assert!(fits(&["a …"], &["a b"]));
    assert!(!fits(&["a"], &["a", "b"]));
    assert!(!fits(&["a"], &["ab"]));
    assert!(!fits(&["a…c"], &["abd"]));
}
