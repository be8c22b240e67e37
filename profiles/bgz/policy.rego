# The BgZ (Basisgegevensset Zorg): the basic data set that goes along when a patient moves between hospitals.
#
# At the holder's gate the caller is a provider of medical specialist care, with a practitioner in a treating role, a
# treatment relation and the patient's explicit consent: this is the data set as it is pulled. With a referral consent
# is implied; that ground belongs to the notification of the referring provider, and a pull does not borrow it from
# what the caller says of itself. At the user's gate it is one of our own people, with a treatment relation; every
# holder decides for itself after that.
#
# The STU3 searches are those of Nictiz BgZ-MSZ 2.0 and 1.2.2 and of the task inputs of a notified pull. The R4 searches
# are DERIVED from them with the codes of zib release 2020: nobody has published an R4 BgZ.
package bgz

import rego.v1

# Medical specialist care, OID 2.16.840.1.113883.2.4.15.1060.
organisation_types := {
	"V4", "V5", "V6", # hospitals
	"Z4", "Z5", # independent treatment and diagnostic centres
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

# Searches of types that hold more than the data set must say which part of it they want: by the parameters here, with
# these values and no others.
narrowed_by := {
	"Consent": {"category": {
		"http://snomed.info/sct|11291000146105", # treatment directive
		"http://snomed.info/sct|11341000146107", # advance directive
		"http://snomed.info/sct|129125009", # treatment directive, R4
		"http://terminology.hl7.org/CodeSystem/consentcategorycodes|acd", # advance directive, R4
	}},
	"Observation": {
		"category": {
			"http://snomed.info/sct|118228005", # functioning
			"http://snomed.info/sct|384821006", # mental state
			"http://snomed.info/sct|49581000146104", # laboratory
			# Laboratory in BgZ-MSZ 1.2.2, with the kinds of examination.
			"http://snomed.info/sct|275711006", "http://snomed.info/sct|252275004",
			"http://snomed.info/sct|68793005", "http://snomed.info/sct|395124008",
			"http://snomed.info/sct|314076009", "http://snomed.info/sct|19851009",
			"http://snomed.info/sct|405825005",
			"http://terminology.hl7.org/CodeSystem/observation-category|laboratory", # R4
		},
		"code": {
			"http://snomed.info/sct|365508006", # living situation
			"http://snomed.info/sct|228366006", # drug use
			"http://snomed.info/sct|228273003", # alcohol use
			"http://snomed.info/sct|365980008", # tobacco use
			"http://loinc.org|85354-9", # blood pressure
			"http://loinc.org|29463-7", # body weight
			# Body height: standing or unsaid, measured lying, estimated.
			"http://loinc.org|8302-2", "http://loinc.org|8306-3", "http://loinc.org|8308-9",
		},
	},
	"MedicationStatement": {"category": {
		"urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.3|6", # medication use
		"http://snomed.info/sct|422979000", # R4
	}},
	"MedicationRequest": {"category": {
		"http://snomed.info/sct|16076005", # medication agreement
		"http://snomed.info/sct|33633005", # R4
	}},
	"MedicationDispense": {"category": {"http://snomed.info/sct|422037009"}}, # administration agreement
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

# What one resource is, is known when it is there; the answer check holds it against the patient.
within_the_data_set if input.action.name == "read"

within_the_data_set if not narrowed_by[input.resource.type]

within_the_data_set if {
	some name, allowed in narrowed_by[input.resource.type]
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
	within_the_data_set
	relation.finding == "found"
	passes_the_gate
}

reasons contains {"code": "no-person", "description": "The request names no practitioner who asks."} if {
	not person_known
}

reasons contains {
	"code": "not-in-the-data-set",
	"description": "The search reaches beyond the basic data set: it names no part of it.",
} if {
	not within_the_data_set
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
