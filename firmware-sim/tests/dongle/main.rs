//! The real firmware core on simulated hardware, seen from its USB port. `session` is the one to read first.

mod endurance;
mod factory;
mod hostile;
mod lease;
mod power_loss;
mod roles;
mod session;
mod support;
mod transport;
mod update;
