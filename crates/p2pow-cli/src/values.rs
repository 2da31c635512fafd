//! How values are written, on the command line and in files: parsers for clap, whose [`ValueError`] says what is wanted.

use nano_block::Network;
use nano_primitives::{Account, Amount, HexError, PublicKey, Root};
use std::{
    fmt::Display,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    str::FromStr,
    time::Duration,
};

/// A value that an option cannot have. Its text may repeat the value, for the one who typed it;
/// [`wanted`](Self::wanted) never does, so that it can be said of files and variables, where the value may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ValueError {
    problem: String,
    wanted: String,
}

impl ValueError {
    /// What would be taken: "wanted …".
    #[must_use]
    pub fn wanted(&self) -> &str {
        &self.wanted
    }

    /// The error that says what is wanted and nothing else.
    #[must_use]
    pub fn new(wanted: impl Display) -> Self {
        let wanted = format!("wanted {wanted}");
        Self { problem: wanted.clone(), wanted }
    }

    /// The error whose problem is told by `source` to the one who typed the value.
    #[must_use]
    pub fn because(source: impl Display, wanted: impl Display) -> Self {
        Self { problem: source.to_string(), ..Self::new(wanted) }
    }
}

/// Reads an amount: a decimal number of XNO (`1.5`), or of raw with the suffix `raw` (`1000raw`).
///
/// # Errors
/// The text is no such number, or too large.
pub fn amount(text: &str) -> Result<Amount, ValueError> {
    let amount = match text.strip_suffix("raw") {
        Some(raw) => raw.trim_end().parse(),
        None => Amount::from_xno(text.strip_suffix("XNO").unwrap_or(text).trim_end()),
    };
    amount.map_err(|error| {
        ValueError::because(error, "an amount: XNO (\"1.5\"), or raw with the suffix (\"1000raw\")")
    })
}

/// Reads an account by its address.
///
/// # Errors
/// The text is no address.
pub fn address(text: &str) -> Result<Account, ValueError> {
    read(text, "an account (nano_…)")
}

/// Reads the name of a network.
///
/// # Errors
/// There is no such network.
pub fn network(text: &str) -> Result<Network, ValueError> {
    read(text, "live, beta, test, dev or banano")
}

/// Reads an IP address.
///
/// # Errors
/// The text is none.
pub fn ip(text: &str) -> Result<IpAddr, ValueError> {
    text.parse().map_err(|_| ValueError::new("an IP address, as 203.0.113.7 or 2001:db8::7"))
}

/// Checks that a URL is one of HTTP, as far as its scheme and that there is a host.
///
/// # Errors
/// The URL has another scheme, or nothing behind it.
pub fn http_url(text: &str) -> Result<String, ValueError> {
    url(text, ["http://", "https://"])
}

/// Checks that a URL is one of a WebSocket, as far as its scheme and that there is a host.
///
/// # Errors
/// The URL has another scheme, or nothing behind it.
pub fn websocket_url(text: &str) -> Result<String, ValueError> {
    url(text, ["ws://", "wss://"])
}

fn url(text: &str, schemes: [&str; 2]) -> Result<String, ValueError> {
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    match rest {
        Some(rest) if !rest.is_empty() => Ok(text.to_owned()),
        _ => Err(ValueError::new(format_args!("a URL: {}… or {}…", schemes[0], schemes[1]))),
    }
}

/// Reads a switch: `true` or `false`, also as yes and no, on and off, 1 and 0.
///
/// # Errors
/// The text is none of these.
pub fn switch(text: &str) -> Result<bool, ValueError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(ValueError::new("true or false")),
    }
}

/// Reads a whole number of this range.
pub fn whole<N>(range: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, ValueError> + Clone
where
    N: FromStr + PartialOrd + Display + Clone,
{
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        let wanted = || format!("a whole number from {} to {}", range.start(), range.end());
        number.ok_or_else(|| ValueError::new(wanted()))
    }
}

/// Reads a whole number above 0, of whatever size the type can hold.
///
/// # Errors
/// The text is none.
pub fn from_one<N: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<N, ValueError> {
    let number = text.parse().ok().filter(|number| *number >= N::from(1));
    number.ok_or_else(|| ValueError::new("a whole number from 1 upwards"))
}

/// Reads a number above 0.
///
/// # Errors
/// The text is none.
pub fn above_zero(text: &str) -> Result<f64, ValueError> {
    let number = text.parse().ok().filter(|number: &f64| *number > 0.0 && number.is_finite());
    number.ok_or_else(|| ValueError::new("a number above 0"))
}

/// Reads a number from 0 upwards.
///
/// # Errors
/// The text is none.
pub fn not_negative(text: &str) -> Result<f64, ValueError> {
    let number = text.parse().ok().filter(|number: &f64| *number >= 0.0 && number.is_finite());
    number.ok_or_else(|| ValueError::new("a number from 0 upwards"))
}

/// Reads a number of seconds above 0.
///
/// # Errors
/// The text is none, or too long for a clock.
pub fn seconds(text: &str) -> Result<Duration, ValueError> {
    let seconds = text.parse().ok().and_then(|number| Duration::try_from_secs_f64(number).ok());
    let wanted = || ValueError::new("a number of seconds above 0");
    seconds.filter(|seconds| !seconds.is_zero()).ok_or_else(wanted)
}

/// Reads what a header can carry: visible ASCII characters, at least one.
///
/// # Errors
/// The text is empty or has other characters.
pub fn token(text: &str) -> Result<String, ValueError> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err(ValueError::new("visible ASCII characters, at least one"))
}

fn read<T: FromStr<Err: Display>>(text: &str, wanted: &str) -> Result<T, ValueError> {
    text.parse().map_err(|error: T::Err| ValueError::because(error, wanted))
}

/// Reads a root: 64 hexadecimal digits, or the account whose first block it is.
///
/// # Errors
/// The text is neither.
pub fn root(text: &str) -> Result<Root, String> {
    if text.contains('_') {
        return text.parse::<Account>().map(Root::from).map_err(|error| error.to_string());
    }
    text.parse().map_err(|error: HexError| error.to_string())
}

/// Reads an account: an address, or the public key in 64 hexadecimal digits.
///
/// # Errors
/// The text is neither.
pub fn account(text: &str) -> Result<Account, String> {
    if text.contains('_') {
        return text.parse().map_err(|error: nano_primitives::AccountError| error.to_string());
    }
    text.parse::<PublicKey>().map(Account::new).map_err(|error| error.to_string())
}

/// Reads an address and port to listen on. Names are not looked up.
///
/// # Errors
/// The text is not of that form.
pub fn socket_address(text: &str) -> Result<SocketAddr, ValueError> {
    text.parse().map_err(|_| ValueError::new("IP:PORT, as 127.0.0.1:7076 or [::1]:7076"))
}

#[cfg(test)]
mod tests {
    use super::{
        above_zero, amount, from_one, http_url, not_negative, root, seconds, socket_address,
        switch, token, websocket_url, whole,
    };
    use nano_primitives::{Account, Amount, Root};
    use std::time::Duration;

    #[test]
    fn an_amount_is_xno_unless_it_says_raw() {
        assert_eq!(amount("1.5").unwrap(), Amount::from_raw(15 * 10_u128.pow(29)));
        assert_eq!(amount("2 XNO").unwrap(), Amount::from_raw(2 * 10_u128.pow(30)));
        assert_eq!(amount("7raw").unwrap(), Amount::from_raw(7));
        assert_eq!(amount("7 raw").unwrap(), Amount::from_raw(7));
    }

    #[test]
    fn odd_amounts_are_refused() {
        for text in ["", "-1", "+1", "1e3", "0x1", "1,5", "1.5raw", "raw", "1.5xno", "١"] {
            assert!(amount(text).is_err(), "{text:?}");
        }
        assert!(amount(&format!("{}0raw", u128::MAX)).is_err());
        assert!(amount("340282366.920938463463374607431768211456").is_err());
        assert_eq!(amount("340282366.920938463463374607431768211455").unwrap(), Amount::MAX);
    }

    #[test]
    fn a_root_is_a_hash_or_the_account_of_a_first_block() {
        let account = Account::ZERO;
        assert_eq!(root(&account.to_string()).unwrap(), Root::from(account));
        assert_eq!(root(&"0".repeat(64)).unwrap(), Root::from(account));
        assert!(root("nano_1").is_err());
        assert!(root("12").is_err());
    }

    #[test]
    fn an_address_to_listen_on_has_numbers_and_a_port() {
        for text in ["127.0.0.1:0", "0.0.0.0:7076", "[::1]:7076"] {
            assert_eq!(socket_address(text).unwrap().to_string(), text);
        }
        for text in ["", "localhost:7076", "127.0.0.1", ":7076", "127.0.0.1:99999", "::1:7076x"] {
            assert!(socket_address(text).unwrap_err().wanted().contains("IP:PORT"), "{text}");
        }
    }

    #[test]
    fn what_is_wanted_never_repeats_the_value() {
        let (key, wrong) =
            ("f00d".repeat(16), |error: super::ValueError| error.wanted().to_owned());
        for told in [
            wrong(amount(&key).unwrap_err()),
            wrong(super::address(&key).unwrap_err()),
            wrong(super::network(&key).unwrap_err()),
            wrong(super::ip(&key).unwrap_err()),
            wrong(http_url(&key).unwrap_err()),
            wrong(websocket_url(&key).unwrap_err()),
            wrong(switch(&key).unwrap_err()),
            wrong(whole(1..=7_u16)(&key).unwrap_err()),
            wrong(seconds(&key).unwrap_err()),
        ] {
            assert!(told.starts_with("wanted ") && !told.contains("f00d"), "{told}");
        }
    }

    #[test]
    fn numbers_keep_to_their_bounds() {
        assert_eq!(whole(1..=1024_usize)("1024"), Ok(1024));
        for text in ["0", "-1", "1025", "9999999999999999999999", "all", ""] {
            let error = whole(1..=1024_usize)(text).unwrap_err();
            assert_eq!(error.to_string(), "wanted a whole number from 1 to 1024", "{text}");
        }
        assert_eq!(from_one::<usize>("7"), Ok(7));
        let error = from_one::<u32>("0").unwrap_err();
        assert_eq!(error.to_string(), "wanted a whole number from 1 upwards");
        assert_eq!(above_zero("0.5"), Ok(0.5));
        assert_eq!(not_negative("0"), Ok(0.0));
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for text in ["0", "-1", "nan", "", "x"] {
            assert!(above_zero(text).is_err() && seconds(text).is_err(), "{text}");
            assert!(text == "0" || not_negative(text).is_err(), "{text}");
        }
        assert!(above_zero("inf").is_err() && not_negative("inf").is_err());
    }

    #[test]
    fn a_url_has_the_scheme_that_is_spoken() {
        assert!(http_url("https://a.example/rpc").is_ok() && websocket_url("ws://[::1]:1").is_ok());
        for text in ["", "http://", "a.example", "ws://a", "HTTP", "ftp://a"] {
            assert!(http_url(text).is_err(), "{text}");
        }
        assert!(websocket_url("http://a").is_err());
    }

    #[test]
    fn a_switch_is_on_or_off() {
        assert_eq!(["true", "YES", "on", "1"].map(switch), [const { Ok(true) }; 4]);
        assert_eq!(["false", "no", "Off", "0"].map(switch), [const { Ok(false) }; 4]);
        assert!(switch("maybe").is_err() && token("a b").is_err() && token("").is_err());
    }
}
