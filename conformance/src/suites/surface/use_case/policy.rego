# A use case to try the FHIR surface with: whoever treats the patient may do what is offered.
package surface_test

import rego.v1

default allow := false

allow if input.findings.treatment_relation.finding == "found"

reasons contains {"code": "no-treatment-relation", "description": "There is no treatment relation."} if {
	input.findings.treatment_relation.finding != "found"
}
