//! What the API adds to the disk and to bare HTTP, measured in one run: prints figures and ratios.
//!
//! The limits are measured here too: `fdatasync` of 128 bytes appended to a file, and a bare hyper server
//! in a process of its own that answers bodies of the same size over the same kind of socket. The service
//! is the real program with its real store.

#[path = "api/limits.rs"]
mod limits;
#[path = "api/load.rs"]
mod load;
#[path = "api/service.rs"]
mod service;

use std::path::Path;
use std::time::Duration;

use load::{Failure, Load, percentile};

/// Rounds; each measures every figure, so that a noisy moment hits all of them.
const ROUNDS: usize = 5;
/// Sequential requests of one round.
const SEQUENTIAL: usize = 600;
/// Requests of one round over all connections.
const CONCURRENT: usize = 12_800;
const CONNECTIONS: usize = 64;
/// Connections for reads: enough to keep both processors busy.
const READERS: usize = 16;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, role, socket] = &arguments[..]
        && role == "bare-server"
    {
        return runtime()?.block_on(limits::serve(Path::new(socket)));
    }
    let folder = tempfile::tempdir()?;
    let bare = limits::Bare::start(folder.path())?;
    let service = service::Running::start(folder.path())?;
    let mut figures = Figures::default();
    for round in 0..ROUNDS {
        measure(round, folder.path(), &bare, &service, &mut figures)?;
    }
    figures.print();
    Ok(())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
}

/// One number a round.
#[derive(Default)]
struct Figures {
    sync_p50: Vec<f64>,
    sync_rate: Vec<f64>,
    bare_p50: Vec<f64>,
    allocate_p50: Vec<f64>,
    allocate_rate: Vec<f64>,
    bare_reads: Vec<f64>,
    reads: Vec<f64>,
}

fn measure(
    round: usize,
    folder: &Path,
    bare: &limits::Bare,
    service: &service::Running,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let syncs = limits::syncs(&folder.join("raw"), SEQUENTIAL)?;
    figures
        .sync_rate
        .push(syncs.len() as f64 / syncs.iter().sum::<Duration>().as_secs_f64());
    figures.sync_p50.push(micros(percentile(syncs, 50)));

    let runtime = runtime()?;
    let post = |first| Load::Allocate { first };
    let at = round * (SEQUENTIAL + CONCURRENT);
    let run = |socket: &Path, load, connections, requests| {
        runtime.block_on(load::run(socket, load, connections, requests))
    };
    figures
        .bare_p50
        .push(micros(run(&bare.socket, post(at), 1, SEQUENTIAL)?.p50()));
    figures
        .allocate_p50
        .push(micros(run(&service.socket, post(at), 1, SEQUENTIAL)?.p50()));
    let many = run(
        &service.socket,
        post(at + SEQUENTIAL),
        CONNECTIONS,
        CONCURRENT,
    )?;
    figures.allocate_rate.push(many.rate());
    figures
        .bare_reads
        .push(run(&bare.socket, Load::Read, READERS, CONCURRENT)?.rate());
    figures
        .reads
        .push(run(&service.socket, Load::Read, READERS, CONCURRENT)?.rate());
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Figures {
    fn print(self) {
        let sync_p50 = median(self.sync_p50);
        let sync_rate = median(self.sync_rate);
        let bare_p50 = median(self.bare_p50);
        let allocate_p50 = median(self.allocate_p50);
        let allocate_rate = median(self.allocate_rate);
        let (bare_reads, reads) = (median(self.bare_reads), median(self.reads));
        println!("medians of {ROUNDS} rounds; limits measured in the same run");
        println!("  raw fdatasync of 128 bytes, p50       {sync_p50:>10.0} µs  ({sync_rate:.0}/s)");
        println!("  bare hyper over the socket, p50       {bare_p50:>10.0} µs");
        println!("  POST /v1/allocations, p50             {allocate_p50:>10.0} µs");
        println!(
            "    beyond fdatasync + bare hyper       {:>10.0} µs  (limit 100 µs)",
            allocate_p50 - sync_p50 - bare_p50
        );
        println!("  POST at {CONNECTIONS} connections                {allocate_rate:>10.0} /s");
        println!(
            "    against raw fdatasync               {:>10.2} ×   (limit 2.5 ×)",
            allocate_rate / sync_rate
        );
        println!("  bare hyper reads, {READERS} connections        {bare_reads:>10.0} /s");
        println!("  GET /v1/status                        {reads:>10.0} /s");
        println!(
            "    against bare hyper                  {:>10.2} ×   (limit 0.7 ×)",
            reads / bare_reads
        );
    }
}
