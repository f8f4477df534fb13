//! `tallykey serve`: wires the rooms together, and takes them apart in the end.

use std::{
    path::PathBuf,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tallykey::{
    api::{ListenError, PortListener, Server, SocketListener},
    arbiter,
    cli::{Banner, Exit, Failure, InboxFolder, Listen, Places, Screen, ServeArgs, Takeover},
    inbox::{self, Inbox},
    licence::machine_binding::Facts,
    machine::{
        facts::{self, Machine as _},
        name,
        peer::{self, Standing},
    },
    service::{
        Moment, Role, Service, Settings,
        ports::HostKey as _,
        watch::{DongleEvent, Intervals, Watch},
    },
    store::{FolderError, HostKeyError, HostKeyFile, Origin, SqliteStore, StateFolder},
    usb::{Finder, hid::Match, hotplug::Hotplug},
};
use tokio::sync::mpsc;

use crate::{bus, log, stop::Stop, vendor::Pinned};

/// Dongle events that may wait for the service; the threads of the dongles wait beyond that.
const EVENTS: usize = 64;
/// The inbox in the state folder.
const INBOX: &str = "inbox";
/// How long the banner waits for a simulated dongle. Nothing else waits for it.
const FIRST_DONGLE: Duration = Duration::from_secs(4);

/// Runs the service until it is told to stop.
pub(crate) async fn run(
    args: ServeArgs,
    socket: Option<PathBuf>,
    screen: &Screen,
) -> Result<(), Failure> {
    log::start(args.log);
    let mut stop = Stop::listen()?;
    let pinned = bus::vendor(&args)?;
    let simulated = bus::is_simulated(&args);
    let places = Places::choose(args.state_dir.clone(), socket, simulated)?;
    let folder = StateFolder::claim(&places.state).map_err(|error| of_folder(&error))?;
    // Listening comes before the state is touched: what is in use elsewhere stays as it is.
    let socket = SocketListener::bind(&places.socket)
        .await
        .map_err(|error| of_listener(&error))?;
    let port = match args.listen {
        Listen::None => None,
        Listen::Address(address) => Some(
            PortListener::bind(address)
                .await
                .map_err(|error| of_listener(&error))?,
        ),
    };
    let port_address = port.as_ref().map(PortListener::address);

    let host_key = host_key(&folder)?;
    let inbox = inbox(&args.inbox, &folder)?;
    let bus = bus::open(&args, &pinned, &folder)?;
    let simulated = simulated || pinned.trust.is_test();
    let machine = machine(&args, simulated)?;
    let (events, told) = mpsc::channel(EVENTS);
    let watch = watch(bus.finder, &pinned, bus.intervals, events)?;
    let _hotplug = bus.usb.and_then(|wanted| hotplug(wanted, &watch));
    let settings = Settings {
        trust: pinned.trust,
        profile: pinned.profile,
        host: name::host(),
        simulated,
        takeover: match args.takeover {
            Takeover::Ask => arbiter::Takeover::Ask,
            Takeover::Automatic => arbiter::Takeover::Automatic,
        },
        host_key: Box::new(host_key),
        machine,
        clock: clock(),
    };
    let store = SqliteStore::new(folder).map_err(|error| of_folder(&error))?;
    let service = Service::start(settings, store, told, Box::new(watch)).await;
    let service = service.map_err(|error| {
        Failure::start(Exit::Fault, error.code(), error.to_string(), error.next())
    })?;

    let mut server = Server::new(&service, role);
    server.on_socket(socket);
    if let Some(port) = port {
        server.on_port(port);
    }
    tracing::info!(
        socket = %places.socket.display(),
        port = port_address.map(tracing::field::display),
        simulated,
        "listening"
    );
    let inbox = inbox.map(|inbox| inbox.watch(service.clone(), inbox::INTERVAL));
    if simulated {
        let seen = service.wait_for(|snapshot| !snapshot.dongles.is_empty());
        // Without one the banner says so; the service runs all the same.
        let _in_time = tokio::time::timeout(FIRST_DONGLE, seen).await;
    }
    let banner = Banner {
        status: &tallykey::api::status(&service),
        places: &places,
        port: port_address,
        owner_code: bus.owner_code.as_ref(),
    };
    // Nobody has to read it: the service is for those who ask.
    if let Err(error) = banner.show(screen) {
        tracing::warn!("{error}");
    }

    stop.requested().await;
    tracing::info!("stopping");
    if let Some(inbox) = inbox {
        inbox.stop().await;
    }
    server.stop().await;
    service.stop().await;
    Ok(())
}

/// Opens the host key, or makes it, and tells whose it is.
fn host_key(folder: &StateFolder) -> Result<HostKeyFile, Failure> {
    let (key, origin) = HostKeyFile::open(folder).map_err(|error| of_host_key(&error))?;
    let thumbprint: String = key.thumbprint().map(|byte| format!("{byte:02x}")).concat();
    match origin {
        Origin::Loaded => tracing::debug!(thumbprint, "the host key is loaded"),
        Origin::Made => tracing::info!(thumbprint, "the host key is made"),
        Origin::Replaced { why } => tracing::warn!(
            thumbprint,
            state = why.code(),
            next = why.next(),
            "the host key is another one: {why}"
        ),
    }
    Ok(key)
}

/// Opens the folder that couriers put files into, if there is to be one.
fn inbox(wanted: &InboxFolder, state: &StateFolder) -> Result<Option<Inbox>, Failure> {
    let path = match wanted {
        InboxFolder::None => return Ok(None),
        InboxFolder::Default => state.path().join(INBOX),
        InboxFolder::At(path) => path.clone(),
    };
    let opened = Inbox::open(&path).map_err(|error| match of_folder(&error) {
        Failure::Start {
            detail, code, exit, ..
        } => Failure::start(
            exit,
            code,
            detail,
            "give a folder that is the service's own with --inbox, or none",
        ),
        other => other,
    });
    opened.map(Some)
}

fn watch(
    finder: Box<dyn Finder>,
    pinned: &Pinned,
    intervals: Intervals,
    events: mpsc::Sender<DongleEvent>,
) -> Result<Watch, Failure> {
    // Names this run of the service to dongles; the lease is what counts, whatever the id.
    let mut host_id = [0; 16];
    let random = getrandom::fill(&mut host_id).map_err(|e| std::io::Error::other(e.to_string()));
    random
        .and_then(|()| Watch::start(finder, pinned.vendor.clone(), host_id, intervals, events))
        .map_err(|error| {
            let next = "look at the limits of this system, then start it again";
            Failure::start(Exit::Fault, "no-watch", error.to_string(), next)
        })
}

/// Wakes the watch when a dongle is plugged in or out. Without it dongles are still found.
fn hotplug(wanted: Match, watch: &Watch) -> Option<Hotplug> {
    let waker = watch.waker();
    Hotplug::start(wanted, move || waker.wake())
        .inspect_err(|error| tracing::info!("{error}; dongles are found by looking"))
        .ok()
}

fn role(uid: u32, gid: u32) -> Option<Role> {
    peer::standing(uid, gid).map(|standing| match standing {
        Standing::Administrator => Role::Admin,
        Standing::Client => Role::Client,
    })
}

fn clock() -> Box<dyn Fn() -> Moment + Send> {
    let start = Instant::now();
    Box::new(move || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Moment {
            wall_ms: since.map_or(0, |since| {
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            }),
            running_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    })
}

pub(crate) fn of_folder(error: &FolderError) -> Failure {
    let exit = match error {
        FolderError::Io { .. } => Exit::Fault,
        _ => Exit::Refused,
    };
    Failure::start(exit, error.code(), error.to_string(), error.next())
}

fn of_host_key(error: &HostKeyError) -> Failure {
    match error {
        HostKeyError::Folder(error) => of_folder(error),
        HostKeyError::OpenToOthers { .. } => {
            Failure::start(Exit::Refused, error.code(), error.to_string(), error.next())
        }
        HostKeyError::NoRandom { .. } => {
            Failure::start(Exit::Fault, error.code(), error.to_string(), error.next())
        }
    }
}

fn of_listener(error: &ListenError) -> Failure {
    let exit = match error {
        ListenError::Socket { .. } | ListenError::Port { .. } => Exit::Fault,
        _ => Exit::Refused,
    };
    Failure::start(exit, error.code(), error.to_string(), error.next())
}

/// Reads what the machine shows: this one, or for trials a recorded one.
#[cfg(feature = "sim")]
fn machine(args: &ServeArgs, simulated: bool) -> Result<Box<dyn Fn() -> Facts + Send>, Failure> {
    let Some(root) = args.machine_root.clone() else {
        return Ok(Box::new(|| facts::here().facts()));
    };
    if !simulated {
        return Err(Failure::start(
            Exit::Refused,
            "machine-root-refused",
            "licences of this vendor count on the machine that is here, not on a recorded one",
            "leave --machine-root out",
        ));
    }
    Ok(Box::new(move || facts::LinuxMachine::at(&root).facts()))
}

/// Reads what this machine shows.
#[cfg(not(feature = "sim"))]
fn machine(_: &ServeArgs, _: bool) -> Result<Box<dyn Fn() -> Facts + Send>, Failure> {
    Ok(Box::new(|| facts::here().facts()))
}
