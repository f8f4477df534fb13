//! `tallykey priority`

use tallykey_client::wire::AllocationChange;

use super::{changed, connect::Connection, failure::Failure, held::Which, screen::Screen};

/// Arguments of `priority`.
#[derive(Debug, clap::Args)]
pub(crate) struct PriorityArgs {
    #[command(flatten)]
    which: Which,
    /// The higher it is, the later the device is suspended in a shortage.
    #[arg(value_name = "NUMBER", allow_negative_numbers = true)]
    priority: i32,
    /// Only say what would be so.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(
    args: PriorityArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let id = args.which.find(service).await?;
    let to = AllocationChange {
        priority: Some(args.priority),
        dry_run: args.dry_run,
        ..AllocationChange::default()
    };
    let done = service.client.change(id, &to).await?;
    screen.answer(&done, || {
        let (was, now) = (done.before.priority, done.after.priority);
        changed::readable(&done, &format!("priority {now}, was {was}"))
    })
}
