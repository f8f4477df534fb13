//! Whatever a licence, a request or a list may say comes back as it went, and what was cut or stuffed does not.

use proptest::prelude::*;
use tallykey_protocol::{
    array::Array,
    cert::Certificate,
    grant::{self, Convert, Plan},
    licence::{Holder, Licence, Line, Mac, Macs},
    limits::{COMPONENTS_MAX, COUNT_MAX, LICENCE_ABSORBS_MAX, LICENCE_LINES_MAX, TIME_MAX},
    list::List,
    request::{Environment, Head, Held, Installed, Mark, Purpose, Reached, Request, Wanted},
    revocation::{RevocationList, Revoked},
    target::{Binding, Component, Part},
};
use tallykey_signing::{sign_licence, sign_request, sign_revocations};

use crate::{
    host::{host_key, plain},
    pki::{BEGIN, END, pki},
};

fn label() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 ,.駅ö<%]{0,30}"
}

fn name() -> impl Strategy<Value = String> {
    "[a-z0-9][a-z0-9-]{0,20}"
}

fn binding() -> impl Strategy<Value = Binding> {
    let part = prop::sample::select(vec![
        Part::Board,
        Part::Cpu,
        Part::Memory,
        Part::Network,
        Part::Display,
    ]);
    let components = prop::collection::vec((part, any::<[u8; 16]>()), 1..=COMPONENTS_MAX);
    (any::<[u8; 16]>(), components).prop_map(|(salt, mut components)| {
        components.sort_by_key(|(part, _)| *part);
        let components: Vec<Component> = components
            .into_iter()
            .map(|(part, hash)| Component { part, hash })
            .collect();
        let components = List::of(&components).unwrap();
        Binding { salt, components }
    })
}

/// What a line says but for its feature and its devices.
type Numbers = (u32, u64, u64, Option<u64>);

fn lines() -> impl Strategy<Value = Vec<(Numbers, String)>> {
    let numbers = (
        any::<u32>(),
        0..=COUNT_MAX,
        0..BEGIN,
        prop::option::of(BEGIN..=TIME_MAX),
    );
    prop::collection::vec((numbers, name()), 0..LICENCE_LINES_MAX).prop_map(|mut lines| {
        lines.sort_by_key(|((id, ..), _)| *id);
        lines.dedup_by_key(|((id, ..), _)| *id);
        lines
    })
}

fn macs() -> impl Strategy<Value = Vec<Mac>> {
    prop::collection::btree_set(any::<Mac>(), 1..15).prop_map(|macs| {
        let single = macs.into_iter().map(|mut mac| {
            mac[0] &= 0xfe;
            mac[5] |= 1;
            mac
        });
        let single: std::collections::BTreeSet<Mac> = single.collect();
        single.into_iter().collect()
    })
}

fn line<'a>(((id, count, from, to), feature): &'a (Numbers, String), macs: &'a [Mac]) -> Line<'a> {
    let plan = match to {
        Some(to) if to % 2 == 0 => Plan::Subscription,
        Some(_) => Plan::FixedTerm,
        None => Plan::Perpetual,
    };
    let line = grant::Line {
        id: *id,
        feature,
        count: *count,
        plan,
        valid_from: *from,
        valid_to: *to,
    };
    let macs = Macs::new(macs).unwrap();
    Line { line, macs }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_licence_comes_back_as_it_went(
        lines in lines(),
        machine in prop::option::of((any::<[u8; 32]>(), binding())),
        macs in macs(),
        absorbs in prop::collection::vec(any::<[u8; 32]>(), 0..=LICENCE_ABSORBS_MAX),
        (customer, project, product) in (label(), label(), name()),
        (issued_at, revision, nonces) in (
            BEGIN..=END,
            1..=u64::MAX,
            any::<(Option<[u8; 32]>, Option<[u8; 32]>)>(),
        ),
        (desk, flags) in (any::<bool>(), 0..2_u32),
        (at, stuffing) in (any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..9)),
    ) {
        let pki = pki(1);
        let root = Certificate::parse(&pki.root).unwrap();
        let macs = if machine.is_some() { &[][..] } else { &macs };
        let lines: Vec<Line<'_>> = lines.iter().map(|said| line(said, macs)).collect();
        let licence = Licence {
            vendor: "Acme, Inc.",
            issued_at,
            holder: machine.map_or(Holder::Macs, |(thumbprint, binding)| Holder::Machine {
                thumbprint,
                binding,
            }),
            product: &product,
            revision,
            profile_revision: revision / 2,
            request_nonce: nonces.0,
            lines: List::of(&lines).unwrap(),
            convert: if desk { Convert::Desk } else { Convert::None },
            flags,
            absorbs: List::of(&absorbs).unwrap(),
            customer: &customer,
            project: &project,
            desk_nonce: nonces.1,
        };
        let record = sign_licence(&licence, &pki.desk()).unwrap();
        let (read, digest) = Licence::verify(&record, &root).unwrap();
        prop_assert_eq!(read, licence);
        let again = sign_licence(&read, &pki.desk()).unwrap();
        prop_assert_eq!(&again, &record);
        prop_assert_eq!(Licence::verify(&again, &root).unwrap().1, digest);

        let mut stuffed = record.clone();
        let at = at.index(record.len());
        stuffed.splice(at..at, stuffing.iter().copied());
        prop_assert!(Licence::verify(&stuffed, &root).is_err());
    }

    #[test]
    fn a_request_comes_back_as_it_went(
        host in label(),
        binding in binding(),
        installed in prop::collection::btree_map(
            any::<[u8; 32]>(),
            (any::<u64>(), prop::collection::btree_map(any::<u32>(), 0..=COUNT_MAX, 0..9)),
            0..9,
        ),
        marks in prop::collection::btree_map(
            any::<[u8; 32]>(),
            ("[A-Z0-9][A-Z0-9-]{0,20}", any::<u64>(), prop::collection::btree_map(name(), any::<u64>(), 0..4)),
            0..9,
        ),
        wanted in prop::collection::btree_map(name(), 0..=COUNT_MAX, 0..9),
        (nonce, desk_nonce, sequence) in any::<([u8; 32], Option<[u8; 32]>, u64)>(),
        (at, stuffing) in (any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..9)),
    ) {
        let installed: Vec<([u8; 32], u64, Vec<Held>)> = installed
            .into_iter()
            .map(|(identity, (revision, lines))| {
                let held = |(line, count)| Held { line, count };
                (identity, revision, lines.into_iter().map(held).collect())
            })
            .collect();
        let installed: Vec<Installed<'_>> = installed
            .iter()
            .map(|(identity, revision, lines)| Installed {
                identity: *identity,
                revision: *revision,
                lines: Array::of(lines),
            })
            .collect();
        let reached: Vec<Vec<Reached<'_>>> = marks
            .values()
            .map(|(_, _, revisions)| revisions.iter())
            .map(|revisions| {
                revisions
                    .map(|(product, revision)| Reached { product, revision: *revision })
                    .collect()
            })
            .collect();
        let marks: Vec<Mark<'_>> = marks
            .iter()
            .zip(&reached)
            .map(|((thumbprint, (serial, counter, _)), reached)| Mark {
                serial,
                thumbprint: *thumbprint,
                counter: *counter,
                revisions: Array::of(reached),
            })
            .collect();
        let wanted: Vec<Wanted<'_>> = wanted
            .iter()
            .map(|(feature, count)| Wanted { feature, count: *count })
            .collect();
        let request = Request {
            host: &host,
            nonce,
            purpose: Purpose::Repair,
            binding,
            environment: Environment::VirtualMachine,
            installed: Array::of(&installed),
            marks: Array::of(&marks),
            history: Head { sequence, hash: nonce },
            desk_nonce,
            wanted: Array::of(&wanted),
            ..plain()
        };
        let record = sign_request(&request, &host_key()).unwrap();
        let (read, _) = Request::verify(&record).unwrap();
        prop_assert_eq!(read, request);
        prop_assert_eq!(sign_request(&read, &host_key()).unwrap(), record.clone());
        let mut stuffed = record.clone();
        let at = at.index(record.len());
        stuffed.splice(at..at, stuffing.iter().copied());
        prop_assert!(Request::verify(&stuffed).is_err());
    }

    #[test]
    fn a_list_comes_back_as_it_went(
        revoked in prop::collection::btree_map(any::<[u8; 32]>(), any::<u64>(), 0..40),
        (epoch, asked) in (1..=u64::MAX, any::<u64>()),
    ) {
        let pki = pki(1);
        let root = Certificate::parse(&pki.root).unwrap();
        let entry = |(thumbprint, counter): (&[u8; 32], &u64)| Revoked {
            thumbprint: *thumbprint,
            counter: *counter,
        };
        let entries: Vec<Revoked> = revoked.iter().map(entry).collect();
        let list = RevocationList {
            vendor: "Acme, Inc.",
            issued_at: BEGIN,
            epoch,
            revoked: Array::of(&entries),
        };
        let record = sign_revocations(&list, &pki.desk()).unwrap();
        let read = RevocationList::verify(&record, &root).unwrap();
        prop_assert_eq!(read, list);
        for (thumbprint, counter) in &revoked {
            prop_assert_eq!(read.voids(thumbprint, asked), asked > *counter);
        }
    }
}
