//! A connection that costs its process little, so that what is measured is the service.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What there is room for at each reading: more than an answer has, or an event.
const ROOM: usize = 2_048;

/// A connection that is kept alive, with one request under way at a time.
pub struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// What the service has answered.
pub struct Answer {
    pub status: u16,
    /// Whether it says when to ask again.
    pub says_when: bool,
    pub body: Vec<u8>,
}

/// The bytes of a request; `path` begins behind `/api/v1`.
pub fn request(method: &str, path: &str, token: Option<&str>, body: Option<&str>) -> Vec<u8> {
    keyed_request(method, path, token, None, body)
}

/// The same, with an `Idempotency-Key`.
pub fn keyed_request(
    method: &str,
    path: &str,
    token: Option<&str>,
    key: Option<&str>,
    body: Option<&str>,
) -> Vec<u8> {
    let key = key.map(|key| format!("Idempotency-Key: {key}\r\n")).unwrap_or_default();
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let content = body.map_or(String::new(), |body| {
        format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
    });
    let body = body.unwrap_or_default();
    format!("{method} /api/v1{path} HTTP/1.1\r\nHost: encore\r\n{authorization}{key}{content}\r\n{body}")
        .into_bytes()
}

/// Where an instance listens, by its URL.
pub fn address(url: &str) -> SocketAddr {
    url.strip_prefix("http://").unwrap().parse().unwrap()
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        Self::try_open(address).await.expect("the instance takes connections")
    }

    pub async fn try_open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: Vec::new() })
    }

    pub async fn ask(&mut self, request: &[u8]) -> Answer {
        self.try_ask(request).await.expect("the instance answers")
    }

    /// Asks, and tells when the connection ended before the answer did.
    pub async fn try_ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        let head = self.try_head().await?;
        let status = head[9..12].parse().expect("a status");
        let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        while self.unread.len() < length {
            self.read_more().await?;
        }
        let body = self.unread.drain(..length).collect();
        Ok(Answer { status, says_when: header(&head, "retry-after").is_some(), body })
    }

    pub async fn send(&mut self, request: &[u8]) {
        self.stream.write_all(request).await.expect("the instance reads");
    }

    /// The head of an answer.
    pub async fn head(&mut self) -> String {
        self.try_head().await.expect("the instance answers")
    }

    async fn try_head(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                return Ok(String::from_utf8(self.unread.drain(..end + 4).collect()).unwrap());
            }
            self.read_more().await?;
        }
    }

    async fn read_more(&mut self) -> io::Result<()> {
        if self.read().await == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Reads what has come, and tells how much; 0 at the end.
    async fn read(&mut self) -> usize {
        self.unread.reserve(ROOM);
        self.stream.read_buf(&mut self.unread).await.unwrap_or(0)
    }

    /// What has come of a stream since the last time; none at its end.
    pub async fn chunk(&mut self) -> Option<Vec<u8>> {
        if self.unread.is_empty() && self.read().await == 0 {
            return None;
        }
        Some(std::mem::take(&mut self.unread))
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
