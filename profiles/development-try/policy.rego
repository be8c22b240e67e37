# The use case of `zorgsluis try`: one ready-made caller may do everything. It loads in development mode only.
package development_try

import rego.v1

default allow := false

allow if input.subject.client.id == "development"

reasons contains {"code": "not-the-development-caller", "description": "Only the ready-made caller may do this."} if {
	input.subject.client.id != "development"
}
