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

/// What is plugged in, by its key.
#[derive(Clone, Default)]
pub(crate) struct Plugged(Arc<Mutex<Plugs>>);

#[derive(Default)]
struct Plugs {
    dongles: BTreeMap<String, SimDongle>,
    /// Those that are at something else, and what waits for them.
    deaf: BTreeMap<String, Vec<Errand>>,
}

impl Plugged {
    pub(crate) fn plug(&self, key: &str, dongle: SimDongle) {
        let mut plugged = self.0.lock().expect("no panic");
        plugged.dongles.insert(key.to_owned(), dongle);
    }

    pub(crate) fn unplug(&self, key: &str) {
        self.0.lock().expect("no panic").dongles.remove(key);
    }

    /// From now on it keeps whoever wants something waiting.
    pub(crate) fn deafen(&self, key: &str) {
        let mut plugged = self.0.lock().expect("no panic");
        plugged.deaf.insert(key.to_owned(), Vec::new());
    }

    /// Comes to what has waited, and to whatever comes then.
    pub(crate) fn listen(&self, key: &str, events: &mpsc::Sender<DongleEvent>) {
        let waiting = self.0.lock().expect("no panic").deaf.remove(key);
        let bus = Bus {
            plugged: self.clone(),
            events: events.clone(),
        };
        for errand in waiting.unwrap_or_default() {
            bus.visit(key, errand);
        }
    }
}

/// Who runs the service's errands.
pub(crate) struct Bus {
    pub(crate) plugged: Plugged,
    pub(crate) events: mpsc::Sender<DongleEvent>,
}

impl Watcher for Bus {
    fn visit(&self, key: &str, errand: Errand) {
        let dongle = {
            let mut plugged = self.plugged.0.lock().expect("no panic");
            if let Some(waiting) = plugged.deaf.get_mut(key) {
                waiting.push(errand);
                return;
            }
            plugged.dongles.get(key).cloned()
        };
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

    fn stop(self: Box<Self>) {}
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
