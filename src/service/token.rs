//! Bearer tokens: kept only as SHA-256 of a 256-bit random secret, so that a copy of the state
//! folder opens nothing.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::ledger::{Event, Impossible};
use crate::licence::Refusal;

use super::request::{Actor, NewToken, Principal, Role, Token};

/// Every token that is not revoked, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tokens(Vec<Kept>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    token: Token,
    digest: String,
}

/// What makes a secret known as one of ours, to people and to secret scanners.
const PREFIX: &str = "tk_";

/// Longest label, characters.
const LABEL_MAX: usize = 64;

impl Tokens {
    pub(super) fn list(&self) -> Vec<Token> {
        self.0.iter().map(|kept| kept.token.clone()).collect()
    }

    pub(super) fn find(&self, id: Uuid) -> Result<Token, Refusal> {
        let kept = self.0.iter().find(|kept| kept.token.id == id);
        kept.map(|kept| kept.token.clone())
            .ok_or(Refusal::NoSuchToken { id })
    }

    /// Compares digests of 256-bit random secrets: what the time of the comparison gives away is
    /// of the digest, from which no secret can be built.
    pub(super) fn authenticate(&self, secret: &str) -> Option<Principal> {
        let digest = digest_of(secret);
        let Kept { token, .. } = self.0.iter().find(|kept| kept.digest == digest)?;
        Some(Principal {
            actor: Actor::token(token.id),
            role: token.role,
        })
    }

    /// # Errors
    /// [`Impossible`] if it contradicts what came before.
    pub(super) fn apply(&mut self, at: i64, event: &Event) -> Result<(), Impossible> {
        match event {
            Event::TokenCreated {
                id,
                role,
                label,
                digest,
            } => {
                let role = Role::from_name(role).ok_or(Impossible)?;
                let token = Token {
                    id: *id,
                    role,
                    label: label.clone(),
                    created_at: at,
                };
                self.0.push(Kept {
                    token,
                    digest: digest.clone(),
                });
            }
            Event::TokenRevoked { id } => {
                let place = self.0.iter().position(|kept| kept.token.id == *id);
                self.0.remove(place.ok_or(Impossible)?);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Makes a token of 48 random bytes: 16 for its id and 32 for its secret.
///
/// # Errors
/// [`Refusal::BadLabel`].
pub(super) fn make(
    random: &[u8; 48],
    role: Role,
    label: &str,
    now: i64,
) -> Result<(NewToken, Event), Refusal> {
    let label = check_label(label)?;
    let (id, secret) = random.split_at(16);
    let id = uuid::Builder::from_random_bytes(id.try_into().expect("split at 16")).into_uuid();
    let secret = format!("{PREFIX}{}", hex(secret));
    let event = Event::TokenCreated {
        id,
        role: role.name().into(),
        label: label.into(),
        digest: digest_of(&secret),
    };
    let token = Token {
        id,
        role,
        label: label.into(),
        created_at: now,
    };
    Ok((NewToken { token, secret }, event))
}

fn check_label(label: &str) -> Result<&str, Refusal> {
    let trimmed = label.trim();
    let fits = (1..=LABEL_MAX).contains(&trimmed.chars().count());
    if fits && tallykey_protocol::id::is_label(trimmed) {
        Ok(trimmed)
    } else {
        Err(Refusal::BadLabel {
            value: label.chars().take(LABEL_MAX).collect(),
        })
    }
}

fn digest_of(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Lower-case hexadecimal, as in the history.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a String takes all");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_with_its_secret_until_it_is_revoked() {
        let mut tokens = Tokens::default();
        let (new, event) = make(&[7; 48], Role::Client, " recorder ", 5).expect("a good label");
        tokens.apply(5, &event).expect("possible");
        let principal = tokens.authenticate(&new.secret).expect("the right secret");
        assert_eq!(
            (principal.actor, principal.role),
            (Actor::token(new.token.id), Role::Client)
        );
        assert_eq!(tokens.list(), std::slice::from_ref(&new.token));
        assert_eq!(new.token.label, "recorder");

        for wrong in ["", "tk_", &new.secret[1..], &format!("{}0", new.secret)] {
            assert_eq!(tokens.authenticate(wrong), None, "{wrong:?}");
        }
        tokens
            .apply(6, &Event::TokenRevoked { id: new.token.id })
            .expect("possible");
        assert_eq!(tokens.authenticate(&new.secret), None);
        let id = new.token.id;
        assert_eq!(tokens.find(id), Err(Refusal::NoSuchToken { id }));
    }

    #[test]
    fn a07_the_secret_is_in_no_event_and_no_debug_text() {
        let (new, event) = make(&[7; 48], Role::Admin, "desk", 5).expect("a good label");
        for text in [format!("{event:?}"), format!("{new:?}")] {
            assert!(!text.contains(&new.secret[PREFIX.len()..]), "{text}");
        }
    }

    #[test]
    fn a_label_that_could_deceive_is_refused() {
        for label in ["", "  ", "a\nb", "\u{1b}[31m", "\u{202e}x", &"l".repeat(65)] {
            let refused = make(&[7; 48], Role::Viewer, label, 0).expect_err(label);
            assert_eq!(refused.code(), "bad-label");
        }
    }
}
