//! JSON to [`Tree`], strictly: duplicate keys, a second value after the first, and anything else
//! that RFC 8259 leaves to the reader is rejected.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::tree::Tree;

/// Reads a whole body.
pub fn read(body: &[u8]) -> Result<Tree, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?;
    serde_json::from_str(text).map_err(|error| error.to_string())
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut members: Vec<(String, Tree)> = Vec::new();
        while let Some((key, value)) = entries.next_entry::<String, Tree>()? {
            if members.iter().any(|(known, _)| *known == key) {
                return Err(A::Error::custom(format!("the key `{key}` is given twice")));
            }
            members.push((key, value));
        }
        Ok(Tree::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::{Tree, read};

    #[test]
    fn reads_what_json_can_say() {
        let tree = read(br#"{"a":[1,-2,true,null],"b":{"c":"\u0041"}}"#).unwrap();
        assert_eq!(
            tree,
            Tree::Object(vec![
                (
                    "a".into(),
                    Tree::List(vec![
                        Tree::Number("1".into()),
                        Tree::Number("-2".into()),
                        Tree::Bool(true),
                        Tree::Null,
                    ])
                ),
                (
                    "b".into(),
                    Tree::Object(vec![("c".into(), Tree::Text("A".into()))])
                ),
            ])
        );
    }

    #[test]
    fn refuses_what_is_not_one_clean_value() {
        for body in [
            &b""[..],
            b"{",
            br#"{"a":1,"a":2}"#,
            br#"{"x":{"a":1,"a":1}}"#,
            b"{} {}",
            b"{} x",
            b"[1,]",
            b"{'a':1}",
            b"\"\x01\"",
            b"\"\xff\"",
            b"\xef\xbb\xbf{}",
            b"NaN",
        ] {
            assert!(read(body).is_err(), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn refuses_nesting_that_would_exhaust_the_stack() {
        assert!(read("[".repeat(100_000).as_bytes()).is_err());
    }
}
