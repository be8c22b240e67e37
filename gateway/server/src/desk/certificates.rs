//! The node's certificates as the page shows them.

use std::sync::atomic::Ordering;

use portal::{CertificateKind, CertificateRow, CertificatesShown};

use crate::certificates::{Certificates, Kind};

pub(super) fn of(certificates: &Certificates) -> CertificatesShown {
    let vetting = certificates.outer();
    let rows = certificates.expiring().into_iter().map(|one| CertificateRow {
        kind: match one.kind {
            Kind::Outer => CertificateKind::Outer,
            Kind::Inner => CertificateKind::Inner,
            Kind::OuterAuthority => CertificateKind::OuterAuthority,
            Kind::InnerAuthority => CertificateKind::InnerAuthority,
            Kind::Cards => CertificateKind::Cards,
            Kind::CardAuthority => CertificateKind::CardAuthority,
            Kind::Partner => CertificateKind::Partner,
        },
        name: one.name,
        not_after: one.not_after,
        days: one.days,
    });
    CertificatesShown {
        rows: rows.collect(),
        unusable: certificates.trouble().is_some(),
        revoked: vetting.counts().revoked.load(Ordering::Relaxed),
        not_found_out: vetting.counts().not_found_out.load(Ordering::Relaxed),
        handshakes: vetting.authorities().refused(),
    }
}
