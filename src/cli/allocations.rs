//! `tallykey allocations`

use tallykey_client::wire::{Allocation, Payment};

use super::{
    allocate,
    connect::Connection,
    failure::Failure,
    screen::Screen,
    table::{Column, Rows},
};

/// Arguments of `allocations`.
#[derive(Debug, clap::Args)]
pub(crate) struct AllocationsArgs {
    /// Only those of this device.
    device: Option<String>,
}

pub(super) async fn run(
    args: AllocationsArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let held = match args.device {
        Some(device) => service.client.allocations_of(&device).await?,
        None => service.client.allocations().await?,
    };
    screen.answer(&held, || {
        let mut rows = Rows::new(&[
            Column::Text("device"),
            Column::Text("feature"),
            Column::Number("channels"),
            Column::Number("priority"),
            Column::Text("state"),
            Column::Text("paid by"),
            Column::Text("model"),
            Column::Text("id"),
        ]);
        for allocation in &held.allocations {
            let (word, tone) = allocate::state(allocation.state);
            rows.push(
                tone,
                [
                    allocation.device.clone(),
                    allocation.feature.clone(),
                    allocation.weight.to_string(),
                    allocation.priority.to_string(),
                    word.to_owned(),
                    paid_by(allocation),
                    allocation.model.clone().unwrap_or_default(),
                    allocation.id.to_string(),
                ],
            );
        }
        if rows.is_empty() {
            "no allocations\n".to_owned()
        } else {
            rows.to_string()
        }
    })
}

/// The lines that pay, each with its channels where there are several.
pub(super) fn paid_by(allocation: &Allocation) -> String {
    let shown = |all: &[Payment]| match all {
        [] => "none".to_owned(),
        [one] => one.id.clone(),
        all => {
            let each = all
                .iter()
                .map(|one| format!("{} ({})", one.id, one.channels));
            each.collect::<Vec<_>>().join(", ")
        }
    };
    allocation.lines.as_deref().map(shown).unwrap_or_default()
}
