use tallykey_protocol::id::PublicKey;
use tallykey_protocol::target::Component;

use super::*;
use crate::licence::testing::entitlement;

const PRODUCT: &str = "tallykey-vms";

fn target(host: u8) -> Target {
    let host_key: PublicKey = [host; 65];
    Target {
        salt: [1; 16],
        components: List::of(&[Component::default()]).expect("one fits"),
        host_key,
    }
}

fn wish(parts: &[(&str, u64)]) -> GiftWish {
    let part = |&(of, count): &(&str, u64)| Part {
        of: of.into(),
        count,
    };
    GiftWish {
        gift: Gift::Convert,
        parts: parts.iter().map(part).collect(),
    }
}

fn dongle() -> Entitlement {
    let mut dongle = entitlement(1, &[("camera", 64), ("vca", 8), ("camera", 16)]);
    dongle.lines[0].given = 60;
    dongle
}

#[test]
fn what_is_asked_for_is_taken_line_by_line() {
    let dongle = dongle();
    let there = Some(Destination::There(target(2)));
    let shares = |parts: &[(&str, u64)]| {
        Plan::of(&dongle, PRODUCT, &wish(parts), there).map(|plan| {
            let parts = plan.parts();
            parts
                .map(|(line, count)| (line.id, count))
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(shares(&[]), Ok(vec![(1, 4), (2, 8), (3, 16)]));
    assert_eq!(shares(&[("camera", 3)]), Ok(vec![(1, 3)]));
    assert_eq!(
        shares(&[("vca", 1), ("camera", 10)]),
        Ok(vec![(1, 4), (2, 1), (3, 6)])
    );
    let third = dongle.source().line_id(PRODUCT, 3);
    assert_eq!(shares(&[(&third, 16)]), Ok(vec![(3, 16)]));
    // The same line twice, by its id and by its feature.
    assert_eq!(
        shares(&[(&third, 10), ("camera", 10)]),
        Ok(vec![(1, 4), (3, 16)])
    );
    let code = |parts: &[(&str, u64)]| shares(parts).expect_err("too much").code();
    assert_eq!(code(&[("camera", 21)]), "not-enough");
    assert_eq!(code(&[(&third, 10), ("camera", 11)]), "not-enough");
    assert_eq!(code(&[("pos", 1)]), "not-enough");
    assert_eq!(code(&[("camera", 0)]), "nothing-to-convert");
    assert_eq!(code(&[("free/camera", 1)]), "free-channels");
}

#[test]
fn to_this_machine_all_must_go() {
    let here = Some(Destination::Here(target(1)));
    let plan = |parts: &[(&str, u64)]| Plan::of(&dongle(), PRODUCT, &wish(parts), here);
    assert!(plan(&[]).is_ok());
    assert!(plan(&[("camera", 20), ("vca", 8)]).is_ok(), "that is all");
    let part = plan(&[("camera", 20)]).expect_err("vca stays");
    assert_eq!(part.code(), "convert-all-here");
}

#[test]
fn what_is_left_and_gained_is_what_was_there() {
    let there = Some(Destination::There(target(2)));
    let plan = Plan::of(&dongle(), PRODUCT, &wish(&[("camera", 10)]), there).expect("possible");
    let (left, gained) = (plan.left(), plan.gained(7).expect("offline"));
    assert_eq!(left.channels("camera", 0), 10);
    assert_eq!(gained.channels("camera", 0), 10);
    assert_eq!(left.channels("vca", 0), 8);
    let thumbprint = *dongle().source().identity();
    assert_eq!(
        gained.source().identity(),
        &receipt::identity(&thumbprint, 8)
    );
}

#[test]
fn the_vendor_says_which_way() {
    let there = Some(Destination::There(target(2)));
    let kind = |gift, converts| {
        let mut dongle = dongle();
        dongle.converts = converts;
        let to = there.filter(|_| gift != Gift::Retire);
        let wish = GiftWish {
            gift,
            parts: Vec::new(),
        };
        Plan::of(&dongle, PRODUCT, &wish, to)
            .map(|plan| plan.kind())
            .map_err(|refusal| refusal.code())
    };
    use Convert::{Desk, None, Offline};
    let table = [
        (Gift::Convert, Offline, Ok(Kind::ConvertOffline)),
        (Gift::Convert, Desk, Ok(Kind::ConvertDesk)),
        (Gift::Convert, None, Err("convert-not-allowed")),
        (Gift::ConvertAtDesk, Offline, Ok(Kind::ConvertDesk)),
        (Gift::ConvertAtDesk, Desk, Ok(Kind::ConvertDesk)),
        (Gift::ConvertAtDesk, None, Err("convert-not-allowed")),
        (Gift::Retire, Offline, Ok(Kind::Retire)),
        (Gift::Retire, None, Ok(Kind::Retire)),
    ];
    for (gift, converts, kind_of) in table {
        assert_eq!(kind(gift, converts), kind_of, "{gift:?} {converts:?}");
    }
}
