# Laboratory values for public pharmacies (labwaarden voor openbare apotheken): the results that a pharmacist needs to check
# what is dispensed, and no others. Only searching: a search says which determinations are meant, and one result by its id
# does not, so reading is not offered.
#
# At the holder's gate the caller is a public pharmacy, with a pharmacist, a treatment relation and the patient's consent.
# At the user's gate it is one of the pharmacy's own people, with a treatment relation; every holder decides for itself
# after that.
package laboratory_for_pharmacies

import rego.v1

# Public pharmacies, OID 2.16.840.1.113883.2.4.15.1060: two lists name them differently. A hospital's pharmacy (K9) has its
# hospital's results.
organisation_types := {"J8", "A1"}

# UZI role codes of pharmacists, OID 2.16.840.1.113883.2.4.15.111.
roles := {"17.000", "17.060", "17.075"}

laboratory := "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"

# What may be asked for, as the laboratory exchange codes it (Lab2Zorg 3.0): LOINC and NHG table 45.
determinations := {
	"http://loinc.org|98979-8", # renal function (eGFR)
	"http://loinc.org|62238-1",
	"http://loinc.org|50384-7",
	"http://loinc.org|14682-9", # creatinine
	"http://loinc.org|2823-3", # potassium
	"http://loinc.org|6298-4",
	"http://loinc.org|2951-2", # sodium
	"http://loinc.org|2947-0",
	"http://loinc.org|6301-6", # INR
	"https://referentiemodel.nhg.org/tabellen/nhg-tabel-45-diagnostische-bepalingen|3583", # renal function
	"https://referentiemodel.nhg.org/tabellen/nhg-tabel-45-diagnostische-bepalingen|523", # creatinine
	"https://referentiemodel.nhg.org/tabellen/nhg-tabel-45-diagnostische-bepalingen|513", # potassium
	"https://referentiemodel.nhg.org/tabellen/nhg-tabel-45-diagnostische-bepalingen|624", # sodium
	"https://referentiemodel.nhg.org/tabellen/nhg-tabel-45-diagnostische-bepalingen|509", # INR
}

relation := input.findings.treatment_relation

consent := input.findings.consent

at_holder if input.context.direction == "holder"

at_user if input.context.direction == "user"

person_known if {
	input.subject.user.id != ""
	input.subject.user.role != ""
}

role_allowed if input.subject.user.role in roles

organisation_type_allowed if input.subject.organization.facility_type in organisation_types

# Whom it is about.
about_values if input.resource.type == "Patient"

about_values if {
	some categories in input.action.fhir_rest.search_params.category
	every value in categories {
		trim_space(value) == laboratory
	}
	some asked in input.action.fhir_rest.search_params.code
	every value in asked {
		trim_space(value) in determinations
	}
}

# Only a consent that was found has a decision.
consent_given if consent.detail.decision == "permit"

# Our own people pass on to the holders, who judge the rest.
passes_the_gate if at_user

passes_the_gate if {
	role_allowed
	organisation_type_allowed
	consent_given
}

default allow := false

allow if {
	person_known
	about_values
	relation.finding == "found"
	passes_the_gate
}

reasons contains {"code": "no-person", "description": "The request names no practitioner who asks."} if {
	not person_known
}

reasons contains {
	"code": "not-these-values",
	"description": "The search reaches beyond the laboratory values that a pharmacy needs.",
} if {
	not about_values
}

reasons contains {"code": "role-not-allowed", "description": "The practitioner is no pharmacist."} if {
	at_holder
	person_known
	not role_allowed
}

reasons contains {"code": "organisation-type-not-allowed", "description": "The organisation is no public pharmacy."} if {
	at_holder
	not organisation_type_allowed
}

reasons contains {"code": "no-treatment-relation", "description": "There is no treatment relation."} if {
	relation.finding == "absent"
}

reasons contains {
	"code": "treatment-relation-not-found-out",
	"description": "It could not be found out whether there is a treatment relation.",
} if {
	relation.finding == "not-found-out"
}

reasons contains {"code": "no-consent", "description": "The patient has given no consent for this exchange."} if {
	at_holder
	consent.finding == "absent"
}

reasons contains {"code": "consent-denied", "description": "The patient objects to this exchange."} if {
	at_holder
	consent.detail.decision == "deny"
}

reasons contains {
	"code": "consent-not-found-out",
	"description": "It could not be found out whether the patient consents.",
} if {
	at_holder
	consent.finding == "not-found-out"
}

# What the holder labelled restricted (R) or very restricted (V) stays where it is.
obligations := [{
	"kind": "withhold-label",
	"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
	"codes": ["R", "V"],
}]
