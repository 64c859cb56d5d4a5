//! The reference that the mock is compared with: an axum server with fixed responses.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse as _, Response},
    routing::get,
    serve::ListenerExt as _,
};
use serde_json::{Value, json};

use super::{
    load::Answer,
    work::{Step, World},
};

/// Responses of the reference
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Answers as JSON, by step
    answers: PathBuf,
}

type Shared = State<Arc<Answers>>;

/// One answer as it is sent: the HTTP library adds `Date` and `Content-Length`.
#[derive(Debug, Clone, Default)]
struct Canned {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

#[derive(Debug, Default)]
struct Answers {
    get: Canned,
    list: Canned,
    create: Canned,
    update: Canned,
    delete: Canned,
}

/// The answers as the reference reads them.
pub(super) fn document(answers: &[(Step, Answer)]) -> Value {
    let answers = answers.iter().map(|(step, answer)| {
        let kept = ["content-type", "location"].into_iter().filter_map(|name| {
            let value = answer.header(name)?;
            Some((name.to_owned(), json!(value)))
        });
        let canned = json!({
            "status": answer.status,
            "headers": Value::Object(kept.collect()),
            "body": String::from_utf8_lossy(&answer.body),
        });
        (format!("{step:?}"), canned)
    });
    Value::Object(answers.collect())
}

fn canned(document: &Value, step: Step) -> Result<Canned> {
    let Some(answer) = document.get(format!("{step:?}")) else {
        return Ok(Canned::default());
    };
    let status = answer["status"].as_u64().context("a status")?;
    let headers = answer["headers"].as_object().context("headers")?;
    let headers = headers.iter().map(|(name, value)| {
        let value = value.as_str().context("a header")?;
        Ok((HeaderName::try_from(name)?, HeaderValue::try_from(value)?))
    });
    let body = answer["body"].as_str().context("a body")?;
    Ok(Canned {
        status: StatusCode::from_u16(u16::try_from(status)?)?,
        headers: headers.collect::<Result<_>>()?,
        body: Bytes::copy_from_slice(body.as_bytes()),
    })
}

fn send(canned: &Canned) -> Response {
    let mut response = (canned.status, canned.body.clone()).into_response();
    for (name, value) in &canned.headers {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

/// Serves on a free port of loopback, prints its address, and continues until it is stopped.
pub(crate) fn run(options: &Options) -> Result<()> {
    let document: Value = serde_json::from_slice(&fs::read(&options.answers)?)?;
    let answers = Answers {
        get: canned(&document, Step::Get)?,
        list: canned(&document, Step::List)?,
        create: canned(&document, Step::Create)?,
        update: canned(&document, Step::Update)?,
        delete: canned(&document, Step::Delete)?,
    };
    let list = async |State(answers): Shared| send(&answers.list);
    let create = async |State(answers): Shared, _: Bytes| send(&answers.create);
    let one = async |State(answers): Shared| send(&answers.get);
    let update = async |State(answers): Shared, _: Bytes| send(&answers.update);
    let delete = async |State(answers): Shared| send(&answers.delete);
    let users = World::default().users;
    let router = Router::new()
        .route(&users, get(list).post(create))
        .route(
            &format!("{users}/{{user}}"),
            get(one).put(update).delete(delete),
        )
        .with_state(Arc::new(answers));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = tokio::net::TcpListener::bind(address).await?;
        let base = format!("http://{}/api", listener.local_addr()?);
        println!("{}", json!({ "baseUrl": base }));
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, router).await?;
        Ok(())
    })
}
