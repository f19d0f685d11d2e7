//! The server: the application and the threads that serve it.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_web::{
    App, Error, HttpServer,
    body::BoxBody,
    dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpSocket;

use crate::{
    calls::around::docs::Description,
    lifecycle::{Draining, Readiness},
    measurements::describe_measurements,
    middleware::around_every_request,
    openapi::openapi_json,
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
/// has installed the recorder of the measurements before, and sees to its upkeep.
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
    let server = HttpServer::new(move || application(&state))
        .disable_signals()
        .max_connections(settings.connections_a_worker)
        .client_request_timeout(settings.request_timeout)
        .keep_alive(settings.keep_alive)
        .shutdown_timeout(settings.shutdown_timeout.as_secs())
        .workers(settings.workers);
    Ok(server.listen(listener)?.run())
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
}

impl State {
    pub(crate) fn new(
        use_cases: UseCases,
        settings: HttpSettings,
        readiness: Arc<dyn Readiness>,
        draining: Draining,
        metrics: PrometheusHandle,
    ) -> Self {
        Self {
            use_cases: web::Data::new(use_cases),
            settings: web::Data::new(settings),
            readiness: web::Data::new(readiness),
            draining: web::Data::new(draining),
            metrics: web::Data::new(metrics),
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
        .configure(|config| routes(config, with_operator))
        .wrap(from_fn(around_every_request))
}
