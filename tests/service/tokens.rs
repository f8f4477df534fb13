use tallykey::service::{Role, ServiceError};
use uuid::Uuid;

use crate::bench::{Bench, operator};

#[tokio::test]
async fn a_token_outlives_a_crash_and_ends_with_its_revocation() {
    let bench = Bench::start().await;
    let new = bench
        .service
        .create_token(&operator(), Role::Client, "recorder".into())
        .await;
    let new = new.expect("a good label");
    let known = bench
        .service
        .authenticate(&new.secret)
        .expect("its own secret");
    assert_eq!(known.role, Role::Client);

    let bench = bench.crash().await;
    assert_eq!(bench.service.authenticate(&new.secret), Some(known));
    assert_eq!(bench.service.tokens(), std::slice::from_ref(&new.token));

    bench
        .service
        .revoke_token(&operator(), new.token.id)
        .await
        .expect("it is there");
    assert_eq!(bench.service.authenticate(&new.secret), None);
    let bench = bench.restart().await;
    assert_eq!(bench.service.authenticate(&new.secret), None);
    assert_eq!(bench.service.tokens(), []);
}

#[tokio::test]
async fn a07_no_file_of_the_state_folder_holds_a_secret() {
    let bench = Bench::start().await;
    let new = bench
        .service
        .create_token(&operator(), Role::Admin, "desk".into())
        .await;
    let secret = new.expect("a good label").secret;
    let (home, folder) = bench.stop().await;
    for file in std::fs::read_dir(&folder).expect("the state folder") {
        let path = file.expect("readable").path();
        let bytes = std::fs::read(&path).expect("readable");
        let found = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "{} holds the secret", path.display());
    }
    drop(home);
}

#[tokio::test]
async fn an_unknown_token_cannot_be_revoked() {
    let bench = Bench::start().await;
    match bench.service.revoke_token(&operator(), Uuid::nil()).await {
        Err(ServiceError::Refused(refusal)) => assert_eq!(refusal.code(), "no-such-token"),
        other => panic!("{other:?}"),
    }
}
