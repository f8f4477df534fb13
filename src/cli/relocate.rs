//! `tallykey move`

use tallykey_client::wire::Move;

use super::{
    changed, connect::Connection, failure::Failure, held::Which, screen::Screen, text::plain,
};

/// Arguments of `move`.
#[derive(Debug, clap::Args)]
pub(crate) struct MoveArgs {
    #[command(flatten)]
    from: Which,
    /// The device that is to have the channels, in any notation.
    to: String,
    /// That device's model; without it the channels stay as many as they are.
    #[arg(long)]
    model: Option<String>,
    /// Only say what would be so.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(
    args: MoveArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let id = args.from.find(service).await?;
    let to = Move {
        device: args.to,
        model: args.model,
        dry_run: args.dry_run,
    };
    let done = service.client.move_to(id, &to).await?;
    screen.answer(&done, || {
        let from = plain(&done.before.device);
        changed::readable(&done, &format!("moved from {from}"))
    })
}
