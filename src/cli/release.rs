//! `tallykey release`

use super::{
    connect::Connection,
    failure::Failure,
    held::Which,
    screen::Screen,
    text::{count, plain},
};

/// Arguments of `release`.
#[derive(Debug, clap::Args)]
pub(crate) struct ReleaseArgs {
    #[command(flatten)]
    which: Which,
}

pub(super) async fn run(
    args: ReleaseArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let id = args.which.find(service).await?;
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
