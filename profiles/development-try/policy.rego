# The use case of `zorgsluis try`: one ready-made caller may do everything. It loads in development mode only.
#
# At the user's gate it is known by its client id. At the holder's gate it comes with a certificate and is known by its
# URA; the node offers it this use case by configuration and the token must name it.
package development_try

import rego.v1

default allow := false

at_holder if input.context.direction == "holder"

allow if input.subject.client.id == "development"

allow if {
	at_holder
	"development-try" in input.subject.client.scopes
}

reasons contains {"code": "not-the-development-caller", "description": "Only the ready-made caller may do this."} if {
	not at_holder
	input.subject.client.id != "development"
}
