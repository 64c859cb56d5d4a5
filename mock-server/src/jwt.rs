//! JSON Web Tokens (RFC 7519), signed with ES256 by a key that lives as long as the process.
//!
//! The crate `jsonwebtoken` has one cryptographic provider for the whole process. A test that
//! embeds this library may have set its own, so the signature is made with `ring` directly.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    error::Unspecified,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
        UnparsedPublicKey,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Signs tokens, and knows those that it signed.
pub struct Signer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    /// The first part of each token, encoded.
    header: String,
    kid: String,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// The machine gave no random numbers.
#[derive(Debug, Clone, Copy)]
pub struct NoRandomNumbers;

impl From<Unspecified> for NoRandomNumbers {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

impl Signer {
    /// One with a new key.
    pub fn new() -> Result<Self, NoRandomNumbers> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random)
            .map_err(|_| NoRandomNumbers)?;
        let thumb = Sha256::digest(pair.public_key().as_ref());
        let kid = URL_SAFE_NO_PAD.encode(&thumb[..12]);
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": kid });
        Ok(Self {
            header: URL_SAFE_NO_PAD.encode(header.to_string()),
            pair,
            random,
            kid,
        })
    }

    /// A token with these claims.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, NoRandomNumbers> {
        let claims = serde_json::to_vec(claims).expect("claims are texts, numbers and lists");
        let mut token = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims));
        let signature = self.pair.sign(&self.random, token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// The claims of a token that this key signed.
    pub fn verify<C: DeserializeOwned>(&self, token: &str) -> Option<C> {
        let (signed, signature) = token.rsplit_once('.')?;
        // Only this key's own header: the token does not choose how it is verified.
        if signed.split_once('.')?.0 != self.header {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let key = self.pair.public_key().as_ref();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
            .verify(signed.as_bytes(), &signature)
            .ok()?;
        claims(token)
    }

    /// The public key as a JSON Web Key Set (RFC 7517).
    pub fn jwks(&self) -> Value {
        // An uncompressed point: 4, x, y.
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({ "keys": [{
            "kty": "EC",
            "crv": "P-256",
            "x": URL_SAFE_NO_PAD.encode(x),
            "y": URL_SAFE_NO_PAD.encode(y),
            "kid": self.kid,
            "use": "sig",
            "alg": "ES256",
        }] })
    }
}

/// The claims of a token, without a check of its signature.
pub fn claims<C: DeserializeOwned>(token: &str) -> Option<C> {
    let mut parts = token.split('.');
    let (Some(_), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}
