use tallykey_signing::simulator;

use super::*;
use crate::arbiter::Takeover;
use crate::ledger::Bytes;
use crate::licence::{Profile, Revocations, Trust};
use crate::service::Moment;
use crate::store::{HostKeyFile, StateFolder};

#[test]
fn a_licence_that_verifies_no_more_is_shown_and_counts_nothing() {
    let vendor = simulator::vendor().expect("constant keys");
    let trust = Trust::decode(&vendor.trust_bundle()).expect("our own bundle");
    let record = vendor.sign_profile(&simulator::profile()).expect("signs");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = StateFolder::claim(&folder.path().join("state")).expect("ours");
    let (host_key, _) = HostKeyFile::open(&folder).expect("a host key");
    let settings = Settings {
        profile: Profile::verify(&record, &trust).expect("our own profile"),
        trust,
        simulated: true,
        host: "nvr-3 駅".into(),
        takeover: Takeover::Ask,
        host_key: Box::new(host_key),
        machine: Box::new(Facts::default),
        clock: Box::new(|| Moment {
            wall_ms: 0,
            running_ms: 0,
        }),
    };
    let mut shelf = Shelf::default();
    let imported = Event::LicenceImported {
        id: "aa".into(),
        form: "licence".into(),
        revision: 1,
        absorbs: Vec::new(),
        // A record of the vendor, and not the licence that it was once.
        record: Bytes(record),
    };
    shelf.apply(&imported).expect("the first");
    let licences = Licences::read(
        (&shelf, &Revocations::default()),
        &settings,
        &Facts::default(),
        0,
    );
    assert_eq!(licences.counting().count(), 0);
    let shown: Vec<_> = licences.statuses(&Asked::default()).collect();
    let [LicenceStatus { id, standing, .. }] = &shown[..] else {
        panic!("it is shown: {shown:?}")
    };
    let code = standing.as_ref().map_err(LicenceRefusal::code);
    assert_eq!((id.as_str(), code), ("aa", Err("wrong-vendor")));
}
