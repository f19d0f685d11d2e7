//! Serving until told to stop.

use std::{
    future::Future,
    io::{self, Write},
    time::Duration,
};

use adapter_http::{Draining, HttpSettings, Readiness};
use adapter_live::{WAITING_DURATION, describe_room_measurements};
use adapter_persistence::{Store, StoreAddress};
use async_trait::async_trait;
use domain::storage::StorageError;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::{
    commands::{CommandError, alone, open, remember_room, token_secret},
    demo,
    settings::{SchedulerPlace, Settings},
    use_cases,
};

/// How `encore serve` is to begin.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServeOptions {
    /// Whether to bring a server's tables up to date first; an embedded store's always are.
    pub migrate: bool,
    /// Whether to fill an empty store with demo data first.
    pub demo: bool,
}

/// Serves HTTP until SIGTERM or SIGINT comes, and stops in order then.
///
/// # Errors
///
/// [`CommandError`] when it can not begin to serve, or its server fails.
pub async fn serve(settings: Settings, options: ServeOptions) -> Result<(), CommandError> {
    let _alone = alone(&settings.store)?;
    let secret = token_secret(&settings)?;
    if options.migrate || matches!(settings.store, StoreAddress::Sqlite(_)) {
        Store::migrate(&settings.store).await?;
    }
    let store = open(&settings).await?;
    let ports = store.ports();
    let metrics = record_metrics()?;
    describe_room_measurements();
    let memory = remember_room(&settings, &ports).await?;
    let use_cases = use_cases::for_http(&settings, &secret, &ports, &memory)?;
    if options.demo {
        demo::seed(&use_cases, ports.clock.as_ref()).await?;
    }
    let (stop, stopped) = watch::channel(false);
    let scheduler = (settings.scheduler == SchedulerPlace::Inside).then(|| {
        tokio::spawn(adapter_scheduler::run(
            adapter_scheduler::jobs(use_cases::for_scheduler(&ports)),
            stopped,
        ))
    });

    let listening = |error| CommandError::Io(format!("{} can not be listened on", settings.listen), error);
    let listener = adapter_http::listen(settings.listen).await.map_err(listening)?;
    let address = listener.local_addr().map_err(listening)?;
    tokio::spawn(keep_up(metrics.clone()));
    let draining = Draining::default();
    let server = adapter_http::serve(
        listener,
        use_cases,
        HttpSettings {
            admin_key: settings.admin_key.clone(),
            trusted_identity: settings.trusted_identity,
            workers: settings.workers,
            requests_at_most: settings.requests_at_most,
            ..HttpSettings::default()
        },
        std::sync::Arc::new(StoreReadiness(store)),
        draining.clone(),
        metrics,
    )
    .map_err(listening)?;
    let handle = server.handle();
    let stop_in_order = async move {
        wait_for_signal().await;
        draining.begin();
        tokio::time::sleep(settings.shutdown_delay).await;
        handle.stop(true).await;
    };
    let stopping = tokio::spawn(stop_in_order);
    announce(&format!("listening on http://{address}"), options.demo.then_some(address.to_string()));
    server.await.map_err(|error| CommandError::Io("the server failed".to_owned(), error))?;
    stopping.abort();
    stop.send_replace(true);
    if let Some(scheduler) = scheduler {
        drop(tokio::time::timeout(Duration::from_secs(3), scheduler).await);
    }
    Ok(())
}

/// Runs the scheduler's jobs until SIGTERM or SIGINT comes.
///
/// # Errors
///
/// [`CommandError`] when the store can not be used.
pub async fn run_scheduler(settings: Settings) -> Result<(), CommandError> {
    let store = open(&settings).await?;
    let jobs = adapter_scheduler::jobs(use_cases::for_scheduler(&store.ports()));
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(adapter_scheduler::run(jobs, stopped));
    announce("scheduling", None);
    wait_for_signal().await;
    stop.send_replace(true);
    drop(tokio::time::timeout(Duration::from_secs(15), running).await);
    Ok(())
}

/// Tells on standard output that the service has begun; that nobody reads it is no reason to stop.
fn announce(begun: &str, demo: Option<String>) {
    let mut lines = vec![begun.to_owned()];
    if let Some(address) = demo {
        lines.push(format!("documentation: http://{address}/docs"));
        let users = demo::USERS.iter().map(|(email, _)| *email).collect::<Vec<_>>().join(" or ");
        lines.push(format!("demo login: {users}, password {}", demo::PASSWORD));
    }
    let mut output = io::stdout().lock();
    drop(writeln!(output, "{}", lines.join("\n")).and_then(|()| output.flush()));
}

/// The bounds of the histograms' buckets, in seconds.
const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The same for the time people wait for their turn.
const WAITING_BUCKETS: &[f64] =
    &[0.1, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0];

fn record_metrics() -> Result<PrometheusHandle, CommandError> {
    let failed = |error| CommandError::Io("nothing can be measured".to_owned(), io::Error::other(error));
    PrometheusBuilder::new()
        .set_buckets(BUCKETS)
        .and_then(|metrics| {
            metrics.set_buckets_for_metric(Matcher::Full(WAITING_DURATION.to_owned()), WAITING_BUCKETS)
        })
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(failed)
}

/// Folds what was measured into its histograms now and then, so that memory does not grow between scrapes.
async fn keep_up(metrics: PrometheusHandle) {
    let mut due = tokio::time::interval(Duration::from_secs(5));
    loop {
        due.tick().await;
        metrics.run_upkeep();
    }
}

fn wait_for_signal() -> impl Future<Output = ()> {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        match (terminate, interrupt) {
            (Ok(mut terminate), Ok(mut interrupt)) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            }
            // Without handlers the signals end the process by themselves.
            _ => std::future::pending().await,
        }
    }
}

/// How long the store may take to say that it is there: a server that is frozen says nothing at all.
const READY_WITHIN: Duration = Duration::from_secs(3);

struct StoreReadiness(Store);

#[async_trait]
impl Readiness for StoreReadiness {
    async fn ready(&self) -> Result<(), StorageError> {
        let is_migrated = tokio::time::timeout(READY_WITHIN, self.0.is_migrated());
        if is_migrated.await.map_err(StorageError::unavailable)?? {
            Ok(())
        } else {
            Err(StorageError::unavailable("not migrated"))
        }
    }
}
