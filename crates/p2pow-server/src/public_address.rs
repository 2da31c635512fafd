//! Where the world reaches this worker: [`by_services`] asks others, [`by_interface`] looks at this machine, [`offer_of`]
//! tries it.
//!
//! One service could send every sender to somebody else. So several are asked, of different operators, and an address
//! counts only if at least two name it and none names another of its family. What is named must be an address that
//! senders would call.

use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, StatusCode, Uri, header::USER_AGENT};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use p2pow_protocol::{Info, registry::is_dialable};
use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::time::timeout;

/// How long a service may take.
const WITHIN: Duration = Duration::from_secs(10);
/// An address is not longer; neither is what is read.
const MAX_ANSWER: usize = 256;
/// Nor is what a worker says of itself longer.
const MAX_OFFER: usize = 64 * 1024;
/// As many services must name an address.
const AGREEING: usize = 2;
const AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// An address of this worker that cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// One service, or none, is believed by nobody.
    #[error("{found} services to ask, wanted at least {AGREEING} of different operators")]
    TooFewServices {
        /// How many there are.
        found: usize,
    },
    /// The services name different addresses.
    #[error("the services do not agree on the address: {}", list(.said))]
    Disagree {
        /// What each said.
        said: Vec<Said>,
    },
    /// Too few services answered with an address.
    #[error("fewer than {AGREEING} services name the same address: {}", list(.said))]
    NoAnswer {
        /// What each said.
        said: Vec<Said>,
    },
    /// The interface has no address that senders would call.
    #[error("interface {interface} has no address that the internet reaches: found {}", listed(.found))]
    NonePublic {
        /// The interface.
        interface: String,
        /// Its addresses.
        found: Vec<IpAddr>,
    },
    /// The interface has several of one family.
    #[error("interface {interface} has several addresses: found {}, wanted one of each family: say which is the worker's", listed(.found))]
    Several {
        /// The interface.
        interface: String,
        /// Its addresses.
        found: Vec<IpAddr>,
    },
    /// The system does not tell its interfaces.
    #[error("the system does not tell its interfaces")]
    Interfaces(#[source] io::Error),
}

/// What a service said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Said {
    /// The service's host.
    pub host: String,
    /// The address, or what went wrong.
    pub answer: Result<IpAddr, String>,
}

fn list(said: &[Said]) -> String {
    let one = |said: &Said| match &said.answer {
        Ok(address) => format!("{} says {address}", said.host),
        Err(error) => format!("{}: {error}", said.host),
    };
    said.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn listed(addresses: &[IpAddr]) -> String {
    let shown: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

/// Asks services, each of which answers with the address that it is asked from, and gives one address of each family
/// that is agreed on.
///
/// # Errors
/// The services are too few, do not answer, or do not agree.
pub async fn by_services(services: &[Uri], allow_local: bool) -> Result<Vec<IpAddr>, AddressError> {
    let hosts: BTreeSet<_> = services.iter().filter_map(Uri::host).collect();
    if hosts.len() < AGREEING && !allow_local || services.len() < AGREEING {
        return Err(AddressError::TooFewServices { found: services.len().min(hosts.len()) });
    }
    let client = web();
    let ask = async |service: &Uri| {
        let host = service.authority().map_or_else(String::new, ToString::to_string);
        let answer = match timeout(WITHIN, fetch(&client, service, MAX_ANSWER)).await {
            Ok(text) => text.and_then(|text| read(&text, allow_local)),
            Err(_) => Err(format!("no answer within {WITHIN:?}")),
        };
        Said { host, answer }
    };
    agreed(join_all(services.iter().map(ask)).await)
}

/// What a worker at this address says of itself: whether the world gets through to it.
///
/// # Errors
/// It does not answer, or not as a worker; in words.
pub async fn offer_of(address: SocketAddr) -> Result<Info, String> {
    let url = format!("http://{address}/request_info");
    let url = url.parse().map_err(|_| "the address makes no URL".to_owned())?;
    let asked = timeout(WITHIN, fetch(&web(), &url, MAX_OFFER)).await;
    let text = asked.map_err(|_| format!("no answer within {WITHIN:?}"))??;
    Info::parse(text.as_bytes()).map_err(|_| "what answers is no worker".to_owned())
}

fn web() -> Web {
    let connector =
        HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
    Client::builder(TokioExecutor::new()).build(connector)
}

type Web = Client<
    hyper_rustls::HttpsConnector<hyper_util::client::legacy::connect::HttpConnector>,
    Empty<Bytes>,
>;

/// The body of an answer; a redirect is not followed.
async fn fetch(client: &Web, service: &Uri, most: usize) -> Result<String, String> {
    let request = Request::get(service.clone())
        .header(USER_AGENT, AGENT)
        .body(Empty::new())
        .map_err(|error| error.to_string())?;
    let answer = client.request(request).await.map_err(|error| innermost(&error))?;
    if answer.status() != StatusCode::OK {
        return Err(format!("answers {}", answer.status()));
    }
    let body = Limited::new(answer.into_body(), most).collect().await;
    let body = body.map_err(|_| format!("more than the {most} bytes that are read"))?;
    String::from_utf8(body.to_bytes().to_vec()).map_err(|_| "not a text".to_owned())
}

fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

/// The answer is an address and nothing else; what else a stranger says is not repeated.
fn read(text: &str, allow_local: bool) -> Result<IpAddr, String> {
    let address: IpAddr = text.trim().parse().map_err(|_| "not an address".to_owned())?;
    let address = address.to_canonical();
    match is_dialable(address, allow_local) {
        true => Ok(address),
        false => Err(format!("{address}, which the internet does not reach")),
    }
}

/// One address of each family that at least two name and none gainsays.
fn agreed(said: Vec<Said>) -> Result<Vec<IpAddr>, AddressError> {
    let mut addresses = Vec::new();
    for is_family in [IpAddr::is_ipv4, IpAddr::is_ipv6] {
        let named: Vec<IpAddr> =
            said.iter().filter_map(|said| said.answer.clone().ok()).filter(is_family).collect();
        if named.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(AddressError::Disagree { said });
        }
        if named.len() >= AGREEING {
            addresses.push(named[0]);
        }
    }
    if addresses.is_empty() { Err(AddressError::NoAnswer { said }) } else { Ok(addresses) }
}

/// The address of each family that an interface of this machine has, if senders would call it.
///
/// # Errors
/// The interface has none, or several of one family.
pub fn by_interface(interface: &str, allow_local: bool) -> Result<Vec<IpAddr>, AddressError> {
    let all = if_addrs::get_if_addrs().map_err(AddressError::Interfaces)?;
    let own = all.into_iter().filter(|entry| entry.name == interface);
    chosen(interface, own.map(|entry| entry.ip()).collect(), allow_local)
}

fn chosen(
    interface: &str,
    found: Vec<IpAddr>,
    allow_local: bool,
) -> Result<Vec<IpAddr>, AddressError> {
    let interface = interface.to_owned();
    let good: BTreeSet<IpAddr> =
        found.iter().copied().filter(|address| is_dialable(*address, allow_local)).collect();
    let v4 = good.iter().filter(|address| address.is_ipv4()).count();
    if good.is_empty() {
        return Err(AddressError::NonePublic { interface, found });
    }
    if v4 > 1 || good.len() - v4 > 1 {
        return Err(AddressError::Several { interface, found });
    }
    Ok(good.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::{AddressError, Said, agreed, chosen, read};
    use std::net::IpAddr;

    fn said(answers: &[&str]) -> Vec<Said> {
        let one = |answer: &&str| Said { host: "a".into(), answer: read(answer, false) };
        answers.iter().map(one).collect()
    }

    fn shown(addresses: &[IpAddr]) -> Vec<String> {
        addresses.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_address_counts_that_two_name_and_none_gainsays() {
        let one = agreed(said(&["8.8.8.8\n", "8.8.8.8"])).unwrap();
        assert_eq!(shown(&one), ["8.8.8.8"]);
        let both = ["8.8.8.8", "2a01:4f8::1", "8.8.8.8", "2a01:4f8::1", "::ffff:8.8.8.8"];
        assert_eq!(shown(&agreed(said(&both)).unwrap()), ["8.8.8.8", "2a01:4f8::1"]);
        // A family that only one names is not registered.
        let half = agreed(said(&["8.8.8.8", "8.8.8.8", "2a01:4f8::1"])).unwrap();
        assert_eq!(shown(&half), ["8.8.8.8"]);
    }

    #[test]
    fn a_lying_service_is_no_address() {
        let lie = agreed(said(&["8.8.8.8", "8.8.8.8", "9.9.9.9"])).unwrap_err();
        assert!(matches!(lie, AddressError::Disagree { .. }), "{lie}");
        assert!(lie.to_string().contains("says 9.9.9.9"), "{lie}");
        for few in [&["8.8.8.8"][..], &["8.8.8.8", "<html>"], &["8.8.8.8", "127.0.0.1"], &[]] {
            let error = agreed(said(few)).unwrap_err();
            assert!(matches!(error, AddressError::NoAnswer { .. }), "{error}");
        }
    }

    #[test]
    fn only_what_the_internet_reaches_is_an_answer() {
        for odd in ["", "x", "8.8.8.8, 9.9.9.9", "10.0.0.1", "::1", "169.254.169.254", "0.0.0.0"] {
            assert!(read(odd, false).is_err(), "{odd}");
        }
        assert!(!read("<script>", false).unwrap_err().contains('<'));
        assert!(read("127.0.0.1", true).is_ok());
    }

    #[test]
    fn an_interface_has_one_address_of_each_family() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let found: Vec<IpAddr> = addresses(&["192.168.1.7", "8.8.8.8", "fe80::1", "2a01:4f8::1"]);
        assert_eq!(shown(&chosen("eth0", found, false).unwrap()), ["8.8.8.8", "2a01:4f8::1"]);
        let private = chosen("eth0", addresses(&["192.168.1.7"]), false).unwrap_err();
        assert!(private.to_string().contains("found 192.168.1.7"), "{private}");
        let two = chosen("eth0", addresses(&["8.8.8.8", "8.8.4.4"]), false).unwrap_err();
        assert!(matches!(two, AddressError::Several { .. }), "{two}");
    }
}
