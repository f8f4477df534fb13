use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;

const SALT: [u8; SALT_LEN] = [7; SALT_LEN];

/// A machine with these components.
fn machine(components: &[(Part, &str)]) -> Facts {
    let components = components.iter().map(|(part, value)| Fact {
        part: *part,
        place: String::new(),
        state: State::Present {
            value: (*value).to_owned(),
        },
    });
    Facts {
        components: components.collect(),
        environment: None,
    }
}

const SERVER: [(Part, &str); 6] = [
    (Part::Board, "board A"),
    (Part::Cpu, "cpu X"),
    (Part::Memory, "64 GiB"),
    (Part::Network, "00:02:D1:00:00:01"),
    (Part::Network, "00:02:D1:00:00:02"),
    (Part::Display, "1A03:2000"),
];

fn judged(recorded: &Facts, now: &Facts) -> Match {
    let binding = Bindable::of(recorded).expect("bindable").record(SALT);
    judge(&binding, now).expect("our own record")
}

/// The server, with the component at `at` replaced by another.
fn swapped(at: usize) -> Facts {
    let mut components = SERVER;
    components[at].1 = "another";
    machine(&components)
}

#[test]
fn a_hash_is_the_first_half_of_hmac_sha_256() {
    // By Python's hmac module.
    let salt = std::array::from_fn(|at| u8::try_from(at).expect("small"));
    let hex = hash(&salt, "mac 00:02:D1:1A:2B:3C").map(|byte| format!("{byte:02x}"));
    assert_eq!(hex.concat(), "131658e0d62c61b0980f03a6303bc790");
}

#[test]
fn a_full_server_weighs_ten_and_holds_with_any_one_component_swapped() {
    let server = machine(&SERVER);
    assert_eq!(Bindable::of(&server).expect("bindable").weight(), 10);
    let whole = judged(&server, &server);
    assert!(whole.holds() && whole.drift().is_empty());
    assert_eq!((whole.recorded(), whole.matched()), (10, 10));
    for (at, (part, _)) in SERVER.iter().enumerate() {
        let drifted = judged(&server, &swapped(at));
        assert!(drifted.holds(), "{part:?} was swapped");
        assert_eq!(drifted.matched(), 10 - weight(*part));
        let change = Change::Replaced;
        assert_eq!(
            drifted.drift(),
            [Drift {
                part: *part,
                change
            }]
        );
    }
}

#[test]
fn a_board_with_its_own_cards_swapped_does_not_hold() {
    let mut components = SERVER;
    components[0].1 = "board B";
    components[3].1 = "00:02:D1:00:00:03";
    let drifted = judged(&machine(&SERVER), &machine(&components));
    assert!(!drifted.holds(), "{drifted:?}");
}

#[test]
fn a_cloned_vm_with_another_board_and_card_does_not_hold() {
    let vm = |board, card| {
        machine(&[
            (Part::Board, board),
            (Part::Cpu, "cpu X"),
            (Part::Memory, "8 GiB"),
            (Part::Network, card),
            (Part::Display, "15AD:0405"),
        ])
    };
    let original = vm("uuid 1", "00:50:56:00:00:01");
    let clone = vm("uuid 2", "00:50:56:00:00:02");
    let judged = judged(&original, &clone);
    assert_eq!((judged.recorded(), judged.matched()), (9, 4));
    assert!(!judged.holds());
}

#[test]
fn the_threshold_is_sixty_percent_with_an_identity_among_it() {
    // Recorded, what is there later, and whether that holds.
    let table: [(&[usize], &[usize], bool); 6] = [
        (&[0, 1, 2, 3, 4, 5], &[0, 1], true),          // 6 of 10
        (&[0, 1, 2, 3, 4, 5], &[0, 2], false),         // 5 of 10
        (&[0, 1, 2, 3, 4, 5], &[1, 2, 3, 4, 5], true), // 6 of 10, by the cards
        (&[1, 2, 3, 4, 5], &[1, 2, 3], true),          // 4 of 6
        (&[1, 2, 3, 4, 5], &[1, 2, 5], false),         // 4 of 6, no identity
        (&[0, 1, 2], &[0, 2], true),                   // 5 of 7
    ];
    let some = |at: &[usize]| machine(&at.iter().map(|at| SERVER[*at]).collect::<Vec<_>>());
    for (recorded, left, holds) in table {
        let judged = judged(&some(recorded), &some(left));
        assert_eq!(
            judged.holds(),
            holds,
            "{recorded:?}, {left:?} left: {judged:?}"
        );
    }
}

#[test]
fn what_is_gone_or_unreadable_is_no_match_and_is_told() {
    let server = machine(&SERVER);
    let mut later = machine(&SERVER[..5]);
    later.components[0].state = State::Unreadable {
        why: "no".to_owned(),
        next: "ask root".to_owned(),
    };
    later.components[3].state = State::NotCounted {
        value: SERVER[3].1.to_owned(),
        why: "moved to USB".to_owned(),
    };
    let judged = judged(&server, &later);
    let drift = |part, change| Drift { part, change };
    assert_eq!(
        judged.drift(),
        [
            drift(Part::Board, Change::Unreadable),
            drift(Part::Network, Change::Missing),
            drift(Part::Display, Change::Missing),
        ]
    );
    assert_eq!(judged.matched(), 4);
    assert!(!judged.holds());
}

#[test]
fn a_machine_that_shows_too_little_is_offered_a_mac_licence() {
    let vague = machine(&[(Part::Board, "b"), (Part::Memory, "8 GiB")]);
    let refused = Bindable::of(&vague).expect_err("5 of 6");
    assert_eq!(refused.code(), "machine-too-vague");
    assert!(refused.next().contains("MAC licence"), "{refused:?}");

    let plain = machine(&[(Part::Cpu, "x"), (Part::Memory, "y"), (Part::Display, "z")]);
    let refused = Bindable::of(&plain).expect_err("no identity");
    assert_eq!(refused.code(), "machine-not-unique");

    let mut hidden = plain;
    hidden.components.push(Fact {
        part: Part::Board,
        place: String::new(),
        state: State::Unreadable {
            why: "no".to_owned(),
            next: "ask root".to_owned(),
        },
    });
    let refused = Bindable::of(&hidden).expect_err("the board cannot be read");
    assert!(
        refused.to_string().contains("not readable: board"),
        "{refused}"
    );
    assert!(refused.next().contains("(board)"), "{}", refused.next());
    assert!(Bindable::of(&Facts::default()).is_err());
}

#[test]
fn of_many_cards_two_are_recorded_whatever_their_order() {
    let mut components = SERVER.to_vec();
    components.push((Part::Network, "00:02:D1:00:00:00"));
    components.push((Part::Network, "00:02:D1:00:00:01"));
    let one_way = machine(&components);
    components.reverse();
    let other_way = machine(&components);
    let record = |facts: &Facts| Bindable::of(facts).expect("bindable").record(SALT);
    assert_eq!(record(&one_way), record(&other_way));
    assert_eq!(Bindable::of(&one_way).expect("bindable").weight(), 10);
}

#[test]
fn a_request_that_names_two_machines_binds_to_none() {
    let server = machine(&SERVER);
    let sound = Bindable::of(&server).expect("bindable").record(SALT);
    let judged = |components: &[Component]| {
        let components = List::of(components).expect("eight at most");
        let salt = SALT;
        judge(&Binding { salt, components }, &server)
    };
    let other = |part| Component {
        part,
        hash: hash(&SALT, "another"),
    };
    for part in [Part::Board, Part::Cpu, Part::Network] {
        let mut both = sound.components.to_vec();
        both.push(other(part));
        assert_eq!(judged(&both), Err(BadBinding::TooMany { part }));
    }
    let (part, card) = (Part::Network, other(Part::Network));
    let twice = [sound.components[0], card, card];
    assert_eq!(judged(&twice), Err(BadBinding::TooMany { part }));
    for (few, weight) in [(0..1, 4), (1..3, 3), (0..0, 0)] {
        let few = &sound.components[few];
        assert_eq!(judged(few), Err(BadBinding::TooLittle { weight }));
    }
}

/// Components as a reader might find them: some of each kind, some values shared between machines.
fn components() -> impl Strategy<Value = Vec<(Part, String)>> {
    let part = prop_oneof![
        Just(Part::Board),
        Just(Part::Cpu),
        Just(Part::Memory),
        Just(Part::Network),
        Just(Part::Display),
    ];
    proptest::collection::vec((part, "[a-c]"), 0..10)
}

fn of(components: &[(Part, String)]) -> Facts {
    let components: Vec<_> = components.iter().map(|(p, v)| (*p, v.as_str())).collect();
    machine(&components)
}

proptest! {
    #[test]
    fn losing_components_never_raises_the_match(
        recorded in components(),
        (now, left) in components().prop_flat_map(|now| {
            let count = now.len();
            (Just(now.clone()), subsequence(now, 0..=count))
        }),
    ) {
        let recorded = of(&recorded);
        if let Ok(bindable) = Bindable::of(&recorded) {
            let recorded = bindable.record(SALT);
            let all = judge(&recorded, &of(&now)).expect("sound");
            let fewer = judge(&recorded, &of(&left)).expect("sound");
            prop_assert!(fewer.matched() <= all.matched());
            prop_assert!(all.holds() || !fewer.holds());
            prop_assert!(fewer.drift().len() >= all.drift().len());
        }
    }

    #[test]
    fn salt_and_order_change_the_hashes_and_not_the_match(
        recorded in components(),
        (now, shuffled) in components().prop_flat_map(|now| {
            (Just(now.clone()), Just(now).prop_shuffle())
        }),
        salt: [u8; SALT_LEN],
    ) {
        let recorded = of(&recorded);
        if let Ok(bindable) = Bindable::of(&recorded) {
            let one = judge(&bindable.record(SALT), &of(&now)).expect("sound");
            let other = judge(&bindable.record(salt), &of(&shuffled)).expect("sound");
            prop_assert_eq!(one.matched(), other.matched());
            prop_assert_eq!(one.holds(), other.holds());
            let hashes = |salt| bindable.record(salt).components.iter().map(|c| c.hash).collect::<Vec<_>>();
            prop_assert!(salt == SALT || hashes(salt) != hashes(SALT));
        }
    }

    #[test]
    fn what_was_bound_holds_as_it_was(recorded in components()) {
        let recorded = of(&recorded);
        match Bindable::of(&recorded) {
            Ok(bindable) => {
                let same = judge(&bindable.record(SALT), &recorded).expect("sound");
                prop_assert!(same.holds() && same.drift().is_empty());
                prop_assert_eq!(same.recorded(), bindable.weight());
                prop_assert!(bindable.weight() >= WEIGHT_MIN);
            }
            Err(CannotBind::TooLittle { weight, .. }) => prop_assert!(weight < WEIGHT_MIN),
            Err(CannotBind::NoIdentity { .. }) => {
                prop_assert!(!recorded.recorded().iter().any(|fact| identifies(fact.part)));
            }
        }
    }

    #[test]
    fn only_the_cards_or_the_board_can_hold_a_licence(now in components()) {
        let server = machine(&SERVER);
        let mut all = SERVER.map(|(part, value)| (part, value.to_owned())).to_vec();
        all.retain(|(part, _)| !identifies(*part));
        all.extend(now);
        prop_assert!(!judged(&server, &of(&all)).holds());
    }
}
