//! Which allocation a command is about.

use uuid::Uuid;

use super::{connect::Connection, failure::Failure};

/// An allocation, by its id or by the device that holds it.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// The device, in any notation, or the id of an allocation.
    #[arg(value_name = "DEVICE or ID")]
    what: String,
    /// Which, if the device holds allocations of several features.
    #[arg(long)]
    feature: Option<String>,
}

impl Which {
    /// Its id.
    pub(super) async fn find(self, service: &Connection) -> Result<Uuid, Failure> {
        let (device, feature) = (self.what, self.feature);
        if let Ok(id) = Uuid::try_parse(&device) {
            return Ok(id);
        }
        let mut held = service.client.allocations_of(&device).await?.allocations;
        if let Some(feature) = &feature {
            held.retain(|allocation| allocation.feature == *feature);
        }
        match held.len() {
            0 => Err(Failure::NotHeld { device, feature }),
            1 => Ok(held.swap_remove(0).id),
            _ => Err(Failure::SeveralHeld {
                device,
                features: held.into_iter().map(|a| a.feature).collect(),
            }),
        }
    }
}
