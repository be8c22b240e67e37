# The nursing handoff (eOverdracht) at its sender: what the receiver that we chose may fetch, and until when.
#
# The ground is the transfer itself: the sending provider chose the receiver and handed the patient over (WGBO); consent is
# presumed with the transfer, and no register is asked. The node finds the ground by the value that it gave this receiver, and
# never takes it from what a caller says of itself: such a relation has another kind. While the transfer is open, a
# practitioner fetches the handoff. When it is over, the Task can still be read, and its status put again. The Task names no
# patient and is fetched without a practitioner.
package eoverdracht_sender

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

relation := input.findings.treatment_relation

at_holder if input.context.direction == "holder"

the_task if input.resource.type == "Task"

person_known if {
	input.subject.user.id != ""
	input.subject.user.role != ""
}

role_allowed if input.subject.user.role in roles

open_transfer if relation.detail.kind == "transfer"

ended_transfer if relation.detail.kind == "transfer-ended"

of_a_transfer if open_transfer

of_a_transfer if ended_transfer

default allow := false

allow if {
	at_holder
	the_task
	of_a_transfer
}

allow if {
	at_holder
	open_transfer
	person_known
	role_allowed
}

reasons contains {"code": "not-at-the-sender", "description": "A handoff is fetched from its sender."} if {
	not at_holder
}

reasons contains {"code": "no-transfer", "description": "There is no transfer to this organisation."} if {
	at_holder
	not of_a_transfer
}

reasons contains {"code": "transfer-ended", "description": "The handoff was fetched, or is no longer offered."} if {
	at_holder
	not the_task
	ended_transfer
}

reasons contains {"code": "no-person", "description": "The request names no practitioner who asks."} if {
	at_holder
	not the_task
	open_transfer
	not person_known
}

reasons contains {"code": "role-not-allowed", "description": "The role of the practitioner does not treat patients."} if {
	at_holder
	not the_task
	open_transfer
	person_known
	not role_allowed
}
