//! [`News`]: hints that it is worth asking the nodes, or in a program without WebSocket (no feature `websocket`) none.

#[cfg(feature = "websocket")]
mod feeds;
#[cfg(not(feature = "websocket"))]
mod none;

#[cfg(feature = "websocket")]
pub(crate) use feeds::News;
#[cfg(not(feature = "websocket"))]
pub(crate) use none::NoNews as News;
