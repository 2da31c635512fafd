//! What a stranger may take up: connections, time, and bytes.

#![allow(clippy::unwrap_used)]

mod common;

use axum::{
    Router,
    body::Body,
    response::Response,
    routing::{get, post},
};
use common::{
    DEADLINE, Reply, SHORT, address, ask, config, connect, eventually, exchange, limited, next,
    rest, serve,
};
use nano_http::{BodyLimits, HttpConfig, HttpLimits, HttpServer, json, read_body};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

fn hello() -> Router {
    Router::new().route("/", get(async || "hello"))
}

/// A server whose one slow limit is what `change` makes short.
async fn impatient(change: impl FnOnce(&mut HttpLimits)) -> HttpServer {
    let hour = Duration::from_secs(3600);
    let mut limits = HttpLimits {
        head_within: hour,
        idle_within: hour,
        write_within: hour,
        ..HttpLimits::default()
    };
    change(&mut limits);
    serve(limited(limits), hello()).await
}

async fn is_served(server: &HttpServer) -> bool {
    let mut stream = connect(server).await;
    let _ = stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await;
    rest(&mut stream).await.starts_with("HTTP/1.0 200")
}

#[tokio::test]
async fn an_address_gets_so_many_connections_and_who_is_turned_away_is_told() {
    let limits = HttpLimits { connections_per_address: 3, ..HttpLimits::default() };
    let server = serve(limited(limits), hello()).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(&server).await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        assert_eq!(next(&mut stream).await.status, 200);
        open.push(stream);
    }
    let reply = exchange(&server, "GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    assert_eq!(reply.error(), "too many connections");
    for stream in &mut open {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        assert_eq!(next(stream).await.body, "hello", "those inside are served on");
    }
    drop(open);
    eventually(|| is_served(&server)).await;
}

#[tokio::test]
async fn a_full_server_serves_those_inside_however_many_knock() {
    let limits = HttpLimits { connections: 1, ..HttpLimits::default() };
    let server = serve(limited(limits), hello()).await;
    let mut inside = connect(&server).await;
    inside.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert_eq!(next(&mut inside).await.status, 200);
    let knocking = address(&server);
    let crowd = tokio::spawn(async move {
        let mut waiting = Vec::new();
        for _ in 0..300 {
            waiting.extend(TcpStream::connect(knocking).await); // they say nothing and do not leave
        }
        waiting
    });
    for _ in 0..50 {
        inside.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        assert_eq!(next(&mut inside).await.body, "hello");
    }
    assert!(!is_served(&server).await);
    drop((crowd.await.unwrap(), inside));
    eventually(|| is_served(&server)).await;
}

/// Connects from an address of this machine's loopback network.
#[cfg(target_os = "linux")]
async fn connect_from(server: &HttpServer, from: &str) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(address(server)).await.unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn addresses_that_hold_all_they_may_do_not_shut_others_out() {
    let limits =
        HttpLimits { connections: 64, connections_per_address: 4, ..HttpLimits::default() };
    let server = serve(limited(limits), hello()).await;
    let mut held = Vec::new();
    for number in 0..64 {
        // Half of them say nothing; the others ask, are answered, and say nothing more.
        let mut stream = connect_from(&server, &format!("127.0.1.{}", 1 + number % 16)).await;
        if number % 2 == 0 {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
            assert_eq!(next(&mut stream).await.body, "hello");
        }
        held.push(stream);
    }
    for number in 1..20 {
        let mut stream = connect_from(&server, &format!("127.0.2.{number}")).await;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
        assert!(rest(&mut stream).await.starts_with("HTTP/1.0 200"), "newcomer {number}");
    }
    // Who holds the most and comes again is told that there is no room.
    let mut again = Vec::new();
    for _ in 0..8 {
        again.push(connect_from(&server, "127.0.1.9").await);
    }
    let mut told = again.pop().unwrap();
    told.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    assert!(rest(&mut told).await.starts_with("HTTP/1.1 503"));
}

#[tokio::test]
async fn clients_of_a_trusted_proxy_do_not_share_its_place() {
    let limits = HttpLimits { connections_per_address: 1, connections: 3, ..HttpLimits::default() };
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let server = serve(HttpConfig { trusted_proxies, ..limited(limits) }, hello()).await;
    let _inside = [connect(&server).await, connect(&server).await];
    assert!(is_served(&server).await);
    let _last = connect(&server).await;
    eventually(async || !is_served(&server).await).await;
}

#[tokio::test]
async fn a_silent_connection_is_closed_before_and_between_requests() {
    let server = impatient(|limits| limits.idle_within = SHORT).await;
    let mut stream = connect(&server).await;
    assert_eq!(rest(&mut stream).await, "");
    let mut stream = connect(&server).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert_eq!(next(&mut stream).await.status, 200);
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_connection_in_use_is_not_idle() {
    let server = impatient(|limits| limits.idle_within = 5 * SHORT).await;
    let mut stream = connect(&server).await;
    let started = Instant::now();
    while started.elapsed() < 12 * SHORT {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        assert_eq!(next(&mut stream).await.status, 200);
        tokio::time::sleep(SHORT / 2).await; // the pause is what is tested
    }
}

#[tokio::test]
async fn a_slow_head_is_refused_even_if_it_comes_byte_by_byte() {
    let server = impatient(|limits| limits.head_within = 3 * SHORT).await;
    let reply = exchange(&server, "GET / HTTP/1.1\r\nHost").await;
    assert_eq!((reply.status, reply.header("connection")), (408, Some("close")));
    assert_eq!(reply.error(), "head of the request did not arrive in time");
    let mut stream = connect(&server).await;
    let (mut reader, mut writer) = stream.split();
    let drip = async {
        let _ = writer.write_all(b"GET / HTTP/1.1\r\nX: ").await;
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await; // a client that drips
        }
    };
    let mut answer = Vec::new();
    let ended = timeout(DEADLINE, reader.read_to_end(&mut answer));
    tokio::select! {
        ended = ended => assert!(ended.is_ok(), "the server waits on"),
        () = drip => {}
    }
}

#[tokio::test]
async fn a_second_head_gets_its_time_anew() {
    let server = impatient(|limits| limits.head_within = 8 * SHORT).await;
    let mut stream = connect(&server).await;
    for _ in 0..3 {
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        tokio::time::sleep(4 * SHORT).await; // slow, but each head is in time
        stream.write_all(b"Host: h\r\n\r\n").await.unwrap();
        assert_eq!(next(&mut stream).await.status, 200);
        tokio::time::sleep(12 * SHORT).await; // silence has a limit of its own
    }
}

#[tokio::test]
async fn an_answer_may_take_longer_than_a_client_may_be_silent() {
    let limits = HttpLimits {
        idle_within: SHORT,
        head_within: SHORT,
        write_within: SHORT,
        ..HttpLimits::default()
    };
    let slow = get(async || {
        tokio::time::sleep(4 * SHORT).await; // a job
        "done"
    });
    let server = serve(limited(limits), Router::new().route("/", slow)).await;
    assert_eq!(common::get(&server, "/").await.body, "done");
}

/// Counts the requests that are answered, each with 64 KiB.
async fn talker(limits: HttpLimits) -> (HttpServer, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let talk = get(async move || {
        count.fetch_add(1, Ordering::Relaxed);
        "x".repeat(64 * 1024)
    });
    (serve(limited(limits), Router::new().route("/", talk)).await, asked)
}

#[tokio::test]
async fn who_asks_on_and_never_reads_does_not_hold_a_connection() {
    let limits = HttpLimits { write_within: 3 * SHORT, connections: 1, ..HttpLimits::default() };
    let (server, asked) = talker(limits).await;
    let mut rude = connect(&server).await;
    let all = "GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(4000);
    // The server stops reading at some time, and then resets the connection.
    let _ = timeout(DEADLINE, rude.write_all(all.as_bytes())).await;
    eventually(async || {
        let mut stream = connect(&server).await;
        let _ = stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await;
        rest(&mut stream).await.starts_with("HTTP/1.0 200")
    })
    .await;
    assert!(asked.load(Ordering::Relaxed) < 4000, "it was answered although it did not read");
    drop(rude);
}

#[tokio::test]
async fn who_reads_slowly_gets_all() {
    let limits = HttpLimits { write_within: 10 * SHORT, ..HttpLimits::default() };
    let (server, _) = talker(limits).await;
    let mut stream = connect(&server).await;
    let asked = 200;
    let all = "GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(asked);
    stream.write_all(all.as_bytes()).await.unwrap();
    for number in 0..asked {
        assert_eq!(next(&mut stream).await.body.len(), 64 * 1024);
        if number % 20 == 0 {
            tokio::time::sleep(SHORT).await; // a slow reader
        }
    }
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused_in_json() {
    let limits = HttpLimits { headers: 8, head_bytes: 10_000, ..HttpLimits::default() };
    let server = serve(limited(limits), hello()).await;
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(9));
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(10_000));
    for head in [many, long] {
        let reply = exchange(&server, head).await;
        assert_eq!((reply.status, reply.header("connection")), (431, Some("close")));
        assert_eq!(reply.error(), "headers are too many or too large");
    }
    let fits = format!("GET / HTTP/1.0\r\nX: {}\r\n\r\n", "x".repeat(9_000));
    assert_eq!(exchange(&server, fits).await.status, 200);
}

#[tokio::test]
async fn what_is_not_http_is_refused_in_json() {
    let server = serve(config(), hello()).await;
    let rubbish: [&[u8]; 4] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"hello\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
    ];
    for bytes in rubbish {
        let reply = exchange(&server, bytes).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "not a request of HTTP/1"));
    }
}

#[tokio::test]
async fn rubbish_after_a_good_request_is_refused_in_json_too() {
    let server = serve(config(), hello()).await;
    let mut stream = connect(&server).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\nrubbish\r\n\r\n").await.unwrap();
    assert_eq!(next(&mut stream).await.body, "hello");
    assert_eq!(Reply::parse(&rest(&mut stream).await).error(), "not a request of HTTP/1");
}

fn measure(limits: BodyLimits) -> Router {
    let measure = post(async move |body: Body| -> Result<Response, nano_http::BodyError> {
        let length = read_body(body, limits).await?.len();
        Ok(json(axum::http::StatusCode::OK, length.to_string()))
    });
    Router::new().route("/", measure)
}

#[tokio::test]
async fn a_large_body_is_refused_and_its_sender_gets_to_read_why() {
    let server =
        serve(config(), measure(BodyLimits { bytes: 1000, ..BodyLimits::default() })).await;
    for (size, status) in [(1000, 200), (1001, 413), (4 * 1024 * 1024, 413), (9 * 1024 * 1024, 413)]
    {
        let mut stream = connect(&server).await;
        let head =
            format!("POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        if size <= 8 * 1024 * 1024 {
            stream.write_all(&vec![b' '; size]).await.unwrap();
        }
        let reply = Reply::parse(&rest(&mut stream).await);
        assert_eq!(reply.status, status, "{size}");
        if status == 413 {
            assert_eq!(reply.error(), "request is larger than 1000 bytes");
        }
    }
}

#[tokio::test]
async fn a_chunked_body_is_measured_too() {
    let server = serve(config(), measure(BodyLimits { bytes: 10, ..BodyLimits::default() })).await;
    let head = "POST / HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let fits = exchange(&server, format!("{head}5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n")).await;
    assert_eq!((fits.status, fits.body.as_str()), (200, "10"));
    let large = exchange(&server, format!("{head}5\r\nhello\r\n6\r\nworlds\r\n0\r\n\r\n")).await;
    assert_eq!(large.status, 413);
    let broken = exchange(&server, format!("{head}5\r\nhello\r\nX\r\n\r\n")).await;
    assert_eq!((broken.status, broken.error().as_str()), (400, "request broke off"));
}

#[tokio::test]
async fn a_slow_body_is_refused() {
    let server =
        serve(config(), measure(BodyLimits { within: SHORT, ..BodyLimits::default() })).await;
    let reply = exchange(&server, "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{").await;
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (408, "request did not arrive within 100ms")
    );
}

#[tokio::test]
async fn requests_beyond_the_rate_get_429_with_retry_after() {
    let buckets = nano_http::Buckets::new(nano_http::Rate { per_second: 0.001, burst: 2 });
    let buckets = Arc::new(buckets);
    let limited = get(async move |source: nano_http::Source| buckets.take(&source).map(|()| "ok"));
    let server = serve(config(), Router::new().route("/", limited)).await;
    let mut replies = Vec::new();
    for _ in 0..3 {
        replies.push(ask(&server, "GET /", "X-Forwarded-For: 198.51.100.1\r\n", "").await);
    }
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [200, 200, 429]);
    assert_eq!(replies[2].error(), "too many requests");
    let wait: u64 = replies[2].header("retry-after").unwrap().parse().unwrap();
    assert!((900..=1000).contains(&wait), "{wait}");
}

#[tokio::test]
async fn limits_without_end_are_taken() {
    let server = impatient(|limits| {
        (limits.idle_within, limits.head_within) = (Duration::MAX, Duration::MAX);
        limits.write_within = Duration::MAX;
    });
    let server = server.await;
    let mut stream = connect(&server).await;
    for _ in 0..2 {
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        stream.write_all(b"Host: h\r\n\r\n").await.unwrap();
        assert_eq!(next(&mut stream).await.body, "hello");
    }
}
