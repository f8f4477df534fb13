//! A short list with room for `N`, for records that are read and written without heap.

use crate::cbor::Full;
use core::ops::{Deref, DerefMut};

/// Up to `N` values in order.
#[derive(Clone, Copy, Debug)]
pub struct List<T, const N: usize> {
    values: [T; N],
    length: usize,
}

impl<T: Copy + Default, const N: usize> List<T, N> {
    /// Adds a value at the end.
    ///
    /// # Errors
    /// [`Full`] if there are `N` already.
    pub fn push(&mut self, value: T) -> Result<(), Full> {
        *self.values.get_mut(self.length).ok_or(Full)? = value;
        self.length += 1;
        Ok(())
    }

    /// Keeps the first `length` values; nothing happens if there are fewer.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// A list of these values.
    ///
    /// # Errors
    /// [`Full`] if there are more than `N`.
    pub fn of(values: &[T]) -> Result<Self, Full> {
        let mut list = Self::default();
        for value in values {
            list.push(*value)?;
        }
        Ok(list)
    }
}

impl<T: Copy + Default, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        Self {
            values: [T::default(); N],
            length: 0,
        }
    }
}

impl<T, const N: usize> Deref for List<T, N> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.values[..self.length]
    }
}

impl<T, const N: usize> DerefMut for List<T, N> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[..self.length]
    }
}

impl<T: PartialEq, const N: usize> PartialEq for List<T, N> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq, const N: usize> Eq for List<T, N> {}
