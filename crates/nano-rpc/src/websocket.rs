//! Confirmations and new blocks as they happen, over a WebSocket that mends itself.
//!
//! A [`Subscription`] pings its node, notices a dead connection, connects again with growing waits and subscribes
//! again. What happened in between is lost, so each new connection begins with [`Event::Reconnected`], which comes after
//! the node has acknowledged the subscriptions: a consumer that then asks the node for what it waits for misses nothing.
//!
//! ```
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! use nano_rpc::websocket::{Event, Subscription, Topics};
//!
//! # let net = nano_devnet::Devnet::builder().start().await?;
//! # let (url, somebody) = (net.websocket_url(), net.genesis_account());
//! let topics = Topics::default().confirmations().new_unconfirmed();
//! let mut events = Subscription::connect(&url, topics).await?;
//! # net.fund(&somebody, nano_primitives::Amount::from_raw(1))?;
//! while let Some(event) = events.next().await {
//!     match event {
//!         Event::Confirmation { hash, .. } => println!("{hash} is confirmed"),
//!         Event::Reconnected => println!("ask the node what was missed"),
//!         _ => {}
//!     }
//!     # break;
//! }
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod connection;
mod message;
mod subscription;

pub use {
    connection::SubscribeError,
    message::{Event, Payment, Topics, read_event},
    subscription::{Subscription, SubscriptionBuilder},
};
