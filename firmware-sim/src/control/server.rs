//! The simulator's side of the control socket.

use super::{Dongles, LINE_MAX, Place, Refusal, Reply, Request};
use crate::socket::{BindError, Listener, Stream, is_the_hosts};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Clients at a time: people, and the scripts of a test that wait beside each other.
const CLIENTS_MAX: usize = 32;

/// How long a client may take to say something, and to take an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A control socket that nobody is served on yet.
pub struct ControlServer {
    listener: Listener,
    place: Place,
}

impl ControlServer {
    /// Listens there; the folder of a path is made if it is not there. Port 0 takes a free one.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(place: &Place) -> Result<Self, BindError> {
        let listener = place.listen()?;
        let place = match &listener {
            #[cfg(unix)]
            Listener::Unix(..) => place.clone(),
            Listener::Tcp(listener) => {
                let address = listener.local_addr();
                Place::Tcp(address.map_err(|source| BindError::Io {
                    address: place.to_string(),
                    source,
                })?)
            }
        };
        Ok(Self { listener, place })
    }

    /// Where it listens.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Serves clients in threads of their own, for as long as the program runs.
    ///
    /// # Errors
    /// The system gave no thread.
    pub fn serve(self, dongles: Dongles) -> io::Result<()> {
        let dongles = Arc::new(dongles);
        let accept = move || {
            let clients = Arc::new(AtomicUsize::new(0));
            loop {
                match self.listener.accept() {
                    Ok(stream) => meet(stream, &dongles, &clients),
                    Err(error) if is_the_hosts(&error) => {}
                    // Knobs are a convenience: the dongles go on without.
                    Err(_) => return,
                }
            }
        };
        thread::Builder::new()
            .name("control".into())
            .spawn(accept)
            .map(drop)
    }
}

/// One client among those that are connected.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn meet(stream: Stream, dongles: &Arc<Dongles>, clients: &Arc<AtomicUsize>) {
    let others = clients.fetch_add(1, Ordering::SeqCst);
    let counted = Counted(Arc::clone(clients));
    if stream.set_patience(PATIENCE, PATIENCE).is_err() {
        return;
    }
    if others >= CLIENTS_MAX {
        let refused = Reply::Refused(Refusal::TooManyClients.into());
        // It hears of it, or it is gone.
        let _ = say(&stream, &refused);
        return;
    }
    let dongles = Arc::clone(dongles);
    let serve = move || {
        let _counted = counted;
        // Whoever went away or spoke nonsense is let go; there is nobody to tell.
        let _ = talk(&stream, &dongles);
    };
    // Without a thread the client is let go.
    let _ = thread::Builder::new().name("control".into()).spawn(serve);
}

/// Answers line after line until the client has no more, or says something that is no request.
fn talk(stream: &Stream, dongles: &Dongles) -> io::Result<()> {
    let mut incoming = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = Vec::new();
        let length = (&mut incoming)
            .take(LINE_MAX)
            .read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok(());
        }
        let request = match serde_json::from_slice::<Request>(&line) {
            Ok(request) if line.ends_with(b"\n") => request,
            not => {
                let why = not.err().map_or_else(
                    || "it does not end in a line break".to_owned(),
                    |error| error.to_string(),
                );
                return say(stream, &Reply::Refused(Refusal::BadRequest { why }.into()));
            }
        };
        let reply = dongles.answer(&request);
        say(
            stream,
            &reply.unwrap_or_else(|refusal| Reply::Refused(refusal.into())),
        )?;
    }
}

fn say(stream: &Stream, reply: &Reply) -> io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    let mut stream = stream.try_clone()?;
    stream.write_all(&line)
}
