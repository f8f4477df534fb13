//! `tallykey import`

use std::path::PathBuf;

use tallykey_client::wire::{ImportItem, ImportState};

use super::{connect::Connection, failure::Failure, files, screen::Screen, terms, text::plain};

/// Longest file that is sent, in bytes; the service takes less, and says how much.
const FILE_MAX: usize = 8 * 1024 * 1024;

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportFileArgs {
    /// Files that the vendor's desk sent, or folders of them; names do not matter.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Accept the terms of the product (`licences terms`); else they are shown and asked about, once.
    #[arg(long)]
    accept_terms: bool,
}

/// What came of one file.
#[derive(serde::Serialize)]
struct FileResult {
    file: String,
    items: Vec<ImportItem>,
}

pub(super) async fn run(
    args: ImportFileArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let named = files::named(&args.paths)?;
    let accepts = terms::accepts(args.accept_terms, service).await?;
    let mut results = Vec::new();
    for file in named {
        let content = files::read(&file, FILE_MAX)?;
        let answer = service.client.import(&content, accepts).await?;
        results.push(FileResult {
            file: file.display().to_string(),
            items: answer.items,
        });
    }
    screen.answer(&results, || results.iter().map(readable).collect())?;
    let all = || results.iter().flat_map(|result| &result.items);
    let refused = all().filter(|item| item.state == ImportState::Refused);
    let unaccepted = |item: &ImportItem| {
        let code = item.problem.as_ref().map(|problem| problem.code.as_str());
        code == Some("terms-not-accepted")
    };
    match (all().count(), refused.count()) {
        (0, _) => Err(Failure::NothingToImport),
        (_, 0) => Ok(()),
        _ if all().any(unaccepted) => Err(Failure::TermsNotAccepted),
        (total, refused) => Err(Failure::NotAllImported { refused, total }),
    }
}

fn readable(result: &FileResult) -> String {
    let mut out = format!("{}\n", plain(&result.file));
    if result.items.is_empty() {
        out.push_str("  nothing of Tallykey in it\n");
    }
    for item in &result.items {
        let what = named(item);
        let what = plain(&what);
        match (&item.state, &item.problem) {
            (ImportState::Imported, _) => {
                out.push_str(&format!("  {what}: imported\n"));
                if let Some(code) = &item.owner_code {
                    out.push_str(&format!(
                        "    new owner code: {}\n    it is shown this once; keep it where the dongle is not\n",
                        plain(code)
                    ));
                }
            }
            (ImportState::Already, _) => out.push_str(&format!("  {what}: was imported before\n")),
            (ImportState::Refused, None) => out.push_str(&format!("  {what}: refused\n")),
            (ImportState::Refused, Some(problem)) => out.push_str(&format!(
                "  {what}: refused ({}): {}\n   next: {}\n",
                problem.code,
                plain(&problem.detail),
                plain(&problem.next)
            )),
        }
    }
    out
}

/// What it is, and whose, or which one.
fn named(item: &ImportItem) -> String {
    let mut what = item.kind.clone();
    match (&item.serial, &item.id) {
        (Some(serial), _) => {
            what.push_str(&format!(" for {serial}"));
            if let Some(revision) = item.revision {
                what.push_str(&format!(", revision {revision}"));
            }
        }
        (None, Some(id)) => what.push_str(&format!(" {}", id.get(..16).unwrap_or(id))),
        (None, None) => {}
    }
    what
}
