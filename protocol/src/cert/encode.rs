//! Composes DER out of parts without a heap: a TLV knows its length before it is written.

use der::{Encode, EncodeValue, Length, Tag, Tagged, Writer};

/// A constructed value: a tag around parts that follow each other.
pub(super) struct Tlv<P> {
    tag: Tag,
    parts: P,
}

pub(super) fn sequence<P: Parts>(parts: P) -> Tlv<P> {
    tlv(Tag::Sequence, parts)
}

pub(super) fn tlv<P: Parts>(tag: Tag, parts: P) -> Tlv<P> {
    Tlv { tag, parts }
}

impl<P: Parts> Tagged for Tlv<P> {
    fn tag(&self) -> Tag {
        self.tag
    }
}

impl<P: Parts> EncodeValue for Tlv<P> {
    fn value_len(&self) -> der::Result<Length> {
        self.parts.length()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        self.parts.write(writer)
    }
}

/// DER that is already encoded.
pub(super) struct Raw<'a>(pub(super) &'a [u8]);

impl Encode for Raw<'_> {
    fn encoded_len(&self) -> der::Result<Length> {
        self.0.len().try_into()
    }

    fn encode(&self, writer: &mut impl Writer) -> der::Result<()> {
        writer.write(self.0)
    }
}

/// Up to four encodable things in a row.
pub(super) trait Parts {
    fn length(&self) -> der::Result<Length>;
    fn write(&self, writer: &mut impl Writer) -> der::Result<()>;
}

impl Parts for () {
    fn length(&self) -> der::Result<Length> {
        Ok(Length::ZERO)
    }

    fn write(&self, _writer: &mut impl Writer) -> der::Result<()> {
        Ok(())
    }
}

macro_rules! parts {
    ($($part:ident)+) => {
        impl<$($part: Encode),+> Parts for ($($part,)+) {
            fn length(&self) -> der::Result<Length> {
                #[expect(non_snake_case, reason = "one name serves as type and as binding")]
                let ($($part,)+) = self;
                let mut sum = Length::ZERO;
                $(sum = (sum + $part.encoded_len()?)?;)+
                Ok(sum)
            }

            fn write(&self, writer: &mut impl Writer) -> der::Result<()> {
                #[expect(non_snake_case, reason = "one name serves as type and as binding")]
                let ($($part,)+) = self;
                $($part.encode(writer)?;)+
                Ok(())
            }
        }
    };
}

parts!(A);
parts!(A B);
parts!(A B C);
parts!(A B C D);
