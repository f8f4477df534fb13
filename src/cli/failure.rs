//! Everything that can keep a command from its answer, and what to do next.

mod code;

use std::{error::Error as StdError, io};

use serde_json::{Value, json};
use tallykey_client::{ClientError, Problem};

use super::{allocate::ImportError, exit::Exit, places::program, written::NotWritten};

pub(super) use code::title;
pub use code::{LOCAL_CODES, LocalCode};

/// Why a command did not work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The service refused or failed.
    #[error("{}", .0.detail)]
    Answer(Box<Problem>),
    /// The service did not answer.
    #[error(transparent)]
    Client(ClientError),
    /// No service was found.
    #[error("no service answers; tried {}", tried.join("; "))]
    NoService {
        /// Each place and what was found there.
        tried: Vec<String>,
    },
    /// A file of devices cannot be used; nothing was allocated.
    #[error("{0}; nothing was allocated")]
    Import(#[from] ImportError),
    /// A file or folder cannot be read.
    #[error("{file} cannot be read: {source}")]
    UnreadableFile {
        /// Which.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// No file held anything of ours.
    #[error("nothing of Tallykey is in what was given")]
    NothingToImport,
    /// Some of what was found was refused; the rest is imported.
    #[error("{refused} of {total} were refused")]
    NotAllImported {
        /// Objects that were refused.
        refused: usize,
        /// Objects that were found.
        total: usize,
    },
    /// A request could not be written to a file.
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
    /// Channels of one feature are asked for twice.
    #[error("channels of {feature} are asked for twice")]
    AskedTwice {
        /// The feature.
        feature: String,
    },
    /// Dongle and software licences are both here, and nobody has said which is to count.
    #[error("somebody has to choose between dongle and software licences")]
    MustChoose,
    /// Nobody said that what was shown is right; nothing was changed.
    #[error("nobody confirmed it; nothing was changed")]
    NotConfirmed,
    /// No owner code came, and nobody could be asked.
    #[error("the owner code of the dongle is needed, and there is no terminal to ask at")]
    NoOwnerCode,
    /// Licences were kept out because nobody accepted the terms; what else was found is told.
    #[error("the terms of the product are not accepted, and no licence is imported without that")]
    TermsNotAccepted,
    /// No file held anything of ours to verify.
    #[error("nothing of Tallykey is in what was given")]
    NothingToVerify,
    /// Some of what was found is not to be believed, or cannot be judged.
    #[error("{failed} of {total} do not verify")]
    NotAllVerified {
        /// Objects that do not.
        failed: usize,
        /// Objects that were found.
        total: usize,
    },
    /// The device holds nothing that could be released.
    #[error("{device} holds no {}channels", feature.as_ref().map(|f| format!("{f} ")).unwrap_or_default())]
    NotHeld {
        /// The device, as given.
        device: String,
        /// The feature, if one was named.
        feature: Option<String>,
    },
    /// The device holds several allocations.
    #[error("{device} holds allocations of several features: {}", features.join(", "))]
    SeveralHeld {
        /// The device, as given.
        device: String,
        /// Their features.
        features: Vec<String>,
    },
    /// No serial was given and it is not clear which dongle is meant.
    #[error("{} dongles are plugged in{}", serials.len(), named(serials))]
    WhichDongle {
        /// Their serials.
        serials: Vec<String>,
    },
    /// No dongle has the serial.
    #[error("no dongle {serial} is plugged in")]
    NoDongle {
        /// The serial, as given.
        serial: String,
    },
    /// The dongle is in no state to blink.
    #[error("the dongle is not open: its state is {state}")]
    NotOpen {
        /// Its state, as in the status.
        state: String,
    },
    /// There is no home folder to keep state in.
    #[error("there is no folder for the state: neither XDG_STATE_HOME nor HOME is set")]
    NoStateFolder,
    /// The service cannot start; nothing was changed.
    #[error("{detail}")]
    Start {
        /// What kept it.
        detail: String,
        /// Stable code.
        code: &'static str,
        /// What to do.
        next: String,
        /// Whether a rule said no, or something broke.
        exit: Exit,
    },
    /// The answer could not be printed.
    #[error("the answer could not be printed: {source}")]
    Output {
        /// What the system says.
        source: io::Error,
    },
}

fn named(serials: &[String]) -> String {
    if serials.is_empty() {
        String::new()
    } else {
        format!(": {}", serials.join(", "))
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Problem(problem) => Self::Answer(problem),
            error => Self::Client(error),
        }
    }
}

impl Failure {
    /// The service cannot start.
    #[must_use]
    pub fn start(
        exit: Exit,
        code: &'static str,
        detail: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self::Start {
            detail: detail.into(),
            code,
            next: next.into(),
            exit,
        }
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Answer(problem) => match problem.status {
                401 | 403 => Exit::NotPermitted,
                400..500 => Exit::Refused,
                _ => Exit::Fault,
            },
            Self::Client(ClientError::Unreachable { .. }) | Self::NoService { .. } => {
                Exit::Unreachable
            }
            Self::Client(ClientError::ForeignSocket { .. }) => Exit::NotPermitted,
            Self::Client(_) | Self::Output { .. } => Exit::Fault,
            Self::AskedTwice { .. } => Exit::Usage,
            Self::Import(_)
            | Self::NotWritten(_)
            | Self::UnreadableFile { .. }
            | Self::NotConfirmed
            | Self::NoOwnerCode
            | Self::NothingToImport
            | Self::NotAllImported { .. }
            | Self::MustChoose
            | Self::TermsNotAccepted
            | Self::NothingToVerify
            | Self::NotAllVerified { .. }
            | Self::NotHeld { .. }
            | Self::SeveralHeld { .. }
            | Self::WhichDongle { .. }
            | Self::NoDongle { .. }
            | Self::NotOpen { .. }
            | Self::NoStateFolder => Exit::Refused,
            Self::Start { exit, .. } => *exit,
        }
    }

    /// Stable kebab-case code.
    #[must_use]
    pub fn code(&self) -> String {
        let code = match self {
            Self::Answer(problem) => return problem.code.clone(),
            Self::Import(error) => return error.code(),
            Self::Client(ClientError::Unreachable { .. }) | Self::NoService { .. } => {
                "service-unreachable"
            }
            Self::Client(ClientError::ForeignSocket { .. }) => "foreign-socket",
            Self::Client(ClientError::Lost { .. } | ClientError::TimedOut { .. }) => "answer-lost",
            Self::Client(_) => "not-the-service",
            Self::NotHeld { .. } => "no-such-allocation",
            Self::UnreadableFile { .. } => "file-unreadable",
            Self::NotConfirmed => "not-agreed",
            Self::NoOwnerCode => "owner-code-needed",
            Self::NotWritten(NotWritten::Exists { .. }) => "file-exists",
            Self::NotWritten(NotWritten::Io { .. }) => "file-unwritable",
            Self::AskedTwice { .. } => "asked-twice",
            Self::NothingToImport => "nothing-to-import",
            Self::NotAllImported { .. } => "not-all-imported",
            Self::MustChoose => "must-choose",
            Self::TermsNotAccepted => "terms-not-accepted",
            Self::NothingToVerify => "nothing-to-verify",
            Self::NotAllVerified { .. } => "not-all-verified",
            Self::SeveralHeld { .. } => "which-feature",
            Self::WhichDongle { .. } => "which-dongle",
            Self::NoDongle { .. } => "no-such-dongle",
            Self::NotOpen { .. } => "dongle-not-open",
            Self::NoStateFolder => "no-state-folder",
            Self::Start { code, .. } => code,
            Self::Output { .. } => "output-failed",
        };
        code.to_owned()
    }

    /// What to do about it.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::Answer(problem) => problem.next.clone(),
            Self::Client(ClientError::Unreachable { .. }) | Self::NoService { .. } => format!(
                "start it with `{} serve --simulate`, or name its socket with --socket",
                program()
            ),
            Self::Client(ClientError::ForeignSocket { .. }) => {
                "find out who listens there; name the service's own socket with --socket".to_owned()
            }
            Self::Client(_) => {
                "ask for the status to see what was done; asking again is safe".to_owned()
            }
            Self::Import(error) => error.next(),
            Self::NotHeld { .. } => format!("list what is held with `{} allocations`", program()),
            Self::UnreadableFile { .. } => "name a file or folder that can be read".to_owned(),
            Self::NotConfirmed => {
                "look at it with --dry-run, and say --yes where nobody is asked".to_owned()
            }
            Self::NoOwnerCode => {
                "give it with --owner-code-file, from the slip that came with the dongle".to_owned()
            }
            Self::NotWritten(NotWritten::Exists { .. }) => {
                "name another file with --out, or a folder".to_owned()
            }
            Self::NotWritten(NotWritten::Io { .. }) => {
                "name a file or folder that you may write, with --out".to_owned()
            }
            Self::AskedTwice { .. } => "name each feature once".to_owned(),
            Self::NothingToImport => "give the licence file that the vendor delivered".to_owned(),
            Self::NotAllImported { .. } | Self::NotAllVerified { .. } => {
                "do what is said about each of them".to_owned()
            }
            Self::MustChoose => {
                format!("choose with `{} resolve --keep dongle|software`", program())
            }
            Self::TermsNotAccepted => format!(
                "read them with `{} licences terms`, and import with --accept-terms",
                program()
            ),
            Self::NothingToVerify => "give the file that the vendor or a host made".to_owned(),
            Self::SeveralHeld { .. } => "say which with --feature".to_owned(),
            Self::WhichDongle { serials } if serials.is_empty() => "plug one in".to_owned(),
            Self::WhichDongle { .. } => "name one by its serial".to_owned(),
            Self::NoDongle { .. } => format!("list them with `{} dongle list`", program()),
            Self::NotOpen { .. } => format!("do what `{} status` says about it", program()),
            Self::NoStateFolder => "name a folder with --state-dir".to_owned(),
            Self::Start { next, .. } => next.clone(),
            Self::Output { .. } => "look at where the output goes".to_owned(),
        }
    }

    /// Whether the answer that was printed before says all of it, so that a program reads one document.
    pub(super) const fn is_told(&self) -> bool {
        matches!(
            self,
            Self::NothingToImport
                | Self::NotAllImported { .. }
                | Self::MustChoose
                | Self::TermsNotAccepted
                | Self::NothingToVerify
                | Self::NotAllVerified { .. }
        )
    }

    /// Causes below the message, where it does not name them itself.
    pub(super) fn causes(&self) -> Vec<String> {
        let Self::Client(error) = self else {
            return Vec::new();
        };
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        causes
    }

    /// The failure as problem details: the service's own, or the like (RFC 9457 §3: without a
    /// status, because no HTTP answer carries it).
    pub(super) fn document(&self) -> Value {
        if let Self::Answer(problem) = self {
            return json!(problem);
        }
        if let Self::Import(error) = self {
            return error.document();
        }
        let class = match self.exit() {
            Exit::Refused | Exit::NotPermitted | Exit::Usage | Exit::Done => "wrong-procedure",
            Exit::Fault | Exit::Unreachable => "fault",
        };
        json!({
            "type": Problem::type_of(&self.code()),
            "title": title(&self.code()).unwrap_or("The command did not work"),
            "detail": self.to_string(),
            "code": self.code(),
            "class": class,
            "next": self.next(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_failure_of_a_command_is_in_the_table_with_its_exit() {
        let place = || "/run/x".to_owned();
        let other = || io::Error::other("broken");
        let source = serde_json::from_str::<u8>("x").expect_err("not a number");
        for failure in [
            Failure::NoService { tried: Vec::new() },
            ClientError::Unreachable {
                place: place(),
                source: other(),
            }
            .into(),
            ClientError::ForeignSocket {
                place: place(),
                owner: 1,
            }
            .into(),
            ClientError::TimedOut {
                place: place(),
                after: Duration::from_secs(1),
            }
            .into(),
            ClientError::NotTheService {
                place: place(),
                status: 200,
                source,
            }
            .into(),
            ImportError::Empty { file: "x".into() }.into(),
            ImportError::Unreadable {
                file: "x".into(),
                source: other(),
            }
            .into(),
            Failure::UnreadableFile {
                file: place(),
                source: other(),
            },
            Failure::NotConfirmed,
            Failure::NoOwnerCode,
            NotWritten::Exists { path: "x".into() }.into(),
            NotWritten::Io {
                path: "x".into(),
                source: other(),
            }
            .into(),
            Failure::AskedTwice { feature: place() },
            Failure::NothingToImport,
            Failure::NotAllImported {
                refused: 1,
                total: 2,
            },
            Failure::MustChoose,
            Failure::TermsNotAccepted,
            Failure::NothingToVerify,
            Failure::NotAllVerified {
                failed: 1,
                total: 2,
            },
            Failure::NotHeld {
                device: place(),
                feature: None,
            },
            Failure::SeveralHeld {
                device: place(),
                features: Vec::new(),
            },
            Failure::WhichDongle {
                serials: Vec::new(),
            },
            Failure::NoDongle { serial: place() },
            Failure::NotOpen { state: place() },
            Failure::NoStateFolder,
            Failure::Output { source: other() },
        ] {
            let known = LOCAL_CODES.iter().find(|code| code.name == failure.code());
            let known = known.unwrap_or_else(|| panic!("{} is not listed", failure.code()));
            assert_eq!(known.exit, failure.exit(), "{}", known.name);
            assert_eq!(failure.document()["title"], known.title);
        }
    }
}
