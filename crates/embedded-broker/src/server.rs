//! Serving, until there is a reason to stop.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use mqtt5::broker::config::{AuthConfig, StorageBackend, StorageConfig};
use mqtt5::broker::{BrokerConfig, MqttBroker};
use tokio::sync::oneshot;

use crate::options::{HELP, Options};
use crate::password_file::PasswordFile;

/// Does what was asked for.
pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    match options {
        Options::Help => {
            print!("{HELP}");
            Ok(())
        }
        Options::Serve { port, password_file } => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .context("cannot start the runtime")?;
            runtime.block_on(serve(port, password_file))
        }
    }
}

async fn serve(port: u16, password_file: Option<PathBuf>) -> anyhow::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut broker = MqttBroker::with_config(config(address))
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    if let Some(path) = password_file {
        broker = broker.with_auth_provider(Arc::new(PasswordFile::open(path)?));
    }
    let reason = reason_to_stop()?;
    let bound = broker.local_addr().context("the broker listens on no port")?;
    println!("listening on {bound}");
    tokio::select! {
        result = broker.run() => result.context("the broker ended"),
        () = reason => Ok(()),
    }
}

fn config(address: SocketAddr) -> BrokerConfig {
    BrokerConfig {
        bind_addresses: vec![address],
        // The crate's own default is a folder in the current one.
        storage_config: StorageConfig {
            backend: StorageBackend::Memory,
            enable_persistence: false,
            ..StorageConfig::default()
        },
        // True even with a password file: it only chooses the provider that ours replaces, and
        // false without a file of the crate's own kind is refused.
        auth_config: AuthConfig { allow_anonymous: true, ..AuthConfig::default() },
        ..BrokerConfig::default()
    }
}

/// Resolves at the end of standard input, at SIGINT and at SIGTERM.
fn reason_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let (sender, ended) = oneshot::channel();
    std::thread::spawn(move || {
        let _count = io::copy(&mut io::stdin().lock(), &mut io::sink());
        let _listening = sender.send(());
    });
    let terminated = terminated()?;
    Ok(async move {
        tokio::select! {
            _ = ended => {}
            _ = tokio::signal::ctrl_c() => {}
            () = terminated => {}
        }
    })
}

#[cfg(unix)]
fn terminated() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut signals = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    Ok(async move {
        signals.recv().await;
    })
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same shape as on Unix, where it can fail")]
fn terminated() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(std::future::pending())
}
