//! A person at the button, before channels are given away. Time moves only when a test says so.

use crate::giving::*;
use crate::support::*;
use crate::wire::{self, Wire};
use std::thread;
use tallykey_protocol::command::order::{Order, Reply, Request, TriesLeft};
use tallykey_protocol::command::{Command, Decode, heartbeat};
use tallykey_protocol::frame::ErrorCode::ChannelBusy;
use tallykey_protocol::frame::{
    Exchange, Progress, command, error_report, keepalive, keepalive_report,
};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::limits::{CONFIRM_MS, KEEPALIVE_MS, LEASE_MS};
use tallykey_protocol::owner;
use tallykey_protocol::receipt::Kind;
use tallykey_protocol::report::Report;
use tallykey_protocol::status::Status;
use tallykey_sim::control::parse_action;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::fault::Counter;
use tallykey_sim::host::{Answer, Session};
use tallykey_sim::platform::Button;

/// A dongle whose button nobody has pressed yet, and its host.
struct Desk {
    dongle: SimDongle,
    ticks: Ticks,
    verifier: Verifier,
    session: Session,
}

impl Desk {
    fn new() -> Self {
        let (dongle, ticks, verifier) = owned(Convert::Offline);
        dongle.set_button(Button::Ask);
        let session = open(&dongle);
        Self {
            dongle,
            ticks,
            verifier,
            session,
        }
    }

    /// Sends `order`, and leaves the answer to the wire.
    fn send(&mut self, verifier: &Verifier, order: &Order<'_>) {
        let (command, order) = (command(order.kind), encoded(order));
        let proof = owner::proof(verifier, self.session.transcript(), command, &order);
        let request = Request {
            order: &order,
            proof,
        };
        let message = self.session.sealed(command, &request);
        self.bare(command.code(), &message);
    }

    /// Sends an order for one camera that needs only the button now.
    fn ask(&mut self) -> Order<'static> {
        let order = next(&mut self.session, Kind::ConvertOffline, &[(1, 1)]);
        let verifier = self.verifier;
        self.send(&verifier, &order);
        assert!(self.dongle.is_asking());
        order
    }

    fn bare(&self, command: u8, payload: &[u8]) {
        let channel = self.session.channel();
        wire::send(channel.connection(), channel.id(), command, payload);
    }

    fn heard(&self) -> Vec<Report> {
        wire::heard(self.session.channel().connection())
    }

    fn alive(&self) -> Report {
        keepalive_report(self.session.channel().id(), keepalive::UP_NEEDED)
    }

    /// The answer that is there by now, after signs of life.
    fn answer(&self, command: Command) -> Option<Answer> {
        let mut exchange = Exchange::new(self.session.channel().id(), command.code());
        for report in self.heard() {
            match exchange.feed(&report) {
                Progress::Done(reply) => {
                    return Some(self.session.read(command, reply).expect("an answer"));
                }
                Progress::Failed(error) => panic!("{error}"),
                Progress::Pending => {}
                Progress::KeepAlive(status) => assert_eq!(status, keepalive::UP_NEEDED),
            }
        }
        None
    }
}

#[test]
fn a_press_in_time_gives_away() {
    let mut desk = Desk::new();
    let before = facts(&mut desk.session);
    let winks = desk.dongle.winks();
    let order = desk.ask();
    assert_eq!(desk.heard(), [desk.alive()], "at once");
    for (pass, expected) in [(KEEPALIVE_MS - 1, vec![]), (1, vec![desk.alive()])] {
        desk.ticks.pass(pass);
        assert_eq!(desk.heard(), expected);
    }
    desk.ticks.pass(CONFIRM_MS - KEEPALIVE_MS - 1);
    assert_eq!(desk.heard(), [desk.alive()]);
    desk.dongle.press();
    let answer = desk.answer(Command::Convert).unwrap();
    let record = answer.read_ok::<Reply<'_>>().unwrap().record.to_vec();
    assert!(!desk.dongle.is_asking());
    let after = facts(&mut desk.session);
    assert_eq!(after.counter, before.counter + 1);
    assert_eq!(after.grants[0].3, [(1, 1), (2, 0)]);
    assert_eq!(read_receipt(&mut desk.session, after.counter), record);
    assert!(desk.dongle.winks() > winks, "it blinks while it asks");

    // What was done is shown without asking again.
    desk.send(&[0; 32], &order);
    assert_eq!(desk.answer(Command::Convert).unwrap().status, Status::Ok);
}

#[test]
fn it_blinks_every_second_while_it_asks() {
    let mut desk = Desk::new();
    let winks = desk.dongle.winks();
    desk.ask();
    for _ in 0..50 {
        desk.ticks.pass(100);
        desk.heard();
    }
    assert_eq!(desk.dongle.winks() - winks, 6, "at 0, 1, … 5 s");
}

#[test]
fn without_a_press_nothing_is_lowered_and_no_try_is_lost() {
    let mut desk = Desk::new();
    let before = facts(&mut desk.session);
    desk.ask();
    desk.ticks.pass(CONFIRM_MS - 1);
    assert!(desk.answer(Command::Convert).is_none());
    desk.ticks.pass(1);
    let answer = desk.answer(Command::Convert).unwrap();
    assert_eq!(answer.status, Status::NotConfirmed);
    assert!(answer.body.is_empty());
    // More often than there are tries, and pulled out in the wait too.
    for _ in 0..10 {
        desk.ask();
        desk.session = replugged(&desk.dongle);
    }
    assert_eq!(facts(&mut desk.session), before);
    let order = next(&mut desk.session, Kind::Retire, &[(1, 1)]);
    desk.send(&[0; 32], &order);
    let answer = desk.answer(Command::Retire).unwrap();
    assert_eq!(answer.status, Status::OwnerProofWrong);
    assert_eq!(TriesLeft::decode(&answer.body).unwrap().left, 7);
}

#[test]
fn who_declines_is_heard_at_once() {
    let mut desk = Desk::new();
    let before = facts(&mut desk.session);
    desk.ask();
    desk.dongle.set_button(Button::Reject);
    let answer = desk.answer(Command::Convert).unwrap();
    assert_eq!(answer.status, Status::NotConfirmed);
    let order = next(&mut desk.session, Kind::Retire, &[(1, 1)]);
    let verifier = desk.verifier;
    let answer = give(&mut desk.session, &verifier, &order);
    assert_eq!(answer.status, Status::NotConfirmed);
    assert_eq!(facts(&mut desk.session), before);
}

#[test]
fn a_board_without_a_button_asks_nobody() {
    let mut desk = Desk::new();
    desk.dongle.set_button(Button::Absent);
    let order = next(&mut desk.session, Kind::Retire, &[(1, 1)]);
    let verifier = desk.verifier;
    given(&mut desk.session, &verifier, &order);
}

#[test]
fn a_person_is_asked_last() {
    let mut desk = Desk::new();
    let good = next(&mut desk.session, Kind::ConvertOffline, &[(1, 1)]);
    let much = asking(good.kind, 1, good.counter, &[(1, 65)]);
    let old = asking(good.kind, 1, good.counter - 1, &[(1, 1)]);
    let verifier = desk.verifier;
    for (verifier, order, status) in [
        (&verifier, &much, Status::NotEnough),
        (&verifier, &old, Status::Stale),
        (&[0; 32], &good, Status::OwnerProofWrong),
    ] {
        desk.send(verifier, order);
        assert!(!desk.dongle.is_asking());
        assert_eq!(desk.answer(Command::Convert).unwrap().status, status);
    }
}

#[test]
fn what_was_pressed_before_does_not_count() {
    let mut desk = Desk::new();
    desk.dongle.press();
    desk.ask();
    desk.ticks.pass(CONFIRM_MS);
    let answer = desk.answer(Command::Convert).unwrap();
    assert_eq!(answer.status, Status::NotConfirmed);
    desk.dongle.press();
    desk.ask();
    assert!(desk.answer(Command::Convert).is_none());
}

#[test]
fn cancel_and_init_end_the_wait() {
    let mut desk = Desk::new();
    let before = facts(&mut desk.session);
    for (way, payload) in [(command::CANCEL, &[][..]), (command::INIT, &[7; 8])] {
        desk.ask();
        desk.heard();
        desk.bare(way, payload);
        let heard = desk.heard();
        let [answer] = heard[..] else {
            panic!("one report: {heard:?}")
        };
        let (command, first) = match way {
            command::CANCEL => (Command::Convert.code(), vec![Status::Cancelled.code()]),
            _ => (command::INIT, payload.to_vec()),
        };
        let channel = desk.session.channel().id();
        assert!(wire::is_answer(channel, &answer, command, &first));
        assert!(!desk.dongle.is_asking());
        desk.dongle.press();
        desk.ticks.pass(KEEPALIVE_MS);
        assert_eq!(desk.heard(), [] as [Report; 0]);
    }
    assert_eq!(
        facts(&mut desk.session),
        before,
        "the session goes on, and nothing was lowered"
    );
}

#[test]
fn a_bus_reset_ends_the_wait() {
    let mut desk = Desk::new();
    let before = facts(&mut desk.session);
    desk.ask();
    desk.dongle.bus_reset();
    assert!(!desk.dongle.is_asking());
    desk.dongle.press();
    assert_eq!(facts(&mut open(&desk.dongle)), before);
}

#[test]
fn a17_the_lease_outlives_the_wait_and_the_others_are_busy() {
    let mut desk = Desk::new();
    let other = Wire::new(&desk.dongle);
    desk.ask();
    for _ in 0..CONFIRM_MS / 1_000 - 1 {
        desk.ticks.pass(1_000);
        desk.heard();
    }
    other.heard();
    other.send(Command::Hello.code(), b"\xA2\x01\x01\x02\x01");
    assert_eq!(other.heard(), [error_report(other.channel, ChannelBusy)]);
    desk.ticks.pass(1_000);
    let answer = desk.answer(Command::Convert).unwrap();
    assert_eq!(answer.status, Status::NotConfirmed);
    // From here on it runs as ever.
    desk.ticks.pass(LEASE_MS - 1);
    let beat = heartbeat::Request { nonce: [1; 16] };
    assert_eq!(
        status(&mut desk.session, Command::Heartbeat, &beat),
        Status::Ok
    );
    desk.ticks.pass(LEASE_MS);
    assert_eq!(
        status(&mut desk.session, Command::Heartbeat, &beat),
        Status::NoSession
    );
}

#[test]
fn a_host_that_waits_gets_its_receipt_when_somebody_presses() {
    let mut desk = Desk::new();
    let order = next(&mut desk.session, Kind::Retire, &[(1, 1)]);
    let dongle = desk.dongle.clone();
    thread::scope(|scope| {
        let verifier = desk.verifier;
        let session = &mut desk.session;
        let host = scope.spawn(move || given(session, &verifier, &order));
        while !dongle.is_asking() && !host.is_finished() {
            thread::yield_now();
        }
        dongle.press();
        host.join().expect("a receipt");
    });
}

#[test]
fn the_button_is_a_knob_and_what_it_says_is_counted() {
    let knob = |dongle: &SimDongle, words| parse_action(words).expect("words").apply(dongle);
    let mut desk = Desk::new();
    let early = knob(&desk.dongle, "button press").expect_err("nobody asks");
    assert_eq!(early.code(), "not-asking");
    desk.ask();
    assert!(desk.dongle.status().asking);
    knob(&desk.dongle, "button press").expect("it asks");
    let answer = desk.answer(Command::Convert).unwrap();
    assert_eq!(answer.status, Status::Ok);

    desk.ask();
    knob(&desk.dongle, "button reject").expect("always");
    let answer = desk.answer(Command::Convert).unwrap();
    assert_eq!(answer.status, Status::NotConfirmed);

    knob(&desk.dongle, "button absent").expect("always");
    let order = next(&mut desk.session, Kind::ConvertOffline, &[(1, 1)]);
    let verifier = desk.verifier;
    desk.send(&verifier, &order);
    assert_eq!(desk.answer(Command::Convert).unwrap().status, Status::Ok);
    let counters = [Counter::Asked, Counter::Confirmed, Counter::Declined];
    let counted = counters.map(|counter| desk.dongle.counted(counter));
    assert_eq!(counted, [2, 1, 1]);
}
