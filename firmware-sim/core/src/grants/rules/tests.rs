use super::*;
use tallykey_protocol::grant::{Convert, Plan};

const NOW: u64 = 1_800_000_000;

fn grant<'b>(revision: u64, lines: &[Line<'b>]) -> Grant<'b> {
    Grant {
        vendor: "Vendor",
        serial: "S-1",
        thumbprint: [0; 32],
        issued_at: NOW,
        product: "product",
        revision,
        profile_revision: 1,
        request_nonce: None,
        lines: List::of(lines).unwrap(),
        convert: Convert::None,
        flags: 0,
        absorbs: List::default(),
        customer: "",
        project: "",
    }
}

fn line(id: u32, feature: &str, count: u64) -> Line<'_> {
    Line {
        id,
        feature,
        count,
        plan: Plan::Perpetual,
        valid_from: 0,
        valid_to: None,
    }
}

fn until(end: u64, line: Line<'_>) -> Line<'_> {
    Line {
        plan: Plan::FixedTerm,
        valid_to: Some(end),
        ..line
    }
}

/// What `old` at revision 1 and a `new` at revision 2 lead to, with this much given away per line of `old`.
fn after(old: &[Line<'_>], given: &[u64], new: &[Line<'_>]) -> Result<Held, Status> {
    let old = grant(1, old);
    let mut held = follow(&old, [1; 32], None).unwrap();
    held.given
        .iter_mut()
        .zip(given)
        .for_each(|(line, count)| line.count = *count);
    follow(&grant(2, new), [2; 32], Some((&held, &old)))
}

#[test]
fn only_the_next_revision_follows() {
    assert_eq!(
        follow(&grant(2, &[]), [0; 32], None),
        Err(Status::WrongRevision)
    );
    let first = grant(1, &[line(1, "camera", 64)]);
    let held = follow(&first, [0; 32], None).unwrap();
    for (revision, expected) in [
        (1, Some(Status::RevisionHeld)),
        (2, None),
        (3, Some(Status::WrongRevision)),
    ] {
        let outcome = follow(
            &grant(revision, &first.lines),
            [0; 32],
            Some((&held, &first)),
        );
        assert_eq!(outcome.err(), expected, "revision {revision}");
    }
    assert_eq!(
        follow(
            &grant(u64::MAX, &first.lines),
            [0; 32],
            Some((&held, &first))
        )
        .err(),
        Some(Status::WrongRevision)
    );
}

#[test]
fn a_count_never_falls() {
    let old = [line(1, "camera", 64), line(2, "vca", 8)];
    assert_eq!(
        after(&old, &[], &[line(1, "camera", 63), old[1]]),
        Err(Status::BelowGivenAway)
    );
    assert!(after(&old, &[], &[line(1, "camera", 65), old[1]]).is_ok());
    assert!(after(&old, &[], &old).is_ok());
}

#[test]
fn a_line_is_only_left_out_when_nothing_of_it_is_left() {
    let old = [
        line(1, "camera", 64),
        until(NOW, line(2, "vca", 8)),
        until(NOW + 1, line(3, "pos", 8)),
    ];
    assert_eq!(
        after(&old, &[], &[old[2]]),
        Err(Status::BelowGivenAway),
        "line 1 still counts"
    );
    assert_eq!(
        after(&old, &[63], &[old[2]]),
        Err(Status::BelowGivenAway),
        "one channel of line 1 is left"
    );
    assert!(
        after(&old, &[64], &[old[2]]).is_ok(),
        "line 1 is given away, line 2 over"
    );
    assert_eq!(
        after(&old, &[64], &[]),
        Err(Status::BelowGivenAway),
        "line 3 is not over yet"
    );
}

#[test]
fn what_was_given_survives_every_update() {
    let old = [line(1, "camera", 64), line(2, "vca", 8)];
    let new = [line(1, "camera", 100), old[1], line(3, "pos", 1)];
    let held = after(&old, &[40, 0], &new).unwrap();
    let given: [u64; 3] = [1, 2, 3].map(|id| held.given(id));
    assert_eq!(given, [40, 0, 0]);
    assert_eq!(
        held.state().given.len(),
        3,
        "a proof lists every line of the grant"
    );
}

#[test]
fn a_line_id_is_used_once() {
    let old = [line(3, "camera", 64), until(NOW, line(9, "vca", 8))];
    for (id, expected) in [(4, Some(Status::LineIdReused)), (9, None), (10, None)] {
        let added = line(id, if id == 9 { "vca" } else { "pos" }, 8);
        assert_eq!(
            after(&old, &[], &[old[0], added]).err(),
            expected,
            "line {id}"
        );
    }
    assert_eq!(
        after(&old, &[], &[line(3, "pos", 64), old[1]]),
        Err(Status::LineIdReused),
        "another feature"
    );
}

#[test]
fn a_line_that_is_over_does_not_come_back() {
    let first = grant(1, &[line(1, "camera", 64), until(NOW, line(2, "vca", 8))]);
    let second = grant(2, &[line(1, "camera", 64)]);
    let held = follow(&first, [0; 32], None).unwrap();
    let held = follow(&second, [0; 32], Some((&held, &first))).unwrap();
    let third = grant(3, &[line(1, "camera", 64), line(2, "vca", 8)]);
    assert_eq!(
        follow(&third, [0; 32], Some((&held, &second))),
        Err(Status::LineIdReused)
    );
}
