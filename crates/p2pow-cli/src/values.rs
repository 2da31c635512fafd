//! How values are written on the command line.

use nano_primitives::{Account, Amount, AmountError, HexError, PublicKey, Root};
use std::net::SocketAddr;

/// Reads an amount: a decimal number of XNO (`1.5`), or of raw with the suffix `raw` (`1000raw`).
///
/// # Errors
/// The text is no such number, or too large.
pub fn amount(text: &str) -> Result<Amount, AmountError> {
    match text.strip_suffix("raw") {
        Some(raw) => raw.trim_end().parse(),
        None => Amount::from_xno(text.strip_suffix("XNO").unwrap_or(text).trim_end()),
    }
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
pub fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "wanted IP:PORT, as 127.0.0.1:7076 or [::1]:7076".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{amount, root, socket_address};
    use nano_primitives::{Account, Amount, Root};

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
            assert!(socket_address(text).unwrap_err().contains("wanted IP:PORT"), "{text}");
        }
    }
}
