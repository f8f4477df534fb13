//! `tallykey renew`

use tallykey_client::wire::Renewal;

use super::{changed, connect::Connection, failure::Failure, held::Which, screen::Screen};

/// Arguments of `renew`.
#[derive(Debug, clap::Args)]
pub(crate) struct RenewArgs {
    #[command(flatten)]
    which: Which,
    /// For how long from now.
    #[arg(long, value_name = "SECONDS")]
    ttl: u32,
    /// Only say what would be so.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(
    args: RenewArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let id = args.which.find(service).await?;
    let to = Renewal {
        ttl: args.ttl,
        dry_run: args.dry_run,
    };
    let done = service.client.renew(id, &to).await?;
    screen.answer(&done, || changed::readable(&done, "renewed"))
}
