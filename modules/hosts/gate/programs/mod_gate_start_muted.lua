-- Whether who comes later is muted, as a moderator wants it. Jitsi's client sends that to whom the domain names for a room's
-- metadata (mod_gate_turn), and takes it from there, only as long as it isn't in the meeting: whoever comes in is sent it
-- just before. Of what a moderator sends two words are left, by the table of contents.

local st = require "prosody.util.stanza"
local json = require "prosody.util.json"
local gate = module:depends("gate")

local xmlns = "http://jitsi.org/jitmeet"

-- By room, as long as it lives: the message that newcomers get.
local wanted = setmetatable({}, { __mode = "k" })

module:hook("message/host", function (event)
	local session, stanza = event.origin, event.stanza
	local asked = session.gate and stanza:get_child_text("room_metadata", xmlns)
	local room = asked and gate.live_room("conference", session.gate.room)
	if not room then return end
	local data = json.decode(asked).data or {}
	local start_muted = { audio = data.audio == true, video = data.video == true }
	local text = json.encode { type = "room_metadata", metadata = { startMuted = start_muted } }
	wanted[room] = st.message({ from = module.host }):tag("json-message", { xmlns = xmlns }):text(text):up()
	return true
end, 1000)

-- After all that might refuse: before it, somebody who waits would learn that a moderator set something.
module:context(gate.names.conference):hook("muc-occupant-pre-join", function (event)
	local session, message = event.origin, wanted[event.room]
	if not message or not session.gate then return end
	local own = st.clone(message)
	own.attr.to = session.full_jid
	session.send(own)
end, -1002)
