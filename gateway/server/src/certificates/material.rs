//! What the files hold: read all at once, and held against the rules of a safe start.

use std::path::Path;

use aws_lc_rs::digest;
use connectors::identity::NodeKey;
use connectors::identity::Thumbprint;
use connectors::identity::vetting::AuthorityRule;
use rustls::pki_types::CertificateDer;

use crate::config::{Mode, NodeConfig};
use crate::tls::{self, Identity};

/// One reading of all files.
pub(super) struct Material {
    pub(super) outer: Side,
    pub(super) inner: Option<Side>,
    pub(super) cards: Option<Side>,
    pub(super) rules: Vec<AuthorityRule>,
    /// Who is believed of directories, where that is somebody else.
    pub(super) directories: Option<Vec<CertificateDer<'static>>>,
    key: NodeKeyParts,
    /// Of the bytes of all files: tells whether anything changed.
    pub(super) digest: Vec<u8>,
}

/// What one listener has.
pub(super) struct Side {
    pub(super) identity: Identity,
    pub(super) authorities: Vec<CertificateDer<'static>>,
}

/// The node's leaf and key, as NodeKey takes them.
struct NodeKeyParts {
    leaf: CertificateDer<'static>,
    key_pem: zeroize::Zeroizing<Vec<u8>>,
    file: String,
}

impl Material {
    pub(super) fn read(config: &NodeConfig) -> Result<Self, String> {
        let outer = &config.outer;
        let mut files = vec![&outer.certificate_file, &outer.key_file, &outer.authorities_file];
        let side = Side::read(&outer.certificate_file, &outer.key_file, &outer.authorities_file)?;
        let key_pem =
            std::fs::read(&outer.key_file).map_err(|fault| format!("{}: {fault}", outer.key_file.display()))?;
        let leaf = side.identity.chain.first().cloned().ok_or("the certificate file holds no certificate")?;
        let file = outer.certificate_file.display().to_string();
        let key = NodeKeyParts { leaf, key_pem: key_pem.into(), file };
        let node_key = key.join()?;
        if *node_key.ura() != config.provider.ura {
            return Err(format!(
                "{}: the certificate names URA {}, the configuration {}",
                outer.certificate_file.display(),
                node_key.ura(),
                config.provider.ura
            ));
        }
        let inner = match &config.inner.tls {
            Some(inner) => {
                files.extend([&inner.certificate_file, &inner.key_file, &inner.authorities_file]);
                Some(Side::read(&inner.certificate_file, &inner.key_file, &inner.authorities_file)?)
            }
            None => None,
        };
        let cards = match &config.cards {
            Some(cards) => {
                files.extend([&cards.certificate_file, &cards.key_file, &cards.authorities_file]);
                Some(Side::read(&cards.certificate_file, &cards.key_file, &cards.authorities_file)?)
            }
            None => None,
        };
        if config.mode != Mode::Development {
            if let Some(cards) = &config.cards {
                tls::key_is_private(&cards.key_file)?;
            }
            tls::key_is_private(&outer.key_file)?;
            if let Some(inner) = &config.inner.tls {
                tls::key_is_private(&inner.key_file)?;
            }
            if node_key.is_for_tests() {
                let file = outer.certificate_file.display();
                return Err(format!("{file}: a test certificate, outside development mode"));
            }
        }
        let mut rules = Vec::new();
        for authority in &config.revocation.authorities {
            files.push(&authority.certificate_file);
            rules.extend(tls::certificates(&authority.certificate_file)?.iter().map(|der| AuthorityRule {
                authority: Thumbprint::of(der),
                mode: authority.mode,
                responder: authority.responder.clone(),
                list: authority.list.clone(),
            }));
        }
        let directories = config.directory.as_ref().and_then(|directory| directory.authorities_file.as_ref());
        files.extend(directories);
        let directories = directories.map(|file| tls::certificates(file)).transpose()?;
        Ok(Material { outer: side, inner, cards, rules, directories, key, digest: digest_of(&files)? })
    }

    pub(super) fn key(&self) -> Result<NodeKey, String> {
        self.key.join()
    }
}

impl Side {
    fn read(certificate: &Path, key: &Path, authorities: &Path) -> Result<Self, String> {
        Ok(Side { identity: tls::identity(certificate, key)?, authorities: tls::certificates(authorities)? })
    }
}

impl NodeKeyParts {
    fn join(&self) -> Result<NodeKey, String> {
        NodeKey::new(&self.leaf, &self.key_pem).map_err(|fault| format!("{}: {fault}", self.file))
    }
}

/// Of the bytes of these files.
pub(super) fn digest_of(files: &[&std::path::PathBuf]) -> Result<Vec<u8>, String> {
    let mut context = digest::Context::new(&digest::SHA256);
    for file in files {
        let bytes = zeroize::Zeroizing::new(
            std::fs::read(file).map_err(|fault| format!("{}: cannot be read ({fault})", file.display()))?,
        );
        context.update(digest::digest(&digest::SHA256, &bytes).as_ref());
    }
    Ok(context.finish().as_ref().to_vec())
}
