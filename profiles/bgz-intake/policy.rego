# A referral with the basic data set (BgZ) at its receiver: what we pull of it, once it is known about whom.
#
# Only the node's own intake comes with a referral that it was told of; whoever else holds this use case reaches no sender. It
# asks what stands in the list of the data set, in the name of the practitioner who took the patient.
package bgz_intake

import rego.v1

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

at_user if input.context.direction == "user"

person_known if {
	input.subject.user.id != ""
	input.subject.user.role != ""
}

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
	at_user
	person_known
	within_the_data_set
}

reasons contains {"code": "not-at-the-receiver", "description": "A referral is pulled by its receiver."} if {
	not at_user
}

reasons contains {"code": "no-person", "description": "The request names no practitioner who asks."} if {
	at_user
	not person_known
}

reasons contains {
	"code": "not-in-the-data-set",
	"description": "The search reaches beyond the basic data set: it names no part of it.",
} if {
	at_user
	not within_the_data_set
}
