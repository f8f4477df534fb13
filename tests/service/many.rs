use std::sync::Arc;

use tallykey::licence::Refusal;
use tallykey::service::ServiceError;
use tokio::task::JoinSet;

use crate::bench::{Bench, FREE, camera, operator};
use crate::dongle::Dongle;

const CLIENTS: usize = 64;
const DEVICES: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_thousand_devices_at_once_exactly_as_many_as_are_owned_are_licensed() {
    let bench = Bench::start().await;
    bench.plug(&Dongle::new("TK-MANY", &[("camera", 64)])).await;
    let service = Arc::new(bench.service.clone());
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let service = Arc::clone(&service);
        clients.spawn(async move {
            let mut licensed = 0;
            for device in (client..DEVICES).step_by(CLIENTS) {
                match service
                    .allocate(&operator(), camera(&format!("gate-{device}")))
                    .await
                {
                    Ok(allocated) => {
                        assert!(allocated.created, "every device is another one");
                        licensed += 1;
                    }
                    Err(ServiceError::Refused(Refusal::NoChannelLeft { counts, .. })) => {
                        assert_eq!(
                            (counts.used, counts.owned),
                            (68, 68),
                            "refused only when all is used"
                        );
                    }
                    Err(other) => panic!("gate-{device}: {other}"),
                }
            }
            licensed
        });
    }
    let licensed: u64 = clients.join_all().await.into_iter().sum();
    assert_eq!(licensed, 64 + FREE);
    let counts = bench.counts("camera");
    assert_eq!(
        (counts.used, counts.free_used, counts.available),
        (68, 4, 0)
    );

    let after = bench.crash().await;
    assert_eq!(
        after
            .service
            .allocations()
            .await
            .expect("a sound history")
            .len(),
        68
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_device_asked_for_by_many_at_once_is_one_allocation() {
    let bench = Bench::start().await;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let service = bench.service.clone();
        clients.spawn(async move {
            service
                .allocate(&operator(), camera("00:02:D1:1A:2B:3C"))
                .await
        });
    }
    let answers: Vec<_> = clients
        .join_all()
        .await
        .into_iter()
        .map(|one| one.expect("free"))
        .collect();
    assert_eq!(answers.iter().filter(|one| one.created).count(), 1);
    assert!(
        answers
            .iter()
            .all(|one| one.allocation.id == answers[0].allocation.id)
    );
}
