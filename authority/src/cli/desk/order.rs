//! What is ordered, as it stands on the command line.

use std::{collections::BTreeMap, str};

use jiff::{civil::Date, tz::TimeZone};
use tallykey_protocol::{
    grant::Plan,
    id::{is_label, is_name},
    licence::Mac,
    limits::COUNT_MAX,
};

use super::Failure;
use crate::desk::Order;

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum PlanName {
    Perpetual,
    Subscription,
    FixedTerm,
}

/// Counts, plan, customer.
#[derive(Debug, clap::Args)]
pub(super) struct OrderArgs {
    /// Channels that the holder has afterwards, e.g. camera=64,vca=8; what is not named stays as it is
    #[arg(long, value_name = "FEATURE=COUNT", value_delimiter = ',', value_parser = channels)]
    channels: Vec<(String, u64)>,
    /// Plan of the channels that are added
    #[arg(long, value_enum, default_value = "perpetual")]
    plan: PlanName,
    /// Last day of a subscription or fixed term, e.g. 2027-12-31, to its end in UTC
    #[arg(long, value_name = "DATE", value_parser = end_of)]
    valid_to: Option<u64>,
    /// Customer, for people; without it the label stays as it is
    #[arg(long, value_parser = label)]
    customer: Option<String>,
}

impl OrderArgs {
    /// The order; of a feature that is named twice the last counts.
    pub(super) fn order(&self) -> Order {
        let channels: BTreeMap<_, _> = self.channels.iter().cloned().collect();
        Order {
            channels: channels.into_iter().collect(),
            plan: match self.plan {
                PlanName::Perpetual => Plan::Perpetual,
                PlanName::Subscription => Plan::Subscription,
                PlanName::FixedTerm => Plan::FixedTerm,
            },
            valid_to: self.valid_to,
            customer: self.customer.clone(),
        }
    }
}

fn channels(text: &str) -> Result<(String, u64), String> {
    let (feature, count) = text
        .split_once('=')
        .ok_or("write it as FEATURE=COUNT, e.g. camera=64")?;
    if !is_name(feature) {
        return Err("a feature's id has small letters, digits and hyphens".to_owned());
    }
    match count.parse() {
        Ok(count) if count <= COUNT_MAX => Ok((feature.to_owned(), count)),
        _ => Err(format!("a count is a number from 0 to {COUNT_MAX}")),
    }
}

/// A product's id.
pub(super) fn product(text: &str) -> Result<String, &'static str> {
    match is_name(text) {
        true => Ok(text.to_owned()),
        false => Err("a product's id has small letters, digits and hyphens"),
    }
}

fn label(text: &str) -> Result<String, &'static str> {
    match is_label(text) {
        true => Ok(text.to_owned()),
        false => Err("a label has at most 128 bytes and no control characters"),
    }
}

fn end_of(text: &str) -> Result<u64, String> {
    let date: Date = text
        .parse()
        .map_err(|error: jiff::Error| error.to_string())?;
    let end = date.at(23, 59, 59, 0).to_zoned(TimeZone::UTC);
    let end = end.map_err(|error| error.to_string())?;
    u64::try_from(end.timestamp().as_second()).map_err(|_| "before 1970".to_owned())
}

/// The addresses of a list, rising: one in each line; blank lines and those that begin with # are passed over.
pub(super) fn addresses(list: &[u8]) -> Result<Vec<Mac>, Failure> {
    let mut found: BTreeMap<Mac, usize> = BTreeMap::new();
    for (number, line) in (1..).zip(list.split(|byte| *byte == b'\n')) {
        let text = str::from_utf8(line).unwrap_or("\u{fffd}");
        let text = text.trim_start_matches('\u{feff}').trim();
        let wrong = |sin| Failure::Address {
            line: number,
            text: text.chars().take(40).collect(),
            sin,
        };
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let address = address(text).ok_or_else(|| wrong("is not a MAC address"))?;
        if address[0] & 1 != 0 || address == [0; 6] {
            return Err(wrong("is not the address of one device"));
        }
        if found.insert(address, number).is_some() {
            return Err(wrong("is in the list twice"));
        }
    }
    Ok(found.into_keys().collect())
}

/// 00:02:D1:1A:2B:3C, 00-02-D1-1A-2B-3C, 0002.d11a.2b3c or 0002d11a2b3c.
fn address(text: &str) -> Option<Mac> {
    let separators = |c: char, every: usize| {
        let mut groups = text.split(c);
        groups.all(|group| group.len() == every)
    };
    let shaped = match text.len() {
        17 => separators(':', 2) || separators('-', 2),
        14 => separators('.', 4),
        length => length == 12,
    };
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    if !shaped || digits.len() != 12 {
        return None;
    }
    let number = u64::from_str_radix(&digits, 16).ok()?;
    let [_, _, mac @ ..] = number.to_be_bytes();
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_way_to_write_an_address_is_read() {
        let list =
            b"# site\r\n00:02:D1:1A:2B:3D\r\n\n0002.d11a.2b3c\n00-02-d1-1a-2b-3e\n0002D11A2B3F";
        let found = addresses(list).unwrap();
        let last: Vec<_> = found.iter().map(|mac| mac[5]).collect();
        assert_eq!(last, [0x3c, 0x3d, 0x3e, 0x3f]);
        assert_eq!(found[0], [0, 2, 0xd1, 0x1a, 0x2b, 0x3c]);
    }

    #[test]
    fn every_bad_line_is_named() {
        for bad in [
            "00:02:D1:1A:2B",
            "00:02:D1:1A:2B:3C:4D",
            "0002d11a2b3",
            "000:2:D1:1A:2B:3C",
            "01:02:D1:1A:2B:3C",
            "00:00:00:00:00:00",
            "zz:02:D1:1A:2B:3C",
            "0002d11a2b30",
            "00:02:D1-1A:2B:3C",
        ] {
            let list = format!("0002d11a2b30\n{bad}\n");
            match addresses(list.as_bytes()).unwrap_err() {
                Failure::Address { line: 2, text, .. } => assert_eq!(text, bad),
                other => panic!("{bad}: {other}"),
            }
        }
    }
}
