//! A subscriber of our own that no fault ever meets: it counts what a broker hands out.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::ledger::{Publish, Version};
use crate::frames::Frames;
use crate::packet::{Delivery, v3};
use crate::patience::until;

/// Between two attempts to reach a broker that is being started again.
const AGAIN: Duration = Duration::from_millis(20);

/// What tells that everything before it has come.
const END: &[u8] = b"end of what is observed";

/// Subscribed to one topic at `QoS` 0, over all restarts of its broker.
#[derive(Debug)]
pub(super) struct Observer {
    topic: String,
    shared: Arc<Mutex<Shared>>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stream: Option<TcpStream>,
    payloads: Vec<Vec<u8>>,
    is_over: bool,
}

impl Observer {
    /// Is subscribed when this returns.
    #[track_caller]
    pub(super) fn of(port: u16, topic: &str) -> Self {
        let shared = Arc::<Mutex<Shared>>::default();
        let (listener, filter) = (Arc::clone(&shared), topic.to_owned());
        let listening = thread::spawn(move || {
            while !lock(&listener).is_over {
                if listen(port, &filter, &listener).is_none() {
                    thread::sleep(AGAIN);
                }
            }
        });
        let observer = Self { topic: topic.to_owned(), shared, listening: Some(listening) };
        observer.settle();
        lock(&observer.shared).payloads.clear();
        observer
    }

    /// Waits until everything has come that the broker had before this call.
    #[track_caller]
    pub(super) fn settle(&self) {
        let end = v3::publish(&self.topic, END, Delivery::AtMostOnce);
        let ends = || {
            let shared = lock(&self.shared);
            shared.payloads.iter().filter(|payload| *payload == END).count()
        };
        let before = ends();
        until("the observer to be subscribed", || {
            if let Some(stream) = &mut lock(&self.shared).stream {
                let _gone = stream.write_all(&end);
            }
            thread::sleep(AGAIN);
            (ends() > before).then_some(())
        });
    }

    /// How often each payload has come.
    pub(super) fn counts(&self) -> HashMap<Vec<u8>, usize> {
        let mut counts = HashMap::new();
        for payload in lock(&self.shared).payloads.iter().filter(|payload| *payload != END) {
            *counts.entry(payload.clone()).or_default() += 1;
        }
        counts
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        let mut shared = lock(&self.shared);
        shared.is_over = true;
        if let Some(stream) = &shared.stream {
            let _gone = stream.shutdown(Shutdown::Both);
        }
        drop(shared);
        if let Some(listening) = self.listening.take() {
            let _ended = listening.join();
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Listens to one connection to its end; `None` where there is none.
fn listen(port: u16, filter: &str, shared: &Mutex<Shared>) -> Option<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    let hello = [v3::connect("", 0), v3::subscribe(1, filter, 0)].concat();
    stream.write_all(&hello).ok()?;
    {
        let mut shared = lock(shared);
        if shared.is_over {
            return None;
        }
        shared.stream = Some(stream.try_clone().ok()?);
    }
    let (mut frames, mut buffer) = (Frames::default(), vec![0; 64 * 1024]);
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        let packets = frames.push(buffer.get(..read).unwrap_or_default());
        let publishes = packets.iter().filter(|packet| super::ledger::kind(packet) == 3);
        let payloads = publishes.filter_map(|packet| Publish::read(packet, Version::Three));
        lock(shared).payloads.extend(payloads.map(|publish| publish.payload.to_vec()));
    }
    let mut shared = lock(shared);
    shared.stream = None;
    (!shared.is_over).then_some(())
}
