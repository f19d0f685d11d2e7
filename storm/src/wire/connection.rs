//! A connection to an instance. It ends with a reset whenever it is dropped, as that of a caller does who vanishes.

use std::{fmt::Write, io, net::SocketAddr, time::Duration};

use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Request,
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinHandle, time::sleep};

use super::outgoing::Outgoing;

/// An answer as it came.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// A kept connection.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
    address: SocketAddr,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.set_zero_linger()?;
    Ok(stream)
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let (sender, connection) =
            handshake(TokioIo::new(connect(address).await?)).await.map_err(io::Error::other)?;
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, driver, address })
    }

    /// Whether another request can be sent over it.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.sender.is_ready()
    }

    /// Sends a request and waits for its whole answer.
    pub async fn exchange(&mut self, outgoing: &Outgoing) -> Result<Reply, hyper::Error> {
        self.send(self.request(outgoing)).await
    }

    /// Reads what anybody may read, beside the API.
    pub async fn read(&mut self, path: &str) -> Result<Reply, hyper::Error> {
        let request = Request::get(path).header("Host", self.address.to_string()).body(Full::default());
        self.send(request.expect("the parts of a request are good ones")).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Reply, hyper::Error> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
    }

    fn request(&self, outgoing: &Outgoing) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(&outgoing.method)
            .uri(format!("/api/v1{}", outgoing.path))
            .header("Host", self.address.to_string())
            .header("Authorization", format!("Bearer {}", outgoing.token));
        if outgoing.key > 0 {
            request = request.header("Idempotency-Key", outgoing.key_text());
        }
        if outgoing.body.is_some() {
            request = request.header("Content-Type", "application/json");
        }
        let body = outgoing.body.clone().unwrap_or_default();
        request.body(Full::new(Bytes::from(body))).expect("the parts of a request are good ones")
    }
}

/// Sends a part of a request only, and resets the connection: nothing can come of it.
pub async fn send_a_part(address: SocketAddr, outgoing: &Outgoing, linger: Duration) -> io::Result<()> {
    let mut stream = connect(address).await?;
    let mut text = format!(
        "{} /api/v1{} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n",
        outgoing.method, outgoing.path, outgoing.token
    );
    if outgoing.key > 0 {
        write!(text, "Idempotency-Key: {}\r\n", outgoing.key_text()).unwrap();
    }
    if let Some(body) = &outgoing.body {
        // The announced length is never reached.
        let length = body.len() + 1;
        write!(text, "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    }
    stream.write_all(text.as_bytes()).await?;
    sleep(linger).await;
    Ok(())
}
