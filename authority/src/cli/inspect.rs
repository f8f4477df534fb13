//! `tallykey-vendor inspect`

use std::{fs, path::PathBuf, process::ExitCode};

use serde_json::{Value, json};

use super::{failure::Failure, screen::Screen};
use crate::{
    inspect::{self, Verdict},
    keys::{Trust, bundle_file},
};

/// Arguments of `inspect`.
#[derive(Debug, clap::Args)]
pub(super) struct InspectArgs {
    /// Files to look into: armoured or raw, one object or several
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Verify against the root in this trust bundle
    #[arg(long, value_name = "BUNDLE", conflicts_with = "dir")]
    trust: Option<PathBuf>,
    /// Verify against the vendor whose keys are in this folder; no key is opened
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

impl InspectArgs {
    /// Shows every object. Ends with 3 if one of them is not to be believed.
    pub(super) fn run(self, screen: &Screen) -> Result<ExitCode, Failure> {
        let bundle = self.dir.map(|dir| bundle_file(&dir)).or(self.trust);
        let trust = bundle.as_deref().map(Trust::read).transpose()?;
        let mut all = Vec::new();
        for path in self.files {
            let contents = fs::read(&path).map_err(|source| Failure::Unreadable {
                path: path.clone(),
                source,
            })?;
            let objects = inspect::objects(&contents, trust.as_ref());
            all.push((path.display().to_string(), objects));
        }
        let document = json!({
            "trust": trust.as_ref().map(|trust| json!({ "vendor": trust.vendor, "test": trust.test })),
            "files": all.iter().map(|(name, objects)| json!({
                "file": name,
                "objects": objects.iter().map(inspect::Object::document).collect::<Vec<Value>>(),
            })).collect::<Vec<Value>>(),
        });
        screen.answer(&document, || {
            let files = all.iter();
            files
                .map(|(name, objects)| inspect::readable(name, objects))
                .collect()
        })?;
        let mut verdicts = all.iter().flat_map(|(_, objects)| objects);
        Ok(
            match verdicts.any(|object| object.verdict == Verdict::Refused) {
                true => ExitCode::from(3),
                false => ExitCode::SUCCESS,
            },
        )
    }
}
