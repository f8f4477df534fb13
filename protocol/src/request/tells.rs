//! What a host tells of itself in a request.

use crate::array::{Array, Item};
use crate::cbor::{self, Decoder, Encoder, Malformed, Written};
use crate::id;
use crate::limits::{COUNT_MAX, GRANTS_MAX, LICENCE_LINES_MAX};

/// A software licence that is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Installed<'b> {
    /// Its identity: a licence's digest; a composite's is [`crate::receipt::identity`].
    pub identity: [u8; 32],
    /// Its revision; a composite's is its grant's.
    pub revision: u64,
    /// What it gives, by rising line id.
    pub lines: Array<'b, Held>,
}

/// Channels of one line of a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Line id.
    pub line: u32,
    /// Channels.
    pub count: u64,
}

/// The highest that a host saw of one dongle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark<'b> {
    /// Its serial.
    pub serial: &'b str,
    /// Thumbprint of its key ([`crate::id::thumbprint`]).
    pub thumbprint: [u8; 32],
    /// Its counter.
    pub counter: u64,
    /// Revisions of its grants, by rising product.
    pub revisions: Array<'b, Reached<'b>>,
}

/// The highest revision of one product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached<'b> {
    /// Product id.
    pub product: &'b str,
    /// Revision.
    pub revision: u64,
}

/// Channels that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'b> {
    /// Feature id.
    pub feature: &'b str,
    /// Channels.
    pub count: u64,
}

impl<'b> Item<'b> for Installed<'b> {
    fn encode(&self, e: &mut Encoder<'_>) -> Written {
        e.array(3)?.bytes(&self.identity)?.u64(self.revision)?;
        self.lines.encode(e)
    }

    fn decode(d: &mut Decoder<'b>) -> Result<Self, Malformed> {
        cbor::tuple(d, 3, "installed")?;
        let rises = |a: &Held, b: &Held| a.line < b.line;
        Ok(Self {
            identity: cbor::bytes(d, "installed")?,
            revision: cbor::number(d, u64::MAX, "installed")?,
            lines: Array::decode(d, LICENCE_LINES_MAX, "installed", rises)?,
        })
    }
}

impl Item<'_> for Held {
    fn encode(&self, e: &mut Encoder<'_>) -> Written {
        e.array(2)?.u32(self.line)?.u64(self.count)?.ok()
    }

    fn decode(d: &mut Decoder<'_>) -> Result<Self, Malformed> {
        cbor::tuple(d, 2, "installed")?;
        Ok(Self {
            line: d.u32().map_err(|_| Malformed::Field("installed"))?,
            count: cbor::number(d, COUNT_MAX, "installed")?,
        })
    }
}

impl<'b> Item<'b> for Mark<'b> {
    fn encode(&self, e: &mut Encoder<'_>) -> Written {
        e.array(4)?.str(self.serial)?.bytes(&self.thumbprint)?;
        e.u64(self.counter)?;
        self.revisions.encode(e)
    }

    fn decode(d: &mut Decoder<'b>) -> Result<Self, Malformed> {
        cbor::tuple(d, 4, "mark")?;
        let rises = |a: &Reached<'_>, b: &Reached<'_>| a.product < b.product;
        Ok(Self {
            serial: cbor::text(d, id::is_serial, "mark")?,
            thumbprint: cbor::bytes(d, "mark")?,
            counter: cbor::number(d, u64::MAX, "mark")?,
            revisions: Array::decode(d, GRANTS_MAX, "mark", rises)?,
        })
    }
}

impl<'b> Item<'b> for Reached<'b> {
    fn encode(&self, e: &mut Encoder<'_>) -> Written {
        e.array(2)?.str(self.product)?.u64(self.revision)?.ok()
    }

    fn decode(d: &mut Decoder<'b>) -> Result<Self, Malformed> {
        cbor::tuple(d, 2, "mark")?;
        Ok(Self {
            product: cbor::text(d, id::is_name, "mark")?,
            revision: cbor::number(d, u64::MAX, "mark")?,
        })
    }
}

impl<'b> Item<'b> for Wanted<'b> {
    fn encode(&self, e: &mut Encoder<'_>) -> Written {
        e.array(2)?.str(self.feature)?.u64(self.count)?.ok()
    }

    fn decode(d: &mut Decoder<'b>) -> Result<Self, Malformed> {
        cbor::tuple(d, 2, "wanted")?;
        Ok(Self {
            feature: cbor::text(d, id::is_name, "wanted")?,
            count: cbor::number(d, COUNT_MAX, "wanted")?,
        })
    }
}
