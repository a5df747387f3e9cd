-- internal.auth.<domain>: where bridges say how they are. One room, for Jicofo and the bridges, each by its account's
-- name, whatever the table of stanzas lets pass: a guest in there could pose as a bridge and get everybody's media, and
-- a bridge by the nick of Jicofo or of another bridge keeps it out.

local jid = require "prosody.util.jid"
local gate = module:depends("gate")
local muc = module:depends("muc")

local BREWERY = "jvbbrewery"

-- It stands before anybody comes. Who comes to a room that isn't there yet makes it, and Smack has such a room
-- configured by its maker: what no bridge may do.
local brewery = muc.create_room(jid.join(BREWERY, module.host))
if brewery then brewery:set_persistent(true) end

local function guard(event)
	local room, _, nick = jid.split(event.stanza.attr.to)
	local user, host = jid.split(event.stanza.attr.from)
	if host == gate.names.auth and nick == user and room == BREWERY then return end
	return gate.refuse(event, { action = "brewery" })
end
module:hook("muc-room-pre-create", guard, 1000)
module:hook("muc-occupant-pre-join", guard, 1000)
module:hook("muc-occupant-pre-change", guard, 1000)
