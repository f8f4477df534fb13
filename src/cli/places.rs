//! Where state folders and sockets are, and how this program was called.

use std::{
    env,
    path::{Path, PathBuf},
};

use super::failure::Failure;

/// Socket of the installed service.
const SYSTEM_SOCKET: &str = "/run/tallykey/api.sock";
/// Name of the socket in its folder.
const SOCKET: &str = "api.sock";

/// The places of one instance of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Folder of its state.
    pub state: PathBuf,
    /// Its Unix socket.
    pub socket: PathBuf,
}

impl Places {
    /// Chooses the places of an instance: as given, else by the XDG base directories.
    ///
    /// # Errors
    /// [`Failure::NoStateFolder`] without `--state-dir` in an environment without a home.
    pub fn choose(
        state: Option<PathBuf>,
        socket: Option<PathBuf>,
        simulated: bool,
    ) -> Result<Self, Failure> {
        let surroundings = Surroundings::here();
        let by_default = || -> Result<PathBuf, Failure> {
            let state = surroundings.state().ok_or(Failure::NoStateFolder)?;
            Ok(if simulated {
                simulated_of(&state)
            } else {
                state
            })
        };
        let state = state.map_or_else(by_default, Ok)?;
        let socket = socket.unwrap_or_else(|| {
            let runtime = surroundings.runtime_socket();
            runtime.unwrap_or_else(|| state.join(SOCKET))
        });
        Ok(Self { state, socket })
    }

    /// Whether a command in another terminal must be told the socket.
    #[must_use]
    pub fn socket_needs_telling(&self) -> bool {
        let searched = client_sockets();
        let before = searched.iter().take_while(|path| **path != self.socket);
        // With somebody at a place that is searched before ours, ours is not found either.
        !searched.contains(&self.socket) || before.into_iter().any(|path| path.exists())
    }
}

/// Where a command looks for a service, in this order.
pub(super) fn client_sockets() -> Vec<PathBuf> {
    Surroundings::here().client_sockets()
}

/// This program, as a person would type it here.
#[must_use]
pub fn program() -> String {
    let typed = env::args_os().next().map(PathBuf::from);
    let typed = typed.unwrap_or_else(|| PathBuf::from("tallykey"));
    // `cargo run` starts it by its full path.
    let here = env::current_dir().ok();
    let near = here.and_then(|here| typed.strip_prefix(here).map(Path::to_owned).ok());
    shell_word(&near.unwrap_or(typed).display().to_string())
}

/// Quotes a word for a POSIX shell, if it needs that.
pub(super) fn shell_word(word: &str) -> String {
    let safe = |c: char| c.is_alphanumeric() || "/._-+:=,@%".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The variables that decide (XDG Base Directory Specification 0.8).
struct Surroundings {
    home: Option<PathBuf>,
    state_home: Option<PathBuf>,
    runtime: Option<PathBuf>,
}

impl Surroundings {
    fn here() -> Self {
        // "All paths […] must be absolute. If […] relative […] should consider the path invalid".
        let absolute = |name| {
            let path = env::var_os(name).map(PathBuf::from);
            path.filter(|path| path.is_absolute())
        };
        Self {
            home: absolute("HOME"),
            state_home: absolute("XDG_STATE_HOME"),
            runtime: absolute("XDG_RUNTIME_DIR"),
        }
    }

    fn state(&self) -> Option<PathBuf> {
        let by_home = || self.home.as_ref().map(|home| home.join(".local/state"));
        let base = self.state_home.clone().or_else(by_home)?;
        Some(base.join("tallykey"))
    }

    fn runtime_socket(&self) -> Option<PathBuf> {
        let runtime = self.runtime.as_ref()?;
        Some(runtime.join("tallykey").join(SOCKET))
    }

    fn client_sockets(&self) -> Vec<PathBuf> {
        let state = self.state();
        [
            Some(PathBuf::from(SYSTEM_SOCKET)),
            self.runtime_socket(),
            state.as_ref().map(|state| state.join(SOCKET)),
            state.map(|state| simulated_of(&state).join(SOCKET)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn simulated_of(state: &Path) -> PathBuf {
    state.join("simulated")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_searched_in_the_documented_order() {
        let path = |text: &str| Some(PathBuf::from(text));
        let mut surroundings = Surroundings {
            home: path("/home/ann"),
            state_home: None,
            runtime: path("/run/user/1000"),
        };
        let shown = |surroundings: &Surroundings| -> Vec<String> {
            let sockets = surroundings.client_sockets();
            sockets.iter().map(|p| p.display().to_string()).collect()
        };
        assert_eq!(
            shown(&surroundings),
            [
                "/run/tallykey/api.sock",
                "/run/user/1000/tallykey/api.sock",
                "/home/ann/.local/state/tallykey/api.sock",
                "/home/ann/.local/state/tallykey/simulated/api.sock",
            ]
        );
        surroundings.home = None;
        assert_eq!(shown(&surroundings).len(), 2);
        surroundings.state_home = path("/var/state");
        assert_eq!(shown(&surroundings)[2], "/var/state/tallykey/api.sock");
    }

    #[test]
    fn words_are_quoted_only_where_a_shell_needs_it() {
        assert_eq!(
            shell_word("target/release/tallykey"),
            "target/release/tallykey"
        );
        assert_eq!(shell_word("/home/ann b/it's"), r"'/home/ann b/it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
