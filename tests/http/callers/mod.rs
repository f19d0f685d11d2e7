//! Every operation of the API's description, called by every kind of caller.
//!
//! The operations come from the document that the service serves; an operation without a row in the table, or a row
//! without an operation, fails the test.

mod expectations;
mod scene;
mod table;
mod tokens;

use encore_tests::{
    client::{Answer, send},
    on_every_store,
    service::Service,
};
use reqwest::Method;
use serde_json::Value;

use self::{
    expectations::{Caller, Expected, Takes},
    scene::Scene,
    table::{Row, TABLE},
};

on_every_store! { encore_tests::service;
    every_operation_tells_every_kind_of_caller_what_it_may,
}

/// An operation, as the served document has it.
struct Operation {
    method: Method,
    path: String,
    description: Value,
}

impl Operation {
    fn id(&self) -> &str {
        self.description["operationId"].as_str().unwrap()
    }

    /// Which token it says that it takes, in the document's words.
    fn security(&self) -> Vec<&str> {
        let alternatives = self.description["security"].as_array().unwrap();
        alternatives
            .iter()
            .flat_map(|scheme| scheme.as_object().unwrap().keys().map(String::as_str))
            .collect()
    }

    /// Whether the document says that it may refuse in this way.
    fn may_refuse(&self, status: u16, code: &str) -> bool {
        let response = &self.description["responses"][status.to_string()];
        response["content"]["application/problem+json"]["examples"][code].is_object()
    }
}

async fn operations(service: &Service) -> Vec<Operation> {
    let url = format!("{}/api-docs/openapi.json", service.urls()[0]);
    let document = send(reqwest::Client::new().get(url)).await.expect(200).body;
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| methods.as_object().unwrap().iter().map(move |method| (path, method)))
        .map(|(path, (method, description))| Operation {
            method: method.to_uppercase().parse().unwrap(),
            path: path.clone(),
            description: description.clone(),
        })
        .collect()
}

async fn every_operation_tells_every_kind_of_caller_what_it_may(service: Service) {
    let operations = operations(&service).await;
    for row in TABLE {
        let is_there = operations.iter().any(|operation| operation.id() == row.operation);
        assert!(is_there, "expected the description to have {}, since the table has", row.operation);
    }
    let (reading, changing): (Vec<_>, Vec<_>) =
        operations.iter().partition(|operation| operation.method == Method::GET);
    let scene = Scene::new(&service).await;
    for operation in reading {
        check(&scene, operation, row_of(operation)).await;
    }
    for operation in changing {
        check(&Scene::new(&service).await, operation, row_of(operation)).await;
    }
}

fn row_of(operation: &Operation) -> &'static Row {
    let row = TABLE.iter().find(|row| row.operation == operation.id());
    let row =
        row.unwrap_or_else(|| panic!("expected the table of callers to have a row for {}", operation.id()));
    assert_eq!(operation.security(), row.takes.security(), "what {} says that it takes", row.operation);
    row
}

/// Those who are to be refused come first, and must not change anything; whoever may call comes last, which shows
/// that it was for the caller that the others were refused.
async fn check(scene: &Scene<'_>, operation: &Operation, row: &Row) {
    let before = scene.tally().await;
    for caller in Caller::ALL {
        if let Expected::Refused(status, code) = row.expected(caller) {
            assert!(
                operation.may_refuse(status, code),
                "expected {} to be described as refusing with {status} {code}",
                row.operation
            );
            for token in scene.tokens(caller) {
                let answer = call(scene, operation, row, caller, token.as_deref()).await;
                let who = format!("{} called by {caller:?} with {token:?}", row.operation);
                assert_eq!(
                    (answer.status, answer.body["code"].as_str()),
                    (status, Some(code)),
                    "{who}: {answer:?}"
                );
                answer.assert_problem();
            }
        }
    }
    assert_eq!(
        scene.tally().await,
        before,
        "expected whoever was refused at {} to change nothing",
        row.operation
    );
    for caller in Caller::ALL {
        if let Expected::Answered(status) = row.expected(caller) {
            for token in scene.tokens(caller) {
                let answer = call(scene, operation, row, caller, token.as_deref()).await;
                let answer = answer.expect(status);
                assert!(
                    row.takes == Takes::Nothing
                        || !caller.is_another_user()
                        || !scene.tells_of_the_owner(&answer.text),
                    "expected {caller:?} to be told nothing of the owner's by {}: {answer:?}",
                    row.operation
                );
            }
        }
    }
}

async fn call(
    scene: &Scene<'_>,
    operation: &Operation,
    row: &Row,
    caller: Caller,
    token: Option<&str>,
) -> Answer {
    let request = scene.request(caller, &operation.method, &operation.path, &(row.body)(scene));
    let request = match token {
        Some(token) => request.header("authorization", token),
        None => request,
    };
    let mut response = request.send().await.expect("the service answers");
    if response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream") {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let first = response.chunk().await.unwrap().unwrap_or_default();
        let text = String::from_utf8_lossy(&first).into_owned();
        return Answer { status, headers, text, body: Value::Null };
    }
    Answer::of(response).await
}
