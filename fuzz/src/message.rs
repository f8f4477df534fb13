//! Bodies of requests and replies, and the wrapping of a session.

use std::sync::OnceLock;
use tallykey_protocol::command::{
    Command, Decode, Encode, acknowledge, certificate, certify, close, grant, heartbeat, hello,
    instruct, make_key, open, order, personalise, prove, receipt, revoke, seal, self_test,
    split_reply, time, update,
};
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::session::{self, Direction, Keys, public_key};

/// Takes the first byte as the command and the rest as its request, its reply, and a session's message.
pub fn message(data: &[u8]) {
    let Some((code, bytes)) = data.split_first() else {
        return;
    };
    let Some(command) = Command::from_code(*code) else {
        return;
    };
    for direction in [Direction::ToDongle, Direction::ToHost] {
        let opened = session::open(keys(), direction, command, bytes);
        assert!(opened.is_err(), "a MAC without the key");
    }
    let body = split_reply(bytes).map_or(&[][..], |(_, body)| body);
    match command {
        Command::Hello => both::<hello::Request, hello::Reply<'_>>(bytes, body),
        Command::Certificate => both::<certificate::Request, certificate::Reply<'_>>(bytes, body),
        Command::Open => {
            both::<open::Request, open::Reply<'_>>(bytes, body);
            both::<open::Request, open::Busy>(bytes, body);
        }
        Command::Heartbeat => both::<heartbeat::Request, heartbeat::Reply>(bytes, body),
        Command::Prove => both::<prove::Request<'_>, prove::Reply<'_>>(bytes, body),
        Command::Grant => both::<grant::Request, grant::Reply<'_>>(bytes, body),
        Command::Receipt => both::<receipt::Request, receipt::Reply<'_>>(bytes, body),
        Command::Update => both::<update::Request<'_>, update::Reply>(bytes, body),
        Command::Convert | Command::Retire => {
            both::<order::Request<'_>, order::Reply<'_>>(bytes, body);
            both::<order::Order<'_>, order::TriesLeft>(bytes, body);
        }
        Command::Acknowledge => both::<acknowledge::Request, acknowledge::Reply>(bytes, body),
        Command::Close => both::<close::Request, close::Reply>(bytes, body),
        Command::Instruct => both::<instruct::Request<'_>, instruct::Reply<'_>>(bytes, body),
        Command::Time => both::<time::Request<'_>, time::Reply>(bytes, body),
        Command::Revoke => both::<revoke::Request<'_>, revoke::Reply>(bytes, body),
        Command::SelfTest => both::<self_test::Request, self_test::Reply>(bytes, body),
        Command::MakeKey => both::<make_key::Request, make_key::Reply<'_>>(bytes, body),
        Command::Certify => both::<certify::Request<'_>, certify::Reply>(bytes, body),
        Command::Personalise => both::<personalise::Request<'_>, personalise::Reply>(bytes, body),
        Command::Seal => both::<seal::Request, seal::Reply<'_>>(bytes, body),
    }
}

/// A request has one form, so what is read is written as it was. A reply may carry more than is known here;
/// what is read of it is written so that it can be read.
fn both<'b, Request: Encode + Decode<'b>, Reply: Encode + Decode<'b>>(
    request: &'b [u8],
    reply: &'b [u8],
) {
    let mut out = [0; MESSAGE_MAX];
    if let Ok(read) = Request::decode(request) {
        let length = read.encode(&mut out).expect("it fitted a message");
        assert_eq!(out[..length], *request);
    }
    if let Ok(read) = Reply::decode(reply) {
        let length = read.encode(&mut out).expect("it fitted a message");
        assert!(length <= reply.len(), "shortest form");
    }
}

/// Keys of a session that nobody else is in.
fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let secret = p256::SecretKey::from_slice(&[0x21; 32]).expect("a scalar");
        Keys::agree(&secret, &public_key(&secret), &[0; 32])
            .unwrap_or_else(|_| panic!("a point of the curve"))
    })
}
