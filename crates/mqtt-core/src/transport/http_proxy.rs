//! HTTP CONNECT: a request, the head of an answer, and then the connection is the broker's
//! (RFC 9110 §9.3.6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
    Take,
};
use zeroize::Zeroizing;

use super::proxy::ProxyError;
use crate::plan::{Endpoint, ProxyCredentials};

/// The longest head of an answer that is read, in bytes.
const LONGEST_HEAD: u64 = 16 * 1024;

/// How much is read at a time until the connection is the broker's; what comes later is read as its
/// reader wants.
const READ_SIZE: usize = 1024;

/// Asks the proxy at the other end to connect `stream` to `host`. What comes behind its answer is
/// read from the stream that is given back.
pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    credentials: Option<&ProxyCredentials>,
    host: &str,
    port: u16,
) -> Result<BufReader<S>, ProxyError> {
    stream.write_all(&request(credentials, host, port)?).await?;
    stream.flush().await?;
    let mut stream = BufReader::with_capacity(READ_SIZE, stream);
    let mut head = (&mut stream).take(LONGEST_HEAD);
    let (code, reason) = status(&line(&mut head).await?)?;
    if !(200..300).contains(&code) {
        return Err(ProxyError::Status { code, reason });
    }
    while !line(&mut head).await?.is_empty() {}
    Ok(stream)
}

fn request(
    credentials: Option<&ProxyCredentials>,
    host: &str,
    port: u16,
) -> Result<Zeroizing<Vec<u8>>, ProxyError> {
    // A name may come from a broker that refers to another one.
    if !host.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ProxyError::Name);
    }
    let target = Endpoint::Tcp { host: host.to_owned(), port };
    let head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    let authorization = credentials.map(authorization).unwrap_or_default();
    Ok(Zeroizing::new([&head, &*authorization, "\r\n"].concat().into_bytes()))
}

/// Who asks (RFC 7617 §2).
fn authorization(credentials: &ProxyCredentials) -> Zeroizing<String> {
    let ProxyCredentials { username, password } = credentials;
    let pair = Zeroizing::new([username.as_bytes(), b":", password.expose()].concat());
    let encoded = Zeroizing::new(STANDARD.encode(&*pair));
    Zeroizing::new(["Proxy-Authorization: Basic ", &encoded, "\r\n"].concat())
}

/// The next line of the head, without its end.
async fn line<S: AsyncBufRead + Unpin>(head: &mut Take<S>) -> Result<Vec<u8>, ProxyError> {
    let mut line = Vec::new();
    head.read_until(b'\n', &mut line).await?;
    if line.pop() != Some(b'\n') {
        return Err(if head.limit() == 0 { ProxyError::LongAnswer } else { ProxyError::Closed });
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}

/// The code and the words of a status line, `HTTP/1.1 200 OK` (RFC 9112 §4).
fn status(line: &[u8]) -> Result<(u16, String), ProxyError> {
    let text = String::from_utf8_lossy(line);
    let mut words = text.splitn(3, ' ');
    let version = words.next().unwrap_or_default();
    let digits = words.next().unwrap_or_default();
    let is_code = digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit());
    match digits.parse() {
        Ok(code) if is_code && version.starts_with("HTTP/1.") => {
            Ok((code, words.next().unwrap_or_default().trim().to_owned()))
        }
        _ => Err(ProxyError::NotHttp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    /// What was sent, and what comes behind the answer.
    async fn asked(
        credentials: Option<(&str, &[u8])>,
        host: &str,
        answer: &[u8],
    ) -> Result<(String, Vec<u8>), ProxyError> {
        let credentials = credentials.map(|(username, password)| ProxyCredentials {
            username: username.to_owned(),
            password: Secret::new(password.to_vec()),
        });
        let mut sent = Vec::new();
        let mut rest = Vec::new();
        let stream = tokio::io::join(answer, &mut sent);
        let mut stream = connect(stream, credentials.as_ref(), host, 1883).await?;
        stream.read_to_end(&mut rest).await?;
        Ok((String::from_utf8(sent).unwrap(), rest))
    }

    #[tokio::test]
    async fn the_request_names_the_broker_and_who_asks() {
        let ok = b"HTTP/1.1 200 OK\r\n\r\n";
        let (sent, _) = asked(None, "broker", ok).await.unwrap();
        assert_eq!(sent, "CONNECT broker:1883 HTTP/1.1\r\nHost: broker:1883\r\n\r\n");
        let (sent, _) = asked(None, "2001:db8::1", ok).await.unwrap();
        assert!(sent.starts_with("CONNECT [2001:db8::1]:1883 HTTP/1.1\r\n"), "{sent}");
        // The example of RFC 7617 §2.
        let (sent, _) = asked(Some(("Aladdin", b"open sesame")), "b", ok).await.unwrap();
        let field = "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n";
        assert!(sent.ends_with(&format!("\r\nHost: b:1883\r\n{field}")), "{sent}");
    }

    #[tokio::test]
    async fn what_comes_behind_the_answer_is_kept() {
        for answer in [
            "HTTP/1.1 200 Connection established\r\n\r\nbroker",
            "HTTP/1.0 200\nVia: x\nContent-Length: 7\n\nbroker",
            "HTTP/1.1 299 \r\nA: b\r\n\r\nbroker",
        ] {
            assert_eq!(asked(None, "h", answer.as_bytes()).await.unwrap().1, b"broker");
        }
    }

    #[tokio::test]
    async fn every_refusal_has_its_words() {
        let endless = [&b"HTTP/1.1 200 OK\r\n"[..], &b"A: b\r\n".repeat(3_000)].concat();
        for (answer, words) in [
            (
                &b"HTTP/1.1 407 Proxy Authentication Required\r\n"[..],
                "the proxy answered 407 Proxy Authentication Required",
            ),
            (b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", "the proxy answered 502 Bad Gateway"),
            (b"HTTP/1.1 100 Continue\r\n\r\n", "the proxy answered 100 Continue"),
            (b"HTTP/2 200 OK\r\n\r\n", "the proxy does not answer as HTTP does"),
            (b"HTTP/1.1 +20 OK\r\n\r\n", "the proxy does not answer as HTTP does"),
            (b"\r\n\r\n", "the proxy does not answer as HTTP does"),
            (b"SSH-2.0-x\r\n", "the proxy does not answer as HTTP does"),
            (b"", "the proxy closed the connection"),
            (b"HTTP/1.1 200 OK\r\nA: b\r\n", "the proxy closed the connection"),
            (&endless, "the proxy's answer is too long"),
            (&b"x".repeat(20_000), "the proxy's answer is too long"),
        ] {
            let error = asked(None, "h", answer).await.unwrap_err().to_string();
            assert_eq!(error, words);
        }
    }

    #[tokio::test]
    async fn a_name_cannot_add_to_the_request() {
        for name in ["a b", "a\r\nX: y", "\u{fc}"] {
            let error = asked(None, name, b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap_err();
            assert!(matches!(error, ProxyError::Name), "{error}");
        }
    }
}
