# A referral with the basic data set (BgZ) at its receiver: the Workflow Task of a sender that told us of it, and the Patient that
# it is for.
#
# Only the node's own intake comes with a referral that it was told of; whoever else holds this use case reaches no sender. The
# Task is read without a practitioner; whom it is about is read in the name of one.
package bgz_receiver

import rego.v1

at_user if input.context.direction == "user"

person_known if {
	input.subject.user.id != ""
	input.subject.user.role != ""
}

the_task if input.resource.type == "Task"

default allow := false

allow if {
	at_user
	the_task
}

allow if {
	at_user
	person_known
}

reasons contains {"code": "not-at-the-receiver", "description": "A referral is pulled by its receiver."} if {
	not at_user
}

reasons contains {"code": "no-person", "description": "The request names no practitioner who asks."} if {
	at_user
	not the_task
	not person_known
}
