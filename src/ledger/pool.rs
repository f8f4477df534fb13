//! What the user decided about lines: which pay first, and which do not pay at all.

use std::collections::BTreeSet;

use crate::licence::{Feature, Policy, Profile, Refusal};

use super::device::shown;
use super::{Event, Ledger, Supply};

/// Those decisions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pool {
    pub(super) policy: Option<Policy>,
    pub(super) parked: BTreeSet<String>,
}

/// A change of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolChange {
    /// Takes a line out of the pool.
    Park(String),
    /// Puts a line back.
    Unpark(String),
    /// Says which line pays first.
    Policy(Policy),
}

impl Pool {
    /// Which line pays first: as the user said, or else the product's vendor.
    #[must_use]
    pub fn policy(&self, profile: &Profile) -> Policy {
        self.policy.unwrap_or(profile.policy())
    }

    /// Every line that is out of the pool.
    pub fn parked(&self) -> impl Iterator<Item = &str> {
        self.parked.iter().map(String::as_str)
    }

    /// Whether the line `id` is out of the pool. It stays so while its source is away.
    #[must_use]
    pub fn is_parked(&self, id: &str) -> bool {
        self.parked.contains(id)
    }
}

impl Ledger {
    /// What the user decided about lines.
    #[must_use]
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// What the history will tell of a change of the pool; nothing if all is so already.
    ///
    /// # Errors
    /// [`Refusal::FreeChannels`] or [`Refusal::NoSuchLine`].
    pub fn change_pool(
        &self,
        profile: &Profile,
        supply: &Supply,
        change: &PoolChange,
    ) -> Result<Option<Event>, Refusal> {
        match change {
            PoolChange::Park(line) | PoolChange::Unpark(line) => {
                if Feature::is_free_id(line) {
                    return Err(Refusal::FreeChannels { line: shown(line) });
                }
                let parked = self.pool.is_parked(line);
                if !parked && !supply.knows(line) {
                    return Err(Refusal::NoSuchLine { line: shown(line) });
                }
                let line = line.clone();
                Ok(match change {
                    PoolChange::Park(_) if !parked => Some(Event::LineParked { line }),
                    PoolChange::Unpark(_) if parked => Some(Event::LineUnparked { line }),
                    _ => None,
                })
            }
            PoolChange::Policy(policy) => {
                let was = self.pool.policy(profile);
                Ok((was != *policy).then(|| Event::PolicySet {
                    was: was.name().into(),
                    now: policy.name().into(),
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arbiter::{Kind, State, activate};
    use crate::ledger::DeviceId;
    use crate::licence::{LineProblem, testing};

    const FIRST: &str = "TK-0001/tallykey-vms/1";
    const SECOND: &str = "TK-0001/tallykey-vms/2";

    /// 2 cameras for ever, 3 until 500, and 1 for video analysis.
    fn supply(pool: &Pool, now: u64) -> Supply {
        let counts = [("camera", 2), ("camera", 3), ("vca", 1)];
        let dongle = testing::with(testing::entitlement(1, &counts), |line| {
            line.valid_to = (line.id == 2).then_some(500);
        });
        let active = activate(State::Only(Kind::Dongle), [dongle]);
        Supply::new(&testing::profile(), &active, pool, now)
    }

    fn change(ledger: &mut Ledger, seq: u64, change: &PoolChange) -> Result<bool, &'static str> {
        let supply = supply(ledger.pool(), 0);
        let event = ledger
            .change_pool(&testing::profile(), &supply, change)
            .map_err(|refusal| refusal.code())?;
        let changed = event.is_some();
        if let Some(event) = event {
            let applied = ledger.apply(seq, 0, &event);
            applied.expect("what was decided is possible");
        }
        Ok(changed)
    }

    #[test]
    fn a_line_is_parked_and_put_back() {
        let mut ledger = Ledger::default();
        let park = |line: &str| PoolChange::Park(line.into());
        let unpark = |line: &str| PoolChange::Unpark(line.into());
        let policy = PoolChange::Policy;
        // What is done, whether it changes anything, then total and parked cameras and the policy.
        let table = [
            (unpark(SECOND), Ok(false), 9, 0, Policy::ShortestFirst),
            (park(SECOND), Ok(true), 6, 3, Policy::ShortestFirst),
            (park(SECOND), Ok(false), 6, 3, Policy::ShortestFirst),
            (
                park("free/camera"),
                Err("free-channels"),
                6,
                3,
                Policy::ShortestFirst,
            ),
            (
                park("TK-0009/tallykey-vms/1"),
                Err("no-such-line"),
                6,
                3,
                Policy::ShortestFirst,
            ),
            (
                unpark("TK-0009/tallykey-vms/1"),
                Err("no-such-line"),
                6,
                3,
                Policy::ShortestFirst,
            ),
            (park(FIRST), Ok(true), 4, 5, Policy::ShortestFirst),
            (unpark(SECOND), Ok(true), 7, 2, Policy::ShortestFirst),
            (
                policy(Policy::ShortestFirst),
                Ok(false),
                7,
                2,
                Policy::ShortestFirst,
            ),
            (policy(Policy::Explicit), Ok(true), 7, 2, Policy::Explicit),
            (
                policy(Policy::ShortestFirst),
                Ok(true),
                7,
                2,
                Policy::ShortestFirst,
            ),
        ];
        for (seq, (asked, changes, total, parked, policy)) in (1..).zip(table) {
            assert_eq!(
                change(&mut ledger, seq, &asked),
                changes,
                "{seq}: {asked:?}"
            );
            let balance = ledger.balance(&supply(ledger.pool(), 0), "camera");
            let balance = balance.expect("a feature");
            assert_eq!((balance.total, balance.parked), (total, parked), "{seq}");
            assert_eq!(ledger.pool().policy(&testing::profile()), policy, "{seq}");
        }
    }

    #[test]
    fn a_parked_line_can_be_put_back_while_its_dongle_is_away() {
        let mut ledger = Ledger::default();
        change(&mut ledger, 1, &PoolChange::Park(FIRST.into())).expect("it is there");
        let away = activate(State::None, []);
        let away = Supply::new(&testing::profile(), &away, ledger.pool(), 0);
        let unpark = PoolChange::Unpark(FIRST.into());
        let event = ledger.change_pool(&testing::profile(), &away, &unpark);
        assert!(matches!(event, Ok(Some(Event::LineUnparked { .. }))));
        // What expired is not among the parked channels.
        let parked = Pool {
            policy: None,
            parked: [SECOND.to_owned()].into(),
        };
        let balance = Ledger::default().balance(&supply(&parked, 500), "camera");
        assert_eq!(balance.map(|one| one.parked), Ok(0));
    }

    #[test]
    fn a_line_is_named_only_where_it_can_pay() {
        let gate = DeviceId::parse("gate").expect("an id");
        let parked = Pool {
            policy: None,
            parked: [FIRST.to_owned()].into(),
        };
        let third = "TK-0001/tallykey-vms/3";
        let other = |feature: &str| LineProblem::OtherFeature {
            feature: feature.into(),
        };
        let table = [
            (&Pool::default(), 0, FIRST, "camera", None),
            (&Pool::default(), 0, third, "camera", Some(other("vca"))),
            (&parked, 0, FIRST, "camera", Some(LineProblem::Parked)),
            (&parked, 0, FIRST, "vca", Some(other("camera"))),
            (&parked, 500, SECOND, "camera", Some(LineProblem::NotValid)),
        ];
        for (pool, now, line, feature, expected) in table {
            let expected = expected.map_or(Ok(()), |problem| {
                Err(Refusal::LineCannotPay {
                    line: line.into(),
                    device: "gate".into(),
                    problem,
                })
            });
            let found = supply(pool, now).check(line, &gate, feature);
            assert_eq!(found, expected, "{line} for {feature} at {now}");
        }
        let listed = testing::with(testing::entitlement(1, &[("camera", 2)]), |line| {
            line.only = Some([[0, 2, 0xD1, 0, 0, 1]].into());
        });
        let active = activate(State::Only(Kind::Dongle), [listed]);
        let supply = Supply::new(&testing::profile(), &active, &Pool::default(), 0);
        let check = |device: &str, line: &str| {
            let device = DeviceId::parse(device).expect("an id");
            let checked = supply.check(line, &device, "camera");
            checked.map_err(|refusal| refusal.code())
        };
        assert_eq!(check("0002D1000001", FIRST), Ok(()));
        assert_eq!(check("0002D1000002", FIRST), Err("line-cannot-pay"));
        assert_eq!(check("gate", "free/camera"), Err("free-channels"));
        assert_eq!(check("gate", SECOND), Err("no-such-line"));
    }
}
