//! `tallykey request`

use std::collections::BTreeMap;
use std::path::PathBuf;

use tallykey_client::wire::{LeftOut, Purpose, RequestAnswer, RequestAsk};

use super::{changed, connect::Connection, failure::Failure, screen::Screen, text::plain, written};

/// Arguments of `request`.
#[derive(Debug, clap::Args)]
pub(crate) struct RequestArgs {
    /// What it is for: new, update, repair, return-confirmation, conversion or time [default: what is due].
    #[arg(long, value_parser = purpose)]
    purpose: Option<Purpose>,
    /// Channels to ask for; the vendor may give others.
    #[arg(
        long,
        value_name = "FEATURE=COUNT,…",
        value_delimiter = ',',
        value_parser = channels
    )]
    channels: Vec<(String, u32)>,
    /// File to write, or folder to write it in; nothing is overwritten [default: here, under a name that says what it is].
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Only say what would be in it.
    #[arg(long)]
    dry_run: bool,
}

fn purpose(text: &str) -> Result<Purpose, String> {
    let known = Purpose::ALL.into_iter().find(|one| one.to_string() == text);
    known.ok_or_else(|| {
        let names = Purpose::ALL.map(|one| one.to_string()).join(", ");
        format!("give one of {names}")
    })
}

fn channels(text: &str) -> Result<(String, u32), String> {
    let parts = text.split_once('=');
    let read =
        parts.and_then(|(feature, count)| Some((feature.trim(), count.trim().parse().ok()?)));
    match read {
        Some((feature, count)) if !feature.is_empty() => Ok((feature.to_owned(), count)),
        _ => Err("give a feature and a number, such as camera=64".into()),
    }
}

/// What was made, and where it is.
#[derive(serde::Serialize)]
struct Written<'a> {
    /// Where it was written.
    file: Option<String>,
    #[serde(flatten)]
    request: &'a RequestAnswer,
}

pub(super) async fn run(
    args: RequestArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let mut channels = BTreeMap::new();
    for (feature, count) in args.channels {
        if channels.insert(feature.clone(), count).is_some() {
            return Err(Failure::AskedTwice { feature });
        }
    }
    if let Some(out) = &args.out {
        // Nothing is made that could not be kept.
        written::check(out)?;
    }
    let ask = RequestAsk {
        purpose: args.purpose,
        channels,
        dry_run: args.dry_run,
    };
    let mut request = service.client.make_request(&ask).await?;
    let content = request.content.take();
    let file = match &content {
        Some(content) => Some(written::write(
            args.out.as_deref(),
            &request.file_name,
            content,
        )?),
        None => None,
    };
    let written = Written {
        file: file.map(|path| path.display().to_string()),
        request: &request,
    };
    screen.answer(&written, || readable(&written))
}

fn readable(written: &Written<'_>) -> String {
    let request = written.request;
    let mut out = format!("request  {}  {}", plain(&request.host), request.purpose);
    if request.chosen {
        out.push_str("  (what is due here; --purpose asks for something else)");
    }
    out.push('\n');
    if !request.wanted.is_empty() {
        out.push_str(&format!("  asks for {}\n", counts(&request.wanted)));
    }
    for licence in &request.licences {
        let id = licence.id.get(..16).unwrap_or(&licence.id);
        let channels = counts(&licence.channels);
        out.push_str(&format!(
            "  software licence {} r{}: {channels}\n",
            plain(id),
            licence.revision
        ));
    }
    for serial in &request.dongles {
        out.push_str(&format!("  dongle {}: proved itself\n", plain(serial)));
    }
    if !request.receipts.is_empty() {
        out.push_str(&format!("  receipts: {}\n", request.receipts.len()));
    }
    if let Some(licence) = &request.confirms {
        let id = licence.get(..16).unwrap_or(licence);
        out.push_str(&format!("  confirms the return of licence {}\n", plain(id)));
    }
    for one in &request.left_out {
        out.push_str(&left_out(one));
    }
    if let Some(unbound) = &request.unbound {
        out.push_str(&format!(
            "  no licence can be bound to this machine: {}\n   next: {}\n   code: {}\n",
            plain(&unbound.detail),
            plain(&unbound.next),
            plain(&unbound.code)
        ));
    }
    match &written.file {
        Some(file) => out.push_str(&format!(
            "written to {}; send it to the vendor\n",
            plain(file)
        )),
        None => {
            out.push_str(&format!(
                "it would be named {}\n",
                plain(&request.file_name)
            ));
            out.push_str(changed::dry_run(true));
        }
    }
    out
}

fn left_out(one: &LeftOut) -> String {
    let what = one.what.as_deref().unwrap_or("a dongle");
    format!(
        "  not in it: {} ({}): {}\n",
        plain(what),
        plain(&one.code),
        plain(&one.why)
    )
}

fn counts(counts: &BTreeMap<String, u64>) -> String {
    let all: Vec<_> = counts
        .iter()
        .map(|(feature, count)| format!("{count} {}", plain(feature)))
        .collect();
    match all.is_empty() {
        true => "nothing".to_owned(),
        false => all.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_a_feature_and_a_number() {
        assert_eq!(channels("camera=64"), Ok(("camera".into(), 64)));
        assert_eq!(channels(" camera = 0 "), Ok(("camera".into(), 0)));
        for no in [
            "",
            "camera",
            "=64",
            "camera=",
            "camera=-1",
            "camera=4294967296",
            "64",
        ] {
            assert!(channels(no).is_err(), "{no:?}");
        }
    }
}
