//! The barest loops that move the same bytes: what no client can be faster than.
//!
//! They know how many bytes come and go, look at none of them, and do nothing else. Each is a
//! process of its own, measured as the clients are.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::process::Command;
use std::thread;

use anyhow::{Context, bail};
use sha2::Sha512;

use super::packet::{self, Kept};
use crate::{cargo, number};

/// The hidden task that runs them.
pub(crate) const TASK: &str = "bench-bare";

/// The variable that names the peer's port.
pub(super) const PORT: &str = "BENCH_PORT";

/// The window of QoS 1 and 2 where `-M` is not given.
pub(super) const WINDOW: u16 = 20;

const BLOCK: usize = 64 * 1024;

/// A command that is this program, about to run one of the loops.
pub(super) fn command() -> anyhow::Result<Command> {
    let program = std::env::current_exe().context("cannot tell where xtask itself lies")?;
    let mut command = cargo::as_a_user_runs(program);
    command.arg(TASK);
    Ok(command)
}

/// Runs the loop that the words name.
pub(crate) fn run(mut options: lexopt::Parser) -> anyhow::Result<()> {
    let words: Vec<_> = options.raw_args()?.collect();
    let words: Vec<&OsStr> = words.iter().map(AsRef::as_ref).collect();
    match words[..] {
        [name, messages, size] if name == "send" => {
            send(number(messages, "messages")?, number(size, "size")?)?;
        }
        [name, messages, size, qos] if name == "receive" => {
            receive(number(messages, "messages")?, number(size, "size")?, number(qos, "qos")?)?;
        }
        [name, messages, size, qos, window] if name == "exchange" => {
            let (messages, size) = (number(messages, "messages")?, number(size, "size")?);
            exchange(messages, size, number(qos, "qos")?, number(window, "window")?)?;
        }
        [name, from, to] if name == "copy" => {
            let mut file = File::create(to)?;
            io::copy(&mut File::open(from)?, &mut file)?;
            file.sync_all()?;
        }
        [name, count, iterations] if name == "hash" => {
            hash(number(count, "count")?, number(iterations, "iterations")?)?;
        }
        _ => bail!("no such loop: {words:?}"),
    }
    Ok(())
}

fn connect() -> anyhow::Result<TcpStream> {
    let port = std::env::var_os(PORT).context("no port")?;
    Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, number(&port, PORT)?))?)
}

/// Ends our side and waits for the other's.
fn finish(mut stream: TcpStream) -> anyhow::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    io::copy(&mut stream, &mut io::sink())?;
    Ok(())
}

/// Writes as many bytes as that many messages have, in blocks.
fn send(messages: usize, size: usize) -> anyhow::Result<()> {
    let mut stream = connect()?;
    stream.write_all(&packet::CONNECT)?;
    let mut block = Vec::new();
    if size > BLOCK {
        packet::publish_header(&mut block, 0, Kept::Live, 0, size);
        stream.write_all(&block)?;
        io::copy(&mut io::repeat(b'x').take(u64::try_from(size)?), &mut stream)?;
        return finish(stream);
    }
    let mut left = messages;
    while left > 0 {
        let some = left.min(BLOCK / (size + 20));
        if block.is_empty() || some < BLOCK / (size + 20) {
            block.clear();
            (0..some).for_each(|_| packet::publish(&mut block, 0, Kept::Live, 0, size));
        }
        stream.write_all(&block)?;
        left -= some;
    }
    stream.write_all(&packet::DISCONNECT)?;
    finish(stream)
}

/// Reads as many bytes as that many messages have and writes them to standard output.
fn receive(messages: u64, size: usize, qos: u8) -> anyhow::Result<()> {
    let mut stream = connect()?;
    stream.write_all(&packet::CONNECT)?;
    stream.write_all(&packet::SUBSCRIBE)?;
    let mut one = Vec::new();
    packet::publish_header(&mut one, qos, Kept::Live, 1, size);
    let mut left = messages * u64::try_from(one.len() + size)?;
    // CONNACK and SUBACK come first.
    let mut answers = [0; 9];
    stream.read_exact(&mut answers)?;
    let mut block = vec![0; BLOCK];
    // Past the standard library's buffer, which looks for lines.
    let mut stdout = File::from(std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?);
    while left > 0 {
        let read = stream.read(&mut block)?;
        if read == 0 {
            bail!("{left} bytes did not come");
        }
        stdout.write_all(block.get(..read).unwrap_or_default())?;
        left = left.saturating_sub(u64::try_from(read)?);
    }
    stream.write_all(&packet::DISCONNECT)?;
    finish(stream)
}

/// Writes a window's messages, reads as many bytes as the answers have, and so on.
fn exchange(messages: usize, size: usize, qos: u8, window: u16) -> anyhow::Result<()> {
    let mut stream = connect()?;
    stream.write_all(&packet::CONNECT)?;
    stream.read_exact(&mut [0; 4])?;
    let (mut publishes, mut releases) = (Vec::new(), Vec::new());
    for id in 1..=window {
        packet::publish(&mut publishes, qos, Kept::Live, id, size);
        let [high, low] = id.to_be_bytes();
        releases.extend([0x62, 2, high, low]);
    }
    let mut answers = vec![0; releases.len()];
    for _ in 0..messages / usize::from(window) {
        stream.write_all(&publishes)?;
        stream.read_exact(&mut answers)?;
        if qos == 2 {
            stream.write_all(&releases)?;
            stream.read_exact(&mut answers)?;
        }
    }
    stream.write_all(&packet::DISCONNECT)?;
    finish(stream)
}

/// Hashes passwords on all cores.
fn hash(count: u32, iterations: u32) -> anyhow::Result<()> {
    let cores = thread::available_parallelism()?.get();
    let each = count / u32::try_from(cores)?;
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut hash = [0; 64];
                for number in 0..each {
                    let password = number.to_be_bytes();
                    pbkdf2::pbkdf2_hmac::<Sha512>(&password, &[0; 12], iterations, &mut hash);
                }
                std::hint::black_box(hash);
            });
        }
    });
    Ok(())
}
