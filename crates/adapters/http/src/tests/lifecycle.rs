//! Health, documentation, and the end of the service, over a real connection.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use super::support::{Mocks, get, send};
use crate::listen;

#[actix_web::test]
async fn a_service_that_is_about_to_stop_is_not_ready() {
    let mocks = Mocks::new();
    assert_eq!(send(mocks, get("/readyz")).await.status, 200);
    let mocks = Mocks::new();
    mocks.draining.begin();
    let answered = send(mocks, get("/readyz")).await;
    assert_eq!(answered.refusal(), (503, "SHUTTING_DOWN".to_owned()));
}

/// Sends two requests on one connection, and reads until it ends or nothing more comes.
fn ask_twice(address: std::net::SocketAddr) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(std::time::Duration::from_secs(1))).unwrap();
    let mut text = String::new();
    for _ in 0..2 {
        if connection.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").is_err() {
            break;
        }
        let mut bytes = [0; 4096];
        match connection.read(&mut bytes) {
            Ok(read @ 1..) => text.push_str(&String::from_utf8_lossy(&bytes[..read])),
            _ => break,
        }
    }
    text
}

#[actix_web::test]
async fn kept_connections_end_once_the_service_is_about_to_stop() {
    let mut mocks = Mocks::new();
    mocks.settings.workers = 1;
    let draining = mocks.draining.clone();
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = mocks.serve(listener).unwrap();
    let handle = server.handle();
    let running = actix_web::rt::spawn(server);
    let ask = || actix_web::rt::task::spawn_blocking(move || ask_twice(address));

    let kept = ask().await.unwrap();
    assert_eq!(kept.matches("HTTP/1.1 200").count(), 2, "{kept}");
    assert!(!kept.to_lowercase().contains("connection: close"), "{kept}");

    draining.begin();
    let closed = ask().await.unwrap();
    assert_eq!(closed.matches("HTTP/1.1 200").count(), 1, "{closed}");
    assert!(closed.to_lowercase().contains("connection: close"), "{closed}");

    handle.stop(true).await;
    running.await.unwrap().unwrap();
}

#[actix_web::test]
async fn the_documentation_page_loads_nothing_from_elsewhere() {
    let answered = send(Mocks::new(), get("/docs")).await;
    assert_eq!((answered.status.as_u16(), answered.header("location")), (308, Some("/docs/")));
    for path in ["/docs/", "/docs/swagger-initializer.js"] {
        let answered = send(Mocks::new(), get(path)).await;
        assert_eq!(answered.status, 200, "{path}");
        let page = String::from_utf8_lossy(&answered.body).into_owned();
        assert!(!page.contains("http://") && !page.contains("https://"), "{page}");
    }
}

#[actix_web::test]
async fn measurements_are_text() {
    let answered = send(Mocks::new(), get("/metrics")).await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
}
