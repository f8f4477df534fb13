//! `tallykey release`

use tallykey_client::wire::Allocation;
use uuid::Uuid;

use super::{
    connect::Connection,
    failure::Failure,
    screen::Screen,
    text::{count, plain},
};

/// Arguments of `release`.
#[derive(Debug, clap::Args)]
pub(crate) struct ReleaseArgs {
    /// The device, in any notation, or the id of an allocation.
    #[arg(value_name = "DEVICE or ID")]
    what: String,
    /// Which, if the device holds allocations of several features.
    #[arg(long)]
    feature: Option<String>,
}

pub(super) async fn run(
    args: ReleaseArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let id = match Uuid::try_parse(&args.what) {
        Ok(id) => id,
        Err(_) => find(args, service).await?.id,
    };
    let released = service.client.release(id).await?;
    screen.answer(&released, || {
        format!(
            "released  {}  {}  {}\n",
            plain(&released.device),
            plain(&released.feature),
            count(released.weight, "channel"),
        )
    })
}

async fn find(args: ReleaseArgs, service: &Connection) -> Result<Allocation, Failure> {
    let (device, feature) = (args.what, args.feature);
    let mut held = service.client.allocations_of(&device).await?.allocations;
    if let Some(feature) = &feature {
        held.retain(|allocation| allocation.feature == *feature);
    }
    match held.len() {
        0 => Err(Failure::NotHeld { device, feature }),
        1 => Ok(held.swap_remove(0)),
        _ => Err(Failure::SeveralHeld {
            device,
            features: held.into_iter().map(|a| a.feature).collect(),
        }),
    }
}
