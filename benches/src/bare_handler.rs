//! `bench-bare-handler` as a child process: the limit of what is answered from memory.

use std::{net::SocketAddr, process::Stdio};

use encore_tests::service::command;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
};

use crate::http::address;

/// The variable with the answer to a listing of seats.
pub const LISTING: &str = "BARE_LISTING";
/// The variable with the answer to a hold.
pub const PROBLEM: &str = "BARE_PROBLEM";

pub struct BareHandler {
    pub address: SocketAddr,
    child: Child,
}

impl BareHandler {
    /// Starts it with the bodies that the service answered.
    pub async fn start(bodies: &[(&str, &str)]) -> Self {
        let mut child = command("bench-bare-handler", "", bodies)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the bare handler can be started");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().expect("it says where it listens");
        let url = line.strip_prefix("listening on ").expect("it says where it listens");
        Self { address: address(url), child }
    }

    pub fn id(&self) -> u32 {
        self.child.id().expect("the bare handler runs")
    }
}
