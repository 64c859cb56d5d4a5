//! TLS: a certificate made at the start by an authority of the mock's own, or one from files.

use std::{
    fmt, io,
    net::{Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bandwidth_fixtures::text_file;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::{
    CertificateError, RootCertStore, ServerConfig,
    client::verify_server_cert_signed_by_trust_anchor,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject as _},
    server::ParsedCertificate,
};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::address::BANDWIDTH_HOSTS;

const DAY: Duration = Duration::from_hours(24);

/// An encrypted connection.
pub type TlsStream = tokio_rustls::server::TlsStream<TcpStream>;

/// The socket below an encrypted connection.
pub fn socket(stream: &TlsStream) -> &TcpStream {
    stream.get_ref().0
}

/// Source of a server's certificate.
#[derive(Debug)]
pub enum Certificate {
    /// Made at the start, also for these names and addresses.
    Generated(Vec<String>),
    /// From PEM files.
    Files {
        /// The certificate, and those that lead to its root.
        certificate: PathBuf,
        key: PathBuf,
    },
}

/// The certificates of a server.
#[derive(Debug, Clone, Default)]
pub struct Certificates {
    /// For connections that begin with a handshake.
    own: Option<Tls>,
    /// For tunnels, by host.
    hosts: Arc<[(&'static str, Tls)]>,
    ca_pem: Option<Arc<str>>,
}

impl Certificates {
    /// Makes or reads the server's own certificate, and with `proxy` makes one for each of
    /// Bandwidth's hosts. What is made has one authority, whose key is forgotten then.
    pub fn load(own: Option<&Certificate>, proxy: bool) -> Result<Self, TlsError> {
        if let Some(Certificate::Files { certificate, key }) = own {
            let (tls, ca_pem) = Tls::from_files(certificate, key)?;
            return Ok(Self {
                own: Some(tls),
                hosts: Arc::default(),
                ca_pem: Some(ca_pem.into()),
            });
        }
        if own.is_none() && !proxy {
            return Ok(Self::default());
        }
        let authority = authority()?;
        let own = match own {
            Some(Certificate::Generated(names)) => Some(Tls::for_server(&authority, names)?),
            _ => None,
        };
        let hosts = BANDWIDTH_HOSTS.iter().filter(|_| proxy);
        let hosts = hosts.map(|host| Ok((*host, Tls::signed(&authority, vec![san(host)?])?)));
        Ok(Self {
            own,
            hosts: hosts.collect::<Result<_, TlsError>>()?,
            ca_pem: Some(authority.pem().into()),
        })
    }

    /// For connections that begin with a handshake.
    pub fn own(&self) -> Option<&Tls> {
        self.own.as_ref()
    }

    /// For a tunnel to that host.
    pub fn of_host(&self, host: &str) -> Option<&Tls> {
        let mut hosts = self.hosts.iter();
        hosts.find_map(|(known, tls)| (*known == host).then_some(tls))
    }

    /// The certificate that a client must trust, as PEM: the authority, or the last certificate of
    /// the file.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }
}

/// A server's certificate and key.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
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
        /// The problem.
        message: String,
    },
    /// A name that no certificate can have.
    #[error("--tls-san `{0}`: write a DNS name or an IP address, for example mock.test")]
    Name(String),
    /// The key is of another certificate.
    #[error(
        "--tls-key: it does not match the certificate in --tls-cert; give the key of that certificate"
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
    /// For localhost, Bandwidth's hosts and these names or addresses.
    fn for_server(authority: &Authority, names: &[String]) -> Result<Self, TlsError> {
        let names = names.iter().map(String::as_str);
        let names = ["localhost"]
            .into_iter()
            .chain(BANDWIDTH_HOSTS)
            .chain(names);
        let mut subjects = names.map(san).collect::<Result<Vec<_>, _>>()?;
        for address in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] {
            subjects.push(SanType::IpAddress(address));
        }
        Self::signed(authority, subjects)
    }

    /// With a certificate for these subjects.
    fn signed(authority: &Authority, subjects: Vec<SanType>) -> Result<Self, TlsError> {
        let mut server = CertificateParams::default();
        server.subject_alt_names = subjects;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        valid(&mut server, "bandwidth-mock");
        let key = KeyPair::generate()?;
        let certificate = server.signed_by(&key, authority)?;
        let chain = vec![certificate.der().clone()];
        Self::new(chain, PrivateKeyDer::Pkcs8(key.serialize_der().into()))
    }

    /// A certificate chain and its key, as PEM files, with the last certificate.
    fn from_files(certificate: &Path, key: &Path) -> Result<(Self, String), TlsError> {
        let wrong = |what: &str, path: &Path, message: String| TlsError::File {
            file: format!("{what} {}", path.display()),
            message,
        };
        let read = |what: &str, path: &Path| {
            text_file::read(path, text_file::SMALL).map_err(|message| wrong(what, path, message))
        };
        let chain = CertificateDer::pem_slice_iter(read("certificate", certificate)?.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| {
                let message = "is not PEM; convert it, for example with openssl x509";
                wrong("certificate", certificate, message.to_owned())
            })?;
        let Some(last) = chain.last() else {
            let message = "has no certificate; it must contain `-----BEGIN CERTIFICATE-----`";
            return Err(wrong("certificate", certificate, message.to_owned()));
        };
        let lines = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        let ca_pem = pem::Pem::new("CERTIFICATE", last.as_ref());
        let ca_pem = pem::encode_config(&ca_pem, lines);
        let key_der =
            PrivateKeyDer::from_pem_slice(read("key", key)?.as_bytes()).map_err(|_| {
                wrong(
                "key",
                key,
                "has no private key that can be read; it must contain `-----BEGIN PRIVATE KEY-----`, \
                 without a passphrase"
                    .to_owned(),
            )
            })?;
        if let Some(problem) = problem_today(&chain[0]) {
            tracing::warn!("--tls-cert {}: {problem}", certificate.display());
        }
        Ok((Self::new(chain, key_der)?, ca_pem))
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
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
        })
    }

    /// Shakes hands with a client.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream> {
        self.acceptor.accept(stream).await
    }
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Result<Authority, TlsError> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut authority, "bandwidth-mock test authority");
    Ok(CertifiedIssuer::self_signed(
        authority,
        KeyPair::generate()?,
    )?)
}

/// The reason why clients reject the certificate's dates today, if they do.
fn problem_today(certificate: &CertificateDer<'_>) -> Option<&'static str> {
    let certificate = ParsedCertificate::try_from(certificate).ok()?;
    let algorithms = ring::default_provider()
        .signature_verification_algorithms
        .all;
    // The dates are looked at first; that the authority is missing comes later.
    let checked = verify_server_cert_signed_by_trust_anchor(
        &certificate,
        &RootCertStore::empty(),
        &[],
        UnixTime::now(),
        algorithms,
    );
    match checked {
        Err(rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => Some("the certificate has expired, so clients reject it; renew it"),
        Err(rustls::Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        )) => Some("the certificate is not valid yet, so clients reject it"),
        _ => None,
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
    // RFC 1035, section 2.3.4.
    let plain = name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'*' | b'_'))
        });
    if !plain {
        return Err(wrong());
    }
    Ok(SanType::DnsName(name.try_into().map_err(|_| wrong())?))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::{problem_today, san};

    fn problem(from: i32, to: i32) -> Option<&'static str> {
        let mut params = CertificateParams::new(vec!["mock.test".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let key = KeyPair::generate().unwrap();
        problem_today(params.self_signed(&key).unwrap().der())
    }

    #[test]
    fn a_certificate_that_clients_reject_for_its_dates_is_reported() {
        assert!(problem(2000, 2001).unwrap().contains("has expired"));
        assert!(problem(3000, 3001).unwrap().contains("not valid yet"));
        assert_eq!(problem(2000, 3000), None);
    }

    #[test]
    fn a_name_is_one_that_dns_allows() {
        for name in ["mock.test", "*.mock.test", "10.1.2.3", "::1"] {
            san(name).unwrap();
        }
        for name in ["", "a..b", &"a".repeat(64), &"a.".repeat(127), "a b"] {
            san(name).unwrap_err();
        }
    }
}
