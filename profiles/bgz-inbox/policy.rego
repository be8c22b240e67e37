# A referral with the basic data set (BgZ) as it was received: what the provider's own systems get of it.
#
# The record system of the receiving provider keeps what came with a referral, and says who of its users looks into it. What it
# asks for was taken by a practitioner of ours before.
package bgz_inbox

import rego.v1

at_user if input.context.direction == "user"

default allow := false

allow if at_user

reasons contains {"code": "not-for-others", "description": "What was received is for the provider's own systems."} if {
	not at_user
}
