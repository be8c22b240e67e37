//! Policies from a signed bundle: verified, their cases run, and never older than what was accepted before. The last archive
//! that was accepted is kept in the node's state, so that a node starts with it whatever its source says then.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use connectors::bundles::{Bundle, BundleKeys, BundleServer};
use policy::{UseCaseId, UseCases};

use super::source::Next;
use crate::config::ProfilesConfig;
use crate::profiles;

/// The largest archive that is read, in bytes; what is in it has bounds of its own.
const LARGEST: u64 = 8 << 20;

/// A bundle and where it is.
pub struct Bundled {
    profiles: ProfilesConfig,
    development: bool,
    keys: BundleKeys,
    /// The archive that is looked at: the configured file, or what was fetched.
    archive: PathBuf,
    /// The last archive that was accepted.
    accepted: PathBuf,
}

impl Bundled {
    /// The bundle of this configuration, if it has one.
    ///
    /// # Errors
    /// A key cannot be used.
    pub fn of(profiles: &ProfilesConfig, store: &Path, development: bool) -> Result<Option<Self>, String> {
        let Some(config) = &profiles.bundle else { return Ok(None) };
        let kept = store.join("policies");
        Ok(Some(Bundled {
            keys: BundleKeys::load(config)?,
            archive: config.file.clone().unwrap_or_else(|| kept.join("fetched.tar.gz")),
            accepted: kept.join("accepted.tar.gz"),
            profiles: profiles.clone(),
            development,
        }))
    }

    /// The file whose changes matter.
    pub fn archive(&self) -> &Path {
        &self.archive
    }

    /// The archive that stands there; where it has to be fetched and never was, from its server.
    fn standing(&self) -> Result<Vec<u8>, String> {
        if self.archive.exists() {
            return read(&self.archive);
        }
        let config = self.profiles.bundle.as_ref();
        match config.map(BundleServer::of).transpose()?.flatten() {
            Some(server) => {
                Fetching::new(server)?.newer()?.ok_or_else(|| "the server of bundles gives none".to_owned())
            }
            None => read(&self.archive),
        }
    }

    /// What stands there, or else what was accepted last.
    pub fn at_start(&self) -> Result<Next, String> {
        let trouble = match self.standing().and_then(|archive| self.judged(archive)) {
            Ok(Standing::New(next) | Standing::Known(next)) => return Ok(next),
            Err(trouble) => trouble,
        };
        if !self.accepted.exists() {
            return Err(trouble);
        }
        tracing::error!(policy.fault = %trouble, "the bundle is not put in force; the one that was accepted last is");
        let archive = read(&self.accepted)?;
        let bundle = self.open(&archive)?;
        self.checked(&bundle, archive)
    }

    /// What stands there, when it is new.
    pub fn next(&self) -> Result<Option<Next>, String> {
        match self.judged(read(&self.archive)?)? {
            Standing::New(next) => Ok(Some(next)),
            Standing::Known(_) => Ok(None),
        }
    }

    /// An archive as a file, judged as it stands: for who tries a bundle before it is put there.
    ///
    /// # Errors
    /// It may not be put in force.
    pub fn tried(&self, file: &Path) -> Result<Next, String> {
        let archive = read(file)?;
        let bundle = self.open(&archive)?;
        self.checked(&bundle, archive)
    }

    fn judged(&self, archive: Vec<u8>) -> Result<Standing, String> {
        let bundle = self.open(&archive)?;
        let known = if self.accepted.exists() { Some(self.open(&read(&self.accepted)?)?) } else { None };
        let Some(known) = known else { return self.checked(&bundle, archive).map(Standing::New) };
        let (is, was) = (&bundle.revision, &known.revision);
        if was.is_later_than(is) {
            let (is, was) = (is.as_str(), was.as_str());
            return Err(format!("the bundle's revision {is} is older than {was}, which was accepted before"));
        }
        if is.is_same_as(was) && !bundle.has_the_contents_of(&known) {
            let is = is.as_str();
            return Err(format!("the bundle has other contents than the one of the same revision {is} before it"));
        }
        let same = is.is_same_as(was);
        let next = self.checked(&bundle, archive)?;
        Ok(if same { Standing::Known(next) } else { Standing::New(next) })
    }

    fn open(&self, archive: &[u8]) -> Result<Bundle, String> {
        Bundle::open(archive, &self.keys).map_err(|fault| format!("the bundle of policies is refused: {fault}"))
    }

    fn checked(&self, bundle: &Bundle, archive: Vec<u8>) -> Result<Next, String> {
        let (mut all, mut cases) = (Vec::new(), 0);
        for id in &self.profiles.use_cases {
            let package = id.as_str().replace('-', "_");
            if !bundle.may_define(&package) {
                return Err(format!("the bundle's roots do not have {package}"));
            }
            let texts = texts(bundle, id)?;
            let (use_case, passed) = texts.checked(self.development)?;
            cases += passed;
            all.push(use_case.of_bundle(bundle.revision.as_str()));
        }
        Ok(Next { use_cases: UseCases::new(all), cases, archive: Some(archive) })
    }

    /// Keeps the archive as the one that was accepted.
    pub fn accept(&self, archive: &[u8]) -> Result<(), String> {
        write(&self.accepted, archive)
    }
}

/// How an archive stands to the one that was accepted before.
enum Standing {
    New(Next),
    Known(Next),
}

fn texts(bundle: &Bundle, id: &UseCaseId) -> Result<profiles::Texts, String> {
    let read = |name: &str| {
        let path = format!("{id}/{name}");
        bundle.text(&path).map(str::to_owned).ok_or_else(|| format!("the bundle has no text {path}"))
    };
    let here = |name: &str| bundle.text(&format!("{id}/{name}")).is_some();
    let mut names: Vec<&str> = bundle.names_in(&format!("{id}/cases")).collect();
    names.sort_unstable();
    let cases = names.iter().filter(|name| name.ends_with(".json")).map(|name| {
        let text = read(&format!("cases/{name}"))?;
        Ok(((*name).to_owned(), text))
    });
    profiles::Texts::of(id, &read, &here, cases.collect::<Result<_, String>>()?, true)
}

/// Fetches bundles, from a thread of its own without a run time.
pub struct Fetching {
    server: BundleServer,
    runtime: tokio::runtime::Runtime,
}

impl Fetching {
    pub fn new(server: BundleServer) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Fetching { server, runtime: runtime.map_err(|fault| format!("bundles cannot be fetched: {fault}"))? })
    }

    /// The archive, when it is another than before.
    pub fn newer(mut self) -> Result<Option<Vec<u8>>, String> {
        // Whoever starts the node may be within a run time already, which cannot wait for another.
        let thread = std::thread::Builder::new().name("bundles".into());
        let thread = thread.spawn(move || self.again());
        let thread = thread.map_err(|fault| format!("bundles cannot be fetched: {fault}"))?;
        thread.join().map_err(|_| "fetching the bundle broke off".to_owned())?
    }

    /// The same on the thread that calls, which must have no run time.
    pub fn again(&mut self) -> Result<Option<Vec<u8>>, String> {
        Ok(self.runtime.block_on(self.server.newer())?.map(Vec::from))
    }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    let trouble = |fault: std::io::Error| format!("{}: cannot be read ({fault})", file.display());
    let mut content = Vec::new();
    fs::File::open(file).map_err(trouble)?.take(LARGEST + 1).read_to_end(&mut content).map_err(trouble)?;
    Ok(content)
}

/// Writes the whole file or leaves the old one.
pub fn write(file: &Path, content: &[u8]) -> Result<(), String> {
    let trouble = |fault: std::io::Error| format!("{}: cannot be written ({fault})", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(trouble)?;
    }
    let part = file.with_extension("part");
    let mut writing = fs::File::create(&part).map_err(trouble)?;
    writing.write_all(content).and_then(|()| writing.sync_all()).map_err(trouble)?;
    fs::rename(&part, file).map_err(trouble)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use connectors::bundles::{BundleAlgorithm, BundleConfig, BundleKeyConfig, BundleSigner, pack};
    use policy::InForce;
    use tempfile::TempDir;

    use super::*;
    use crate::policies::reload::{Reload, ReloadMeasures};
    use crate::policies::source::PolicySource;

    const PROFILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles");

    struct Region {
        folder: TempDir,
        config: ProfilesConfig,
        signer: BundleSigner,
    }

    impl Region {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
            let (public, private) = (folder.path().join("key.pub"), folder.path().join("key.pem"));
            fs::write(&public, key.public_key_pem()).unwrap();
            fs::write(&private, key.serialize_pem()).unwrap();
            let algorithm = BundleAlgorithm::ES256;
            let bundle = BundleConfig {
                file: Some(folder.path().join("bundle.tar.gz")),
                url: None,
                authorities_file: None,
                every_seconds: 1,
                scope: None,
                unsigned: false,
                keys: vec![BundleKeyConfig { id: "region".into(), algorithm, public_key_file: public }],
            };
            let config = ProfilesConfig {
                folder: PROFILES.into(),
                use_cases: vec![UseCaseId::parse("health-overview").unwrap()],
                reload_seconds: 1,
                bundle: Some(bundle),
            };
            let signer = BundleSigner::load("region".into(), algorithm, &private).unwrap();
            Region { folder, config, signer }
        }

        fn files() -> BTreeMap<String, Vec<u8>> {
            let id = UseCaseId::parse("health-overview").unwrap();
            profiles::files(Path::new(PROFILES), &id).unwrap().into_iter().collect()
        }

        fn archive(&self, revision: &str, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) -> Vec<u8> {
            let mut files = Self::files();
            change(&mut files);
            pack(files, revision, None, Some(&self.signer)).unwrap()
        }

        fn publish(&self, archive: &[u8]) {
            fs::write(self.folder.path().join("bundle.tar.gz"), archive).unwrap();
        }

        fn bundled(&self) -> Bundled {
            Bundled::of(&self.config, &self.folder.path().join("store"), false).unwrap().unwrap()
        }
    }

    fn revision(use_cases: &UseCases) -> String {
        use_cases.all().next().unwrap().policy().bundle.as_deref().unwrap().to_owned()
    }

    fn say_otherwise(files: &mut BTreeMap<String, Vec<u8>>) {
        files.get_mut("health-overview/policy.rego").unwrap().extend_from_slice(b"\n# Another text.\n");
    }

    #[test]
    fn a_node_starts_with_its_bundle_or_with_the_one_that_was_accepted_last() {
        let region = Region::new();
        assert!(region.bundled().at_start().is_err(), "there is none yet");
        region.publish(&region.archive("2", |_| ()));
        let first = region.bundled().at_start().unwrap();
        assert!(first.cases > 1);
        assert_eq!(revision(&first.use_cases), "2");
        region.bundled().accept(first.archive.as_deref().unwrap()).unwrap();
        for wrong in [region.archive("1", |_| ()), b"torn".to_vec()] {
            region.publish(&wrong);
            assert_eq!(revision(&region.bundled().at_start().unwrap().use_cases), "2");
        }
        fs::remove_file(region.folder.path().join("bundle.tar.gz")).unwrap();
        assert_eq!(revision(&region.bundled().at_start().unwrap().use_cases), "2");
    }

    #[test]
    fn only_a_later_signed_and_passing_bundle_is_put_in_force_and_the_old_one_stays_otherwise() {
        let region = Region::new();
        region.publish(&region.archive("2", |_| ()));
        let first = region.bundled().at_start().unwrap();
        region.bundled().accept(first.archive.as_deref().unwrap()).unwrap();
        let in_force = Arc::new(InForce::from(first.use_cases));
        let source = PolicySource::Bundle(region.bundled());
        let measures = ReloadMeasures::default();
        let mut reload = Reload::new(source, in_force.clone(), measures.clone());
        let mut settle = |archive: &[u8]| {
            region.publish(archive);
            (0..3).for_each(|_| reload.round());
            (revision(&in_force.current()), measures.is_failing())
        };
        let refused = ("2".to_owned(), true);
        let stranger = Region::new();
        let failing = |files: &mut BTreeMap<String, Vec<u8>>| {
            let policy = String::from_utf8(files["health-overview/policy.rego"].clone()).unwrap();
            let policy = policy.replacen("default allow := false", "default allow := true", 1);
            files.insert("health-overview/policy.rego".into(), policy.into_bytes());
        };
        for (what, archive) in [
            ("older", region.archive("1.9", |_| ())),
            ("the same revision with other contents", region.archive("2", say_otherwise)),
            ("not signed", pack(Region::files(), "3", None, None).unwrap()),
            ("signed by a stranger", stranger.archive("3", |_| ())),
            ("cases that fail", region.archive("3", failing)),
            (
                "no capability",
                region.archive("3", |files| {
                    files.remove("health-overview/capability.json");
                }),
            ),
            ("torn", region.archive("3", |_| ())[..200].to_vec()),
        ] {
            assert_eq!(settle(&archive), refused, "{what}");
        }
        assert_eq!(settle(&region.archive("2", |_| ())), ("2".to_owned(), false), "what is in force already");
        assert_eq!(settle(&region.archive("3", say_otherwise)), ("3".to_owned(), false));
        assert_eq!(settle(&region.archive("2", |_| ())), ("3".to_owned(), true), "nothing older after it");
        // Nor after a restart.
        assert_eq!(revision(&region.bundled().at_start().unwrap().use_cases), "3");
    }
}
