//! The two streams of one connection, and what has happened to them.

use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::{Direction, Fault, INTERVAL};

/// Both streams of one connection. The last of its two threads closes them.
pub(super) struct Wire {
    client: TcpStream,
    broker: TcpStream,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// Nothing passes before that moment.
    Stalled(Instant),
    /// What comes is swallowed.
    Silent,
    Broken,
}

impl Wire {
    pub(super) fn new(client: TcpStream, broker: TcpStream) -> Self {
        Self { client, broker, state: Mutex::new(State::Open) }
    }

    fn state(&self) -> State {
        *self.state.lock().unwrap()
    }

    pub(super) fn suffer(&self, fault: Fault) {
        let mut state = self.state.lock().unwrap();
        *state = match fault {
            Fault::Cut => {
                for stream in [&self.client, &self.broker] {
                    let _gone = stream.shutdown(Shutdown::Both);
                }
                State::Broken
            }
            Fault::Reset => {
                for stream in [&self.client, &self.broker] {
                    let linger = Some(Duration::ZERO);
                    let _gone = rustix::net::sockopt::set_socket_linger(stream, linger);
                    // Wakes the other thread and says nothing to the peer.
                    let _gone = stream.shutdown(Shutdown::Read);
                }
                State::Broken
            }
            Fault::Stall(time) => State::Stalled(Instant::now() + time),
            Fault::Silence => State::Silent,
        };
    }

    /// Waits while nothing may pass.
    pub(super) fn settle(&self) -> State {
        loop {
            match self.state() {
                State::Stalled(end) if Instant::now() < end => thread::sleep(INTERVAL),
                State::Stalled(_) => return State::Open,
                other => return other,
            }
        }
    }

    pub(super) fn ends(&self, direction: Direction) -> (&TcpStream, &TcpStream) {
        match direction {
            Direction::ToBroker => (&self.client, &self.broker),
            Direction::ToClient => (&self.broker, &self.client),
        }
    }
}
