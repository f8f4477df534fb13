//! The hash chain: who, when and what of every entry, each bound to all before it.

use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::event::Event;

/// One entry as it is stored. The hash covers exactly these bytes, so that nothing depends on how
/// a later version would write the same facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When, Unix time in milliseconds.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// What, a stable kebab-case name.
    pub kind: String,
    /// The facts of that kind, JSON.
    pub body: String,
    /// SHA-256 over the hash before it and this entry.
    pub hash: [u8; 32],
}

/// The end of the chain so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the newest entry; 0 if there is none.
    pub seq: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// What a check of the history found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Damage {
    /// A number is missing, or comes twice.
    #[error("entry {expected} is missing: entry {found} is in its place")]
    Gap {
        /// The number that should follow.
        expected: u64,
        /// The number that was found.
        found: u64,
    },
    /// An entry is not what was written.
    #[error("entry {seq} was altered: its hash does not follow from it and the entry before")]
    Altered {
        /// The first bad entry.
        seq: u64,
    },
    /// Entries at the end are missing.
    #[error("the history ends at entry {found} and entry {expected} was written")]
    CutOff {
        /// The newest entry that was written.
        expected: u64,
        /// The newest entry that is there.
        found: u64,
    },
    /// An entry of a kind or form that this version does not know.
    #[error("entry {seq} of kind {kind:?} is not understood: {problem}")]
    Unknown {
        /// The entry.
        seq: u64,
        /// Its kind.
        kind: String,
        /// What the reader said.
        problem: String,
    },
    /// An entry that cannot have happened after those before it.
    #[error("entry {seq} of kind {kind:?} contradicts the entries before it")]
    Impossible {
        /// The entry.
        seq: u64,
        /// Its kind.
        kind: String,
    },
}

/// Starts the chain: no other use of SHA-256 here can be taken for it.
const GENESIS: &[u8] = b"tallykey history 1";

impl Head {
    /// The head of an empty history.
    #[must_use]
    pub fn genesis() -> Self {
        Self {
            seq: 0,
            hash: Sha256::digest(GENESIS).into(),
        }
    }

    /// The entry that follows, and moves the head to it.
    pub fn append(&mut self, at: i64, actor: &str, event: &Event) -> Row {
        let (kind, body) = write(event);
        let seq = self.seq + 1;
        let hash = self.hash_of(seq, at, actor, &kind, &body);
        *self = Self { seq, hash };
        Row {
            seq,
            at,
            actor: actor.to_owned(),
            kind,
            body,
            hash,
        }
    }

    /// Checks that `row` follows, moves the head to it and gives what it tells.
    ///
    /// # Errors
    /// What is wrong with the row. The head stays.
    pub fn follow(&mut self, row: &Row) -> Result<Event, Damage> {
        let expected = self.seq + 1;
        if row.seq != expected {
            return Err(Damage::Gap {
                expected,
                found: row.seq,
            });
        }
        if self.hash_of(row.seq, row.at, &row.actor, &row.kind, &row.body) != row.hash {
            return Err(Damage::Altered { seq: row.seq });
        }
        let event = read(row).map_err(|problem| Damage::Unknown {
            seq: row.seq,
            kind: row.kind.clone(),
            problem: problem.to_string(),
        })?;
        *self = Self {
            seq: row.seq,
            hash: row.hash,
        };
        Ok(event)
    }

    /// Every field is of fixed length or length-prefixed, so that no two entries share bytes.
    fn hash_of(&self, seq: u64, at: i64, actor: &str, kind: &str, body: &str) -> [u8; 32] {
        let mut hash = Sha256::new().chain_update(self.hash);
        hash.update(seq.to_be_bytes());
        hash.update(at.to_be_bytes());
        for text in [actor, kind, body] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}

/// Kind and facts of an event, as text.
///
/// # Panics
/// Never: an event is plain text, numbers and lists, which JSON can always hold, and serde's
/// adjacent tagging always writes the tag first.
fn write(event: &Event) -> (String, String) {
    let text = serde_json::to_string(event).expect("an event is plain data");
    let fields = text
        .strip_prefix("{\"kind\":\"")
        .and_then(|rest| rest.strip_suffix('}'));
    let (kind, body) = fields
        .and_then(|rest| rest.split_once("\",\"body\":"))
        .expect("the tag comes first");
    (kind.to_owned(), body.to_owned())
}

fn read(row: &Row) -> Result<Event, serde_json::Error> {
    let body: serde_json::Value = serde_json::from_str(&row.body)?;
    let form = [
        ("kind", serde_json::Value::from(row.kind.as_str())),
        ("body", body),
    ];
    let form: serde_json::Map<_, _> = form.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
    Event::deserialize(form.into_deserializer())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn chain() -> Vec<Row> {
        let mut head = Head::genesis();
        let label = |label: &str| Event::TokenCreated {
            id: Uuid::nil(),
            role: "client".into(),
            label: label.into(),
            digest: "00".into(),
        };
        vec![
            head.append(
                1_000,
                "service",
                &Event::ServiceStarted {
                    version: "1".into(),
                    simulated: true,
                },
            ),
            head.append(2_000, "uid:0", &label("recorder")),
            head.append(2_000, "uid:0", &Event::TokenRevoked { id: Uuid::nil() }),
        ]
    }

    /// Walks the chain; the first damage it finds.
    fn check(rows: &[Row]) -> Result<Head, Damage> {
        let mut head = Head::genesis();
        rows.iter().try_for_each(|row| head.follow(row).map(drop))?;
        Ok(head)
    }

    #[test]
    fn a_chain_as_written_is_followed_to_its_head() {
        let rows = chain();
        let last = rows.last().expect("three rows");
        assert_eq!(
            check(&rows),
            Ok(Head {
                seq: 3,
                hash: last.hash
            })
        );
    }

    #[test]
    fn the_first_hash_never_changes() {
        // As Python's hashlib computes it from the rule in `hash_of`: a history outlives its program.
        let rows = chain();
        assert_eq!(rows[0].body, r#"{"version":"1","simulated":true}"#);
        assert_eq!(
            hex(&rows[0].hash),
            "9efdaf98441dbe749298250bb5a97083c0042f1fef536e0d91f7630d6d6daecd"
        );
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a25_an_altered_row_is_found_by_its_number() {
        let alter: [fn(&mut Row); 5] = [
            |row| row.at += 1,
            |row| row.actor.push('x'),
            |row| row.kind = "token-revoked".into(),
            |row| row.body = row.body.replace("recorder", "recorded"),
            |row| row.hash[31] ^= 1,
        ];
        for (number, alter) in alter.into_iter().enumerate() {
            let mut rows = chain();
            alter(&mut rows[1]);
            assert_eq!(
                check(&rows),
                Err(Damage::Altered { seq: 2 }),
                "alteration {number}"
            );
        }
    }

    #[test]
    fn a25_a_missing_or_moved_row_is_found() {
        let mut rows = chain();
        rows.remove(1);
        assert_eq!(
            check(&rows),
            Err(Damage::Gap {
                expected: 2,
                found: 3
            })
        );
        let mut rows = chain();
        rows.swap(0, 1);
        assert_eq!(
            check(&rows),
            Err(Damage::Gap {
                expected: 1,
                found: 2
            })
        );
    }

    #[test]
    fn bytes_moved_between_fields_are_another_entry() {
        let head = Head::genesis();
        assert_ne!(
            head.hash_of(1, 0, "ab", "c", "{}"),
            head.hash_of(1, 0, "a", "bc", "{}")
        );
    }

    #[test]
    fn a_kind_of_a_later_version_is_named() {
        let mut head = Head::genesis();
        let mut row = chain().remove(0);
        row.kind = "grace-started".into();
        row.hash = head.hash_of(row.seq, row.at, &row.actor, &row.kind, &row.body);
        assert!(
            matches!(head.follow(&row), Err(Damage::Unknown { seq: 1, kind, .. }) if kind == "grace-started")
        );
    }
}
