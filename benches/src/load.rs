//! Asking over many connections for a while.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use crate::{http::Connection, report::percentile};

/// How the asking went.
pub struct Load {
    pub elapsed: Duration,
    /// In microseconds.
    pub latencies: Vec<f64>,
}

impl Load {
    pub fn a_second(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    pub fn microseconds(&mut self, share: f64) -> f64 {
        percentile(&mut self.latencies, share)
    }
}

/// Asks the same requests over and over, over so many connections, each in an order of its own.
pub async fn repeat(
    address: SocketAddr,
    connections: usize,
    lasts: Duration,
    requests: &Arc<Vec<Vec<u8>>>,
) -> Load {
    let opened = join_all((0..connections).map(|_| Connection::open(address))).await;
    let began = Instant::now();
    let asking = opened.into_iter().enumerate().map(|(place, mut connection)| {
        let requests = Arc::clone(requests);
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            let mut next = place * requests.len() / connections;
            while began.elapsed() < lasts {
                let asked = Instant::now();
                let answer = connection.ask(&requests[next]).await;
                latencies.push(asked.elapsed().as_secs_f64() * 1e6);
                assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
                // A prime, so that every request has its turn and neighbours do not follow each other.
                next = (next + 7_919) % requests.len();
            }
            latencies
        })
    });
    let latencies = join_all(asking).await.into_iter().flat_map(Result::unwrap).collect();
    Load { elapsed: began.elapsed(), latencies }
}

/// Asks each request once, over so many connections.
pub async fn once(address: SocketAddr, connections: usize, requests: Vec<Vec<u8>>, status: u16) -> Load {
    let opened = join_all((0..connections).map(|_| Connection::open(address))).await;
    let requests = Arc::new(requests);
    let next = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let began = Instant::now();
    let asking = opened.into_iter().map(|mut connection| {
        let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            while let Some(request) = requests.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                let asked = Instant::now();
                let answer = connection.ask(request).await;
                latencies.push(asked.elapsed().as_secs_f64() * 1e6);
                assert_eq!(answer.status, status, "{}", String::from_utf8_lossy(&answer.body));
            }
            latencies
        })
    });
    let latencies = join_all(asking).await.into_iter().flat_map(Result::unwrap).collect();
    Load { elapsed: began.elapsed(), latencies }
}
