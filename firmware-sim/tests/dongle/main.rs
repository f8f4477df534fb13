//! The real firmware core on simulated hardware, seen from its USB port. `session` is the one to read first.

mod conserve;
mod cuts;
mod endurance;
mod factory;
mod faults;
mod give;
mod giving;
mod hostile;
mod issuer;
mod lease;
mod owner;
mod power_loss;
mod presence;
mod ring;
mod roles;
mod session;
mod slow;
mod storage_key;
mod support;
mod transport;
mod update;
mod wire;
