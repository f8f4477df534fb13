//! Words for tests that give channels away.

use crate::support::*;
use std::cell::RefCell;
use tallykey_protocol::command::order::{Order, Reply, Request, Share};
use tallykey_protocol::command::{Command, Decode, Encode, acknowledge, receipt, update};
use tallykey_protocol::grant::{Convert, Grant};
use tallykey_protocol::id::PublicKey;
use tallykey_protocol::list::List;
use tallykey_protocol::owner;
use tallykey_protocol::receipt::{Kind, Receipt};
use tallykey_protocol::status::Status;
use tallykey_protocol::target::{Component, Part, Target};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::host::{Answer, Session};
use tallykey_sim::provision::{chip_id, provision};

/// What the owner's code proves with.
pub(crate) type Verifier = [u8; 32];

pub(crate) fn verifier(code: &str) -> Verifier {
    owner::verifier(code.as_bytes().try_into().expect("16 characters"), SERIAL)
}

/// A dongle with 64 cameras and 8 of vca at revision 2, which may go this way, and its owner's verifier.
pub(crate) fn owned(convert: Convert) -> (SimDongle, Ticks, Verifier) {
    let (ticks, code) = (Ticks::default(), RefCell::new(String::new()));
    let dongle = plug(SimFlash::blank(chip_id(SERIAL)), &ticks);
    let keep = |text: &str| {
        code.replace(text.to_owned());
        Ok(())
    };
    provision(&dongle, &VENDOR, &order(SERIAL), keep).expect("it is provisioned");
    let mut session = open(&dongle);
    let key = *session.key();
    let status = apply(&mut session, &convertible(&key, 2, 64, convert));
    assert_eq!(status, Status::Ok);
    session.close().expect("it closes");
    let verifier = verifier(&code.borrow());
    (dongle, ticks, verifier)
}

pub(crate) fn convertible(
    key: &PublicKey,
    revision: u64,
    cameras: u64,
    convert: Convert,
) -> Vec<u8> {
    let grant = Grant {
        convert,
        ..grant(SERIAL, key, revision, &lines(cameras))
    };
    VENDOR.sign_grant(&grant).expect("a grant")
}

pub(crate) fn apply(session: &mut Session, record: &[u8]) -> Status {
    status(session, Command::Update, &update::Request { record })
}

pub(crate) fn target() -> Target {
    let board = Component {
        part: Part::Board,
        hash: [5; 16],
    };
    Target {
        salt: [6; 16],
        components: List::of(&[board]).expect("one"),
        host_key: [4; 65],
    }
}

/// An order of these shares under this id.
pub(crate) fn asking(kind: Kind, id: u8, counter: u64, shares: &[(u32, u64)]) -> Order<'static> {
    let shares: Vec<Share> = shares
        .iter()
        .map(|&(line, count)| Share { line, count })
        .collect();
    Order {
        kind,
        request_id: [id; 16],
        counter,
        product: PROFILE.product,
        shares: List::of(&shares).expect("few lines"),
        target: (kind != Kind::Retire).then(target),
    }
}

/// The command that such an order belongs to.
pub(crate) fn command(kind: Kind) -> Command {
    match kind {
        Kind::Retire => Command::Retire,
        Kind::ConvertOffline | Kind::ConvertDesk => Command::Convert,
    }
}

pub(crate) fn encoded(object: &impl Encode) -> Vec<u8> {
    let mut bytes = vec![0; 2048];
    let length = object.encode(&mut bytes).expect("it fits");
    bytes.truncate(length);
    bytes
}

/// Sends `order` with the owner's proof.
pub(crate) fn give(session: &mut Session, verifier: &Verifier, order: &Order<'_>) -> Answer {
    let (command, order) = (command(order.kind), encoded(order));
    let proof = owner::proof(verifier, session.transcript(), command, &order);
    let request = Request {
        order: &order,
        proof,
    };
    session.ask(command, &request).expect("an answer")
}

/// Gives away, which must work, and returns the receipt.
pub(crate) fn given(session: &mut Session, verifier: &Verifier, order: &Order<'_>) -> Vec<u8> {
    let answer = give(session, verifier, order);
    let record = answer.read_ok::<Reply<'_>>().expect("a receipt").record;
    Receipt::verify(record, order.kind, session.key()).expect("a true receipt");
    record.to_vec()
}

/// The next order: the counter as it is now, the id from it.
pub(crate) fn next(session: &mut Session, kind: Kind, shares: &[(u32, u64)]) -> Order<'static> {
    let counter = facts(session).counter;
    asking(kind, counter as u8, counter, shares)
}

pub(crate) fn receipts(session: &mut Session) -> Vec<receipt::Entry> {
    let answer = session
        .ask(Command::Receipt, &receipt::Request::List)
        .expect("an answer");
    match receipt::Reply::decode(&answer.body).expect("a list") {
        receipt::Reply::List(entries) => entries.to_vec(),
        receipt::Reply::Record(_) => panic!("a list was asked for"),
    }
}

pub(crate) fn read_receipt(session: &mut Session, counter: u64) -> Vec<u8> {
    let answer = session
        .ask(Command::Receipt, &receipt::Request::Read { counter })
        .expect("an answer");
    match receipt::Reply::decode(&answer.body).expect("a receipt") {
        receipt::Reply::Record(record) => record.to_vec(),
        receipt::Reply::List(_) => panic!("a record was asked for"),
    }
}

pub(crate) fn acknowledge(session: &mut Session, kind: Kind, record: &[u8]) -> Status {
    let (receipt, digest) = Receipt::verify(record, kind, session.key()).expect("a receipt");
    let request = acknowledge::Request {
        counter: receipt.counter,
        digest,
    };
    status(session, Command::Acknowledge, &request)
}
