//! `kill -9` at any moment: every answered allocation is there after a restart, and nothing is doubled.
#![cfg(all(feature = "sim", unix))]

#[path = "cli/program.rs"]
#[expect(dead_code, reason = "the command line's tests use the rest")]
mod program;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use tallykey_client::wire::Ask;
use tallykey_client::{Client, Endpoint};
use tokio::task::JoinSet;
use uuid::Uuid;

use program::{Home, Serving};

/// Clients that ask at the same time.
const CLIENTS: usize = 8;
/// After how many answers each life of the service ends.
const LIVES: [usize; 12] = [1, 40, 2, 150, 3, 75, 8, 5, 220, 1, 13, 60];

/// Asks for cameras until the service is gone; every answer goes into the list.
async fn ask(client: Client, from: usize, answered: &'static AtomicUsize) -> Vec<(String, Uuid)> {
    let mut held = Vec::new();
    for number in (from..).step_by(CLIENTS) {
        let device = format!("{number:012X}");
        let wanted = Ask {
            device: device.clone(),
            feature: Some("camera".into()),
            ..Ask::default()
        };
        // Whatever was not answered may or may not be there; both are right.
        let Ok(answer) = client.allocate(&wanted).await else {
            break;
        };
        held.push((answer.allocation.device, answer.allocation.id));
        answered.fetch_add(1, Ordering::SeqCst);
    }
    held
}

/// Lets the clients work until `answers` answers were given, and kills the service then.
fn one_life(service: Serving, from: usize, answers: usize) -> Vec<(String, Uuid)> {
    static ANSWERED: AtomicUsize = AtomicUsize::new(0);
    ANSWERED.store(0, Ordering::SeqCst);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let socket = service.socket().to_owned();
    runtime.block_on(async move {
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            clients.spawn(ask(
                Client::new(Endpoint::unix(socket.clone())),
                from + client,
                &ANSWERED,
            ));
        }
        while ANSWERED.load(Ordering::SeqCst) < answers {
            tokio::task::yield_now().await;
        }
        service.kill();
        clients.join_all().await.concat()
    })
}

#[test]
fn every_answered_allocation_survives_kill_9() {
    let home = Home::new();
    let mut answered = BTreeMap::new();
    for (life, answers) in LIVES.into_iter().enumerate() {
        let service = home.serve_with(&["--channels", "camera=100000"]);
        check(&service, &answered);
        let held = one_life(service, 1 + life * 10_000, answers);
        assert!(held.len() >= answers, "killed too early");
        answered.extend(held);
    }
    check(&home.serve(), &answered);
}

/// Every answered allocation is there under its id; whatever else is there was asked for and not answered,
/// and asking again finds it.
fn check(service: &Serving, answered: &BTreeMap<String, Uuid>) {
    let client = Client::new(Endpoint::unix(service.socket().to_owned()));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let there = client.allocations().await.expect("answers").allocations;
        let by_device: BTreeMap<_, _> = there
            .iter()
            .map(|held| (held.device.clone(), held.id))
            .collect();
        assert_eq!(by_device.len(), there.len(), "a device is there twice");
        for (device, id) in answered {
            assert_eq!(
                by_device.get(device),
                Some(id),
                "{device} was answered and is gone"
            );
        }
        let unanswered = there
            .iter()
            .filter(|held| !answered.contains_key(&held.device));
        for held in unanswered.chain(there.last()) {
            let wanted = Ask {
                device: held.device.clone(),
                feature: Some("camera".into()),
                ..Ask::default()
            };
            let again = client.allocate(&wanted).await.expect("answers");
            assert!(
                !again.created && again.allocation.id == held.id,
                "{} was counted twice",
                held.device
            );
        }
    });
}
