# The medication overview (medicatieoverzicht) with its base set (basisset medicatiegegevens): the building blocks of one
# patient's medication, and what is needed beside them to prescribe safely: allergies, contra-indications, laboratory
# results. Only reading; sending is medication-transfer's.
#
# At the holder's gate the caller is a care provider of a known kind, with a practitioner in a treating role, a
# treatment relation and the patient's consent. At the user's gate it is one of our own people, with a treatment
# relation; every holder decides for itself after that.
package medication_overview

import rego.v1

# Kinds of care provider, OID 2.16.840.1.113883.2.4.15.1060.
organisation_types := {
	"V4", "V5", "V6", # hospitals
	"Z4", "Z5", # independent treatment and diagnostic centres
	"Z3", "K3", "H1", "N6", # general practice, dispensing practice, GP institution, out-of-hours post
	"J8", "A1", "K9", # pharmacies
	"X3", "R5", "M1", "R8", "T2", # nursing and care, residential, rehabilitation, home care
	"G3", "G5", "G6", # midwifery, mental health, intellectual disability care
}

# UZI role codes of those who treat, OID 2.16.840.1.113883.2.4.15.111. Doctors who assess for an insurer or an
# employer (01.048, 01.008) are not among them.
roles := {
	"01.000", "01.003", "01.004", "01.010", "01.011", "01.012", "01.013", "01.014", "01.015", "01.016",
	"01.018", "01.019", "01.022", "01.023", "01.025", "01.026", "01.031", "01.032", "01.034", "01.035",
	"01.040", "01.041", "01.042", "01.045", "01.046", "01.047", "01.056", "01.070", "01.071",
	"03.000", # midwife
	"17.000", "17.060", "17.075", # pharmacists
	"30.000", "30.069", "30.076", # nurses and nurse specialists
	"81.000", # physician assistant
}

# Searches of types that hold more than belongs to the base set must say which part they want, with these values and no
# others. In STU3 no Flag is of the base set: zib release 2017 has alerts (zib-Alert), and no code by which those that are
# contra-indications of medication are known.
narrowed_by := {
	"r4": {
		"Flag": {"category": {
			"http://snomed.info/sct|350241000146102", # medication contra-indication, CiO
			"http://snomed.info/sct|140401000146105", # medication contra-indication, zib release 2020
			"http://snomed.info/sct|225419007", # surveillance decision about a hypersensitivity, CiO
		}},
		"Observation": {"category": {"http://terminology.hl7.org/CodeSystem/observation-category|laboratory"}},
	},
	"stu3": {"Observation": {"category": {"http://snomed.info/sct|49581000146104"}}}, # zib-LaboratoryTestResult
}

narrowed_here := narrowed_by[input.context.fhir_version]

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

# What one resource is, is known when it is there; the answer check holds it against the patient.
about_medication if input.action.name == "read"

about_medication if not narrowed_here[input.resource.type]

about_medication if {
	some name, allowed in narrowed_here[input.resource.type]
	some group in input.action.fhir_rest.search_params[name]
	every value in group {
		trim_space(value) in allowed
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
	about_medication
	relation.finding == "found"
	passes_the_gate
}

reasons contains {"code": "no-person", "description": "The request names no practitioner who asks."} if {
	not person_known
}

reasons contains {
	"code": "not-about-medication",
	"description": "The search reaches beyond what is needed to prescribe safely.",
} if {
	not about_medication
}

reasons contains {"code": "role-not-allowed", "description": "The role of the practitioner does not treat patients."} if {
	at_holder
	person_known
	not role_allowed
}

reasons contains {"code": "organisation-type-not-allowed", "description": "This kind of organisation takes no part."} if {
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
