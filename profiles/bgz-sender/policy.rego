# A referral with the basic data set (Basisgegevensset Zorg, BgZ) at its sender: what the receiver that we chose may pull, and
# until when (TA Notified Pull; Nuts use case profile BgZ referral).
#
# The ground is the referral itself; consent is presumed with it (WGBO), and an objection that the provider recorded stands. The
# node finds the ground by the value that it gave this receiver, and never takes it from what a caller says of itself: such a
# relation has another kind. While the referral is open, a practitioner pulls the data. When it is over, the Task can still be
# read, and its status put again. The Task names no patient and is read without a practitioner.
#
# The searches are those of Nictiz BgZ-MSZ 2.0 and 1.2.2 and of the inputs of a Workflow Task, and no others.
package bgz_sender

import rego.v1

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
	"MedicationStatement": {"category": {"urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.3|6"}}, # medication use
	"MedicationRequest": {"category": {"http://snomed.info/sct|16076005"}}, # medication agreement
	"MedicationDispense": {"category": {"http://snomed.info/sct|422037009"}}, # administration agreement
}

relation := input.findings.treatment_relation

consent := input.findings.consent

at_holder if input.context.direction == "holder"

the_task if input.resource.type == "Task"

person_known if {
	input.subject.user.id != ""
	input.subject.user.role != ""
}

role_allowed if input.subject.user.role in roles

open_referral if relation.detail.kind == "referral"

ended_referral if relation.detail.kind == "referral-ended"

of_a_referral if open_referral

of_a_referral if ended_referral

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

default allow := false

allow if {
	at_holder
	the_task
	of_a_referral
}

allow if {
	at_holder
	not the_task
	open_referral
	person_known
	role_allowed
	within_the_data_set
}

reasons contains {"code": "not-at-the-sender", "description": "A referral is pulled from its sender."} if {
	not at_holder
}

reasons contains {"code": "no-referral", "description": "There is no referral to this organisation."} if {
	at_holder
	not of_a_referral
}

reasons contains {"code": "referral-ended", "description": "The referral is over, or its data is no longer offered."} if {
	at_holder
	not the_task
	ended_referral
}

reasons contains {"code": "no-person", "description": "The request names no practitioner who asks."} if {
	at_holder
	not the_task
	open_referral
	not person_known
}

reasons contains {"code": "role-not-allowed", "description": "The role of the practitioner does not treat patients."} if {
	at_holder
	not the_task
	open_referral
	person_known
	not role_allowed
}

reasons contains {
	"code": "not-in-the-data-set",
	"description": "The search reaches beyond the basic data set: it names no part of it.",
} if {
	at_holder
	not the_task
	not within_the_data_set
}

reasons contains {"code": "consent-denied", "description": "The patient objects to this exchange."} if {
	at_holder
	consent.detail.decision == "deny"
}

# What is labelled restricted (R) or very restricted (V) stays where it is.
obligations := [{
	"kind": "withhold-label",
	"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
	"codes": ["R", "V"],
}]
