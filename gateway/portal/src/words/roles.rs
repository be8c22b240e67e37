//! UZI role codes (OID 2.16.840.1.113883.2.4.15.111) in words, for those that are met most.

/// The profession that a role code stands for, or the code itself.
pub(crate) fn role(code: &str) -> &str {
    match code {
        "01.000" => "Arts",
        "01.010" => "Cardioloog",
        "01.015" => "Huisarts",
        "01.016" => "Internist",
        "01.019" => "Kinderarts",
        "01.023" => "Longarts",
        "01.032" => "Orthopedisch chirurg",
        "01.046" => "Gynaecoloog",
        "01.047" => "Specialist ouderengeneeskunde",
        "04.000" => "Fysiotherapeut",
        "17.000" => "Apotheker",
        "30.000" => "Verpleegkundige",
        "83.000" => "Apothekersassistent",
        other => other,
    }
}
