//! Which files have come to rest. No clock: a look is a look.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

/// Files that are taken in one look; the others wait for the next.
const TAKEN_MAX: usize = 32;

/// What changes while a file is being written, or when another takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Bytes.
    pub(super) length: u64,
    /// When it was changed last.
    pub(super) modified: Option<SystemTime>,
    /// Which file it is.
    pub(super) inode: u64,
}

/// What the last look saw.
#[derive(Debug, Default)]
pub(super) struct Steady(BTreeMap<PathBuf, Stamp>);

impl Steady {
    /// The files that are as they were at the last look, by name.
    pub(super) fn look(&mut self, seen: BTreeMap<PathBuf, Stamp>) -> Vec<(PathBuf, Stamp)> {
        let before = std::mem::replace(&mut self.0, seen);
        let same = self
            .0
            .iter()
            .filter(|(name, stamp)| before.get(*name) == Some(*stamp));
        same.take(TAKEN_MAX)
            .map(|(name, stamp)| (name.clone(), *stamp))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(files: &[(&str, u64, u64)]) -> BTreeMap<PathBuf, Stamp> {
        let files = files.iter().map(|(name, length, inode)| {
            let stamp = Stamp {
                length: *length,
                modified: None,
                inode: *inode,
            };
            (PathBuf::from(name), stamp)
        });
        files.collect()
    }

    fn taken(steady: &mut Steady, files: &[(&str, u64, u64)]) -> Vec<String> {
        let taken = steady.look(seen(files)).into_iter();
        taken.map(|(name, _)| name.display().to_string()).collect()
    }

    #[test]
    fn a_file_is_taken_when_two_looks_see_the_same() {
        let mut steady = Steady::default();
        assert!(taken(&mut steady, &[("a", 1, 7)]).is_empty(), "first seen");
        assert!(taken(&mut steady, &[("a", 2, 7)]).is_empty(), "it grows");
        assert!(taken(&mut steady, &[("a", 2, 8)]).is_empty(), "replaced");
        assert_eq!(taken(&mut steady, &[("a", 2, 8), ("b", 1, 9)]), ["a"]);
        assert!(taken(&mut steady, &[]).is_empty(), "gone");
        assert!(taken(&mut steady, &[("b", 1, 9)]).is_empty(), "back again");
        assert_eq!(taken(&mut steady, &[("b", 1, 9)]), ["b"]);
    }

    #[test]
    fn one_look_takes_a_bounded_number() {
        let many: Vec<_> = (0..100).map(|n| (format!("{n:03}"), 1, n)).collect();
        let many: Vec<_> = many.iter().map(|(n, l, i)| (n.as_str(), *l, *i)).collect();
        let mut steady = Steady::default();
        taken(&mut steady, &many);
        assert_eq!(taken(&mut steady, &many).len(), TAKEN_MAX);
    }
}
