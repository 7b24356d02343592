//! SOCKS 5: a few bytes each way, and then the connection is the broker's (RFC 1928, RFC 1929).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

use super::proxy::ProxyError;
use crate::plan::ProxyCredentials;

const VERSION: u8 = 5;
/// Of the exchange of user name and password.
const PASSWORD_VERSION: u8 = 1;

const METHOD_NONE: u8 = 0x00;
const METHOD_PASSWORD: u8 = 0x02;
const METHOD_REFUSED: u8 = 0xff;

const COMMAND_CONNECT: u8 = 1;
const RESERVED: u8 = 0;

const ADDRESS_IPV4: u8 = 1;
const ADDRESS_NAME: u8 = 3;
const ADDRESS_IPV6: u8 = 4;

/// Where the proxy is asked to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A name, of at most 255 bytes, that the proxy looks up, and a port.
    Name(&'a str, u16),
    /// An address.
    Address(SocketAddr),
}

/// What a proxy answers that does not connect us; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply(pub u8);

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            1 => "it failed",
            2 => "its rules do not allow the connection",
            3 => "the network cannot be reached",
            4 => "the host cannot be reached",
            5 => "the connection was refused",
            6 => "the time to live ran out",
            7 => "it does not make connections",
            8 => "it does not know that kind of address",
            other => return write!(f, "error {other}"),
        })
    }
}

/// Asks the proxy at the other end to connect `stream` to `target`. Nothing behind its answer is
/// read.
pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    credentials: Option<&ProxyCredentials>,
    target: &Target<'_>,
) -> Result<(), ProxyError> {
    let request = request(target)?;
    log_in(stream, credentials).await?;
    stream.write_all(&request).await?;
    stream.flush().await?;
    let [version, reply, _reserved, kind] = read(stream).await?;
    if version != VERSION {
        return Err(ProxyError::NotSocks);
    }
    if reply != 0 {
        return Err(ProxyError::Refused(Reply(reply)));
    }
    // The proxy's own address and port, which are nothing to us.
    let length = match kind {
        ADDRESS_IPV4 => 4,
        ADDRESS_IPV6 => 16,
        ADDRESS_NAME => {
            let [length] = read(stream).await?;
            usize::from(length)
        }
        _ => return Err(ProxyError::NotSocks),
    };
    let mut rest = vec![0; length + 2];
    stream.read_exact(&mut rest).await?;
    Ok(())
}

/// Agrees on a way to log in and goes it.
async fn log_in<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    credentials: Option<&ProxyCredentials>,
) -> Result<(), ProxyError> {
    let greeting = match credentials {
        None => &[VERSION, 1, METHOD_NONE][..],
        Some(_) => &[VERSION, 2, METHOD_NONE, METHOD_PASSWORD],
    };
    stream.write_all(greeting).await?;
    stream.flush().await?;
    let [version, method] = read(stream).await?;
    match (version, method, credentials) {
        (VERSION, METHOD_NONE, _) => Ok(()),
        (VERSION, METHOD_PASSWORD, Some(credentials)) => {
            stream.write_all(&password(credentials)).await?;
            stream.flush().await?;
            let [_version, status] = read(stream).await?;
            if status == 0 { Ok(()) } else { Err(ProxyError::Credentials) }
        }
        (VERSION, METHOD_REFUSED | METHOD_PASSWORD, _) => Err(ProxyError::NoMethod),
        _ => Err(ProxyError::NotSocks),
    }
}

/// User name and password, each behind its length (RFC 1929 §2).
fn password(credentials: &ProxyCredentials) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(3 + 2 * 255));
    bytes.push(PASSWORD_VERSION);
    for field in [credentials.username.as_bytes(), credentials.password.expose()] {
        // The plan has at most 255 bytes of each.
        bytes.push(u8::try_from(field.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(field);
    }
    bytes
}

fn request(target: &Target<'_>) -> Result<Vec<u8>, ProxyError> {
    let mut bytes = vec![VERSION, COMMAND_CONNECT, RESERVED];
    let port = match target {
        Target::Name(name, port) => {
            bytes.extend([ADDRESS_NAME, u8::try_from(name.len()).map_err(|_| ProxyError::Name)?]);
            bytes.extend_from_slice(name.as_bytes());
            *port
        }
        Target::Address(address) => {
            match address.ip() {
                IpAddr::V4(address) => {
                    bytes.push(ADDRESS_IPV4);
                    bytes.extend(address.octets());
                }
                IpAddr::V6(address) => {
                    bytes.push(ADDRESS_IPV6);
                    bytes.extend(address.octets());
                }
            }
            address.port()
        }
    };
    bytes.extend(port.to_be_bytes());
    Ok(bytes)
}

async fn read<S: AsyncRead + Unpin, const N: usize>(stream: &mut S) -> Result<[u8; N], ProxyError> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    /// What comes of it, and what was sent, when the proxy answers so.
    async fn asked(
        credentials: Option<(&str, &[u8])>,
        target: Target<'_>,
        answer: &[u8],
    ) -> (Result<(), ProxyError>, Vec<u8>) {
        let credentials = credentials.map(|(username, password)| ProxyCredentials {
            username: username.to_owned(),
            password: Secret::new(password.to_vec()),
        });
        let mut sent = Vec::new();
        let mut stream = tokio::io::join(answer, &mut sent);
        let result = connect(&mut stream, credentials.as_ref(), &target).await;
        (result, sent)
    }

    const CONNECTED: &[u8] = b"\x05\x00\x05\x00\x00\x01\0\0\0\0\0\0";

    #[tokio::test]
    async fn the_target_is_a_name_or_an_address_of_either_kind() {
        let address = |text: &str| Target::Address(text.parse().unwrap());
        for (target, bytes) in [
            (Target::Name("broker", 1883), &b"\x03\x06broker\x07\x5b"[..]),
            (address("192.0.2.1:8883"), b"\x01\xc0\x00\x02\x01\x22\xb3"),
            (address("[2001:db8::1]:1"), b"\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x01"),
        ] {
            let (result, sent) = asked(None, target, CONNECTED).await;
            result.unwrap();
            assert_eq!(sent, [b"\x05\x01\x00\x05\x01\x00", bytes].concat());
        }
    }

    #[tokio::test]
    async fn user_name_and_password_are_told_only_where_they_are_asked_for() {
        let request = b"\x05\x01\x00\x03\x01h\x00\x01";
        for (password, told) in
            [(&b"p\xff"[..], &b"\x01\x04user\x02p\xff"[..]), (b"", b"\x01\x04user\x00")]
        {
            let target = Target::Name("h", 1);
            let answer = [b"\x05\x02\x01\x00", &CONNECTED[2..]].concat();
            let (result, sent) = asked(Some(("user", password)), target, &answer).await;
            result.unwrap();
            assert_eq!(sent, [b"\x05\x02\x00\x02", told, request].concat());
            let (result, sent) = asked(Some(("user", password)), target, CONNECTED).await;
            result.unwrap();
            assert_eq!(sent, [b"\x05\x02\x00\x02", &request[..]].concat());
        }
    }

    #[tokio::test]
    async fn the_proxys_own_address_is_read_to_its_end_and_nothing_behind_it() {
        for bound in [
            &b"\x01\x01\x02\x03\x04\0\0"[..],
            &[[4].as_slice(), &[0; 18]].concat(),
            b"\x03\x02ab\0\0",
        ] {
            let answer = [b"\x05\x00\x05\x00\x00", bound, b"rest"].concat();
            let mut answer = &answer[..];
            let mut stream = tokio::io::join(&mut answer, tokio::io::sink());
            connect(&mut stream, None, &Target::Name("h", 1)).await.unwrap();
            assert_eq!(answer, b"rest");
        }
    }

    #[tokio::test]
    async fn every_refusal_has_its_words() {
        for (answer, words) in [
            (&b"\x05\xff"[..], "the proxy wants another way to log in"),
            (b"\x05\x02", "the proxy wants another way to log in"),
            (b"\x05\x01", "the proxy does not answer as SOCKS 5 does"),
            (b"HT", "the proxy does not answer as SOCKS 5 does"),
            (b"\x05\x00HTTP", "the proxy does not answer as SOCKS 5 does"),
            (b"\x05\x00\x05\x00\x00\x02", "the proxy does not answer as SOCKS 5 does"),
            (b"\x05\x00\x05\x02\x00\x01", "the proxy answered: its rules do not allow"),
            (b"\x05\x00\x05\x05\x00\x01", "the proxy answered: the connection was refused"),
            (b"\x05\x00\x05\x09\x00\x01", "the proxy answered: error 9"),
            (b"", "the proxy closed the connection"),
            (b"\x05\x00\x05\x00\x00\x03\xffabc", "the proxy closed the connection"),
        ] {
            let (result, _) = asked(None, Target::Name("h", 1), answer).await;
            let error = result.unwrap_err().to_string();
            assert!(error.starts_with(words), "{error}");
        }
        let (result, _) = asked(Some(("u", b"p")), Target::Name("h", 1), b"\x05\x02\x01\x01").await;
        let error = result.unwrap_err().to_string();
        assert_eq!(error, "the proxy refuses the user name and the password");
    }

    #[tokio::test]
    async fn a_name_has_at_most_255_bytes() {
        let (longest, too_long) = ("x".repeat(255), "x".repeat(256));
        asked(None, Target::Name(&longest, 1), CONNECTED).await.0.unwrap();
        let (result, sent) = asked(None, Target::Name(&too_long, 1), CONNECTED).await;
        assert!(matches!(result, Err(ProxyError::Name)), "{result:?}");
        assert_eq!(sent, b"");
    }
}
