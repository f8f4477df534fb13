//! One run through the core: a channel, `hello`, a key made and its request signed, the flash written and
//! read again at the next boot.

use crate::board::{Board, Cells};
use tallykey_core::Dongle;
use tallykey_protocol::cert::CertificationRequest;
use tallykey_protocol::command::{Command, Decode, Encode, hello, make_key, split_reply};
use tallykey_protocol::frame::{
    BROADCAST, Exchange, InitReply, Packets, Progress, command, init_request,
};
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::status::Status;

const NONCE: [u8; 16] = *b"nonce of station";

/// Everything, on erased flash; `done` hears of each step. `None` if one does not do what it should.
pub fn run(cells: &mut Cells, mut done: impl FnMut(&'static str)) -> Option<()> {
    first(cells, &mut done)?;
    again(cells)?;
    done("boot with a key");
    Some(())
}

/// Not inlined, so that its dongle is gone from the stack before the next one boots.
#[inline(never)]
fn first(cells: &mut Cells, done: &mut impl FnMut(&'static str)) -> Option<()> {
    let mut dongle = Dongle::boot(Board::new(cells)).ok()?;
    done("boot");
    let mut answer = [0; MESSAGE_MAX];
    dongle.receive(&init_request(*b"nonce of"));
    let reply = receive(&mut dongle, BROADCAST, command::INIT, &mut answer)?;
    let channel = InitReply::parse(reply, *b"nonce of").ok()?.channel;

    let request = hello::Request {
        min: hello::VERSION_MIN,
        current: hello::VERSION,
    };
    let body = ask(&mut dongle, channel, Command::Hello, &request, &mut answer)?;
    if hello::Reply::decode(body).ok()?.chip_id != Board::CHIP_ID {
        return None;
    }
    done("hello");

    let request = make_key::Request { nonce: NONCE };
    let body = ask(
        &mut dongle,
        channel,
        Command::MakeKey,
        &request,
        &mut answer,
    )?;
    let request = make_key::Reply::decode(body).ok()?.request;
    done("make-key: a key, a signature, a commit");
    CertificationRequest::verify(request, &NONCE).ok()?;
    done("verify a signature");
    Some(())
}

#[inline(never)]
fn again(cells: &mut Cells) -> Option<()> {
    Dongle::boot(Board::new(cells)).ok().map(drop)
}

/// The body of an answer that says yes.
fn ask<'a>(
    dongle: &mut Dongle<Board<'_>>,
    channel: u32,
    command: Command,
    request: &impl Encode,
    answer: &'a mut [u8; MESSAGE_MAX],
) -> Option<&'a [u8]> {
    let mut bytes = [0; 64];
    let length = request.encode(&mut bytes).ok()?;
    for report in Packets::new(channel, command.code(), &bytes[..length]).ok()? {
        dongle.receive(&report);
    }
    let reply = receive(dongle, channel, command.code(), answer)?;
    match split_reply(reply).ok()? {
        (Status::Ok, body) => Some(body),
        _ => None,
    }
}

fn receive<'a>(
    dongle: &mut Dongle<Board<'_>>,
    channel: u32,
    command: u8,
    answer: &'a mut [u8; MESSAGE_MAX],
) -> Option<&'a [u8]> {
    let mut exchange = Exchange::new(channel, command);
    while let Some(report) = dongle.next_report() {
        if let Progress::Done(message) = exchange.feed(&report) {
            let (place, _) = answer.split_at_mut_checked(message.len())?;
            place.copy_from_slice(message);
            return Some(place);
        }
    }
    None
}
