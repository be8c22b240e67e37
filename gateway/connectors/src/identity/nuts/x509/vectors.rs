//! Published test vectors of the did:x509 method (microsoft/did-x509, test-vectors.json, MIT licence), as far as they are about
//! policies that are read here: a chain of 2026 to 2126, and what each DID makes of it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::pki_types::CertificateDer;
use time::macros::datetime;

use super::*;

const LEAF: &str = "MIIBrzCCAVWgAwIBAgIUJUzbQpQ9NWw7AtVjxevRNHbPGnAwCgYIKoZIzj0EAwIwJjEkMCIGA1UEAwwbZXhhbXBsZS5jb20gSW50ZXJtZWRpYXRlIENBMCAXDTI2MDEwMTAwMDAwMFoYDzIxMjYwMTAxMDAwMDAwWjAWMRQwEgYDVQQDDAtleGFtcGxlLmNvbTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABC9PBCm_LShY0ELxk_xbD27Op0wq55t5jfCeYwObS5vKtuEHnykeDyAvlUzTmV_JpM3fUjG3EieTuTmpNgStgyyjbzBtMB0GA1UdDgQWBBSjXvZPZJWtrrOE9jcJWSOFgIVabzAfBgNVHSMEGDAWgBQRv2BjLbcGrFojG58TRqcr6DQp2DAMBgNVHRMBAf8EAjAAMB0GA1UdJQQWMBQGCCsGAQUFBwMDBggrBgEFBQcDAjAKBggqhkjOPQQDAgNIADBFAiBXxdkE_AwstEY95NDqdU4SnnaJIbNrsoSKSUgJfWcHpwIhAO3xRfB1rQlSWVMpmIVh_Ep7Fm8c1wQXfNntZE-udlZA";
const INTERMEDIATE: &str = "MIIBrzCCAVSgAwIBAgIUJqpba973YPOo3jVNaA-64kn-LBEwCgYIKoZIzj0EAwIwHjEcMBoGA1UEAwwTZXhhbXBsZS5jb20gUm9vdCBDQTAgFw0yNjAxMDEwMDAwMDBaGA8yMTI2MDEwMTAwMDAwMFowJjEkMCIGA1UEAwwbZXhhbXBsZS5jb20gSW50ZXJtZWRpYXRlIENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJkHKg4UeHBCwSU5gBIgqI-aFhg5tH0yQkHGSQ4r4y7LASwwC09FsIB6XsykEryMjExaYjNtSQov4Se3UOzPGuqNmMGQwHQYDVR0OBBYEFBG_YGMttwasWiMbnxNGpyvoNCnYMB8GA1UdIwQYMBaAFKReafgWvJedM_a2PVJlMbU_93fEMBIGA1UdEwEB_wQIMAYBAf8CAQAwDgYDVR0PAQH_BAQDAgEGMAoGCCqGSM49BAMCA0kAMEYCIQC07O1ZYdmXY0V4mJXb5hBk8RJzWdB4nEawYzObfm--pQIhAL2zLu_nV9zdoBw2qW95TcjEmrAvu02T-R1fauww3dV1";
const ROOT: &str = "MIIBpjCCAUygAwIBAgIUAiEoKdJEkiZ5EAqbl1-DXr3zsv4wCgYIKoZIzj0EAwIwHjEcMBoGA1UEAwwTZXhhbXBsZS5jb20gUm9vdCBDQTAgFw0yNjAxMDEwMDAwMDBaGA8yMTI2MDEwMTAwMDAwMFowHjEcMBoGA1UEAwwTZXhhbXBsZS5jb20gUm9vdCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPVSbFdYCsnaj-2wNN0M2PmxW-syPqjbUlzvNPvCg7el_9pUg_En-TtO8Igqn_Ixh0q-sZwKVVe_7-RW6BL_QE6jZjBkMB0GA1UdDgQWBBSkXmn4FryXnTP2tj1SZTG1P_d3xDAfBgNVHSMEGDAWgBSkXmn4FryXnTP2tj1SZTG1P_d3xDASBgNVHRMBAf8ECDAGAQH_AgEBMA4GA1UdDwEB_wQEAwIBBjAKBggqhkjOPQQDAgNIADBFAiANEyEieqbtSF5Iw-nIBLtjQybGnWoQ4Ql4-prVBbVVPgIhAN0oV0OnBU4Fpu4h4It9UVUORwRYBJRPaE8Rl6dzJRtP";
/// The root, by its fingerprint.
const NAMED: &str = "did:x509:0:sha256:wB-YrYI1eo_9-9izSw6aviwkdLz4O7-kgrK_VzU4_OA";

/// `broken-signature-is-rejected`: a leaf that its issuer did not sign so.
const BROKEN: [&str; 3] = [
    "MIIBczCCARmgAwIBAgIUW-XtKjI86Qd8VByJe8cx61gZsHgwCgYIKoZIzj0EAwIwEDEOMAwGA1UEAwwFSW50ZXIwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMA8xDTALBgNVBAMMBExlYWYwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQzDHiQBdntdJUqzhFZpftvbstinv2rCM5y_b_4pTd7HBv4kXcoYJoDwncn87tzimVT7jnW7Fu63OljjexnACdio1AwTjAdBgNVHQ4EFgQUMKb_jCOUCAcwslkKWRnM_MNpIwwwDAYDVR0TAQH_BAIwADAfBgNVHSMEGDAWgBQJBqdyt75tiKnfgqnVIJai_vukKDAKBggqhkjOPQQDAgNIADBFAiBEJ1eWKg99kmE_sQLg-uHkVhwHufEEfvUiBtZtLT-o6wIhAJ_61baNq7Y_A1Q_dmpqsc4PS1d_UYZOYT50WKrXD3AQ",
    "MIIBhTCCASygAwIBAgIUI2c4RcVh8tjN5N6boW6j1cX1WCAwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEUm9vdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowEDEOMAwGA1UEAwwFSW50ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQtYSJ6lP8O45uEN5nq4qqUyvyy6kEXj2Qqk1g-YPW2C7iCDdnZsKxPh4vB0qiD4VgTxg4aEqtfhcITfC9OmrcCo2MwYTAdBgNVHQ4EFgQUCQancre-bYip34Kp1SCWov77pCgwHwYDVR0jBBgwFoAUK7hJO4ij5vG-fHBpvs20BroZ_YEwDwYDVR0TAQH_BAUwAwEB_zAOBgNVHQ8BAf8EBAMCAgQwCgYIKoZIzj0EAwIDRwAwRAIgQv4X2BCbEfhaRFNt7HUqKcK7SQF8SvVFksp5cNZMzm0CIDJ2zC-RFMpHCCXiHU2DFsuIjN74Yju_GxT22tgGaK3v",
    "MIIBhTCCASugAwIBAgIUKyJt0o_k1VE0BGFMrh00NP3HC3kwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEUm9vdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowDzENMAsGA1UEAwwEUm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOxPGWbSVXNJV2zHxaERKkHLzNUOBx9rB7qpTkMN7jQvrjggiZ8CxRHdH1DH-N8hlo3n9BzJFNID6imw-EfG2CKjYzBhMB0GA1UdDgQWBBQruEk7iKPm8b58cGm-zbQGuhn9gTAfBgNVHSMEGDAWgBQruEk7iKPm8b58cGm-zbQGuhn9gTAPBgNVHRMBAf8EBTADAQH_MA4GA1UdDwEB_wQEAwICBDAKBggqhkjOPQQDAgNIADBFAiBOSw7bf0h83YKxm0ky1V5A2QPdVq23b9dn0ocbtYhEnQIhAOdF6ykWmgBF9w38nupjlS5TJdoEniA-e3__uFtoMm-e",
];

/// Whether a certificate's attributes are each there once: `duplicate-certificate-subject-attribute`.
const DUPLICATE: [&str; 3] = [
    "MIIBhDCCASmgAwIBAgIUNrCYGz3Dr-OVlE_8Vt8K7pJPgL4wCgYIKoZIzj0EAwIwEDEOMAwGA1UEAwwFSW50ZXIwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMB8xDTALBgNVBAMMBExlYWYxDjAMBgNVBAMMBU90aGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEnVcsBGYsh65i6Qo4SlDB9Kowk3W21_WhUVy5uiHXc4pTc2Vac_UN1b65TsXoG_m6Ml2AZM_o0QfWR1-D6kdsIqNQME4wHQYDVR0OBBYEFPjJB_5Qds1cixFvXmWIJKac8V5wMB8GA1UdIwQYMBaAFLo5f7XRBeBa1Yai5rpk-IWF7P3NMAwGA1UdEwEB_wQCMAAwCgYIKoZIzj0EAwIDSQAwRgIhAIvkKWb6ciW0xk4wXKoDuAAmSg5RstbwbrUh0uMtSbEcAiEA3M3uP4yWCMgbu-WYnR0_eMLY93OSy6_3VlxwXQHFfeM",
    "MIIBhzCCASygAwIBAgIUXKhRtXaswqy3zaCQ-TUg4PKJZ-YwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEUm9vdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowEDEOMAwGA1UEAwwFSW50ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARyv6TKN5CRd3VdLdU-qnaq3okj06IhfRob2Z7WJzYw2oRlFs4d3WpADWCCcqC0UPv2YRZAzSDUjFmCzvtg4nqXo2MwYTAdBgNVHQ4EFgQUujl_tdEF4FrVhqLmumT4hYXs_c0wHwYDVR0jBBgwFoAUzo2qt-IuB6q5TKNVlod82xr7UAcwDwYDVR0TAQH_BAUwAwEB_zAOBgNVHQ8BAf8EBAMCAgQwCgYIKoZIzj0EAwIDSQAwRgIhAIPP02NNOJnHvMPvru0zoUq0GdC1Lgt5OuzP3IiVvwQsAiEAlMoQyG-TdB7-Qn5yYar7ztqHq7gi4-CZJ_6YT0tD6yo",
    "MIIBhjCCASugAwIBAgIULl_YnMtdQGNQg28m0Rn4u4Y87WUwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEUm9vdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowDzENMAsGA1UEAwwEUm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCu4hio80Jk2vgyuCBKa7_FJVk_b8OBL6akSZL1_e4FZ3kR8XwvkBoVL68gW-ufbqvXEsdQC1FIB1JqK4tSuDhajYzBhMB0GA1UdDgQWBBTOjaq34i4HqrlMo1WWh3zbGvtQBzAfBgNVHSMEGDAWgBTOjaq34i4HqrlMo1WWh3zbGvtQBzAPBgNVHRMBAf8EBTADAQH_MA4GA1UdDwEB_wQEAwICBDAKBggqhkjOPQQDAgNJADBGAiEAjcZgq_pT97452pzAbOVwhJyPgvl4JGVIRLsPVnKrcxMCIQCRz0xb_iTFo6t_kFN0WSoA3CUgcyeXYFGP8MxcHSPSJQ",
];

fn der(text: &str) -> CertificateDer<'static> {
    CertificateDer::from(URL_SAFE_NO_PAD.decode(text).unwrap())
}

/// What a DID is held against this chain for, whose last certificate is trusted.
fn resolve(did: &str, chain: &[&str]) -> Option<X509Fault> {
    let anchor = der(chain.last().unwrap());
    let header = X509Header::of(chain.iter().map(|text| STANDARD.encode(der(text))).collect());
    let authorities = X509Authorities::new(&[anchor]).unwrap();
    authorities.resolve(did, &header, datetime!(2026-06-01 00:00 UTC)).err()
}

#[test]
fn the_vectors_of_the_method_come_out_as_published() {
    let chain = [LEAF, INTERMEDIATE, ROOT];
    for (vector, did, fault) in [
        ("a subject that matches", format!("{NAMED}::subject:CN:example.com"), None),
        ("subject-invalid-name", format!("{NAMED}::subject:CN:example"), Some(X509Fault::PolicyNotMet)),
        ("subject-label-is-case-sensitive", format!("{NAMED}::subject:cn:example.com"), Some(X509Fault::Policy)),
        ("subject-predicate-rejects-unknown-key", format!("{NAMED}::subject:DC:example.com"), Some(X509Fault::Policy)),
        ("subject-predicate-requires-key-value-pairs", format!("{NAMED}::subject:CN"), Some(X509Fault::Malformed)),
        (
            "a subject predicate with duplicate fields",
            format!("{NAMED}::subject:CN:example.com:CN:example.com"),
            Some(X509Fault::Malformed),
        ),
        ("unknown-predicate-is-rejected", format!("{NAMED}::email:user%40example.com"), Some(X509Fault::Malformed)),
        (
            "unsupported-fingerprint-algorithm",
            "did:x509:0:sha1:HFAx6WegyY98jzMqLUpTdIdtnvk::subject:CN:example.com".to_owned(),
            Some(X509Fault::Malformed),
        ),
    ] {
        assert_eq!(resolve(&did, &chain), fault, "{vector}");
    }
    let broken = "did:x509:0:sha256:N8jLjQjw2D87FmBM9aJDxXgez1EJO7q8dorCNkBOL7o::subject:CN:Leaf";
    let named = URL_SAFE_NO_PAD.encode(fingerprint(&der(BROKEN[2])));
    let intermediate = URL_SAFE_NO_PAD.encode(fingerprint(&der(BROKEN[1])));
    let of_chain = [&named, &intermediate].into_iter().any(|print| broken.contains(print.as_str()));
    assert!(of_chain, "the vector names an authority of its chain");
    assert!(resolve(&broken.replace(&intermediate, &named), &BROKEN).is_some(), "broken-signature-is-rejected");
}

#[test]
fn a_certificate_whose_subject_says_a_thing_twice_says_it_not() {
    let root = URL_SAFE_NO_PAD.encode(fingerprint(&der(DUPLICATE[2])));
    for name in ["Leaf", "Other"] {
        let found = resolve(&format!("did:x509:0:sha256:{root}::subject:CN:{name}"), &DUPLICATE);
        assert_eq!(found, Some(X509Fault::PolicyNotMet), "{name}");
    }
}
