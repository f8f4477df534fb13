//! What we sign: our reader, independent parsers and openssl agree on the good ones, and each sin has
//! its own refusal.

mod cddl;
mod chain;
mod composite;
mod crl;
mod der_tree;
mod forger;
mod host;
mod licences;
mod mutation;
mod orders;
mod pki;
mod record_sins;
mod records;
mod requests;
mod revocations;
mod round_trip;
mod second_opinion;
mod sins;
mod updates;
