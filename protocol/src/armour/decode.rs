//! Base64 as armour has it.

use super::ArmourError;
use base64ct::{Base64, Encoding};

/// Base64 in groups of four, wherever the lines break.
pub(crate) struct Decoder<'a> {
    out: &'a mut [u8],
    written: usize,
    group: [u8; 4],
    held: usize,
    /// The line of the last character.
    line: usize,
    /// A padded group was the last one.
    padded: bool,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(out: &'a mut [u8]) -> Self {
        Self {
            out,
            written: 0,
            group: [0; 4],
            held: 0,
            line: 0,
            padded: false,
        }
    }

    pub(crate) fn line(&mut self, text: &str, line: usize) -> Result<(), ArmourError> {
        for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
            self.line = line;
            if self.padded {
                return Err(ArmourError::BadText { line });
            }
            self.group[self.held] = byte;
            self.held += 1;
            if self.held == self.group.len() {
                self.held = 0;
                self.padded = byte == b'=';
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ArmourError> {
        let mut buffer = [0; 3];
        let bytes = Base64::decode(self.group, &mut buffer)
            .map_err(|_| ArmourError::BadText { line: self.line })?;
        self.out
            .get_mut(self.written..self.written + bytes.len())
            .ok_or(ArmourError::TooLong)?
            .copy_from_slice(bytes);
        self.written += bytes.len();
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<&'a [u8], ArmourError> {
        match self.held {
            0 => Ok(&self.out[..self.written]),
            _ => Err(ArmourError::BadText { line: self.line }),
        }
    }
}
