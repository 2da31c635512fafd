//! The WebSocket of a node, played by the test step by step.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

/// A node that waits for connections.
pub(crate) struct Node(TcpListener);

impl Node {
    pub(crate) async fn start() -> Self {
        Self::at(([127, 0, 0, 1], 0).into()).await
    }

    pub(crate) async fn at(address: SocketAddr) -> Self {
        Self(TcpListener::bind(address).await.unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.0.local_addr().unwrap())
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> Peer {
        let (tcp, _) = self.0.accept().await.unwrap();
        Peer(accept_async(tcp).await.unwrap())
    }

    /// The next connection, once it has subscribed to so many topics.
    pub(crate) async fn subscribed(&self, topics: usize) -> Peer {
        let mut peer = self.accept().await;
        for _ in 0..topics {
            let request = peer.receive().await.unwrap();
            peer.acknowledge(&request).await;
        }
        peer
    }
}

/// A connection, from the node's side.
pub(crate) struct Peer(WebSocketStream<TcpStream>);

impl Peer {
    /// The next message of the client; `None` when it is gone.
    pub(crate) async fn receive(&mut self) -> Option<Value> {
        loop {
            match self.0.next().await?.ok()? {
                Message::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    pub(crate) async fn acknowledge(&mut self, request: &Value) {
        assert_eq!(request["action"], "subscribe");
        self.send(json!({ "ack": "subscribe", "id": request["id"], "time": "1" })).await;
    }

    pub(crate) async fn send(&mut self, message: impl ToString) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }
}
