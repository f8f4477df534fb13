//! Finds the service.

use std::{io, path::PathBuf};

use tallykey_client::{Client, ClientError, Endpoint};

use super::{failure::Failure, places};

/// A service that answers.
pub(super) struct Connection {
    pub(super) client: Client,
}

impl Connection {
    /// The service at the socket given, else at the first place where one answers.
    pub(super) async fn find(given: Option<PathBuf>) -> Result<Self, Failure> {
        let places = given.map_or_else(places::client_sockets, |path| vec![path]);
        let mut tried = Vec::new();
        for path in places {
            let client = Client::new(Endpoint::unix(&path));
            match client.connect().await {
                Ok(()) => return Ok(Self { client }),
                Err(ClientError::Unreachable { source, .. }) => {
                    tried.push(format!("{}: {}", path.display(), why(&source)));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::NoService { tried })
    }
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no socket there".to_owned(),
        io::ErrorKind::ConnectionRefused => "nobody listens any more".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not go there".to_owned(),
        _ => error.to_string(),
    }
}
