//! What the ledger adds to the disk, measured in one run: prints figures and ratios.
//!
//! The limit is measured here too: `fdatasync` of 128 bytes appended to a file of the same disk. Rounds
//! are interleaved, so that a noisy moment hits every figure.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tallykey::arbiter::Takeover;
use tallykey::licence::machine_binding::Facts;
use tallykey::licence::{Profile, Trust};
use tallykey::service::ports::Watcher;
use tallykey::service::watch::Errand;
use tallykey::service::{Actor, Ask, Moment, Service, Settings};
use tallykey::store::{HostKeyFile, SqliteStore, StateFolder};
use tallykey_protocol::list::List;
use tallykey_protocol::profile::{self, Feature};
use tallykey_signing::simulator;
use tokio::task::JoinSet;

/// Rounds, each with every figure.
const ROUNDS: usize = 9;
/// Durable steps of one round, one after the other.
const SINGLE: usize = 500;
/// Clients that ask at once, and how often each.
const CLIENTS: usize = 64;
const EACH: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let service = runtime.block_on(start(&folder.path().join("state")))?;
    let mut figures = Figures::default();
    for round in 0..ROUNDS {
        figures.raw.push(raw(&folder.path().join("raw"))?);
        figures
            .single
            .push(runtime.block_on(one_by_one(&service, round))?);
        figures
            .grouped
            .push(runtime.block_on(all_at_once(&service, round))?);
    }
    runtime.block_on(service.stop());
    figures.print();
    Ok(())
}

/// A service whose vendor gives enough free channels for every request.
async fn start(state: &Path) -> Result<Service, Box<dyn Error>> {
    let vendor = simulator::vendor()?;
    let features = [Feature {
        id: "camera",
        name: "Cameras",
        free: 10_000_000,
    }];
    let claims = profile::Profile {
        features: List::of(&features).map_err(|_| "one feature fits")?,
        ..simulator::profile()
    };
    let trust = Trust::decode(&vendor.trust_bundle())?;
    let profile = Profile::verify(&vendor.sign_profile(&claims)?, &trust)?;
    let state = StateFolder::claim(state)?;
    let (host_key, _) = HostKeyFile::open(&state)?;
    let settings = Settings {
        trust,
        profile,
        simulated: true,
        host: "nvr-3".into(),
        takeover: Takeover::Ask,
        host_key: Box::new(host_key),
        machine: Box::new(Facts::default),
        clock: Box::new(|| Moment {
            wall_ms: now(),
            running_ms: 0,
        }),
    };
    let store = SqliteStore::new(state)?;
    let (_, no_events) = tokio::sync::mpsc::channel(1);
    Ok(Service::start(settings, store, no_events, Box::new(NoDongles)).await?)
}

fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

struct NoDongles;

impl Watcher for NoDongles {
    fn visit(&self, _: &str, _: Errand) {}
    fn stop(self: Box<Self>) {}
}

/// Times of one round, and how long it took.
struct Times {
    each: Vec<Duration>,
    wall: Duration,
}

fn raw(path: &Path) -> std::io::Result<Times> {
    let mut file = File::create(path)?;
    let started = Instant::now();
    let each: std::io::Result<Vec<Duration>> = (0..SINGLE)
        .map(|_| {
            let before = Instant::now();
            file.write_all(&[0x5A; 128])?;
            file.sync_data()?;
            Ok(before.elapsed())
        })
        .collect();
    Ok(Times {
        each: each?,
        wall: started.elapsed(),
    })
}

async fn one_by_one(service: &Service, round: usize) -> Result<Times, Box<dyn Error>> {
    let service = service.clone();
    let task = tokio::spawn(async move { client(&service, 0, round, SINGLE).await });
    let started = Instant::now();
    Ok(Times {
        each: task.await??,
        wall: started.elapsed(),
    })
}

async fn all_at_once(service: &Service, round: usize) -> Result<Times, Box<dyn Error>> {
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for number in 1..=CLIENTS {
        let service = service.clone();
        clients.spawn(async move { client(&service, number, round, EACH).await });
    }
    let mut each = Vec::new();
    while let Some(times) = clients.join_next().await {
        each.extend(times??);
    }
    Ok(Times {
        each,
        wall: started.elapsed(),
    })
}

/// Allocates one new device after the other.
async fn client(
    service: &Service,
    number: usize,
    round: usize,
    count: usize,
) -> Result<Vec<Duration>, tallykey::service::ServiceError> {
    let actor = Actor::user(0);
    let mut each = Vec::with_capacity(count);
    for index in 0..count {
        let device = format!(
            "02:00:{round:02X}:{number:02X}:{:02X}:{:02X}",
            index / 256,
            index % 256
        );
        let ask = Ask {
            device,
            feature: Some("camera".into()),
            ..Ask::default()
        };
        let before = Instant::now();
        service.allocate(&actor, ask).await?;
        each.push(before.elapsed());
    }
    Ok(each)
}

#[derive(Default)]
struct Figures {
    raw: Vec<Times>,
    single: Vec<Times>,
    grouped: Vec<Times>,
}

impl Figures {
    fn print(&self) {
        let (raw, single, grouped) = (rate(&self.raw), rate(&self.single), rate(&self.grouped));
        println!("medians of {ROUNDS} rounds; the limit is measured in the same run");
        println!(
            "  raw fdatasync of 128 bytes     {raw:>8.0} /s   p50 {:>6.0} µs",
            p50(&self.raw)
        );
        println!(
            "  one durable allocation         {single:>8.0} /s   p50 {:>6.0} µs",
            p50(&self.single)
        );
        println!(
            "    against raw fdatasync        {:>8.2} ×    (limit 0.8 ×)",
            single / raw
        );
        println!(
            "  {CLIENTS} clients at once             {grouped:>8.0} /s   p50 {:>6.0} µs",
            p50(&self.grouped)
        );
        println!("    against raw fdatasync        {:>8.2} ×", grouped / raw);
    }
}

/// Steps per second in the median round.
fn rate(rounds: &[Times]) -> f64 {
    median(
        rounds
            .iter()
            .map(|one| one.each.len() as f64 / one.wall.as_secs_f64())
            .collect(),
    )
}

/// The median step of the median round, in microseconds.
fn p50(rounds: &[Times]) -> f64 {
    let step = |one: &Times| {
        median(
            one.each
                .iter()
                .map(|time| time.as_secs_f64() * 1e6)
                .collect(),
        )
    };
    median(rounds.iter().map(step).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
