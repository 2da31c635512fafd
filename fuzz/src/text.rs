//! Values as text.

use nano_block::{Epoch, Network, SecretKey, Seed, Subtype};
use nano_primitives::{Account, Amount, Prefix, PublicKey, Unit};
use nano_rpc::WebSocketUrl;
use p2pow_protocol::registry;

/// What reads as an account is the account that is written, in each prefix.
pub fn account_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let prefixes = [Prefix::NANO, Prefix::XRB, Prefix::BANANO];
    if let Ok(account) = Account::parse_with_prefixes(text, &prefixes) {
        let written = prefixes.map(|prefix| account.with_prefix(prefix).to_string());
        assert!(written.iter().any(|written| written == text), "{text} is written {written:?}");
    }
    assert_eq!(
        text.parse::<Account>().is_ok(),
        Account::parse_with_prefixes(text, &prefixes[..2]).is_ok()
    );
}

/// What reads as an amount of a unit is written in that unit as the same amount.
pub fn amount_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for unit in [Unit::RAW, Unit::XNO, Unit::BANANO] {
        if let Ok(amount) = Amount::parse_unit(text, unit) {
            let written = amount.display_in(unit).to_string();
            assert_eq!(
                Amount::parse_unit(&written, unit),
                Ok(amount),
                "{text} is written {written}"
            );
        }
    }
}

/// What reads as a registered address registers as the same representative.
pub fn registry_entry(bytes: &[u8]) {
    let Some(key) = bytes.first_chunk() else { return };
    let representative = Account::new(PublicKey::from_bytes(*key));
    if let Some(address) = registry::decode(&representative) {
        assert_eq!(registry::encode(address), Ok(representative), "{address}");
    }
}

/// What reads as a name is written so. What reads as a WebSocket's URL reads again, and shows nothing of what stands
/// before an `@`. A key file is read or refused, and its refusal repeats no digits of it.
pub fn settings_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert!(text.parse::<Network>().map_or(true, |name| name.as_str() == text));
    assert!(text.parse::<Subtype>().map_or(true, |name| name.as_str() == text));
    assert!(text.parse::<Epoch>().map_or(true, |name| name.as_str() == text));
    if let Ok(url) = text.parse::<WebSocketUrl>() {
        assert_eq!(url.as_str().parse::<WebSocketUrl>().as_ref(), Ok(&url));
        assert!(!format!("{url} {url:?}").contains('@'), "{url}");
    }
    let refused = [SecretKey::from_key_file(text).err(), Seed::from_key_file(text).err()]
        .into_iter()
        .flatten();
    let digits: Vec<&str> =
        text.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() >= 32).collect();
    for error in refused {
        let told = format!("{error} {error:?}");
        assert!(!digits.iter().any(|word| told.contains(word)), "{told}");
    }
}
