//! A loss of power during one write.

use tallykey_core::platform::FlashFault;

/// What of the interrupted write reaches the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// Nothing.
    None,
    /// All of it: power went before the part could say so.
    All,
    /// Only the bit with this number, counted from the lowest one of the first byte; nothing if it does not change.
    Bit(usize),
    /// A subset of the changed bits, drawn from this seed.
    Subset(u64),
}

/// One write as the flash was told to do it.
#[derive(Clone, Debug)]
pub struct Write {
    pub(super) at: usize,
    pub(super) bytes: Vec<u8>,
}

impl Write {
    /// Does to `contents` what is left of this write if power goes in its middle.
    pub fn torn(&self, contents: &mut [u8], how: Tear) {
        tear(
            &mut contents[self.at..self.at + self.bytes.len()],
            &self.bytes,
            how,
        );
    }

    /// Makes `contents` in the place of this write what they are in `before`.
    pub fn undo(&self, contents: &mut [u8], before: &[u8]) {
        let place = self.at..self.at + self.bytes.len();
        contents[place.clone()].copy_from_slice(&before[place]);
    }

    /// The bits that it changes in `contents`, as [`Tear::Bit`] numbers them.
    pub fn bits(&self, contents: &[u8]) -> impl Iterator<Item = usize> {
        let changed = contents[self.at..].iter().zip(&self.bytes);
        changed.enumerate().flat_map(|(n, (old, new))| {
            let bits = old ^ new;
            (0..8)
                .filter(move |bit| bits & 1 << bit != 0)
                .map(move |bit| n * 8 + bit)
        })
    }
}

/// A plan to take the power away.
#[derive(Clone, Copy, Debug)]
pub struct PowerCut {
    /// Writes (units programmed, sectors erased) that still succeed.
    left: u64,
    tear: Tear,
    over: bool,
}

impl PowerCut {
    /// Power goes during the write after `left` more of them.
    #[must_use]
    pub const fn after(left: u64, tear: Tear) -> Self {
        Self {
            left,
            tear,
            over: false,
        }
    }

    /// Whether the power is off.
    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    /// Writes `new` over `place`, as far as there is power for it.
    pub(super) fn write(&mut self, place: &mut [u8], new: &[u8]) -> Result<(), FlashFault> {
        if self.over {
            return Err(FlashFault);
        }
        if self.left > 0 {
            self.left -= 1;
            place.copy_from_slice(new);
            return Ok(());
        }
        self.over = true;
        tear(place, new, self.tear);
        Err(FlashFault)
    }
}

fn tear(place: &mut [u8], new: &[u8], tear: Tear) {
    match tear {
        Tear::None => {}
        Tear::All => place.copy_from_slice(new),
        Tear::Bit(number) => {
            if let (Some(old), Some(new)) = (place.get_mut(number / 8), new.get(number / 8)) {
                *old ^= (*old ^ new) & 1 << (number % 8);
            }
        }
        Tear::Subset(seed) => {
            let mut state = seed;
            for (old, new) in place.iter_mut().zip(new) {
                *old ^= (*old ^ new) & (splitmix(&mut state) as u8);
            }
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): enough to scatter bits, the same every time.
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
