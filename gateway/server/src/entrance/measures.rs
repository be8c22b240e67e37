//! Log-ins counted, by way and result.

use connectors::identity::sessions::Way;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    way: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Acted {
    action: &'static str,
    result: &'static str,
}

#[derive(Default)]
pub(super) struct Measures {
    administration: Family<Acted, Counter>,
    log_ins: Family<Labels, Counter>,
}

impl Measures {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("log_ins", "Log-ins at the pages, by way and result", self.log_ins.clone());
        let help = "Waits and sessions that an administrator ended, by what came of it";
        registry.register("administration", help, self.administration.clone());
    }

    /// An administrator did something.
    pub(super) fn administered(&self, action: &'static str, result: &'static str) {
        self.administration.get_or_create(&Acted { action, result }).inc();
    }

    pub(super) fn count(&self, way: &'static str, result: &'static str) {
        self.log_ins.get_or_create(&Labels { way, result }).inc();
    }
}

/// A fixed word for a way in.
pub(super) const fn name(way: Way) -> &'static str {
    match way {
        Way::AccessCode => "access-code",
        Way::Dezi => "dezi",
        Way::Certificate => "certificate",
        Way::Launch => "launch",
    }
}
