# The nursing handoff (eOverdracht) at its receiver: what we pull from a sender that told us of it.
#
# Only the node's own intake comes with a transfer that it was told of; whoever else holds this use case reaches no sender. The
# Task is read without a practitioner; whatever is about the patient is fetched in the name of one.
package eoverdracht_receiver

import rego.v1

at_user if input.context.direction == "user"

person_known if {
	input.subject.user.id != ""
	input.subject.user.role != ""
}

# The Task, and whose it is.
without_a_person if input.resource.type in {"Task", "Organization"}

default allow := false

allow if {
	at_user
	without_a_person
}

allow if {
	at_user
	person_known
}

reasons contains {"code": "not-at-the-receiver", "description": "A handoff is pulled by its receiver."} if {
	not at_user
}

reasons contains {"code": "no-person", "description": "The request names no practitioner who asks."} if {
	at_user
	not without_a_person
	not person_known
}
