//! Use cases for the tests of what is made of them: those of the project.

use policy::{UseCase, UseCases};

/// The use cases of a node in production.
pub fn use_cases() -> UseCases {
    UseCases::new(vec![
        UseCase::load(
            "health-overview",
            include_str!("../../../../profiles/health-overview/capability.json"),
            include_str!("../../../../profiles/health-overview/policy.rego"),
            include_str!("../../../../profiles/health-overview/release.toml"),
            false,
        )
        .unwrap(),
    ])
}

/// The use case of `zorgsluis try`: everything, in both versions.
pub fn development() -> UseCases {
    UseCases::new(vec![
        UseCase::load(
            "development-try",
            include_str!("../../../../profiles/development-try/capability.json"),
            include_str!("../../../../profiles/development-try/policy.rego"),
            include_str!("../../../../profiles/development-try/release.toml"),
            true,
        )
        .unwrap(),
    ])
}

/// A use case about one patient with these offers in both versions.
pub fn of_versions(id: &str, versions: &str) -> UseCases {
    let capability = format!(r#"{{"title":"Made up","purpose":"TREAT","patient":"one","versions":{versions}}}"#);
    let policy = format!("package {}\nallow := true\n", id.replace('-', "_"));
    let release = "version = \"1.0.0\"\ntitle = \"Made up\"\n";
    UseCases::new(vec![UseCase::load(id, &capability, &policy, release, false).unwrap()])
}
