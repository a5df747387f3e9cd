-- internal.auth.<domain>: where bridges say how they are. One room, for two accounts, whatever the table of
-- stanzas lets pass: a guest in there could pose as a bridge and get everybody's media.

local jid = require "prosody.util.jid"
local gate = module:depends("gate")

local function guard(event)
	local bare = jid.bare(event.stanza.attr.from)
	if (bare == gate.focus_jid() or bare == gate.bridge_jid()) and jid.node(event.room.jid) == "jvbbrewery" then return end
	return gate.refuse(event, { action = "brewery" })
end
module:hook("muc-room-pre-create", guard, 1000)
module:hook("muc-occupant-pre-join", guard, 1000)
