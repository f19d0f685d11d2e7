//! A connection that is kept alive, with one request under way at a time.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What there is room for at first: more than most answers have.
const ROOM: usize = 16_384;
/// More headers than any answer has.
const HEADERS: usize = 24;

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

/// An answer, where it has arrived.
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

/// What is needed of the head of an answer.
struct Head {
    status: u16,
    length: usize,
    body_length: usize,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; ROOM], filled: 0 })
    }

    /// Asks, and waits for the whole answer.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.filled = 0;
        let head = loop {
            self.read_more().await?;
            if let Some(head) = head(&self.buffer[..self.filled])? {
                break head;
            }
        };
        let end = head.length + head.body_length;
        while self.filled < end {
            self.read_more().await?;
        }
        Ok(Answer { status: head.status, body: &self.buffer[head.length..end] })
    }

    async fn read_more(&mut self) -> io::Result<()> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(2 * self.filled, 0);
        }
        let read = self.stream.read(&mut self.buffer[self.filled..]).await?;
        self.filled += read;
        if read == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

/// The head of an answer, if all of it has arrived.
fn head(arrived: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(arrived).map_err(io::Error::other)?;
    let httparse::Status::Complete(length) = parsed else { return Ok(None) };
    let status = response.code.unwrap_or_default();
    let said = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let said = said.and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
    Ok(Some(Head { status, length, body_length: said.unwrap_or_default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_all_of_it_has_arrived() {
        let text = b"HTTP/1.1 201 Created\r\nContent-Length: 12\r\nDate: today\r\n\r\n{\"a\"";
        let whole = head(text).unwrap().expect("the head is complete");
        assert_eq!((whole.status, whole.body_length), (201, 12));
        assert_eq!(&text[whole.length..], b"{\"a\"");
        assert!(head(&text[..whole.length - 1]).unwrap().is_none(), "expected to wait for the rest");
    }

    #[test]
    fn an_answer_that_says_no_length_has_no_body() {
        assert_eq!(head(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap().body_length, 0);
    }
}
