//! A service to test: real in every layer, with free channels only (4 cameras) and no dongle.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tallykey::api::{PeerRole, PortListener, Server, SocketListener};
use tallykey::arbiter::Takeover;
use tallykey::licence::machine_binding::Facts;
use tallykey::licence::{Profile, Trust};
use tallykey::service::ports::Watcher;
use tallykey::service::watch::Errand;
use tallykey::service::{Moment, Service, Settings};
use tallykey::store::{HostKeyFile, SqliteStore, StateFolder};
use tallykey_client::wire::{NewToken, Role, TokenAsk};
use tallykey_client::{Client, Endpoint};
use tallykey_signing::simulator;
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::raw::Door;

/// Roles of whoever calls on the socket.
pub(crate) mod peer {
    use tallykey::service::Role;

    pub(crate) fn client(_: u32, _: u32) -> Option<Role> {
        Some(Role::Client)
    }

    pub(crate) fn nobody(_: u32, _: u32) -> Option<Role> {
        None
    }

    /// As the program itself judges.
    pub(crate) fn real(uid: u32, gid: u32) -> Option<Role> {
        tallykey::machine::peer::standing(uid, gid).map(|_| Role::Admin)
    }
}

pub(crate) struct Bench {
    folder: TempDir,
    service: Service,
    server: Server,
    port: Door,
}

/// A machine without a USB port.
struct NoBus;

impl Watcher for NoBus {
    fn visit(&self, key: &str, _: Errand) {
        panic!("there is no dongle {key}");
    }

    fn stop(self: Box<Self>) {}
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::start_for(peer::real).await
    }

    pub(crate) async fn start_for(role: PeerRole) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let state = StateFolder::claim(&folder.path().join("state")).expect("a state folder");
        let vendor = simulator::vendor().expect("the simulator's vendor");
        let trust = Trust::decode(&vendor.trust_bundle()).expect("its bundle");
        let record = vendor
            .sign_profile(&simulator::profile())
            .expect("a profile");
        let (host_key, _) = HostKeyFile::open(&state).expect("a host key");
        let settings = Settings {
            profile: Profile::verify(&record, &trust).expect("a good profile"),
            trust,
            simulated: true,
            host: "nvr-3 駅".into(),
            takeover: Takeover::Ask,
            host_key: Box::new(host_key),
            machine: Box::new(Facts::default),
            clock: Box::new(|| Moment {
                wall_ms: 1_700_000_000_000,
                running_ms: 0,
            }),
        };
        let store = SqliteStore::new(state).expect("a store");
        let (_events, inbox) = mpsc::channel(1);
        let service = Service::start(settings, store, inbox, Box::new(NoBus)).await;
        let service = service.expect("a service");

        let mut server = Server::new(&service, role);
        let path = folder.path().join("door").join("api.sock");
        server.on_socket(SocketListener::bind(&path).await.expect("a socket"));
        let port = PortListener::bind(([127, 0, 0, 1], 0).into())
            .await
            .expect("a port");
        let address = port.address();
        server.on_port(port);
        Self {
            folder,
            service,
            server,
            port: Door::Port(address),
        }
    }

    fn socket_path(&self) -> PathBuf {
        self.folder.path().join("door/api.sock")
    }

    pub(crate) fn socket(&self) -> Door {
        Door::Socket(self.socket_path())
    }

    pub(crate) fn port(&self) -> Door {
        self.port.clone()
    }

    /// A client on the socket, with the role of this user.
    pub(crate) fn client(&self) -> Client {
        Client::new(Endpoint::unix(self.socket_path()))
    }

    /// A token made by the service itself, whatever role the socket gives.
    pub(crate) async fn token(&self, role: Role) -> NewToken {
        let ask = TokenAsk {
            role,
            label: "test".to_owned(),
        };
        self.client().create_token(&ask).await.expect("a token")
    }

    /// Takes back what a permitted request may have done.
    pub(crate) async fn undo(&self) {
        let client = self.client();
        for held in client.allocations().await.expect("a list").allocations {
            client.release(held.id).await.expect("released");
        }
    }

    /// The socket's path, opened to every user of this machine.
    pub(crate) fn reachable_by_all(&self) -> PathBuf {
        for folder in [self.folder.path(), &self.folder.path().join("door")] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("our folder");
        }
        self.socket_path()
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
        self.service.stop().await;
    }
}
