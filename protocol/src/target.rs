//! Target of a conversion: the machine that the channels go to, as its request file says who it is. A dongle
//! copies it into the receipt and judges nothing in it.

use crate::cbor::{self, Decoder, Encoder, Full, Malformed, Written};
use crate::id::PublicKey;
use crate::limits::{COMPONENT_LEN, COMPONENTS_MAX, SALT_LEN};
use crate::list::List;

/// What a component of a machine is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Part {
    /// Main board.
    #[default]
    Board = 1,
    /// Processor.
    Cpu = 2,
    /// Memory size.
    Memory = 3,
    /// One network card.
    Network = 4,
    /// Display card.
    Display = 5,
}

impl Part {
    fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Board),
            2 => Some(Self::Cpu),
            3 => Some(Self::Memory),
            4 => Some(Self::Network),
            5 => Some(Self::Display),
            _ => None,
        }
    }
}

/// One component, as a salted hash. One that a machine has not is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// What it is.
    pub part: Part,
    /// First half of HMAC-SHA-256(salt, canonical value).
    pub hash: [u8; COMPONENT_LEN],
}

/// What a machine is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Made by that machine for one request.
    pub salt: [u8; SALT_LEN],
    /// Its components, in the order of their parts.
    pub components: List<Component, COMPONENTS_MAX>,
}

impl Binding {
    pub(crate) fn encode(&self, e: &mut Encoder<'_>) -> Written {
        e.array(2)?.bytes(&self.salt)?;
        write_components(e, &self.components)
    }

    /// Reads what [`Self::encode`] wrote.
    pub(crate) fn decode(d: &mut Decoder<'_>) -> Result<Self, Malformed> {
        cbor::tuple(d, 2, "binding")?;
        Ok(Self {
            salt: cbor::bytes(d, "salt")?,
            components: read_components(d)?,
        })
    }
}

/// A machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Made by that machine for one request.
    pub salt: [u8; SALT_LEN],
    /// Its components, in the order of their parts.
    pub components: List<Component, COMPONENTS_MAX>,
    /// Its host key.
    pub host_key: PublicKey,
}

impl Target {
    /// What it is made of.
    #[must_use]
    pub const fn binding(&self) -> Binding {
        Binding {
            salt: self.salt,
            components: self.components,
        }
    }

    pub(crate) fn encode(&self, e: &mut Encoder<'_>) -> Written {
        e.array(3)?.bytes(&self.salt)?;
        write_components(e, &self.components)?;
        e.bytes(&self.host_key)?.ok()
    }

    pub(crate) fn decode(d: &mut Decoder<'_>) -> Result<Self, Malformed> {
        cbor::tuple(d, 3, "target")?;
        Ok(Self {
            salt: cbor::bytes(d, "salt")?,
            components: read_components(d)?,
            host_key: cbor::bytes(d, "host key")?,
        })
    }
}

fn write_components(e: &mut Encoder<'_>, components: &[Component]) -> Written {
    e.array(components.len() as u64)?;
    for component in components {
        e.array(2)?
            .u8(component.part as u8)?
            .bytes(&component.hash)?;
    }
    Ok(())
}

fn read_components(d: &mut Decoder<'_>) -> Result<List<Component, COMPONENTS_MAX>, Malformed> {
    let wrong = Malformed::Field("component");
    let mut components = List::<Component, COMPONENTS_MAX>::default();
    for _ in 0..cbor::array(d, COMPONENTS_MAX, "components")? {
        cbor::tuple(d, 2, "component")?;
        let component = Component {
            part: Part::from_code(cbor::code(d, "component")?).ok_or(wrong)?,
            hash: cbor::bytes(d, "component")?,
        };
        if components
            .last()
            .is_some_and(|last| last.part > component.part)
        {
            return Err(wrong);
        }
        components.push(component).map_err(|Full| wrong)?;
    }
    Ok(components)
}
