//! Looking at one thing at a fixed pace while others ask for something else.

use std::{
    cell::RefCell,
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::{Asked, Connection, Pace};

/// What is looked at, and how often.
pub struct View {
    pub address: SocketAddr,
    pub request: Vec<u8>,
    pub every: Duration,
    /// What is looked for in the answer.
    pub mark: String,
}

/// A look, and whether what was looked for was there.
pub type Look = Asked<bool>;

/// Begins to look, and has looked once when it is back. A look that is due while others wait for their answers goes its
/// own way, on a connection that is free or new.
pub async fn watch(view: View) -> Pace<bool> {
    let View { address, request, every, mark } = view;
    Pace::start(every, move || async move {
        let free = RefCell::new(Vec::new());
        async move || {
            let kept = free.borrow_mut().pop();
            let mut connection = match kept {
                Some(connection) => connection,
                None => Connection::open(address).await.expect("connections are taken"),
            };
            let answer = connection.ask(&request).await.expect("every look is answered");
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
            let is_there = answer.body.windows(mark.len()).any(|bytes| bytes == mark.as_bytes());
            free.borrow_mut().push(connection);
            is_there
        }
    })
    .await
}

/// For how long after an instant something was still told that should have been over by then: up to when the last
/// that told it had been asked.
pub fn stale_for(looks: &[Look], over_at: Instant) -> Duration {
    let stale = looks.iter().filter(|look| look.told && look.asked > over_at);
    stale.map(|look| look.asked - over_at).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_afterwards_can_be_stale() {
        let began = Instant::now();
        let look = |asked, told| {
            let asked = began + Duration::from_millis(asked);
            Look { due: asked, asked, answered: asked + Duration::from_millis(5), told }
        };
        let over_at = began + Duration::from_millis(10);
        assert_eq!(stale_for(&[look(8, true), look(12, false)], over_at), Duration::ZERO);
        let looks = [look(12, true), look(17, true), look(30, false)];
        assert_eq!(stale_for(&looks, over_at), Duration::from_millis(7));
    }
}
