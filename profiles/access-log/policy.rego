# Supervision of the access log (toezicht op de logging): who looked at what, when and why, for those whom the care
# provider made responsible for it: its privacy officer and its auditors.
#
# Whoever holds this use case was given it by name. It is for people of the provider itself, at its own gate: a system
# without a person, and anybody from elsewhere, is refused. That each look is itself recorded is not a policy's to decide.
package access_log

import rego.v1

at_own_gate if input.context.direction == "user"

of_this_provider if input.subject.organization.ura == input.context.data_holder_organization_id

person_known if input.subject.user.id != ""

reviews if input.action.fhir_rest.operation == "review"

# A verdict without its grounds helps nobody who reads it later.
verdict_explained if {
	some group in input.action.fhir_rest.search_params.note
	some note in group
	count(trim_space(note)) > 0
}

default allow := false

allow if {
	at_own_gate
	of_this_provider
	person_known
	not reviews
}

allow if {
	at_own_gate
	of_this_provider
	person_known
	reviews
	verdict_explained
}

reasons contains {"code": "not-at-own-gate", "description": "The access log is shown to the provider's own people only."} if {
	not at_own_gate
}

reasons contains {"code": "other-organisation", "description": "The access log is shown to the provider's own people only."} if {
	not of_this_provider
}

reasons contains {"code": "no-person", "description": "The request names no person who looks into the log."} if {
	not person_known
}

reasons contains {"code": "verdict-not-explained", "description": "A verdict needs a note that says why."} if {
	reviews
	not verdict_explained
}
