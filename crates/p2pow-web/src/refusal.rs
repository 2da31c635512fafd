//! [`Refusal`]: what is not done, and why, as the API tells it.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use nano_http::BodyError;
use nano_rpc::RpcError;
use p2pow_client::SendError;
use p2pow_store::StoreError;
use serde_json::json;
use std::error::Error;

/// Something that is not done. Nothing was signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("nothing here: the API is in docs/web.md")]
    Nowhere,
    #[error("another method is wanted here")]
    Method,
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("no key in this process: it shows the market, and pays nothing")]
    NoKey,
    #[error("no worker of this address is known")]
    NoWorker,
    #[error("no payment has this key")]
    NoPayment,
    #[error("the key was given to another payment: the same key is the same payment")]
    OtherPayment,
    #[error("{0} payments are under way, which is the most at a time")]
    TooMany(usize),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error(transparent)]
    Node(#[from] RpcError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal {
    const fn status(&self) -> StatusCode {
        match self {
            Self::Nowhere | Self::NoWorker | Self::NoPayment => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Invalid(_) | Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::NoKey => StatusCode::FORBIDDEN,
            Self::OtherPayment => StatusCode::CONFLICT,
            Self::TooMany(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Send(SendError::Quotes(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Send(_) | Self::Node(_) => StatusCode::BAD_GATEWAY,
            Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// An error with what caused it, unless a text already ends with its source's.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        next = cause.source();
    }
    text
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Self::Body(error) = self {
            return error.into_response();
        }
        nano_http::json(self.status(), json!({ "error": chain(&self) }).to_string())
    }
}
