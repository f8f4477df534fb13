//! A bounded number of connections per listener, and who makes room when it is reached.
//!
//! A client that opens connections and says nothing must not keep others out. When all seats are
//! taken, the newcomer gets the seat of the connection that has been idle longest, those that
//! never had a request permitted first; a request being answered keeps its seat.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// The seats of one listener.
#[derive(Debug)]
pub(super) struct Seats {
    max: usize,
    room: Mutex<Room>,
}

#[derive(Debug, Default)]
struct Room {
    /// Counts events, so that "longest idle" needs no clock.
    now: u64,
    taken: HashMap<u64, Sitter>,
}

#[derive(Debug)]
struct Sitter {
    known: bool,
    answering: bool,
    last: u64,
    leave: Arc<Notify>,
}

impl Seats {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            max,
            room: Mutex::default(),
        })
    }

    /// Takes a seat; none if every one is held by a request being answered.
    pub(super) fn take(self: &Arc<Self>) -> Option<Arc<Seat>> {
        let mut room = self.room();
        if room.taken.len() >= self.max {
            let idle = room.taken.iter().filter(|(_, sitter)| !sitter.answering);
            let (&longest, _) = idle.min_by_key(|(_, sitter)| (sitter.known, sitter.last))?;
            if let Some(sitter) = room.taken.remove(&longest) {
                sitter.leave.notify_one();
            }
        }
        let id = room.tick();
        let leave = Arc::new(Notify::new());
        room.taken.insert(
            id,
            Sitter {
                known: false,
                answering: false,
                last: id,
                leave: Arc::clone(&leave),
            },
        );
        Some(Arc::new(Seat {
            id,
            leave,
            seats: Arc::clone(self),
        }))
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn tick(&mut self) -> u64 {
        self.now += 1;
        self.now
    }
}

/// One connection's seat, given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    id: u64,
    leave: Arc<Notify>,
    seats: Arc<Seats>,
}

impl Seat {
    /// Ends when the seat is wanted by somebody else.
    pub(super) async fn wanted(&self) {
        self.leave.notified().await;
    }

    /// A request of this connection was permitted.
    pub(super) fn known(&self) {
        self.change(|sitter| sitter.known = true);
    }

    /// A request begins; it ends with the value.
    pub(super) fn answering(self: &Arc<Self>) -> Answering {
        self.change(|sitter| sitter.answering = true);
        Answering(Arc::clone(self))
    }

    fn change(&self, change: impl FnOnce(&mut Sitter)) {
        let mut room = self.seats.room();
        let now = room.tick();
        if let Some(sitter) = room.taken.get_mut(&self.id) {
            sitter.last = now;
            change(sitter);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.room().taken.remove(&self.id);
    }
}

/// A request being answered.
pub(super) struct Answering(Arc<Seat>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.change(|sitter| sitter.answering = false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seated(seat: &Seat) -> bool {
        seat.seats.room().taken.contains_key(&seat.id)
    }

    #[test]
    fn the_longest_idle_stranger_makes_room() {
        let seats = Seats::new(3);
        let client = seats.take().unwrap();
        client.known();
        let [old, young] = [seats.take().unwrap(), seats.take().unwrap()];

        let newcomer = seats.take().unwrap();
        assert!(!seated(&old), "idle longest of those never permitted");
        assert!(seated(&client) && seated(&young) && seated(&newcomer));
    }

    #[test]
    fn a_known_client_makes_room_only_when_there_is_no_stranger() {
        let seats = Seats::new(2);
        let [first, second] = [seats.take().unwrap(), seats.take().unwrap()];
        first.known();
        second.known();
        drop(first.answering());
        let _newcomer = seats.take().unwrap();
        assert!(seated(&first) && !seated(&second));
    }

    #[test]
    fn a_request_being_answered_keeps_its_seat() {
        let seats = Seats::new(1);
        let seat = seats.take().unwrap();
        let answering = seat.answering();
        assert!(seats.take().is_none());
        drop(answering);
        assert!(seats.take().is_some());
        assert!(!seated(&seat));
    }

    #[test]
    fn a_seat_comes_back_with_its_connection() {
        let seats = Seats::new(1);
        drop(seats.take());
        assert_eq!(seats.room().taken.len(), 0);
    }
}
