//! The service in one process: rules, actor, store and simulated dongles together, without HTTP.
//! Every dongle is the real core, opened by the host's own session code.

#[path = "service/bench.rs"]
mod bench;
#[path = "service/bus.rs"]
mod bus;
#[path = "service/clockwork.rs"]
mod clockwork;
#[path = "service/convert.rs"]
mod convert;
#[path = "support/converted.rs"]
mod converted;
#[path = "service/damage.rs"]
mod damage;
#[path = "service/decrees.rs"]
mod decrees;
#[path = "service/dongle.rs"]
mod dongle;
#[path = "service/dongles.rs"]
mod dongles;
#[path = "service/faults.rs"]
mod faults;
#[path = "service/folder.rs"]
mod folder;
#[path = "service/grace.rs"]
mod grace;
#[path = "service/growth.rs"]
mod growth;
#[path = "service/host_key.rs"]
mod host_key;
#[path = "service/inbox.rs"]
mod inbox;
#[path = "service/issued.rs"]
mod issued;
#[path = "service/leases.rs"]
mod leases;
#[path = "service/many.rs"]
mod many;
#[path = "service/model.rs"]
mod model;
#[path = "support/other_machine.rs"]
mod other_machine;
#[path = "service/requests.rs"]
mod requests;
#[path = "service/software.rs"]
mod software;
#[path = "service/terms.rs"]
mod terms;
#[path = "service/tokens.rs"]
mod tokens;
