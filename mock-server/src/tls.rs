//! TLS: a certificate made at the start by an authority of the mock's own, or one from files.

use std::{
    fmt, io,
    net::{Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bandwidth_fixtures::describe;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// The hosts of the real API: a client that insists on them can be sent here by its resolver.
const NAMES: [&str; 3] = ["localhost", "dashboard.bandwidth.com", "api.bandwidth.com"];

const DAY: Duration = Duration::from_hours(24);

/// An encrypted connection.
pub type TlsStream = tokio_rustls::server::TlsStream<TcpStream>;

/// The socket below an encrypted connection.
pub fn socket(stream: &TlsStream) -> &TcpStream {
    stream.get_ref().0
}

/// Where a server's certificate comes from.
#[derive(Debug)]
pub enum Certificate {
    /// Made at the start, also for these names and addresses.
    Generated(Vec<String>),
    /// From PEM files.
    Files {
        /// The certificate, and those that lead to its root.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

impl Certificate {
    /// Makes the certificate, or reads it.
    pub fn load(&self) -> Result<Tls, TlsError> {
        match self {
            Self::Generated(names) => Tls::generated(names),
            Self::Files { certificate, key } => Tls::from_files(certificate, key),
        }
    }
}

/// A server's certificate and key.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    ca_pem: Arc<str>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

/// A certificate that cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file that cannot be read, or has nothing of that kind in it.
    #[error("{file}: {message}")]
    File {
        /// Its path.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// A name that no certificate can have.
    #[error("--tls-san `{0}`: write a DNS name or an IP address, as mock.test")]
    Name(String),
    /// The key is of another certificate.
    #[error(
        "--tls-key: it is not the key of the certificate in --tls-cert; give the one that belongs to it"
    )]
    OtherKey,
    /// The certificate or the key is of a kind that is not supported.
    #[error("--tls-cert, --tls-key: they cannot be used: {0}")]
    Pair(rustls::Error),
    /// The library could not make a certificate.
    #[error("no certificate could be made: {0}")]
    Made(#[from] rcgen::Error),
}

impl Tls {
    /// An authority and a certificate, made now, for localhost, the hosts of the real API and
    /// these names or addresses. The authority's key is forgotten.
    fn generated(names: &[String]) -> Result<Self, TlsError> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut authority, "bandwidth-mock test authority");
        let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

        let mut server = CertificateParams::default();
        for name in NAMES.into_iter().chain(names.iter().map(String::as_str)) {
            server.subject_alt_names.push(san(name)?);
        }
        for address in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] {
            server.subject_alt_names.push(SanType::IpAddress(address));
        }
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        valid(&mut server, "bandwidth-mock");
        let key = KeyPair::generate()?;
        let certificate = server.signed_by(&key, &issuer)?;

        let chain = vec![certificate.der().clone()];
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Self::new(chain, key, issuer.pem())
    }

    /// A certificate chain and its key, as PEM files.
    fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let wrong = |what: &str, path: &Path, message: String| TlsError::File {
            file: format!("{what} {}", path.display()),
            message,
        };
        let read = |what: &str, path: &Path| {
            std::fs::read(path).map_err(|error| wrong(what, path, describe::io(&error)))
        };
        let chain = CertificateDer::pem_slice_iter(&read("certificate", certificate)?)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| {
                let message = "is not PEM; convert it, for instance with openssl x509";
                wrong("certificate", certificate, message.to_owned())
            })?;
        let Some(last) = chain.last() else {
            let message = "has no certificate; it must hold `-----BEGIN CERTIFICATE-----`";
            return Err(wrong("certificate", certificate, message.to_owned()));
        };
        let lines = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        let ca_pem = pem::Pem::new("CERTIFICATE", last.as_ref());
        let ca_pem = pem::encode_config(&ca_pem, lines);
        let key_der = PrivateKeyDer::from_pem_slice(&read("key", key)?).map_err(|_| {
            wrong(
                "key",
                key,
                "has no private key that can be read; it must hold `-----BEGIN PRIVATE KEY-----`, \
                 without a passphrase"
                    .to_owned(),
            )
        })?;
        Self::new(chain, key_der, ca_pem)
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        ca_pem: String,
    ) -> Result<Self, TlsError> {
        // Chosen here and not for the process: this also runs inside other programs.
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => TlsError::OtherKey,
                error => TlsError::Pair(error),
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            ca_pem: ca_pem.into(),
        })
    }

    /// Shakes hands with a client.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream> {
        self.acceptor.accept(stream).await
    }

    /// What a client must trust, as PEM: the authority, or the last certificate of the file.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }
}

/// From yesterday, for clients whose clock is behind, to a year from now.
fn valid(params: &mut CertificateParams, name: &str) {
    let now = SystemTime::now();
    params.not_before = (now - DAY).into();
    params.not_after = (now + 365 * DAY).into();
    params.distinguished_name.push(DnType::CommonName, name);
}

fn san(name: &str) -> Result<SanType, TlsError> {
    if let Ok(address) = name.parse() {
        return Ok(SanType::IpAddress(address));
    }
    let wrong = || TlsError::Name(name.to_owned());
    let plain = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'*' | b'_'));
    if !plain {
        return Err(wrong());
    }
    Ok(SanType::DnsName(name.try_into().map_err(|_| wrong())?))
}
