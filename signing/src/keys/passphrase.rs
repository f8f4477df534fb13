//! The passphrase of the keys: from a file or asked without echo, never from the command line, which every
//! process of the machine can read.

use std::{io::IsTerminal, path::Path};

use dialoguer::Password;
use zeroize::Zeroizing;

use super::{KeyError, read};

/// What encrypts keys; wiped when dropped.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// The first line of `file`.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_file(file: &Path) -> Result<Self, KeyError> {
        let text = Zeroizing::new(read(file)?);
        Self::new(text.lines().next().unwrap_or_default())
    }

    /// Asks for the passphrase of keys that are there.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn ask(prompt: &str) -> Result<Self, KeyError> {
        Self::answered(Password::new().with_prompt(prompt))
    }

    /// Asks twice for the passphrase of keys that are to be made.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn ask_new(prompt: &str) -> Result<Self, KeyError> {
        let password = Password::new().with_prompt(prompt);
        Self::answered(password.with_confirmation("Again", "They differ."))
    }

    fn answered(question: Password<'_>) -> Result<Self, KeyError> {
        if !std::io::stdin().is_terminal() {
            return Err(KeyError::NoPassphrase);
        }
        let answer = question.allow_empty_password(true).interact();
        let answer = Zeroizing::new(answer.map_err(|source| KeyError::Ask { source })?);
        Self::new(&answer)
    }

    fn new(text: &str) -> Result<Self, KeyError> {
        match text.is_empty() {
            true => Err(KeyError::EmptyPassphrase),
            false => Ok(Self(Zeroizing::new(text.to_owned()))),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
