//! The names of records as one token of a subject each: a full stop, which parts tokens, is written `=2E`, and `=` is
//! written `=3D`. Everything else that a name may have stands for itself, so that `nats kv ls` is readable.

/// The token of a name.
pub(super) fn encode(name: &str) -> String {
    name.replace('=', "=3D").replace('.', "=2E")
}

/// The name of a token; `None` where somebody else has written it.
pub(super) fn decode(token: &str) -> Option<String> {
    let name = token.replace("=2E", ".").replace("=3D", "=");
    (encode(&name) == token).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn every_name_is_one_token_and_comes_back() {
        for name in ["a", "a.b", ".", "..", "=", "=2E", "=3D2E", "a=.b", "-_/", "=3D=2E."] {
            let token = encode(name);
            assert!(!token.contains('.'), "{token}");
            assert_eq!(decode(&token).as_deref(), Some(name), "{token}");
        }
        assert_eq!(encode("a.b=c"), "a=2Eb=3Dc");
        for foreign in ["a.b", "=", "=4F", "=2e"] {
            assert_eq!(decode(foreign), None, "{foreign}");
        }
    }
}
