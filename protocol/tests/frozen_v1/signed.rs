//! How a frozen record is held: its bytes in pieces, and the same made anew from what was read.

use tallykey_protocol::cbor::Full;
use tallykey_protocol::cose::{Header, assemble};

/// A signed record.
pub(crate) struct Frozen {
    /// Everything before the claims.
    pub(crate) head: &'static [&'static [u8]],
    pub(crate) claims: &'static [&'static [u8]],
    /// After the head of a byte string of 64.
    pub(crate) signature: [u8; 64],
}

impl Frozen {
    /// The whole record.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let pieces = [self.head, self.claims, &[&[0x58, 0x40], &self.signature]];
        pieces.concat().concat()
    }

    /// What was read of it, written again, is the same bytes: the claims, and the container around them.
    pub(crate) fn is_rewritten(
        &self,
        header: &Header<'_>,
        claims: impl FnOnce(&mut [u8]) -> Result<usize, Full>,
    ) {
        let mut written = [0; 1024];
        let length = claims(&mut written).expect("fits");
        assert_eq!(written[..length], self.claims.concat());
        let mut record = [0; 1024];
        let whole = assemble::<Full>(&mut record, header, &written[..length], |_| {
            Ok(self.signature)
        });
        assert_eq!(record[..whole.expect("fits")], self.bytes());
    }
}
