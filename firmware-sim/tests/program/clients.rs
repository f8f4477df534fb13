//! Clients of the control socket that are none.

use crate::{PATIENCE, Running};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

fn connect(running: &Running) -> TcpStream {
    let stream = TcpStream::connect(running.value("control").unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn on_a_port() -> Running {
    Running::start(&["--control", "127.0.0.1:0"])
}

/// Whether a client with something to ask is answered.
fn is_answered(running: &Running) -> bool {
    let mut stream = connect(running);
    stream.write_all(b"{\"ask\":\"status\"}\n").unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.contains("SIM-0001")
}

#[test]
fn a01_what_is_no_request_ends_the_connection() {
    let running = on_a_port();
    for line in [
        &b"\n"[..],
        b"{\"ask\":\"status\"",
        b"{\"ask\":\"status\",\"more\":1}\n",
        b"{\"ask\":{\"do\":{\"verb\":\"explode\"}}}\n",
        &[b'['; 100_000],
        &[0xFF; 40_000],
    ] {
        let mut stream = connect(&running);
        // It may be let go before it has said all.
        let _ = stream.write_all(line);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut said = Vec::new();
        // Or reset, with more to read than it read.
        let _ = stream.read_to_end(&mut said);
        let said = String::from_utf8_lossy(&said);
        let lost = said.is_empty() && line.len() > 1000;
        assert!(lost || said.contains("bad-request"), "{said}");
    }
    assert!(is_answered(&running));
}

#[test]
fn a05_a_browser_that_is_led_here_works_no_knob() {
    let running = on_a_port();
    let mut stream = connect(&running);
    let post = b"POST / HTTP/1.1\r\nHost: x\r\n\r\n{\"ask\":{\"do\":{\"verb\":\"unplug\"}}}\n";
    let _ = stream.write_all(post);
    let mut said = String::new();
    let _ = stream.read_to_string(&mut said);
    assert!(said.contains("bad-request"), "{said}");
    assert_eq!(said.matches('\n').count(), 1, "{said}");
    let mut stream = connect(&running);
    stream.write_all(b"{\"ask\":\"status\"}\n").unwrap();
    BufReader::new(stream).read_line(&mut said).unwrap();
    assert!(said.contains("\"unplugs\":0"), "{said}");
}

#[test]
fn a10_clients_that_hang_are_bounded_and_others_are_served() {
    let running = on_a_port();
    let mut hanging: Vec<_> = (0..40).map(|_| connect(&running)).collect();
    let last = hanging.last_mut().unwrap();
    let mut said = String::new();
    let _ = last.read_to_string(&mut said);
    assert!(
        said.is_empty() || said.contains("too-many-clients"),
        "{said}"
    );
    // One that left makes room for another, as soon as that is seen.
    drop(hanging);
    while !is_answered(&running) {}
}

#[cfg(unix)]
#[test]
fn the_usual_place_is_its_users_alone_and_one_simulators() {
    use std::os::unix::fs::PermissionsExt;
    let running = Running::start(&[]);
    let socket = running.home.path().join("tallykey-sim/control.sock");
    assert_eq!(running.value("control"), socket.to_str());
    for (path, mode) in [(socket.parent().unwrap(), 0o700), (&socket, 0o600)] {
        let found = path.metadata().unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{}", path.display());
    }
    let output = crate::program(running.home.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(["--control", socket.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("in use by another simulated dongle"),
        "{said}"
    );
}
