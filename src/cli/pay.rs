//! `tallykey pay`

use tallykey_client::wire::AllocationChange;

use super::{changed, connect::Connection, failure::Failure, held::Which, screen::Screen};

/// Arguments of `pay`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("by").required(true).args(["line", "by_policy"]))]
pub(crate) struct PayArgs {
    #[command(flatten)]
    which: Which,
    /// Id of the line that is to pay, as far as it reaches.
    line: Option<String>,
    /// Leave it to the policy again.
    #[arg(long)]
    by_policy: bool,
    /// Only say what would be so.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(
    args: PayArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let id = args.which.find(service).await?;
    let to = AllocationChange {
        line: Some(args.line),
        dry_run: args.dry_run,
        ..AllocationChange::default()
    };
    let done = service.client.change(id, &to).await?;
    screen.answer(&done, || {
        let what = if args.by_policy {
            "no line is named"
        } else {
            "a line is named"
        };
        changed::readable(&done, what)
    })
}
