//! Deterministic CBOR (RFC 8949 §4.2): one strict gate, then plain reading.
//!
//! [`check`] refuses everything that two readers could understand differently. Whatever has passed it
//! can be read with `minicbor`, which by itself is lenient.

mod strict;

pub use strict::{check, split};

use core::fmt;
use minicbor::encode::write::{Cursor, EndOfSlice};

/// Reader over checked bytes.
pub type Decoder<'b> = minicbor::Decoder<'b>;
/// Writer into a caller's buffer.
pub type Encoder<'b> = minicbor::Encoder<Cursor<&'b mut [u8]>>;
/// What a step of writing returns.
pub type Written = Result<(), minicbor::encode::Error<EndOfSlice>>;

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The bytes end inside an item.
    Truncated,
    /// Bytes follow the item.
    Trailing,
    /// An indefinite length (RFC 8949 §4.2.1 forbids it).
    Indefinite,
    /// An integer or length that is not in its shortest form.
    NotShortest,
    /// Map keys repeat or are not in ascending order.
    KeyOrder,
    /// Nested deeper than any of our objects.
    TooDeep,
    /// Text that is not UTF-8.
    NotUtf8,
    /// A float, an undefined or a simple value, none of which we use.
    Forbidden,
    /// Longer than the limit.
    TooLong,
    /// This field is absent, of the wrong type, or out of its bounds.
    Field(&'static str),
    /// This key has no meaning here.
    UnknownKey(i64),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the data ends in the middle of an item"),
            Self::Trailing => f.write_str("bytes follow the end of the data"),
            Self::Indefinite => f.write_str("an item has an indefinite length"),
            Self::NotShortest => f.write_str("a number is not in its shortest form"),
            Self::KeyOrder => f.write_str("map keys repeat or are out of order"),
            Self::TooDeep => f.write_str("the data is nested too deep"),
            Self::NotUtf8 => f.write_str("a text is not UTF-8"),
            Self::Forbidden => f.write_str("the data holds a float or an unknown simple value"),
            Self::TooLong => f.write_str("the data is longer than allowed"),
            Self::Field(name) => write!(f, "the field `{name}` is missing or not valid"),
            Self::UnknownKey(key) => write!(f, "the key {key} is not known here"),
        }
    }
}

impl core::error::Error for Malformed {}

/// The caller's buffer is too small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the buffer is too small for the object")
    }
}

impl core::error::Error for Full {}

/// Writes one object into `out` and returns its length in bytes.
///
/// # Errors
/// [`Full`] if `out` is too small.
pub fn write(
    out: &mut [u8],
    object: impl FnOnce(&mut Encoder<'_>) -> Written,
) -> Result<usize, Full> {
    let mut encoder = Encoder::new(Cursor::new(out));
    object(&mut encoder).map_err(|_| Full)?;
    Ok(encoder.writer().position())
}

/// Hands `sink` the head of a byte string of `length` bytes, for hashing one without copying it.
pub fn bytes_head(length: usize, sink: impl FnOnce(&[u8])) {
    // A byte string differs from a number only in its major type, 2 for 0.
    let mut head = [0; 9];
    if let Ok(written) = write(&mut head, |e| e.u64(length as u64)?.ok()) {
        head[0] |= 0x40;
        sink(&head[..written]);
    }
}

/// Checks `bytes` and reads them as one map with integer keys, handing each value to `field`.
///
/// # Errors
/// What [`check`] or `field` found.
pub fn read_map<'b>(
    bytes: &'b [u8],
    field: impl FnMut(i64, &mut Decoder<'b>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    check(bytes)?;
    let mut decoder = Decoder::new(bytes);
    fields(&mut decoder, field)
}

/// Reads the map under `decoder`, whose bytes have been checked, handing each value to `field`.
///
/// # Errors
/// [`Malformed::Field`] if it is no map with integer keys; what `field` found.
pub fn fields<'b>(
    decoder: &mut Decoder<'b>,
    mut field: impl FnMut(i64, &mut Decoder<'b>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let entries = decoder
        .map()
        .ok()
        .flatten()
        .ok_or(Malformed::Field("map"))?;
    for _ in 0..entries {
        let key = decoder.i64().map_err(|_| Malformed::Field("key"))?;
        field(key, decoder)?;
    }
    Ok(())
}

/// Reads the head of an array of at most `max` elements.
///
/// # Errors
/// [`Malformed::Field`] naming `name`.
pub fn array(
    decoder: &mut Decoder<'_>,
    max: usize,
    name: &'static str,
) -> Result<usize, Malformed> {
    let length = decoder
        .array()
        .ok()
        .flatten()
        .ok_or(Malformed::Field(name))?;
    usize::try_from(length)
        .ok()
        .filter(|n| *n <= max)
        .ok_or(Malformed::Field(name))
}

/// Reads the head of an array of exactly `length` elements.
///
/// # Errors
/// [`Malformed::Field`] naming `name`.
pub fn tuple(
    decoder: &mut Decoder<'_>,
    length: usize,
    name: &'static str,
) -> Result<(), Malformed> {
    match array(decoder, length, name)? == length {
        true => Ok(()),
        false => Err(Malformed::Field(name)),
    }
}

/// Reads null as nothing, anything else with `value`.
///
/// # Errors
/// What `value` found.
pub fn maybe<'b, T>(
    decoder: &mut Decoder<'b>,
    value: impl FnOnce(&mut Decoder<'b>) -> Result<T, Malformed>,
) -> Result<Option<T>, Malformed> {
    match decoder.datatype() {
        Ok(minicbor::data::Type::Null) => {
            decoder.null().map_err(|_| Malformed::Truncated)?;
            Ok(None)
        }
        _ => value(decoder).map(Some),
    }
}

/// Reads an array of exactly `N` bytes.
///
/// # Errors
/// [`Malformed::Field`] naming `name`.
pub fn bytes<const N: usize>(
    decoder: &mut Decoder<'_>,
    name: &'static str,
) -> Result<[u8; N], Malformed> {
    let bytes = decoder.bytes().map_err(|_| Malformed::Field(name))?;
    bytes.try_into().map_err(|_| Malformed::Field(name))
}

/// Reads a byte string of at most `max` bytes.
///
/// # Errors
/// [`Malformed::Field`] naming `name`.
pub fn slice<'b>(
    decoder: &mut Decoder<'b>,
    max: usize,
    name: &'static str,
) -> Result<&'b [u8], Malformed> {
    decoder
        .bytes()
        .ok()
        .filter(|b| b.len() <= max)
        .ok_or(Malformed::Field(name))
}

/// Reads an unsigned number of at most `max`.
///
/// # Errors
/// [`Malformed::Field`] naming `name`.
pub fn number(decoder: &mut Decoder<'_>, max: u64, name: &'static str) -> Result<u64, Malformed> {
    decoder
        .u64()
        .ok()
        .filter(|n| *n <= max)
        .ok_or(Malformed::Field(name))
}

/// Reads a byte-sized code.
///
/// # Errors
/// [`Malformed::Field`] naming `name`.
pub fn code(decoder: &mut Decoder<'_>, name: &'static str) -> Result<u8, Malformed> {
    decoder.u8().map_err(|_| Malformed::Field(name))
}

/// Reads true or false.
///
/// # Errors
/// [`Malformed::Field`] naming `name`.
pub fn flag(decoder: &mut Decoder<'_>, name: &'static str) -> Result<bool, Malformed> {
    decoder.bool().map_err(|_| Malformed::Field(name))
}

/// Reads a text that passes `rule`.
///
/// # Errors
/// [`Malformed::Field`] naming `name`.
pub fn text<'b>(
    decoder: &mut Decoder<'b>,
    rule: impl FnOnce(&str) -> bool,
    name: &'static str,
) -> Result<&'b str, Malformed> {
    decoder
        .str()
        .ok()
        .filter(|s| rule(s))
        .ok_or(Malformed::Field(name))
}

/// The value of a field that must be there.
///
/// # Errors
/// [`Malformed::Field`] naming `name`.
pub fn need<T>(field: Option<T>, name: &'static str) -> Result<T, Malformed> {
    field.ok_or(Malformed::Field(name))
}
