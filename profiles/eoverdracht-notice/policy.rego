# The advance notice (aanmeldbericht) at whoever is asked whether they can take somebody: pulled from a sender that told us of it,
# and got by our own people and systems once it is here.
#
# Whom it is about nobody learns: the patient is unnamed, and what says who it is stays behind whatever this policy says. It is
# read in the name of a practitioner, here as there.
package eoverdracht_notice

import rego.v1

at_user if input.context.direction == "user"

person_known if {
	input.subject.user.id != ""
	input.subject.user.role != ""
}

default allow := false

allow if {
	at_user
	person_known
}

reasons contains {"code": "not-for-others", "description": "An advance notice is for the provider that is asked."} if {
	not at_user
}

reasons contains {"code": "no-person", "description": "The request names no practitioner who asks."} if {
	at_user
	not person_known
}
