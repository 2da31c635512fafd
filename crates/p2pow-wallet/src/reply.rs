//! An error as the REST API and the door tell it: a status, and `{"error": …}`.

use axum::{body::Body, http::StatusCode, response::Response};
use serde_json::json;

pub(crate) fn error(status: StatusCode, text: &str) -> Response {
    nano_http::json(status, Body::from(json!({ "error": text }).to_string()))
}
