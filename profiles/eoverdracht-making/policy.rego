# The nursing handoff (eOverdracht) made of the sender's own sources: what the node asks them for the sections of the document,
# in the name of the practitioner who hands the patient over.
#
# The ground is the transfer that is being made (WGBO): the provider treats the patient and chose the receiver. It is asked of
# our own sources alone, and nothing of it leaves but in the handoff. The searches are those of the sections of Nictiz
# eOverdracht 4.0, 4.1 and 4.2, and no others.
package eoverdracht_making

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

# Searches of types that hold more than the sections do must say which part they want.
narrowed_by := {
	"Consent": {"category": {"http://snomed.info/sct|11341000146107"}}, # advance directive
	"CarePlan": {"category": {"http://snomed.info/sct|243114000"}}, # help from others
	"Procedure": {"category": {
		"http://snomed.info/sct|225317005", # restriction of freedom
		"http://snomed.info/sct|9632001", # nursing intervention
	}},
	"DiagnosticReport": {"code": {"http://loinc.org|27574-3"}}, # outcome of care
	"Encounter": {"status": {"planned"}},
	"Observation": {"code": {
		"http://snomed.info/sct|365508006", # living situation
		"http://snomed.info/sct|365470003", # family situation
		"http://loinc.org|85354-9", # blood pressure
		"http://loinc.org|29463-7", # body weight
		# Body height: standing or unsaid, measured lying, estimated.
		"http://loinc.org|8302-2", "http://loinc.org|8306-3", "http://loinc.org|8308-9",
		"http://loinc.org|8310-5", # body temperature
		"http://loinc.org|8893-0", # pulse rate
		"http://snomed.info/sct|422834003", # respiration
		"http://snomed.info/sct|314845004", # participation in society
		"http://snomed.info/sct|225908003", # pain score
		# Screening for malnutrition: SNAQ, SNAQrc, SNAQ65+ and MUST. Fluid balance.
		"http://snomed.info/sct|8881000146104", "http://snomed.info/sct|108311000146106",
		"http://snomed.info/sct|108321000146101", "http://snomed.info/sct|444297006",
		"http://snomed.info/sct|364396009",
		# Drinking, eating, mouth care, washing, dressing, grooming, toilet, managing medication, nursing activities.
		"http://snomed.info/sct|288852001", "http://snomed.info/sct|288883002", "http://snomed.info/sct|288470005",
		"http://snomed.info/sct|284785009", "http://snomed.info/sct|165235000", "http://snomed.info/sct|704434006",
		"http://snomed.info/sct|284779002", "http://snomed.info/sct|285033005", "http://snomed.info/sct|303074009",
		"http://snomed.info/sct|301438001", # mobility
		# Bladder and bowel function, stoma.
		"http://snomed.info/sct|28278009", "http://snomed.info/sct|111989001", "http://snomed.info/sct|245857005",
		"http://snomed.info/sct|364554009", # characteristics of a wound
		"http://snomed.info/sct|47078008", "http://snomed.info/sct|281004000", # hearing, sight
		"http://snomed.info/sct|363910003", # illness perception
		# Pregnancy: status, term, last menstruation, duration, gravidity, parity.
		"http://snomed.info/sct|77386006", "http://loinc.org|11778-8", "http://snomed.info/sct|21840007",
		"http://snomed.info/sct|57036006", "http://loinc.org|11996-6", "http://loinc.org|11977-6",
	}},
}

at_user if input.context.direction == "user"

person_known if {
	input.subject.user.id != ""
	input.subject.user.role != ""
}

role_allowed if input.subject.user.role in roles

# What comes along with a search is read by the stack itself.
within_the_sections if input.action.name == "read"

within_the_sections if not narrowed_by[input.resource.type]

within_the_sections if {
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
	role_allowed
	within_the_sections
}

reasons contains {"code": "not-for-others", "description": "A handoff is made by the provider's own people."} if {
	not at_user
}

reasons contains {"code": "no-person", "description": "The request names no practitioner who asks."} if {
	at_user
	not person_known
}

reasons contains {"code": "role-not-allowed", "description": "The role of the practitioner does not treat patients."} if {
	at_user
	person_known
	not role_allowed
}

reasons contains {
	"code": "not-in-the-handoff",
	"description": "The search reaches beyond the sections of a handoff.",
} if {
	at_user
	not within_the_sections
}

# What is labelled restricted (R) or very restricted (V) stays where it is.
obligations := [{
	"kind": "withhold-label",
	"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
	"codes": ["R", "V"],
}]
