use super::*;
use crate::grants::follow;
use tallykey_protocol::command::order::Share;
use tallykey_protocol::grant::{Line, Plan};

fn grant(convert: Convert) -> Grant<'static> {
    let line = |id, feature, count| Line {
        id,
        feature,
        count,
        plan: Plan::Perpetual,
        valid_from: 0,
        valid_to: None,
    };
    Grant {
        vendor: "Vendor",
        serial: "S-1",
        thumbprint: [0; 32],
        issued_at: 1,
        product: "product",
        revision: 1,
        profile_revision: 1,
        request_nonce: None,
        lines: List::of(&[line(1, "camera", 64), line(3, "vca", 8)]).unwrap(),
        convert,
        flags: 0,
        absorbs: List::default(),
        customer: "",
        project: "",
    }
}

fn order(kind: Kind, shares: &[(u32, u64)]) -> Order<'static> {
    let shares: std::vec::Vec<_> = shares
        .iter()
        .map(|&(line, count)| Share { line, count })
        .collect();
    Order {
        kind,
        request_id: [0; 16],
        counter: 0,
        product: "product",
        shares: List::of(&shares).unwrap(),
        target: None,
    }
}

#[test]
fn the_grant_decides_which_way_channels_may_go() {
    use Kind::{ConvertDesk, ConvertOffline, Retire};
    let ways = [
        (Convert::None, [false, false, true]),
        (Convert::Desk, [false, true, true]),
        (Convert::Offline, [true, true, true]),
    ];
    for (convert, allowed) in ways {
        let grant = grant(convert);
        let held = follow(&grant, [0; 32], None).unwrap();
        for (kind, allowed) in [ConvertOffline, ConvertDesk, Retire]
            .into_iter()
            .zip(allowed)
        {
            let result = give(&order(kind, &[(1, 1)]), &held, &grant).map(|_| ());
            let expected = match allowed {
                true => Ok(()),
                false => Err(Status::ConvertNotAllowed),
            };
            assert_eq!(result, expected, "{convert:?} {kind:?}");
        }
    }
}

#[test]
fn no_more_than_is_left_goes_and_what_went_stays_gone() {
    let grant = grant(Convert::None);
    let held = follow(&grant, [0; 32], None).unwrap();
    assert_eq!(held.left, 72);
    let (held, given) = give(&order(Kind::Retire, &[(1, 60), (3, 8)]), &held, &grant).unwrap();
    let [camera, vca] = given[..] else {
        panic!("two lines")
    };
    assert_eq!((camera.before, camera.after, vca.channels()), (0, 60, 8));
    assert_eq!((held.given(1), held.given(3), held.left), (60, 8, 4));
    let again =
        |shares: &[_]| give(&order(Kind::Retire, shares), &held, &grant).map(|(h, _)| h.left);
    assert_eq!(again(&[(1, 5)]), Err(Status::NotEnough));
    assert_eq!(again(&[(1, 4), (3, 1)]), Err(Status::NotEnough));
    assert_eq!(again(&[(2, 1)]), Err(Status::NoSuchItem));
    assert_eq!(again(&[(1, 4)]), Ok(0));
}
