//! Three brokers that know each other, and which of them leads the records.

use super::broker::{self, Server};
use async_nats::jetstream;
use std::{net::TcpListener, time::Duration};

/// Three brokers that know each other; `None` where there is no `nats-server`.
pub(crate) fn start() -> Option<Vec<Server>> {
    // Free at this moment; the routes have to be known before anybody listens.
    let listeners: Vec<_> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let ports: Vec<u16> = listeners.iter().map(|one| one.local_addr().unwrap().port()).collect();
    drop(listeners);
    let routes: Vec<String> =
        ports.iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect();
    let routes = routes.join(", ");
    let server = |(index, port): (usize, &u16)| {
        broker::start(&format!(
            "server_name: s{index}\ncluster {{ name: c, listen: \"127.0.0.1:{port}\", routes: [{routes}] }}"
        ))
    };
    ports.iter().enumerate().map(server).collect()
}

/// Which of the servers leads the records, once all three have them.
pub(crate) async fn leader(servers: &[Server]) -> usize {
    let addresses: Vec<String> = servers.iter().map(Server::address).collect();
    let context = jetstream::new(async_nats::connect(addresses).await.unwrap());
    let look = async {
        loop {
            let stream = context.get_stream("KV_p2pow").await.ok();
            let cluster = stream.and_then(|stream| stream.cached_info().cluster.clone());
            if let Some(cluster) = cluster
                && let Some(leader) = &cluster.leader
                && cluster.replicas.iter().filter(|replica| replica.current).count() == 2
            {
                return leader.strip_prefix('s').unwrap().parse().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), look).await.expect("the three agree")
}
