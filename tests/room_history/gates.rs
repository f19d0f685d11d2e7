//! The instances that fans call, while they are killed and started again.

use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use encore_tests::{
    client::Answer,
    history::{events::Instant, recorder::now},
    service::{Instance, command},
};
use fastrand::Rng;
use reqwest::{Client, RequestBuilder};
use tokio::{process::Child, sync::watch, time::sleep};

/// The settings of every instance of the storm.
pub(crate) const SETTINGS: &[(&str, &str)] = &[("ENCORE_RATE_LIMITS", "off"), ("ENCORE_HOLD_SECONDS", "20")];

/// What fans know of the instances: the addresses of those that nobody has killed.
pub(crate) struct Gates {
    client: Client,
    open: watch::Sender<Vec<Arc<str>>>,
    cut_off: AtomicUsize,
    turned_away: AtomicUsize,
}

/// An answer, and when it was asked for and given.
pub(crate) struct Exchange {
    pub(crate) answer: Answer,
    pub(crate) sent: Instant,
    pub(crate) received: Instant,
}

impl Gates {
    pub(crate) fn new(instances: &[Instance]) -> Self {
        let client =
            Client::builder().pool_max_idle_per_host(1024).timeout(Duration::from_secs(30)).build().unwrap();
        let urls = instances.iter().map(|instance| Arc::from(instance.url.as_str())).collect();
        Self {
            client,
            open: watch::Sender::new(urls),
            cut_off: AtomicUsize::new(0),
            turned_away: AtomicUsize::new(0),
        }
    }

    /// How many calls were cut off by a kill.
    pub(crate) fn cut_off(&self) -> usize {
        self.cut_off.load(Ordering::Relaxed)
    }

    /// How many calls were told to come back because the store was overloaded.
    pub(crate) fn turned_away(&self) -> usize {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// Calls any instance, and the next one if the instance is killed meanwhile. Whoever is told that the store is
    /// overloaded, so that nothing has changed, comes back when told to. No other failure is taken.
    pub(crate) async fn call(
        &self,
        picks: &mut Rng,
        request: impl Fn(&Client, &str) -> RequestBuilder,
    ) -> Exchange {
        let mut open = self.open.subscribe();
        loop {
            let urls = open.wait_for(|urls| !urls.is_empty()).await.unwrap().clone();
            let url = &urls[picks.usize(..urls.len())];
            let sent = now();
            match answer(request(&self.client, url)).await {
                Ok(answer) if answer.body["code"] == "STORE_UNAVAILABLE" => {
                    self.turned_away.fetch_add(1, Ordering::Relaxed);
                    let seconds = answer.header("retry-after").parse().expect("when to come back");
                    sleep(Duration::from_secs(seconds)).await;
                }
                // The client had opened the connection in advance, and let it wait for longer than a head may
                // take: the request was not read.
                Ok(answer) if answer.status == 408 => {}
                Ok(answer) => return Exchange { answer, sent, received: now() },
                Err(error) if self.open.borrow().contains(url) => {
                    panic!("an instance that nobody killed did not answer: {error:?}")
                }
                Err(_) => {
                    self.cut_off.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// Ends an instance as `kill -9` does, and starts another in its place.
    pub(crate) async fn replace(&self, instance: &mut Instance, database_url: &str) {
        let killed = Arc::<str>::from(instance.url.as_str());
        self.open.send_modify(|urls| urls.retain(|url| *url != killed));
        instance.kill_at_once().await;
        *instance = Instance::start(database_url, SETTINGS).await;
        let started = Arc::from(instance.url.as_str());
        self.open.send_modify(|urls| urls.push(started));
    }
}

async fn answer(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or_default();
    Ok(Answer { status, headers, text, body })
}

/// A scheduler of its own, as it runs beside the instances on PostgreSQL.
pub(crate) fn start_scheduler(database_url: &str) -> Child {
    command("encore-scheduler", database_url, &[]).stdout(Stdio::null()).spawn().unwrap()
}
