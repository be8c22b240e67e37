# A patient's own access log (inzage in de logging): who looked at my data, when and why.
#
# The patient asks with a token of their own, or through a portal of the provider's that has established who the patient
# is. Which patient it is, the node has bound before: a policy cannot widen it. A practitioner does not ask in the name of a
# patient.
package own_access_log

import rego.v1

at_own_gate if input.context.direction == "user"

of_this_provider if input.subject.organization.ura == input.context.data_holder_organization_id

patient_known if input.context.patient_bsn != ""

practitioner if input.subject.user.role != ""

default allow := false

allow if {
	at_own_gate
	of_this_provider
	patient_known
	not practitioner
}

reasons contains {"code": "not-at-own-gate", "description": "Patients ask at the provider's own gate."} if {
	not at_own_gate
}

reasons contains {"code": "other-organisation", "description": "The portal is not one of this provider."} if {
	not of_this_provider
}

reasons contains {"code": "practitioner", "description": "A practitioner does not ask in the name of a patient."} if {
	practitioner
}
