//! Network cards: the permanent addresses of physical ones.

use tallykey_protocol::target::Part;

use super::super::{canonical, fact};
use super::tree::Tree;
use super::unreadable;
use crate::licence::machine_binding::{Fact, State};

const FOLDER: &str = "sys/class/net";

/// ARPHRD_ETHER of linux/if_arp.h: Ethernet, and wireless cards that behave like it.
const ETHERNET: &str = "1";

/// NET_ADDR_PERM of linux/netdevice.h: the address is the one that the card came with.
const PERMANENT: &str = "0";

/// One fact for each physical card, those that count first, in the order of their addresses; one that says absent if there is none.
pub(super) fn read(tree: &Tree) -> Vec<Fact> {
    let cards = match tree.names(FOLDER) {
        Ok(names) => names.into_iter().filter_map(|name| {
            let state = card(tree, &name)?;
            Some(fact(Part::Network, &name, state))
        }),
        Err(error) => return vec![fact(Part::Network, "", unreadable(FOLDER, &error))],
    };
    let mut cards: Vec<Fact> = cards.collect();
    cards.sort_by_key(|card| address(card).map(str::to_owned));
    // A card and what copies its address (a virtual function, a team) are one card.
    cards.dedup_by(|one, other| address(one).is_some() && address(one) == address(other));
    cards.sort_by_key(|card| card.value().is_none());
    if cards.is_empty() {
        cards.push(fact(Part::Network, "", State::Absent));
    }
    cards
}

fn address(card: &Fact) -> Option<&str> {
    match &card.state {
        State::Present { value } | State::NotCounted { value, .. } => Some(value),
        State::Absent | State::Unreadable { .. } => None,
    }
}

/// What a network interface says of a card; none if it is no card, or one without an address.
fn card(tree: &Tree, name: &str) -> Option<State> {
    let folder = format!("{FOLDER}/{name}");
    let text = |file: &str| {
        let text = tree.hint(&format!("{folder}/{file}"));
        text.map(|text| text.trim().to_owned())
    };
    // Bridges, bonds, tunnels, veth and loopback have no device; a virtual function has a physical one besides.
    let is_card = tree.exists(&format!("{folder}/device"))
        && !tree.exists(&format!("{folder}/device/physfn"))
        && text("type").as_deref() == Some(ETHERNET);
    if !is_card {
        return None;
    }
    let permanent = text("bonding_slave/perm_hwaddr").or_else(|| {
        let kept = text("addr_assign_type").as_deref() == Some(PERMANENT);
        text("address").filter(|_| kept)
    });
    let Some(permanent) = permanent else {
        return Some(State::Unreadable {
            why: "its address was set by software, and no file tells the permanent one".to_owned(),
            next: format!(
                "let the network manager keep the permanent address of {name}, then ask again"
            ),
        });
    };
    let address = canonical::mac(&permanent)?;
    let value = format!("mac {address}");
    let why = if canonical::is_local(&address) {
        "its address was chosen by software: it is locally administered"
    } else if text("device/modalias").is_some_and(|alias| alias.starts_with("usb:")) {
        "it is on USB: whoever carries it would carry the licence"
    } else {
        return Some(State::Present { value });
    };
    Some(State::NotCounted {
        value,
        why: why.to_owned(),
    })
}
