//! What a request is for, if nobody says it.

use super::Purpose;

/// What the choice depends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::service) struct Facts {
    /// A return waits for its confirmation, and none has left.
    pub(in crate::service) return_waits: bool,
    /// A licence does not hold on this machine any more, or names another host key.
    pub(in crate::service) wants_repair: bool,
    /// There is a receipt for the desk that was in no request yet.
    pub(in crate::service) new_receipt: bool,
    /// There is a licence or a dongle.
    pub(in crate::service) has_any: bool,
}

/// The most urgent.
pub(in crate::service) const fn choose(facts: Facts) -> Purpose {
    match facts {
        Facts {
            return_waits: true, ..
        } => Purpose::ReturnConfirmation,
        Facts {
            wants_repair: true, ..
        } => Purpose::Repair,
        Facts {
            new_receipt: true, ..
        } => Purpose::Conversion,
        Facts { has_any: true, .. } => Purpose::Update,
        _ => Purpose::New,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_urgent_comes_first() {
        let table = [
            ([true, true, true, true], Purpose::ReturnConfirmation),
            ([false, true, true, true], Purpose::Repair),
            ([false, false, true, true], Purpose::Conversion),
            ([false, false, false, true], Purpose::Update),
            ([false; 4], Purpose::New),
        ];
        for ([return_waits, wants_repair, new_receipt, has_any], purpose) in table {
            let facts = Facts {
                return_waits,
                wants_repair,
                new_receipt,
                has_any,
            };
            assert_eq!(choose(facts), purpose, "{facts:?}");
        }
    }
}
