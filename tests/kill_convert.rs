//! `kill -9` at random moments while a dongle gives channels away: after each restart what the dongle has and what its
//! receipts and licences say is what it was, and every answered conversion is there. The simulated dongle is in the
//! same process, so that it loses its power in the same moment; or it is at a socket, and lives on.
#![cfg(all(feature = "sim", unix))]

#[path = "support/other_machine.rs"]
mod other_machine;
#[path = "cli/program.rs"]
#[expect(dead_code, reason = "the command line's tests use the rest")]
mod program;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding as _};
use tallykey_client::wire::{
    AuthenticationType, Conversion, ConversionState, ConvertAsk, Gift, Goal, Part, Secret, Status,
};
use tallykey_client::{Client, ClientError, Endpoint};
use tallykey_protocol::grant::Convert;
use tallykey_signing::simulator;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{Order, chip_id, provision};
use tallykey_sim::socket::{self, Listener};
use tokio::runtime::Runtime;

use program::{Home, Serving};

/// Kills.
const KILLS: u64 = 50;
/// The first one before which everything is to be converted to this machine.
const ALL: u64 = 42;
/// Channels of the dongle.
const CHANNELS: u64 = 4_000;
/// The longest that a service is left to work, in microseconds: some conversions.
const LONGEST: u64 = 400_000;
/// How long a service may take to say that all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is asked for in a life; in two lives after each other the same.
fn gift(life: u64) -> (Gift, Vec<Part>, Option<String>) {
    let part = |count| {
        let of = "camera".to_owned();
        vec![Part { of, count }]
    };
    let there = || {
        Some(Base64::encode_string(&other_machine::request(
            simulator::profile().product,
        )))
    };
    match life / 2 % 3 {
        _ if life >= ALL => (Gift::Convert, Vec::new(), None),
        0 => (Gift::Retire, part(1), None),
        1 => (Gift::Convert, part(2), there()),
        _ => (Gift::ConvertAtDesk, part(3), there()),
    }
}

fn client(service: &Serving) -> Client {
    Client::new(Endpoint::unix(service.socket().to_owned()))
}

/// Receipts, as they were answered.
type Answered = BTreeSet<String>;

/// Asks again and again until the service is gone or the dongle is empty.
async fn ask(
    client: Client,
    wanted: ConvertAsk,
    answered: tokio::sync::mpsc::UnboundedSender<String>,
) {
    loop {
        match client.convert(&wanted).await {
            Ok(converted) => {
                let done = converted.conversion.expect("it was no dry run");
                let receipt = done.receipt.expect("it is done");
                answered.send(receipt).expect("somebody listens");
            }
            Err(ClientError::Problem(problem)) if problem.code != "dongle-empty" => {
                panic!("{problem}")
            }
            // Whatever was not answered may or may not be done; both are right.
            Err(_) => return,
        }
    }
}

/// Lets it give for `time`, and kills it then; what it answered.
fn one_life(service: Serving, life: u64, code: &str, time: Duration) -> Vec<String> {
    let (gift, parts, to) = gift(life);
    let wanted = ConvertAsk {
        serial: None,
        gift,
        parts,
        to,
        owner_code: Some(Secret(code.to_owned())),
        dry_run: false,
    };
    let client = client(&service);
    Runtime::new().expect("a runtime").block_on(async move {
        let (answers, mut answered) = tokio::sync::mpsc::unbounded_channel();
        let asking = tokio::spawn(ask(client, wanted, answers));
        // No fact is waited for: it is to be killed at any moment.
        tokio::time::sleep(time).await;
        service.kill();
        asking.await.expect("it ends");
        let mut receipts = Vec::new();
        while let Some(receipt) = answered.recv().await {
            receipts.push(receipt);
        }
        receipts
    })
}

fn channels(done: &Conversion) -> u64 {
    done.given.iter().map(|given| given.count).sum()
}

fn cameras(status: &Status) -> u64 {
    let camera = status.features.iter().find(|one| one.id == "camera");
    camera.expect("a feature of the product").total
}

/// Waits until the dongle is open and knows which receipts are kept.
async fn settled(client: &Client) -> (Status, Vec<Conversion>) {
    let begun = Instant::now();
    loop {
        let conversions = client.conversions().await.expect("answers").conversions;
        let status = client.status().await.expect("answers");
        let open = status
            .dongles
            .iter()
            .any(|one| ["open", "empty"].contains(&one.state.as_str()));
        if open
            && conversions
                .iter()
                .all(|one| one.acknowledged != Some(false))
        {
            return (status, conversions);
        }
        assert!(begun.elapsed() < PATIENCE, "{status:?} {conversions:?}");
    }
}

/// Nothing is lost and nothing is there twice. What was begun and not done is given up, or is gone on with.
async fn check(client: &Client, all: u64, life: u64, answered: &Answered) {
    let (status, conversions) = settled(client).await;
    let (done, open): (Vec<_>, Vec<_>) = conversions
        .iter()
        .partition(|one| one.state == ConversionState::Done);
    let receipts: Answered = done.iter().filter_map(|one| one.receipt.clone()).collect();
    assert_eq!(receipts.len(), done.len(), "a receipt is there twice");
    assert!(answered.is_subset(&receipts), "a receipt is gone");
    let gone = done.iter().filter(|one| one.goal != Goal::ThisMachine);
    let gone: u64 = gone.map(|one| channels(one)).sum();
    assert_eq!(cameras(&status) + gone, all, "{conversions:?}");
    let here = done.iter().any(|one| one.goal == Goal::ThisMachine);
    let software = status.authentication_type == AuthenticationType::Software;
    assert_eq!(software, here);
    let goes_on = life % 2 == 1 || life > ALL;
    for one in open.iter().filter(|_| !goes_on) {
        let cancelled = client.cancel_conversion(one.id).await;
        cancelled.expect("it was not done");
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014), so that a run can be had again.
fn drawn(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A recorded machine that a licence can be bound to.
const MACHINE: [&str; 2] = [
    "--machine-root",
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/machine/trees/server"),
];

/// Kills it again and again. `code` is the dongle's owner code; without one the banner says it.
fn fifty(what: &str, arguments: &[&str], code: Option<String>) {
    let home = Home::new();
    let runtime = Runtime::new().expect("a runtime");
    let arguments = [&MACHINE, arguments].concat();
    let serve = || home.serve_with(&arguments);
    let first = serve();
    let said = first.banner["owner_code"]["code"].as_str();
    let code = code.or(said.map(str::to_owned)).expect("a code");
    let (status, _) = runtime.block_on(settled(&client(&first)));
    let all = cameras(&status);
    assert!(all >= CHANNELS);
    drop(first);

    let (mut seed, mut answered) = (7, Answered::new());
    for life in 0..KILLS {
        let service = serve();
        runtime.block_on(check(&client(&service), all, life, &answered));
        let time = Duration::from_micros(drawn(&mut seed) % LONGEST);
        answered.extend(one_life(service, life, &code, time));
    }
    let service = serve();
    let (_, conversions) = runtime.block_on(async {
        let client = client(&service);
        check(&client, all, KILLS, &answered).await;
        settled(&client).await
    });
    println!(
        "{what}: {KILLS} kills, {} conversions answered, {} done",
        answered.len(),
        conversions.len()
    );
    let here = conversions.iter().any(|one| one.goal == Goal::ThisMachine);
    assert!(here, "in the end all of it is here");
}

#[test]
fn kill_9_and_a_loss_of_power_anywhere_in_a_conversion_lose_and_double_no_channel() {
    let channels = format!("camera={CHANNELS}");
    fifty("with the dongle", &["--channels", &channels], None);
}

#[test]
fn kill_9_anywhere_in_a_conversion_while_the_dongle_lives_on_loses_and_doubles_no_channel() {
    let mut code = None;
    let dongle = provisioned(|text| code = Some(text.to_owned()));
    // As long as on a quick part.
    dongle.set_sign_time(20);
    let free = "127.0.0.1:0".parse().expect("an address");
    let listener = Listener::tcp(free).expect("a free port");
    let address = listener.attach().expect("its port");
    std::thread::spawn(move || socket::serve(&dongle, &listener));
    fifty("without the dongle", &["--attach", &address], code);
}

fn provisioned(keep: impl FnOnce(&str)) -> SimDongle {
    let flash = SimFlash::blank(chip_id("TK-1"));
    let platform = SimPlatform::new(flash, Clock::real());
    let dongle = SimDongle::plug(platform).expect("blank flash boots");
    let order = Order {
        serial: "TK-1",
        profile: &simulator::profile(),
        channels: &[("camera", CHANNELS)],
        raise: true,
        convert: Convert::Offline,
        now: simulator::ISSUED_AT,
    };
    let keep = |text: &str| {
        keep(text);
        Ok(())
    };
    let vendor = simulator::vendor().expect("constant keys");
    provision(&dongle, &vendor, &order, keep).expect("a dongle as sold");
    dongle
}
