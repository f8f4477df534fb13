//! Growth of a subscribed feature, over years that take milliseconds.

use std::time::Duration;

use tallykey::licence::Plan;
use tallykey_protocol::grant::Line;

use crate::bench::{Bench, NOW};
use crate::dongle::Dongle;

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn a_subscribed_site_grows_and_the_need_says_what_to_buy() {
    let second = |ms: i64| u64::try_from(ms / 1_000).expect("after 1970");
    let subscription = Line {
        id: 2,
        feature: "camera",
        count: 2,
        plan: Plan::Subscription,
        valid_from: second(NOW) - 100 * DAY.as_secs(),
        valid_to: Some(second(NOW) + 2_000 * DAY.as_secs()),
    };
    let bench = Bench::start().await;
    let channels = [("camera", 1)];
    bench
        .plug(&Dongle::new("TK-1", &channels).with_line(&channels, subscription))
        .await;
    for gate in 1..=7 {
        bench
            .ask(&format!("gate-{gate}"))
            .await
            .expect("7 are owned");
    }
    bench
        .ask("gate-8")
        .await
        .expect_err("its first year began empty");
    // The anniversary comes by itself.
    for _ in 0..10 {
        bench.pass(27 * DAY).await;
    }
    for gate in 8..=14 {
        bench
            .ask(&format!("gate-{gate}"))
            .await
            .expect("it may double");
    }
    bench.ask("gate-15").await.expect_err("and no more");
    let counts = bench.counts("camera");
    assert_eq!(
        (counts.total, counts.used, counts.growth, counts.growth_used),
        (7, 14, 7, 7)
    );
    let need = bench.service.need().await.expect("it runs");
    let now = need[0].now;
    assert_eq!((now.needed, now.owned, now.short), (14, 7, 7));
    assert_eq!(need[0].years.len(), 5);
    // The same after a restart: it follows from the history.
    let bench = bench.restart().await;
    let dongle_is_in_grace = bench.counts("camera");
    assert_eq!(
        (dongle_is_in_grace.used, dongle_is_in_grace.growth_used),
        (14, 7)
    );
}
