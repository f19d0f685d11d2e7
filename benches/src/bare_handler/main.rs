//! `bench-bare-handler`: what the web framework alone can answer, with the same check of the same token. It answers the
//! paths of the service from memory, and prints where it listens.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a limit that can not be measured says why and ends"
)]

mod answers;

use std::{env, io, time::Duration};

use actix_web::{
    App, HttpServer,
    middleware::from_fn,
    web::{self, Data},
};
use adapter_credentials::{JsonWebTokens, TokenSecret};
use adapter_http::{Draining, HttpSettings, around_every_request, listen};
use answers::{Bodies, Room, check_place, hold_seats, list_seats};
use encore_benches::bare_handler::{LISTING, PROBLEM};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// As the service folds what it has measured.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// That of the service.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let filter = EnvFilter::new(variable("ENCORE_LOG"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(io::stderr).init();
    let metrics = PrometheusBuilder::new().set_buckets(&[0.001, 0.01, 0.1, 1.0]).unwrap();
    actix_web::rt::spawn(keep_up(metrics.install_recorder().unwrap()));

    let tokens = Data::new(JsonWebTokens::new(&TokenSecret::new(variable("ENCORE_TOKEN_SECRET")).unwrap()));
    let bodies = Data::new(Bodies { listing: variable(LISTING).into(), problem: variable(PROBLEM).into() });
    let room = Data::new(Room::default());
    let draining = Data::new(Draining::default());
    let settings = HttpSettings::default();
    let listener = listen("127.0.0.1:0".parse().unwrap()).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let application = move || {
        App::new()
            .app_data(tokens.clone())
            .app_data(bodies.clone())
            .app_data(room.clone())
            .app_data(draining.clone())
            .service(
                web::scope("/api/v1/queue")
                    .wrap(from_fn(around_every_request))
                    .route("/status", web::get().to(check_place)),
            )
            .route("/api/v1/reservations", web::post().to(hold_seats))
            .route("/api/v1/schedules/{schedule}/seats", web::get().to(list_seats))
    };
    HttpServer::new(application)
        .max_connections(settings.connections_a_worker)
        .client_request_timeout(settings.request_timeout)
        .h1_allow_half_closed(false)
        .keep_alive(settings.keep_alive)
        .workers(variable("ENCORE_WORKERS").parse().unwrap())
        .listen(listener)?
        .run()
        .await
}

async fn keep_up(metrics: PrometheusHandle) {
    let mut due = actix_web::rt::time::interval(UPKEEP_EVERY);
    loop {
        due.tick().await;
        metrics.run_upkeep();
    }
}
