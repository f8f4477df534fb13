//! A long array in a record that only files carry: a slice when it is written, and read where it lies, one item
//! at a time, so that neither side needs heap or a deep stack.

use crate::cbor::{self, Decoder, Encoder, Malformed, Written};
use core::fmt;
use core::slice;

/// What an [`Array`] holds.
pub trait Item<'b>: Copy + PartialEq {
    /// Writes it.
    ///
    /// # Errors
    /// If the buffer is too small.
    fn encode(&self, e: &mut Encoder<'_>) -> Written;

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// The field that is wrong.
    fn decode(d: &mut Decoder<'b>) -> Result<Self, Malformed>;
}

/// Items in order.
#[derive(Clone, Copy)]
pub struct Array<'b, T>(Source<'b, T>);

#[derive(Clone, Copy)]
enum Source<'b, T> {
    Values(&'b [T]),
    /// Every item has been read once, so that it can be again.
    Read {
        items: &'b [u8],
        length: usize,
    },
}

impl<'b, T: Item<'b>> Array<'b, T> {
    /// These items.
    #[must_use]
    pub const fn of(values: &'b [T]) -> Self {
        Self(Source::Values(values))
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self.0 {
            Source::Values(values) => values.len(),
            Source::Read { length, .. } => length,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One after the other.
    #[must_use]
    pub fn iter(&self) -> Iter<'b, T> {
        Iter(match self.0 {
            Source::Values(values) => Rest::Values(values.iter()),
            Source::Read { items, length } => Rest::Read {
                decoder: Decoder::new(items),
                length,
            },
        })
    }

    pub(crate) fn encode(&self, e: &mut Encoder<'_>) -> Written {
        e.array(self.len() as u64)?;
        self.iter().try_for_each(|item| item.encode(e))
    }

    /// Reads an array of at most `max` items; each but the first must go with the one before it.
    pub(crate) fn decode(
        d: &mut Decoder<'b>,
        max: usize,
        name: &'static str,
        follows: impl Fn(&T, &T) -> bool,
    ) -> Result<Self, Malformed> {
        let length = cbor::array(d, max, name)?;
        let (input, start) = (d.input(), d.position());
        let mut before: Option<T> = None;
        for _ in 0..length {
            let item = T::decode(d)?;
            if before.is_some_and(|before| !follows(&before, &item)) {
                return Err(Malformed::Field(name));
            }
            before = Some(item);
        }
        let items = &input[start..d.position()];
        Ok(Self(Source::Read { items, length }))
    }
}

impl<T> Default for Array<'_, T> {
    fn default() -> Self {
        Self(Source::Values(&[]))
    }
}

impl<'b, T: Item<'b>> PartialEq for Array<'b, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'b, T: Item<'b> + Eq> Eq for Array<'b, T> {}

impl<'b, T: Item<'b> + fmt::Debug> fmt::Debug for Array<'b, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'b, T: Item<'b>> IntoIterator for Array<'b, T> {
    type Item = T;
    type IntoIter = Iter<'b, T>;

    fn into_iter(self) -> Iter<'b, T> {
        self.iter()
    }
}

/// The items of an [`Array`].
#[derive(Clone)]
pub struct Iter<'b, T>(Rest<'b, T>);

#[derive(Clone)]
enum Rest<'b, T> {
    Values(slice::Iter<'b, T>),
    Read { decoder: Decoder<'b>, length: usize },
}

impl<'b, T: Item<'b>> Iterator for Iter<'b, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Rest::Values(values) => values.next().copied(),
            Rest::Read { decoder, length } => {
                *length = length.checked_sub(1)?;
                T::decode(decoder).ok()
            }
        }
    }
}

/// A record, at most as long as a grant.
impl<'b> Item<'b> for &'b [u8] {
    fn encode(&self, e: &mut Encoder<'_>) -> Written {
        e.bytes(self)?.ok()
    }

    fn decode(d: &mut Decoder<'b>) -> Result<Self, Malformed> {
        cbor::slice(d, crate::limits::GRANT_MAX, "record")
    }
}
