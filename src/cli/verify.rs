//! `tallykey verify`

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    failure::Failure,
    files,
    screen::Screen,
    status::simulated_notice,
    table::{Column, Rows, Tone},
    text::plain,
    vendor::VendorArgs,
};
use crate::verify::{Against, FILE_MAX, Fit, Line, Object, Problem, Verdict, objects};

/// Arguments of `verify`.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Exit codes: 0 everything verifies, 2 wrong usage or no vendor named, 3 something does not \
                  verify, cannot be judged or read, or nothing was found. That a licence is for another machine \
                  is told, and is no failure."
)]
pub struct VerifyArgs {
    /// Files, or folders of them; names do not matter.
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// Whom to trust.
    #[command(flatten)]
    pub vendor: VendorArgs,
    /// Compare with a tree of /sys and /proc that was recorded on another machine.
    #[arg(long, value_name = "FOLDER")]
    pub root: Option<PathBuf>,
}

/// The answer.
#[derive(Serialize)]
struct Answer<'a> {
    /// The vendor whose root everything is judged by.
    vendor: &'a str,
    /// Whether that is the simulator's or a test vendor's: then nothing is worth anything.
    simulated: bool,
    /// Whether everything verifies.
    verified: bool,
    files: Vec<Judged>,
}

#[derive(Serialize)]
struct Judged {
    file: String,
    objects: Vec<Object>,
}

impl VerifyArgs {
    /// Prints what is in the files.
    ///
    /// # Errors
    /// [`Failure::NotAllVerified`], [`Failure::NothingToVerify`], or a file that cannot be read.
    pub fn answer(&self, against: &Against<'_>, screen: &Screen) -> Result<(), Failure> {
        let mut judged = Vec::new();
        for file in files::named(&self.paths)? {
            let content = files::read(&file, FILE_MAX)?;
            judged.push(Judged {
                file: file.display().to_string(),
                objects: objects(&content, against),
            });
        }
        let all = || judged.iter().flat_map(|file| &file.objects);
        let (total, passed) = (all().count(), all().filter(|one| one.passes()).count());
        let answer = Answer {
            vendor: against.trust.vendor(),
            simulated: against.trust.is_test(),
            verified: total > 0 && passed == total,
            files: judged,
        };
        screen.answer(&answer, || answer.readable())?;
        match total - passed {
            _ if total == 0 => Err(Failure::NothingToVerify),
            0 => Ok(()),
            failed => Err(Failure::NotAllVerified { failed, total }),
        }
    }
}

impl Answer<'_> {
    fn readable(&self) -> String {
        let mut out = String::new();
        if self.simulated {
            out.push_str(&format!("{}\n", simulated_notice()));
        }
        out.push_str(&format!("vendor: {}\n", plain(self.vendor)));
        for file in &self.files {
            out.push_str(&format!("\n{}\n", plain(&file.file)));
            if file.objects.is_empty() {
                out.push_str("  nothing of Tallykey in it\n");
            }
            for object in &file.objects {
                write(&mut out, object, "  ");
            }
        }
        out
    }
}

fn write(out: &mut String, object: &Object, pad: &str) {
    let (tone, name) = match object.verdict {
        Verdict::Verified => (Tone::Good, "verified up to the vendor's root"),
        Verdict::SelfSigned => (Tone::Good, "signed by the host that it names"),
        Verdict::NotSigned => (
            Tone::Plain,
            "not signed; it holds the root that is trusted here",
        ),
        Verdict::NotJudged => (Tone::Warning, "not judged, and not to be believed"),
        Verdict::Refused => (Tone::Bad, "refused"),
    };
    out.push_str(&format!("{pad}{}: {}\n", object.kind, tone.paint(name)));
    let deeper = format!("{pad}  ");
    if let Some(problem) = &object.problem {
        write_problem(out, problem, &deeper);
    }
    if let Some(holder) = &object.holder {
        out.push_str(&format!("{deeper}for: {}\n", plain(holder)));
    }
    if let Some(fit) = &object.machine {
        out.push_str(&format!("{deeper}machine: {}\n", machine(fit)));
    }
    for (name, what) in &object.says {
        out.push_str(&format!("{deeper}{name}: {}\n", plain(what)));
    }
    if !object.lines.is_empty() {
        for line in lines(&object.lines).lines() {
            out.push_str(&format!("{deeper}{line}\n"));
        }
    }
    for part in &object.parts {
        write(out, part, &deeper);
    }
    for what in &object.not_judged {
        out.push_str(&format!("{deeper}not judged: {what}\n"));
    }
}

fn write_problem(out: &mut String, problem: &Problem, pad: &str) {
    let Problem {
        code, detail, next, ..
    } = problem;
    let (detail, next) = (plain(detail), plain(next));
    out.push_str(&format!("{pad}{code}: {detail}\n{pad} next: {next}\n"));
}

fn machine(fit: &Fit) -> String {
    let which = if fit.this {
        Tone::Good.paint("this one")
    } else {
        Tone::Warning.paint("another one")
    };
    let drift = match fit.drift.join(", ") {
        none if none.is_empty() => none,
        drift => format!(" ({drift})"),
    };
    let (matched, recorded) = (fit.matched, fit.recorded);
    format!("{which}, components of weight {matched} of {recorded} are here{drift}")
}

fn lines(lines: &[Line]) -> String {
    let mut rows = Rows::new(&[
        Column::Text("line"),
        Column::Text("feature"),
        Column::Number("count"),
        Column::Text("plan"),
        Column::Text("from"),
        Column::Text("to"),
        Column::Text("only for"),
    ]);
    let moment = |moment: Option<Timestamp>| moment.map(|it| it.to_string());
    for line in lines {
        let cells = [
            line.id.map(|id| id.to_string()),
            line.feature.clone(),
            Some(line.count.to_string()),
            line.plan.map(str::to_owned),
            moment(line.valid_from),
            moment(line.valid_to),
            (line.devices > 0).then(|| format!("{} devices", line.devices)),
        ];
        rows.push(Tone::Plain, cells.map(Option::unwrap_or_default));
    }
    rows.to_string()
}
