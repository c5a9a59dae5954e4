//! Values that PHP wrote with `serialize()`, <https://www.php.net/manual/en/function.serialize.php>.
//!
//! A number is `i:7;`, a string has its length, `s:3:"abc";`, and an array its count and its entries,
//! key and value in turn: `a:1:{i:0;s:1:"x";}`. Objects are arrays with the name of a class.

/// Arrays in arrays. PEAR's have six.
const MAX_DEPTH: usize = 32;

/// What stands at one place.
enum Token<'a> {
    /// A string, or a number as it is written.
    Plain(&'a [u8]),
    Open,
    Close,
}

/// Hands each string and number in `bytes` to `f`, with the keys that lead there. `false`: what
/// follows cannot be read.
pub(super) fn walk<'a>(bytes: &'a [u8], mut f: impl FnMut(&[&'a [u8]], &'a [u8])) -> bool {
    let mut rest = bytes;
    // The keys of the arrays that are open; a key is pushed when it is read, and popped after its
    // value.
    let mut keys: Vec<&[u8]> = Vec::new();
    let mut depth = 0;
    while let Some((token, after)) = next(rest) {
        rest = after;
        let expects_key = keys.len() < depth;
        match token {
            Token::Open if expects_key || depth == MAX_DEPTH => return false,
            Token::Open => {
                depth += 1;
                continue;
            }
            Token::Close if expects_key => depth -= 1,
            Token::Close => return false,
            Token::Plain(key) if expects_key => {
                keys.push(key);
                continue;
            }
            Token::Plain(value) => f(&keys, value),
        }
        // A value has ended.
        keys.pop();
        if depth == 0 {
            return true;
        }
    }
    false
}

fn next(bytes: &[u8]) -> Option<(Token<'_>, &[u8])> {
    Some(match bytes {
        [b'}', rest @ ..] => (Token::Close, rest),
        [b'N', b';', rest @ ..] => (Token::Plain(b""), rest),
        [b'i' | b'b' | b'd' | b'r' | b'R', b':', rest @ ..] => {
            let (value, rest) = until(rest, b';')?;
            (Token::Plain(value), rest)
        }
        [b's', b':', rest @ ..] => {
            let (text, rest) = counted(rest)?;
            (Token::Plain(text), rest.strip_prefix(b";")?)
        }
        [b'a', b':', rest @ ..] => {
            let (_, rest) = until(rest, b':')?;
            (Token::Open, rest.strip_prefix(b"{")?)
        }
        [b'O', b':', rest @ ..] => {
            let (_, rest) = counted(rest)?;
            let (_, rest) = until(rest.strip_prefix(b":")?, b':')?;
            (Token::Open, rest.strip_prefix(b"{")?)
        }
        _ => return None,
    })
}

/// Reads `3:"abc"`.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = until(bytes, b':')?;
    let length = str::from_utf8(length).ok()?.parse().ok()?;
    let (text, rest) = rest.strip_prefix(b"\"")?.split_at_checked(length)?;
    Some((text, rest.strip_prefix(b"\"")?))
}

/// What is before `end`, which is near, and what is after it.
fn until(bytes: &[u8], end: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(end, bytes.get(..32).unwrap_or(bytes))?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::walk;

    fn check(text: &str) -> (bool, String) {
        let mut shown = String::new();
        let is_whole = walk(text.as_bytes(), |keys, value| {
            for part in keys.iter().chain([&value]) {
                shown.push_str(str::from_utf8(part).unwrap());
                shown.push(' ');
            }
        });
        (is_whole, shown)
    }

    #[test]
    fn values_are_told_with_the_keys_that_lead_there() {
        let text = r#"a:3:{s:1:"k";s:5:"a";}b";s:1:"l";a:2:{i:0;i:-7;i:1;N;}s:1:"m";O:1:"C":1:{s:1:"x";b:1;}}"#;
        assert_eq!(check(text), (true, "k a\";}b l 0 -7 l 1  m x 1 ".to_owned()));
        assert_eq!(check("i:7;"), (true, "7 ".to_owned()));
    }

    #[test]
    fn what_is_no_value_ends_the_reading() {
        for text in [
            "",
            "x",
            "a:1:{",
            "a:1:{s:9:\"k\";",
            "a:1:{a:0:{}i:1;}",
            "a:1:{i:0;}",
            "}",
            "s:99999999999999999999:\"\";",
        ] {
            assert!(!check(text).0, "{text}");
        }
        assert!(!check(&"a:1:{i:0;".repeat(1000)).0);
    }
}
