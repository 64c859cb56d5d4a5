//! A HAR that another program of this project writes. It has no secrets, like that of `record`.

use std::{path::Path, time::SystemTime};

use bytes::Bytes;
use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use parking_lot::Mutex;

use super::{
    clean::{Cleaner, Message, Raw},
    numbers::Numbers,
};
use crate::traffic::{Exchange, TrafficError, har::HarFile};

/// A HAR file that grows with each exchange. At any moment it is complete up to the last one.
pub struct Recording {
    cleaner: Cleaner,
    file: Mutex<HarFile>,
}

/// Headers and body of a request or a response.
pub struct Part<'m> {
    /// Names and values.
    pub headers: &'m [(String, String)],
    /// The bytes without transfer encoding.
    pub body: &'m [u8],
}

impl Recording {
    /// Starts the file. An existing file is an error.
    pub fn create(path: &Path) -> Result<Self, TrafficError> {
        let numbers = Numbers::new()
            .map_err(|error| TrafficError::new(path, format!("no random numbers: {error}")))?;
        Ok(Self {
            cleaner: Cleaner {
                numbers,
                disguise: None,
                all_features: false,
            },
            file: Mutex::new(HarFile::create(path)?),
        })
    }

    /// Adds an exchange. The URL is absolute; a request without a response has no answer. `clean`
    /// sees what is kept, and removes secrets that no field or header gives away.
    pub fn keep(
        &self,
        at: SystemTime,
        method: &str,
        url: &str,
        request: &Part<'_>,
        answer: Option<(u16, Part<'_>)>,
        clean: impl FnOnce(&mut Exchange),
    ) -> Result<(), TrafficError> {
        // Placeholders are numbered in the order of the file.
        let mut file = self.file.lock();
        let mut exchange = self.cleaner.exchange(Raw {
            at,
            method: method.to_owned(),
            url: url.to_owned(),
            request: request.message(),
            answer: answer.map(|(status, part)| (status, part.message())),
        });
        clean(&mut exchange);
        file.append(&exchange)
    }
}

impl Part<'_> {
    /// Headers that HTTP does not allow are left out.
    fn message(&self) -> Message {
        let headers = self.headers.iter().filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
        });
        Message {
            headers: headers.fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            }),
            length: self.body.len(),
            body: Some(Bytes::copy_from_slice(self.body)),
        }
    }
}
