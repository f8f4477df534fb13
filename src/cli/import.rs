//! `tallykey import`

use std::path::{Path, PathBuf};

use tallykey_client::wire::{ImportItem, ImportState};

use super::{connect::Connection, failure::Failure, screen::Screen, text::plain};

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportFileArgs {
    /// Files that the vendor's desk sent, or folders of them; names do not matter.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
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
    let mut results = Vec::new();
    for file in files(&args.paths)? {
        let content = std::fs::read(&file).map_err(|source| unreadable(&file, source))?;
        let answer = service.client.import(&content).await?;
        results.push(FileResult {
            file: file.display().to_string(),
            items: answer.items,
        });
    }
    screen.answer(&results, || results.iter().map(readable).collect())?;
    let all = || results.iter().flat_map(|result| &result.items);
    let refused = all().filter(|item| item.state == ImportState::Refused);
    match (all().count(), refused.count()) {
        (0, _) => Err(Failure::NothingToImport),
        (_, 0) => Ok(()),
        (total, refused) => Err(Failure::NotAllImported { refused, total }),
    }
}

/// The files themselves, and those directly in the folders, by name.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|source| unreadable(path, source))?;
        let mut inside = Vec::new();
        for entry in entries {
            let file = entry.map_err(|source| unreadable(path, source))?.path();
            if file.is_file() {
                inside.push(file);
            }
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

fn unreadable(path: &Path, source: std::io::Error) -> Failure {
    Failure::UnreadableFile {
        file: path.display().to_string(),
        source,
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
