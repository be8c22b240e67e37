# The nursing handoff (eOverdracht) on its way into the receiver's own record system.
#
# The node itself writes what was received whole, once, in the name of the practitioner who took it: it looks for the patient by
# BSN, and then sends one transaction of new resources with the handoff in it. Whoever else holds this use case reaches no
# record system. Nothing is changed or taken away.
package eoverdracht_filing

import rego.v1

at_user if input.context.direction == "user"

person_known if {
	input.subject.user.id != ""
	input.subject.user.role != ""
}

looks_for_the_patient if {
	input.action.name == "search-type"
	input.resource.type == "Patient"
}

stores_a_handoff if {
	input.action.name == "transaction"
	every entry in input.action.fhir_rest.entries {
		entry.interaction_type == "create"
	}
	some entry in input.action.fhir_rest.entries
	entry.type == "Composition"
}

part_of_it if looks_for_the_patient

part_of_it if stores_a_handoff

default allow := false

allow if {
	at_user
	person_known
	part_of_it
}

reasons contains {"code": "not-for-others", "description": "What was received is stored by its receiver."} if {
	not at_user
}

reasons contains {"code": "no-person", "description": "The request names no practitioner who took the handoff."} if {
	at_user
	not person_known
}

reasons contains {
	"code": "not-a-handoff",
	"description": "What is stored must be one transaction of new resources with a handoff.",
} if {
	at_user
	not part_of_it
}
