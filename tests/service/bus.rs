//! The bus of a test that plugs dongles itself: an errand is run at once, in a session of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tallykey::dongle::{Fault, Found, Open, Timing, Vendor};
use tallykey::service::ports::Watcher;
use tallykey::service::watch::{After, DongleEvent, Errand};
use tallykey::usb::Finder;
use tallykey::usb::sim::LocalFinder;
use tallykey_protocol::trust::TrustBundle;
use tallykey_signing::simulator;
use tallykey_sim::dongle::SimDongle;
use tokio::sync::mpsc;

/// Errands, and the keys of the dongles that they are for.
type Waiting = Vec<(String, Errand)>;

/// What is plugged in, by its key.
#[derive(Clone, Default)]
pub(crate) struct Plugged {
    dongles: Arc<Mutex<BTreeMap<String, SimDongle>>>,
    /// Errands that a dongle has not come to yet, while it is busy.
    held: Arc<Mutex<Option<Waiting>>>,
    /// Those that are at something else, and what waits for them.
    deaf: Arc<Mutex<BTreeMap<String, Vec<Errand>>>>,
}

impl Plugged {
    pub(crate) fn plug(&self, key: &str, dongle: SimDongle) {
        let mut plugged = self.dongles.lock().expect("no panic");
        plugged.insert(key.to_owned(), dongle);
    }

    /// From now on no errand is run.
    pub(crate) fn hold(&self) {
        *self.held.lock().expect("no panic") = Some(Vec::new());
    }

    /// Runs what has waited, and whatever comes then.
    pub(crate) fn go_on(&self, events: &mpsc::Sender<DongleEvent>) {
        let waiting = self.held.lock().expect("no panic").take();
        let bus = Bus {
            plugged: self.clone(),
            events: events.clone(),
        };
        for (key, errand) in waiting.unwrap_or_default() {
            bus.run(&key, errand);
        }
    }

    /// From now on it keeps whoever wants something waiting.
    pub(crate) fn deafen(&self, key: &str) {
        let mut deaf = self.deaf.lock().expect("no panic");
        deaf.insert(key.to_owned(), Vec::new());
    }

    pub(crate) fn unplug(&self, key: &str) {
        self.dongles.lock().expect("no panic").remove(key);
    }
}

/// Who runs the service's errands.
pub(crate) struct Bus {
    pub(crate) plugged: Plugged,
    pub(crate) events: mpsc::Sender<DongleEvent>,
}

impl Watcher for Bus {
    fn visit(&self, key: &str, errand: Errand) {
        if let Some(waiting) = self.plugged.deaf.lock().expect("no panic").get_mut(key) {
            waiting.push(errand);
            return;
        }
        if let Some(waiting) = &mut *self.plugged.held.lock().expect("no panic") {
            waiting.push((key.to_owned(), errand));
            return;
        }
        self.run(key, errand);
    }

    fn stop(self: Box<Self>) {}
}

impl Bus {
    fn run(&self, key: &str, errand: Errand) {
        let dongle = self
            .plugged
            .dongles
            .lock()
            .expect("no panic")
            .get(key)
            .cloned();
        let opened = match dongle {
            Some(dongle) => session(&dongle),
            None => Err(Fault::NotFound { place: key.into() }),
        };
        let mut open = match opened {
            Ok(open) => open,
            Err(fault) => {
                errand(Err(fault));
                return;
            }
        };
        let after = errand(Ok(&mut open));
        let key = key.to_owned();
        let news = match after {
            After::Same => None,
            After::Changed => Some(match open.prove() {
                Ok(evidence) => {
                    let evidence = evidence.clone();
                    DongleEvent::Proved { key, evidence }
                }
                Err(fault) => DongleEvent::Faulted {
                    key,
                    usb_serial: None,
                    fault,
                },
            }),
        };
        if let Some(news) = news {
            let told = self.events.try_send(news);
            assert!(told.is_ok(), "a test does not let so much wait");
        }
        // One that lost its key or its power in the errand has no session to end.
        open.close().ok();
    }
}

/// Opens it as the service does.
pub(crate) fn session(dongle: &SimDongle) -> Result<Open, Fault> {
    let timing = Timing {
        silence: Duration::from_secs(20),
        answer: Duration::from_secs(60),
    };
    let bundle = simulator::vendor().expect("constant keys").trust_bundle();
    let bundle = TrustBundle::decode(&bundle).expect("our own bundle");
    let vendor = Vendor::pin(&bundle, true).expect("a root");
    let mut finder = LocalFinder::new(vec![dongle.clone()]);
    let found = finder.find()?;
    let port = finder.open(&found[0])?;
    Found::new(port, timing)?.identify(&vendor)?.open([1; 16])
}
