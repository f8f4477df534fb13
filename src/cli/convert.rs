//! `tallykey convert` and `tallykey retire`

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding as _};
use dialoguer::Password;
use tallykey_client::wire::{
    Conversion, ConvertAsk, Converted, ConvertedLine, Gift, Goal, Part, Secret,
};

use super::{
    changed,
    connect::Connection,
    failure::Failure,
    files,
    places::program,
    screen::Screen,
    status,
    table::{Column, Rows, Tone},
    text::plain,
    written,
};

/// Longest request file that is read.
const REQUEST_MAX: usize = 512 * 1024;

/// Longest file with an owner code that is read.
const CODE_MAX: usize = 4 * 1024;

/// Arguments of `convert`.
#[derive(Debug, clap::Args)]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    give: GiveArgs,
    /// The request file of another machine: the channels become its licence, in a file [default: this machine, which
    /// takes all of them].
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Through the vendor's desk, also where the dongle could do it by itself.
    #[arg(long)]
    desk: bool,
    /// Where to write another machine's licence [default: a name that says what it is, in this folder].
    #[arg(long, value_name = "FILE", requires = "to")]
    out: Option<PathBuf>,
}

/// Arguments of `retire`, and of every command that makes a dongle give.
#[derive(Debug, clap::Args)]
pub(crate) struct GiveArgs {
    /// Serial of the dongle; needed only where several have something to give.
    serial: Option<String>,
    /// How many of what, by feature or by a line's id [default: everything].
    #[arg(long, value_name = "WHAT=COUNT,…", value_delimiter = ',', value_parser = part)]
    lines: Vec<Part>,
    /// File with the dongle's owner code; else it is asked for, without echo.
    #[arg(long, value_name = "FILE")]
    owner_code_file: Option<PathBuf>,
    /// Only say what would be so.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask whether it is right.
    #[arg(long)]
    yes: bool,
}

fn part(text: &str) -> Result<Part, String> {
    let (of, count) = text
        .rsplit_once('=')
        .ok_or("say WHAT=COUNT, for example camera=16")?;
    let count = count
        .parse()
        .map_err(|_| format!("{count:?} is no number of channels"))?;
    Ok(Part {
        of: of.to_owned(),
        count,
    })
}

pub(super) async fn run(
    args: ConvertArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    if let Some(out) = &args.out {
        // Before the dongle is asked: what cannot be taken back is not begun.
        written::check(out)?;
    }
    let to = args
        .to
        .as_deref()
        .map(|file| files::read(file, REQUEST_MAX));
    let gift = if args.desk {
        Gift::ConvertAtDesk
    } else {
        Gift::Convert
    };
    let done = give(&args.give, gift, to.transpose()?, service, screen).await?;
    let file = licence_file(&done, args.out.as_deref())?;
    screen.answer(&done, || readable(&done, file.as_deref()))
}

pub(super) async fn retire(
    args: GiveArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let done = give(&args, Gift::Retire, None, service, screen).await?;
    screen.answer(&done, || readable(&done, None))
}

/// Shows what would be so, asks, and has it done.
async fn give(
    args: &GiveArgs,
    gift: Gift,
    to: Option<Vec<u8>>,
    service: &Connection,
    screen: &Screen,
) -> Result<Converted, Failure> {
    let mut ask = ConvertAsk {
        serial: args.serial.clone(),
        gift,
        parts: args.lines.clone(),
        to: to.as_deref().map(Base64::encode_string),
        owner_code: None,
        dry_run: true,
    };
    let told = service.client.convert(&ask).await?;
    if args.dry_run {
        return Ok(told);
    }
    if !args.yes {
        confirm(&told, screen)?;
    }
    ask.serial = Some(told.serial);
    ask.owner_code = Some(owner_code(args.owner_code_file.as_deref())?);
    ask.dry_run = false;
    Ok(service.client.convert(&ask).await?)
}

fn confirm(told: &Converted, screen: &Screen) -> Result<(), Failure> {
    if !io::stdin().is_terminal() || screen.is_json() {
        return Err(Failure::NotConfirmed);
    }
    let failed = |source| Failure::Output { source };
    let mut out = anstream::stderr().lock();
    write!(
        out,
        "{}\nIt cannot be taken back. Is it right? [yes/no] ",
        foretold(told)
    )
    .and_then(|()| out.flush())
    .map_err(failed)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(failed)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::NotConfirmed),
    }
}

/// From a file or asked without echo, never from the command line, which every process of the machine can read.
fn owner_code(file: Option<&Path>) -> Result<Secret, Failure> {
    if let Some(file) = file {
        let text = files::read(file, CODE_MAX)?;
        let text = String::from_utf8_lossy(&text);
        return Ok(Secret(text.lines().next().unwrap_or_default().to_owned()));
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::NoOwnerCode);
    }
    let asked = Password::new().with_prompt("Owner code of the dongle");
    let asked = asked.allow_empty_password(true).interact();
    asked
        .map(Secret)
        .map_err(|dialoguer::Error::IO(source)| Failure::Output { source })
}

/// Writes another machine's licence; never over anything.
fn licence_file(done: &Converted, out: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let conversion = done.conversion.as_ref();
    let conversion = conversion.filter(|_| done.goal == Goal::OtherMachine);
    let Some((licence, name)) = conversion.and_then(file_of) else {
        return Ok(None);
    };
    Ok(Some(written::write(out, name, licence)?))
}

/// The licence in a conversion, and the name proposed for its file.
pub(super) fn file_of(conversion: &Conversion) -> Option<(&str, &str)> {
    Some((
        conversion.licence.as_deref()?,
        conversion.file_name.as_deref()?,
    ))
}

fn readable(done: &Converted, file: Option<&Path>) -> String {
    let mut out = foretold(done);
    let Some(conversion) = &done.conversion else {
        out.push_str(changed::dry_run(true));
        return out;
    };
    out.push_str(&format!("\n{}\n", Tone::Good.paint("done")));
    out.push_str(&what_next(done, conversion, file));
    out
}

fn what_next(done: &Converted, conversion: &Conversion, file: Option<&Path>) -> String {
    let receipt = conversion.receipt.as_deref().unwrap_or_default();
    let short = receipt.get(..16).unwrap_or(receipt);
    match (done.goal, file) {
        (Goal::ThisMachine, _) => format!(
            "software licence {short} of this machine; the dongle keeps the receipt and can be unplugged\n"
        ),
        (Goal::OtherMachine, Some(file)) => format!(
            "licence of {} written to {:?}\n   next: bring it there and import it; it is good on no other machine\n",
            plain(done.host.as_deref().unwrap_or("the other machine")),
            file.display().to_string(),
        ),
        (Goal::OtherMachine, None) => format!("conversion {}\n", conversion.id),
        (Goal::Desk, _) => format!(
            "receipt {short} is kept here\n   next: make the request for the desk with `{} request`\n",
            program()
        ),
    }
}

fn foretold(done: &Converted) -> String {
    let mut rows = Rows::new(&[
        Column::Text("line"),
        Column::Text("feature"),
        Column::Number("in the dongle"),
        Column::Text(""),
        Column::Number("after"),
    ]);
    for ConvertedLine {
        line,
        feature,
        before,
        after,
    } in &done.lines
    {
        let cells = [
            line.clone(),
            feature.clone(),
            before.to_string(),
            "→".into(),
            after.to_string(),
        ];
        rows.push(Tone::Plain, cells);
    }
    let to = match (done.goal, &done.host) {
        (Goal::ThisMachine, _) => "a software licence of this machine".to_owned(),
        (Goal::OtherMachine, Some(host)) => format!("a software licence of {}", plain(host)),
        (Goal::OtherMachine, None) => "a software licence of another machine".to_owned(),
        (Goal::Desk, _) => "the vendor's desk".to_owned(),
    };
    let (before, after) = (&done.outcome.before, &done.outcome.after);
    let mut out = format!(
        "{} to {to}  ({})\n\n{rows}\nthis machine: {} → {}\n\nbefore\n{}\nafter\n{}",
        plain(&done.serial),
        done.kind,
        before.authentication_type,
        after.authentication_type,
        status::counts(&before.features),
        status::counts(&after.features),
    );
    if !done.held.is_empty() {
        let held = done.held.join(", ");
        let held = plain(&held);
        out.push_str(&format!(
            "held, and counting 0 beside the licence: {held}\n"
        ));
    }
    out.push_str(&changed::others(
        &done.outcome.suspended,
        &done.outcome.resumed,
    ));
    out
}
