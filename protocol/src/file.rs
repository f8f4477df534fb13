//! Files as a courier brings them: one object or several, in armour with any text around it or raw, one after the
//! other. What an object is, its content says; neither the file's name nor a label decides.

mod kind;

pub use kind::Kind;

use crate::armour::{self, ArmourError, Decoder, Label};
use crate::cbor::{self, Malformed};
use crate::cose::CoseError;
use crate::limits::{FILE_MAX, OBJECTS_MAX};
use core::fmt;
use der::{Reader, SliceReader};

/// One object of a file. Nothing in it has been believed: its own reader verifies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object<'o> {
    /// What it is.
    pub kind: Kind,
    /// Its bytes, without armour.
    pub bytes: &'o [u8],
}

/// Where something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the armour that begins in this line, from 1.
    Line(usize),
    /// In the object that begins at this byte, from 0.
    Byte(usize),
}

/// What is wrong with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sin {
    /// Its armour.
    Armour(ArmourError),
    /// It is not deterministic CBOR.
    Malformed(Malformed),
    /// It is a signed record, but not one of ours.
    Record(CoseError),
    /// It is none of our objects.
    Unknown,
    /// Its armour says that it is something else.
    Mislabelled(Kind),
    /// The file is longer, or has more objects, than is looked into.
    TooMuch,
}

/// An object that could not be read, or a file that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileError {
    /// Where.
    pub place: Place,
    /// What.
    pub sin: Sin,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.sin, self.place) {
            // These name their own line.
            (Sin::Armour(error), _) => return error.fmt(f),
            (_, Place::Line(line)) => write!(f, "line {line}: ")?,
            (_, Place::Byte(byte)) => write!(f, "byte {byte}: ")?,
        }
        match self.sin {
            Sin::Armour(error) => error.fmt(f),
            Sin::Malformed(malformed) => malformed.fmt(f),
            Sin::Record(error) => error.fmt(f),
            Sin::Unknown => f.write_str("not an object of Tallykey"),
            Sin::Mislabelled(kind) => write!(f, "a {} under another label", kind.name()),
            Sin::TooMuch => f.write_str("the file is longer or holds more than is looked into"),
        }
    }
}

impl core::error::Error for FileError {}

/// The objects of a file, in order.
#[derive(Clone, Debug)]
pub struct Objects<'a> {
    rest: &'a [u8],
    /// Lines or bytes before `rest`.
    before: usize,
    armoured: bool,
    left: usize,
}

impl<'a> Objects<'a> {
    /// The objects in `file`. Armour anywhere in it makes everything else text.
    #[must_use]
    pub fn new(file: &'a [u8]) -> Self {
        let armoured = file.len() <= FILE_MAX
            && file
                .split(|byte| *byte == b'\n')
                .any(|line| ours(text(line)).is_some());
        Self {
            rest: file,
            before: 0,
            armoured,
            left: OBJECTS_MAX,
        }
    }

    /// The next object; `out` takes one that was in armour and holds the longest if it has
    /// [`crate::limits::OBJECT_MAX`] bytes. After an error the objects that follow can still be read where
    /// it is certain where they begin: in armour.
    pub fn next<'o>(&mut self, out: &'o mut [u8]) -> Option<Result<Object<'o>, FileError>>
    where
        'a: 'o,
    {
        if self.rest.len() > FILE_MAX {
            return Some(Err(self.end(Sin::TooMuch)));
        }
        let (place, bytes, label) = match self.armoured {
            true => {
                let (line, label) = self.find_begin()?;
                let place = Place::Line(line);
                match self.take_armoured(label, out) {
                    Ok(bytes) => (place, bytes, Some(label)),
                    Err(error) => {
                        let sin = Sin::Armour(error);
                        return Some(Err(FileError { place, sin }));
                    }
                }
            }
            false if self.rest.is_empty() => return None,
            false => match split(self.rest) {
                Ok((object, rest)) => {
                    let place = Place::Byte(self.before);
                    self.before += object.len();
                    self.rest = rest;
                    (place, object, None)
                }
                Err(malformed) => return Some(Err(self.end(Sin::Malformed(malformed)))),
            },
        };
        let Some(left) = self.left.checked_sub(1) else {
            return Some(Err(self.end(Sin::TooMuch)));
        };
        self.left = left;
        let kind = match Kind::sniff(bytes) {
            Ok(kind) if label.is_some_and(|label| label != kind.label().name()) => {
                Err(Sin::Mislabelled(kind))
            }
            sniffed => sniffed,
        };
        if kind.is_err() && !self.armoured {
            // What follows something unknown is no better known.
            self.rest = &[];
        }
        Some(match kind {
            Ok(kind) => Ok(Object { kind, bytes }),
            Err(sin) => Err(FileError { place, sin }),
        })
    }

    /// Nothing follows.
    fn end(&mut self, sin: Sin) -> FileError {
        self.rest = &[];
        FileError {
            place: match self.armoured {
                true => Place::Line(self.before),
                false => Place::Byte(self.before),
            },
            sin,
        }
    }

    /// Goes behind the next BEGIN line of ours; returns its number and label.
    fn find_begin(&mut self) -> Option<(usize, &'a str)> {
        while let Some(line) = self.take_line() {
            if let Some(label) = ours(line) {
                return Some((self.before, label));
            }
        }
        None
    }

    /// Goes behind the END line, or as far as the armour can be followed.
    fn take_armoured<'o>(
        &mut self,
        label: &str,
        out: &'o mut [u8],
    ) -> Result<&'o [u8], ArmourError> {
        let mut decoder = Decoder::new(out);
        loop {
            let here = self.clone();
            let line = self.take_line().ok_or(ArmourError::NoEnd)?;
            match armour::end(line) {
                Some(end) if end == label => return decoder.finish(),
                Some(_) => return Err(ArmourError::BadText { line: self.before }),
                None if armour::begin(line).is_some() => {
                    *self = here;
                    return Err(ArmourError::NoEnd);
                }
                None => decoder.line(line, self.before)?,
            }
        }
    }

    fn take_line(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let mut lines = self.rest.splitn(2, |byte| *byte == b'\n');
        let line = lines.next()?;
        self.rest = lines.next().unwrap_or(&[]);
        self.before += 1;
        Some(text(line))
    }
}

/// A line; one that is no text is nothing of ours, but not blank either.
fn text(line: &[u8]) -> &str {
    core::str::from_utf8(line).map_or("?", armour::clean)
}

/// The label of a BEGIN line, if it is one of ours: by its first word, or the one that is everybody's.
fn ours(line: &str) -> Option<&str> {
    let known = |label: &&str| label.starts_with("TALLYKEY ") || *label == Label::Crl.name();
    armour::begin(line).filter(known)
}

/// The first object of `bytes`, and what follows it.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    if bytes.first() == Some(&kind::DER)
        && let Ok(object) = SliceReader::new(bytes).and_then(|mut reader| reader.tlv_bytes())
    {
        return Ok(bytes.split_at(object.len()));
    }
    cbor::split(bytes)
}
