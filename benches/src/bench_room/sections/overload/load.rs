//! Asking: as fast as answers come, or at a rate, whatever comes of it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    crowd::{Crowd, Errand},
    figures::Figures,
};
use encore_benches::http::{Answer, Connection};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// A connection that was unused for longer is opened anew: the service ends those that are idle for long.
const UNUSED_AT_MOST: Duration = Duration::from_secs(5);
/// How often it is looked what is due.
const LOOKS_EVERY: Duration = Duration::from_millis(1);

/// The connections there may be, and what has come of what was asked over them.
pub(super) struct Clients {
    pub(super) crowd: Crowd,
    address: SocketAddr,
    idle: Mutex<Vec<Idle>>,
    figures: Mutex<Figures>,
}

/// A connection, and since when it is unused.
struct Idle(Connection, Instant);

impl Clients {
    pub(super) fn new(crowd: Crowd, address: SocketAddr) -> Arc<Self> {
        Arc::new(Self { crowd, address, idle: Mutex::default(), figures: Mutex::default() })
    }

    /// Opens connections until there are so many.
    pub(super) async fn connect(&self, connections: usize) {
        while self.idle.lock().unwrap().len() < connections {
            self.put_back(Connection::open(self.address).await);
        }
    }

    fn put_back(&self, connection: Connection) {
        self.idle.lock().unwrap().push(Idle(connection, Instant::now()));
    }

    /// Asks over so many connections, each as soon as it was answered.
    pub(super) async fn closed(self: &Arc<Self>, connections: usize, lasts: Duration) -> Figures {
        let began = Instant::now();
        let asking = (0..connections).map(|_| {
            let clients = Arc::clone(self);
            tokio::spawn(async move {
                while began.elapsed() < lasts {
                    let connection = clients.idle.lock().unwrap().pop().expect("enough are connected");
                    clients.ask(connection, Instant::now()).await;
                }
            })
        });
        join_all(asking).await.into_iter().for_each(Result::unwrap);
        self.figures(began.elapsed())
    }

    /// Asks so many times a second, whether or not what was asked before is answered.
    pub(super) async fn open(self: &Arc<Self>, a_second: f64, lasts: Duration) -> Figures {
        let began = Instant::now();
        let (mut asked, mut asking) = (0_u64, JoinSet::new());
        while began.elapsed() < lasts {
            let due = (began.elapsed().as_secs_f64() * a_second) as u64;
            while asked < due {
                asked += 1;
                let at = began + Duration::from_secs_f64(asked as f64 / a_second);
                let Some(connection) = self.idle.lock().unwrap().pop() else {
                    self.figures.lock().unwrap().unconnected += 1;
                    continue;
                };
                let clients = Arc::clone(self);
                asking.spawn(async move { clients.ask(connection, at).await });
            }
            while let Some(asked) = asking.try_join_next() {
                asked.unwrap();
            }
            sleep(LOOKS_EVERY).await;
        }
        let lasted = began.elapsed();
        asking.join_all().await;
        self.figures(lasted)
    }

    fn figures(&self, lasted: Duration) -> Figures {
        Figures { lasted, ..std::mem::take(&mut *self.figures.lock().unwrap()) }
    }

    async fn ask(&self, Idle(mut connection, since): Idle, due: Instant) {
        let (errand, request) = self.crowd.next();
        let asking = async {
            if since.elapsed() > UNUSED_AT_MOST {
                connection = Connection::try_open(self.address).await?;
            }
            connection.try_ask(&request).await
        };
        match timeout(PATIENCE, asking).await {
            Ok(Ok(answer)) => {
                self.put_back(connection);
                self.take(errand, due, Some(&answer));
            }
            Ok(Err(_)) => {
                self.figures.lock().unwrap().cut += 1;
                self.go_without_answer(errand, due).await;
            }
            Err(_) => {
                self.figures.lock().unwrap().timed_out += 1;
                self.go_without_answer(errand, due).await;
            }
        }
    }

    fn take(&self, errand: Errand, due: Instant, answer: Option<&Answer>) {
        if let Some(answer) = answer {
            self.figures.lock().unwrap().answered(errand.name(), due, answer);
        }
        self.crowd.answered(errand, answer);
    }

    /// In place of a connection that is of no use any more there is another.
    async fn go_without_answer(&self, errand: Errand, due: Instant) {
        self.take(errand, due, None);
        if let Ok(connection) = Connection::try_open(self.address).await {
            self.put_back(connection);
        }
    }
}
