//! What the dongles' channels are for.

use super::{Arguments, Maker};
use anyhow::Context;
use tallykey_protocol::armour::{Label, single};
use tallykey_protocol::cert::Certificate;
use tallykey_protocol::limits::PROFILE_MAX;
use tallykey_protocol::profile::Profile;
use tallykey_signing::simulator;

/// A product of the dongles' vendor.
pub(super) enum Product {
    /// The simulator's demonstration product, or one like it under this id.
    BuiltIn(Option<String>),
    /// A profile from a file: its name, and the record.
    Signed(String, Vec<u8>),
}

impl Product {
    pub(super) fn chosen(arguments: &Arguments) -> anyhow::Result<Self> {
        let Some(path) = &arguments.profile else {
            return Ok(Self::BuiltIn(arguments.product.clone()));
        };
        let name = path.display().to_string();
        let file = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
        let mut decoded = vec![0; PROFILE_MAX];
        let record = single(&file, Label::Profile, &mut decoded)
            .with_context(|| format!("{name} is no product profile"))?;
        Ok(Self::Signed(name, record.to_vec()))
    }

    pub(super) fn profile(&self, maker: &Maker) -> anyhow::Result<Profile<'_>> {
        match self {
            Self::BuiltIn(None) => Ok(simulator::profile()),
            Self::BuiltIn(Some(product)) => Ok(Profile {
                product,
                ..simulator::profile()
            }),
            Self::Signed(name, record) => {
                let root = Certificate::parse(maker.root())?;
                Profile::verify(record, &root).with_context(|| {
                    format!(
                        "{name} is no product profile of {}, whose dongles these are; --vendor names a test vendor",
                        maker.name()
                    )
                })
            }
        }
    }
}
