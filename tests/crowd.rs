//! Sixty-four clients at the socket of the real program ask for 10,000 different cameras at once: exactly as
//! many are licensed as are owned, and every other is refused by name.
#![cfg(all(feature = "sim", unix))]

#[path = "cli/program.rs"]
#[expect(dead_code, reason = "the command line's tests use the rest")]
mod program;

use tallykey_client::wire::Ask;
use tallykey_client::{Client, ClientError, Endpoint};
use tokio::task::JoinSet;

use program::Home;

const CLIENTS: usize = 64;
const DEVICES: usize = 10_000;
/// On the simulated dongle, and free.
const OWNED: usize = 64 + 4;

/// Asks for every `CLIENTS`th device; how many were licensed.
async fn ask(client: Client, from: usize) -> usize {
    let mut licensed = 0;
    for number in (from..DEVICES).step_by(CLIENTS) {
        let wanted = Ask {
            device: format!("{number:012X}"),
            feature: Some("camera".into()),
            ..Ask::default()
        };
        match client.allocate(&wanted).await {
            Ok(answer) => {
                assert!(answer.created, "{} was there before", wanted.device);
                licensed += 1;
            }
            Err(ClientError::Problem(problem)) => assert_eq!(problem.code, "no-channel-left"),
            Err(error) => panic!("{}: {error}", wanted.device),
        }
    }
    licensed
}

#[test]
fn exactly_as_many_are_licensed_as_are_owned() {
    let home = Home::new();
    let service = home.serve();
    let endpoint = Endpoint::unix(service.socket().to_owned());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let licensed: usize = runtime.block_on(async {
        let clients = (0..CLIENTS).map(|from| ask(Client::new(endpoint.clone()), from));
        clients
            .collect::<JoinSet<_>>()
            .join_all()
            .await
            .iter()
            .sum()
    });
    assert_eq!(licensed, OWNED);
}
