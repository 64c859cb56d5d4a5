use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;

use super::{HarFile, read};
use crate::traffic::{self, Answer, Exchange, PasswordFeatures};

fn exchange(seconds: u64, body: &'static [u8]) -> Exchange {
    let features = PasswordFeatures {
        length: 4,
        upper: false,
        lower: true,
        digit: false,
        symbol: false,
        simple: true,
        repeats: 1,
        common_word: false,
        identity: None,
    };
    Exchange {
        at: Some(UNIX_EPOCH + Duration::from_secs(seconds)),
        after_gap: false,
        method: "PUT".to_owned(),
        url: "https://example.com/api/accounts/1/users/u1?a=b%20c".to_owned(),
        request_headers: vec![("Content-Type".to_owned(), "application/xml".to_owned())],
        request_body: Bytes::from_static(body),
        answer: Some(Answer {
            status: 200,
            headers: vec![("Server".to_owned(), "x".to_owned())],
            body: Bytes::from_static(body),
        }),
        passwords: BTreeMap::from([("password-1".to_owned(), features)]),
    }
}

#[test]
fn what_is_appended_is_read_back_after_each_exchange() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traffic.har");
    let mut har = HarFile::create(&path).unwrap();
    assert_eq!(traffic::read(&path, |_| true).unwrap(), []);
    let mut sent = Vec::new();
    for body in [&b""[..], b"<User>\n</User>", &[0xff, 0x00, 0xfe]] {
        let mut exchange = exchange(sent.len() as u64, body);
        if body.is_empty() {
            exchange.answer = None;
        }
        har.append(&exchange).unwrap();
        sent.push(exchange);
        assert_eq!(traffic::read(&path, |_| true).unwrap(), sent);
    }
    let again = HarFile::create(&path).unwrap_err().to_string();
    assert!(again.contains("already; choose another name"), "{again}");
}

#[test]
fn other_programs_hars_are_read() {
    let text = r#"{"log": {"version": "1.2", "creator": {}, "pages": [], "_x": 1, "entries": [
      {"startedDateTime": "2026-03-04T12:00:01.5+01:00", "_priority": "high", "cache": {},
       "request": {"method": "POST", "url": "https://h/api/v1/oauth2/token", "headers":
         [{"name": ":method", "value": "POST"}, {"name": "Accept", "value": "*/*"}],
         "postData": {"mimeType": "application/x-www-form-urlencoded",
           "params": [{"name": "grant_type", "value": "a b"}]}},
       "response": {"status": 200, "headers": [{"name": "content-encoding", "value": "gzip"}],
         "content": {"size": 2, "text": "e30=", "encoding": "base64"}}},
      {"startedDateTime": "2026-03-04T11:00:01Z",
       "request": {"method": "GET", "url": "https://h/image.png", "headers": []},
       "response": {"status": 200, "headers": [], "content": {"size": 90}}},
      {"startedDateTime": "2026-03-04T11:00:01Z",
       "request": {"method": "GET", "url": "https://h/api/x", "headers": []},
       "response": {"status": 0, "headers": [], "content": {"size": 0}}}]}}"#;
    let (read_api, _) = read(text, |url| url.contains("/api/")).unwrap();
    let (numbers, read_api): (Vec<usize>, Vec<Exchange>) = read_api.into_iter().unzip();
    assert_eq!(numbers, [3, 1]);
    assert_eq!(read_api[0].answer, None);
    assert_eq!(read_api[1].request_body, "grant_type=a+b");
    assert_eq!(
        read_api[1].request_headers,
        [("Accept".to_owned(), "*/*".to_owned())]
    );
    let answer = read_api[1].answer.as_ref().unwrap();
    assert_eq!(answer.body, "{}");
    assert_eq!(answer.headers, []);
}

#[test]
fn errors_name_the_entry_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let texts = [
        "",
        "{\"log\"",
        r#"{"log":{}}"#,
        r#"{"log":{"entries":[{"request":{"url":"/"}}]}}"#,
        r#"{"log":{"entries":[{"request":{"method":"GET","url":"/"},"response":{"status":200,"content":{"size":9}}}]}}"#,
        r#"{"log":{"entries":[{"request":{"method":"GET","url":"/"},"response":{"status":200,"content":{"text":"%","encoding":"base64"}}}]}}"#,
        "{\"method\":\"GET\",\"url\":\"/\"}\n\n{\"method\":\"GET\"}",
        "{\"method\":\"GET\",\"url\":\"/\",\"headers\":1}",
        "not a recording",
    ];
    let errors = texts.map(|text| {
        let path = folder.path().join("t.har");
        fs::write(&path, text).unwrap();
        let read = traffic::read(&path, |_| true);
        let text = read.map_or_else(|error| error.to_string(), |read| format!("{read:?}"));
        text.replace(&folder.path().display().to_string(), "")
    });
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn a_log_has_one_object_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.log");
    let text = r#"{"method":"GET","url":"/api/users","headers":{"Accept":["a","b"]},"status":null}
{"time":1.5,"method":"PUT","url":"/api/users/1","headers":[["A","b"]],"body":{"b":1,"a":null},"status":200,"answer":"<a/>","answerHeaders":{"X":"y"}}"#;
    fs::write(&path, text).unwrap();
    let read = traffic::read(&path, |_| true).unwrap();
    assert_eq!(read[0].answer, None);
    let values: Vec<&str> = read[0].request_headers.iter().map(|(_, v)| &**v).collect();
    assert_eq!(values, ["a", "b"]);
    assert_eq!(read[1].request_body, r#"{"b":1,"a":null}"#);
    assert_eq!(read[1].at, Some(UNIX_EPOCH + Duration::from_millis(1500)));
    let answer = read[1].answer.as_ref().unwrap();
    assert_eq!((answer.status, &*answer.body), (200, &b"<a/>"[..]));
    assert_eq!(answer.headers, [("X".to_owned(), "y".to_owned())]);
}
