//! Whom an encrypted connection trusts: the authorities of this system, or one file's.

use std::{path::Path, sync::Arc};

use bandwidth_fixtures::describe;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{
        CertificateDer,
        pem::{self, PemObject as _},
    },
};

use crate::error::ConformanceError;

/// The certificates that a connection trusts.
#[derive(Debug, Clone, Copy)]
pub enum Trust<'a> {
    /// Unencrypted.
    None,
    /// The authorities that this system trusts.
    System,
    /// The certificates in a PEM file, and no others.
    File(&'a Path),
}

/// The settings of encrypted connections.
pub fn config(trust: Trust<'_>) -> Result<Arc<ClientConfig>, ConformanceError> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::None => {}
        Trust::System => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                return Err(ConformanceError::Usage(
                    "this system has no trusted certificates; install its ca-certificates package, or name a file with --ca-file".to_owned(),
                ));
            }
        }
        Trust::File(path) => {
            let name = path.display();
            let certificates = CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|error| {
                    let why = match error {
                        pem::Error::Io(error) => describe::io(&error),
                        _ => "it is not PEM; a mock serves its own at /__admin/ca.pem".to_owned(),
                    };
                    ConformanceError::Usage(format!("--ca-file {name}: {why}"))
                })?;
            let (added, _) = roots.add_parsable_certificates(certificates);
            if added == 0 {
                return Err(ConformanceError::Usage(format!(
                    "--ca-file {name}: it has no certificate in PEM form; a mock serves its own at /__admin/ca.pem"
                )));
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has the usual protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
