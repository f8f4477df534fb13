//! Hosts that mean harm: each is let go, and others are served.

use crate::client::{Host, connect, list};
use crate::{blank, bus, one};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

/// Whether the other end closed it, after whatever it still had to say.
fn is_let_go(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

/// A URB header of these words, the setup packet zero.
fn header(words: [u32; 10]) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    bytes.resize(48, 0);
    bytes
}

#[test]
fn a01_what_is_no_usbip_or_too_much_ends_the_connection() {
    let address = one();
    for operation in [&[0; 8][..], &[0xFF; 40], b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = connect(address);
        stream.write_all(operation).unwrap();
        // It may be let go by then.
        let _ = stream.shutdown(Shutdown::Write);
        assert!(is_let_go(&mut stream), "{operation:x?}");
    }
    for words in [
        // Neither submit nor unlink.
        [9, 1, 0, 0, 1, 0, 64, 0, 0, 0],
        // A direction that is none.
        [1, 1, 0, 2, 1, 0, 64, 0, 0, 0],
        // An endpoint that USB does not have.
        [1, 1, 0, 1, 16, 0, 64, 0, 0, 0],
        [1, 1, 0, 1, u32::MAX, 0, 64, 0, 0, 0],
        // Longer than any transfer of ours, each way.
        [1, 1, 0, 1, 1, 0, u32::MAX, 0, 0, 0],
        [1, 1, 0, 0, 1, 0, u32::MAX, 0, 0, 0],
        [1, 1, 0, 0, 1, 0, 4097, 0, 0, 0],
        // Isochronous.
        [1, 1, 0, 1, 1, 0, 64, 0, 1000, 0],
    ] {
        let mut host = Host::attach_after(address, "1-1", 2);
        host.stream.write_all(&header(words)).unwrap();
        assert!(is_let_go(&mut host.stream), "{words:x?}");
    }
}

#[test]
fn a10_a_host_that_stops_in_the_middle_holds_up_nobody() {
    let address = bus(&[&blank("SIM-0001"), &blank("SIM-0002")], false);
    let mut half = connect(address);
    half.write_all(&[0x01, 0x11, 0x80]).unwrap();
    let mut holder = Host::configured(address, "1-1");
    holder.stream.write_all(&[0; 20]).unwrap();
    assert_eq!(list(address).len(), 2);
    Host::configured(address, "1-2").channel();
}

#[test]
fn a10_more_transfers_than_a_host_needs_end_the_connection() {
    let address = one();
    let mut host = Host::configured(address, "1-1");
    let read = header([1, 1000, 0, 1, 1, 0, 64, 0, 0, 0]);
    host.stream.write_all(&read.repeat(64)).unwrap();
    host.stream.write_all(&read).unwrap();
    assert!(is_let_go(&mut host.stream));
}

#[test]
fn a10_a_host_that_does_not_read_its_replies_is_let_go() {
    let address = bus(&[&blank("SIM-0001"), &blank("SIM-0002")], false);
    let mut host = Host::configured(address, "1-1");
    let mut ask = header([1, 5, 0, 1, 0, 0, 255, 0, 0, 0]);
    ask[40..].copy_from_slice(&[0x80, 6, 0, 2, 0, 0, 255, 0]);
    // Until the buffers between the two are full, however large this system makes them.
    while host.stream.write_all(&ask).is_ok() {}
    Host::configured(address, "1-2").channel();
}

#[test]
fn a01_bytes_at_random_are_survived() {
    let address = one();
    for round in 0..50_u8 {
        let mut random = [0; 480];
        getrandom::fill(&mut random).unwrap();
        let mut host = Host::attach_after(address, "1-1", 2);
        // Good commands on half of them, or hardly any would get past the first word.
        if round % 2 == 0 {
            for header in random.chunks_exact_mut(48) {
                let [command, endpoint, length] = [header[3], header[19], header[27]];
                header[..36].fill(0);
                header[3] = 1 + command % 2;
                header[15] = 1;
                header[19] = endpoint % 3;
                header[27] = length;
            }
        }
        // It may be let go before it has said all.
        let _ = host.stream.write_all(&random);
        let _ = host.stream.shutdown(Shutdown::Write);
        assert!(is_let_go(&mut host.stream));
    }
    let mut host = Host::attach_after(address, "1-1", 2);
    host.configure();
    host.channel();
}
