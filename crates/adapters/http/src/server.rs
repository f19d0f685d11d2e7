//! The server: the application and the threads that serve it.

use std::{
    any::Any,
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    App, Error, HttpServer,
    body::BoxBody,
    dev::{Extensions, Server, ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{
    net::{TcpSocket, TcpStream},
    runtime::Handle,
};

use crate::{
    calls::{around::docs::Description, catalog::listings::Listings},
    lifecycle::{Draining, Readiness},
    measurements::describe_measurements,
    middleware::around_every_request,
    openapi::openapi_json,
    request_bounds::RequestLimits,
    response::EventStreams,
    routes::routes,
    settings::HttpSettings,
    use_cases::UseCases,
};

/// Connections that may wait to be accepted. The kernel caps it by `net.core.somaxconn`.
const BACKLOG: u32 = 8_192;

/// Listens on an address, with room for a crowd that arrives at once. Port 0 picks a free port.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Serves on a listener until it is stopped through the server's handle: signals are left to the caller, who
/// has installed the recorder of the measurements before, and sees to its upkeep. Needs a runtime, on whose threads it
/// makes what many ask for at once.
pub fn serve(
    listener: TcpListener,
    use_cases: UseCases,
    settings: HttpSettings,
    readiness: Arc<dyn Readiness>,
    draining: Draining,
    metrics: PrometheusHandle,
) -> io::Result<Server> {
    describe_measurements();
    let state = State::new(use_cases, settings, readiness, draining, metrics);
    let settings = state.settings.clone();
    let reads_within = settings.client_reads_within;
    let server = HttpServer::new(move || application(&state))
        .disable_signals()
        .on_connect(move |connection, _: &mut Extensions| drop_if_unread(connection, reads_within))
        .h1_allow_half_closed(false)
        .max_connections(settings.connections_a_worker)
        .client_request_timeout(settings.request_timeout)
        .keep_alive(settings.keep_alive)
        .shutdown_timeout(settings.shutdown_timeout.as_secs())
        .workers(settings.workers);
    Ok(server.listen(listener)?.run())
}

/// Has the system end a connection whose client leaves unread or unacknowledged what is sent to it: a stream
/// would wait for such a client for ever.
fn drop_if_unread(connection: &dyn Any, reads_within: Duration) {
    #[cfg(not(target_os = "linux"))]
    let _ = (connection, reads_within);
    #[cfg(target_os = "linux")]
    if let Some(connection) = connection.downcast_ref::<TcpStream>()
        && let Err(error) = socket2::SockRef::from(connection).set_tcp_user_timeout(Some(reads_within))
    {
        tracing::warn!(%error, "a connection whose client does not read will not be ended");
    }
}

/// What the applications of all threads share.
#[derive(Clone)]
pub(crate) struct State {
    use_cases: web::Data<UseCases>,
    settings: web::Data<HttpSettings>,
    readiness: web::Data<Arc<dyn Readiness>>,
    draining: web::Data<Draining>,
    metrics: web::Data<PrometheusHandle>,
    description: web::Data<Description>,
    streams: web::Data<EventStreams>,
    listings: web::Data<Listings>,
    limits: RequestLimits,
}

impl State {
    pub(crate) fn new(
        use_cases: UseCases,
        settings: HttpSettings,
        readiness: Arc<dyn Readiness>,
        draining: Draining,
        metrics: PrometheusHandle,
    ) -> Self {
        let HttpSettings { streams_at_most, stream_keep_alive, requests_at_most, .. } = settings;
        let streams = EventStreams::new(streams_at_most, stream_keep_alive, draining.clone());
        Self {
            use_cases: web::Data::new(use_cases),
            settings: web::Data::new(settings),
            readiness: web::Data::new(readiness),
            draining: web::Data::new(draining),
            metrics: web::Data::new(metrics),
            streams: web::Data::new(streams),
            listings: web::Data::new(Listings::on(&Handle::current())),
            limits: RequestLimits::new(requests_at_most),
            description: web::Data::new(Description(openapi_json().into())),
        }
    }
}

/// The application of one thread.
pub(crate) fn application(
    state: &State,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let with_operator = state.settings.admin_key.is_some();
    App::new()
        .app_data(state.use_cases.clone())
        .app_data(state.settings.clone())
        .app_data(state.readiness.clone())
        .app_data(state.draining.clone())
        .app_data(state.metrics.clone())
        .app_data(state.description.clone())
        .app_data(state.streams.clone())
        .app_data(state.listings.clone())
        .configure(|config| routes(config, with_operator, &state.limits))
        .wrap(from_fn(around_every_request))
}
