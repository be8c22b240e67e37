# The integrated health overview in an emergency (noodprocedure, break the glass): somebody needs care at once, cannot be
# asked, and nobody knows them here.
#
# A provider takes part only by its own choice: it lists this use case, and offers it to partners by name. Neither a
# treatment relation nor a consent is waited for; an objection that the patient had recorded stands, and the node sees to
# that whatever is written here. The reason is mandatory, which the node sees to as well, and every access waits for
# somebody to judge it afterwards. The national consent register is never asked as if there were consent.
package emergency_overview

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

# UZI role codes of those who act in an emergency, OID 2.16.840.1.113883.2.4.15.111. Pharmacists are not among them.
roles := {
	"01.000", "01.003", "01.004", "01.010", "01.011", "01.012", "01.013", "01.014", "01.015", "01.016",
	"01.018", "01.019", "01.022", "01.023", "01.025", "01.026", "01.031", "01.032", "01.034", "01.035",
	"01.040", "01.041", "01.042", "01.045", "01.046", "01.047", "01.056", "01.070", "01.071",
	"03.000", # midwife
	"30.000", "30.069", "30.076", # nurses and nurse specialists
	"81.000", # physician assistant
}

at_holder if input.context.direction == "holder"

at_user if input.context.direction == "user"

person_known if input.subject.user.id != ""

role_allowed if input.subject.user.role in roles

organisation_type_allowed if input.subject.organization.facility_type in organisation_types

# Our own people are judged by their role here as well: whoever breaks the glass treats.
passes_the_gate if at_user

passes_the_gate if organisation_type_allowed

default allow := false

allow if {
	person_known
	role_allowed
	passes_the_gate
}

reasons contains {"code": "no-person", "description": "The request names no practitioner who asks."} if {
	not person_known
}

reasons contains {"code": "role-not-allowed", "description": "The role of the practitioner does not act in emergencies."} if {
	person_known
	not role_allowed
}

reasons contains {"code": "organisation-type-not-allowed", "description": "This kind of organisation takes no part."} if {
	at_holder
	not organisation_type_allowed
}
