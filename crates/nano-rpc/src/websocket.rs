//! Confirmations and new blocks as they happen, over a WebSocket that mends itself.
//!
//! A [`Subscription`] pings its node, notices a dead connection, connects again with growing waits and subscribes
//! again. What happened in between is lost, so each new connection begins with [`Event::Reconnected`], which comes after
//! the node has acknowledged the subscriptions: a consumer that then asks the node for what it waits for misses nothing.
//!
//! ```no_run
//! # async fn watch() -> Result<(), nano_rpc::websocket::SubscribeError> {
//! use nano_rpc::websocket::{Event, Subscription, Topics};
//!
//! let topics = Topics::default().confirmations().new_unconfirmed();
//! let mut events = Subscription::connect("ws://127.0.0.1:7078", topics).await?;
//! while let Some(event) = events.next().await {
//!     match event {
//!         Event::Confirmation { hash, .. } => println!("{hash} is confirmed"),
//!         Event::Reconnected => println!("ask the node what was missed"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod connection;
mod message;
mod subscription;

pub use {
    connection::SubscribeError,
    message::{Event, Payment, Topics, read_event},
    subscription::{Subscription, SubscriptionBuilder},
};
