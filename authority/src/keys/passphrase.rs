//! The passphrase of the keys: from a file or asked without echo, never from the command line, which every
//! process of the machine can read.

use std::{fs, io::IsTerminal, path::Path};

use dialoguer::Password;
use zeroize::Zeroizing;

use super::KeysError;

/// What encrypts keys; wiped when dropped.
pub(crate) struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// The first line of `file`.
    pub(crate) fn from_file(file: &Path) -> Result<Self, KeysError> {
        let text = fs::read_to_string(file).map_err(|source| KeysError::Read {
            path: file.to_owned(),
            source,
        })?;
        let text = Zeroizing::new(text);
        Self::new(text.lines().next().unwrap_or_default())
    }

    /// Asks for the passphrase of keys that are there.
    pub(crate) fn ask(prompt: &str) -> Result<Self, KeysError> {
        Self::answered(Password::new().with_prompt(prompt))
    }

    /// Asks twice for the passphrase of keys that are to be made.
    pub(crate) fn ask_new(prompt: &str) -> Result<Self, KeysError> {
        let password = Password::new().with_prompt(prompt);
        Self::answered(password.with_confirmation("Again", "They differ."))
    }

    fn answered(question: Password<'_>) -> Result<Self, KeysError> {
        if !std::io::stdin().is_terminal() {
            return Err(KeysError::NoPassphrase);
        }
        let answer = question.allow_empty_password(true).interact();
        let answer = Zeroizing::new(answer.map_err(|source| KeysError::Ask { source })?);
        Self::new(&answer)
    }

    fn new(text: &str) -> Result<Self, KeysError> {
        match text.is_empty() {
            true => Err(KeysError::EmptyPassphrase),
            false => Ok(Self(Zeroizing::new(text.to_owned()))),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
