//! Codes of failures that no answer of the API carries: the command's own, and those of a start.

use crate::cli::Exit;

/// One code of a failure on this side of the API.
#[derive(Debug, PartialEq, Eq)]
pub struct LocalCode {
    /// Stable kebab-case name.
    pub name: &'static str,
    /// Exit code it comes with.
    pub exit: Exit,
    /// The kind of failure in a few words.
    pub title: &'static str,
}

const fn code(name: &'static str, exit: Exit, title: &'static str) -> LocalCode {
    LocalCode { name, exit, title }
}

/// Every such code, in the order of the documentation.
pub const LOCAL_CODES: &[LocalCode] = &[
    // Commands.
    code(
        "service-unreachable",
        Exit::Unreachable,
        "No service answers",
    ),
    code(
        "foreign-socket",
        Exit::NotPermitted,
        "The socket belongs to another user",
    ),
    code("answer-lost", Exit::Fault, "The answer did not come"),
    code(
        "not-the-service",
        Exit::Fault,
        "The answer is not one of this API",
    ),
    code("file-unreadable", Exit::Refused, "The file cannot be read"),
    code("file-exists", Exit::Refused, "The file is there already"),
    code(
        "file-unwritable",
        Exit::Refused,
        "The file cannot be written",
    ),
    code("asked-twice", Exit::Usage, "A feature is named twice"),
    code("not-agreed", Exit::Refused, "Nobody confirmed it"),
    code(
        "owner-code-needed",
        Exit::Refused,
        "The owner code is needed",
    ),
    code(
        "nothing-to-import",
        Exit::Refused,
        "Nothing of Tallykey is in the files",
    ),
    code(
        "not-all-imported",
        Exit::Refused,
        "Some of what was found was refused",
    ),
    code("must-choose", Exit::Refused, "Somebody has to choose"),
    code(
        "terms-not-accepted",
        Exit::Refused,
        "The terms of the product are not accepted",
    ),
    code(
        "nothing-to-verify",
        Exit::Refused,
        "Nothing of Tallykey is in the files",
    ),
    code(
        "not-all-verified",
        Exit::Refused,
        "Some of what was found does not verify",
    ),
    code(
        "bad-csv",
        Exit::Refused,
        "The file is not a list of devices",
    ),
    code(
        "no-such-allocation",
        Exit::Refused,
        "The device holds no such channels",
    ),
    code(
        "which-feature",
        Exit::Refused,
        "The device holds channels of several features",
    ),
    code(
        "which-dongle",
        Exit::Refused,
        "It is not clear which dongle is meant",
    ),
    code("no-such-dongle", Exit::Refused, "There is no such dongle"),
    code("dongle-not-open", Exit::Refused, "The dongle is not open"),
    code(
        "output-failed",
        Exit::Fault,
        "The answer could not be printed",
    ),
    // Starts of the service.
    code("no-vendor", Exit::Usage, "Nobody's dongles would count"),
    code(
        "bad-trust-bundle",
        Exit::Refused,
        "The trust bundle cannot be used",
    ),
    code(
        "bad-profile",
        Exit::Refused,
        "The product profile cannot be used",
    ),
    code(
        "bad-address",
        Exit::Usage,
        "The place of the simulator is not understood",
    ),
    code(
        "machine-root-refused",
        Exit::Refused,
        "A recorded machine is for trials only",
    ),
    code(
        "simulator-failed",
        Exit::Refused,
        "The simulated dongle cannot be made",
    ),
    code(
        "no-state-folder",
        Exit::Refused,
        "There is no folder for the state",
    ),
    code(
        "state-in-use",
        Exit::Refused,
        "Another service uses the state folder",
    ),
    code(
        "state-failed",
        Exit::Fault,
        "The state folder cannot be used",
    ),
    code(
        "store-unavailable",
        Exit::Fault,
        "The state cannot be stored",
    ),
    code("history-damaged", Exit::Fault, "The history is damaged"),
    code(
        "socket-in-use",
        Exit::Refused,
        "Another instance answers on the socket",
    ),
    code("socket-failed", Exit::Fault, "The socket cannot be made"),
    code(
        "port-taken",
        Exit::Refused,
        "Another program listens on the port",
    ),
    code("port-failed", Exit::Fault, "The port cannot be listened on"),
    code(
        "not-loopback",
        Exit::Refused,
        "The address could be reached from the network",
    ),
    code(
        "foreign-file",
        Exit::Refused,
        "Something else is where the service would write",
    ),
    code(
        "unsafe-folder",
        Exit::Refused,
        "Others can write to the folder",
    ),
    code(
        "unsafe-host-key",
        Exit::Refused,
        "Others could have read the host key",
    ),
    code("no-host-key", Exit::Fault, "No host key can be made"),
    code("no-watch", Exit::Fault, "Dongles cannot be watched"),
    code("no-signals", Exit::Fault, "Signals cannot be caught"),
    code("no-runtime", Exit::Fault, "The program cannot run here"),
];

/// The title of a code of this side.
pub(in crate::cli) fn title(name: &str) -> Option<&'static str> {
    let known = LOCAL_CODES.iter().find(|code| code.name == name);
    known.map(|code| code.title)
}
