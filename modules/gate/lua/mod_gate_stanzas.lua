-- Each stanza of a session is held against the table of modules/gate/stanzas.yaml, before Prosody or any
-- module looks at it. What isn't allowed gets one answer for its kind, whether its room lives, has
-- ended, is still to come or was never issued.

local jid = require "prosody.util.jid"
local gate = module:depends("gate")
local rows = module:require "gate_stanzas"
local new_table = module:require "gate_table"

local limits = module:get_option("gate_limits")
local unverified = "(unverified) "
local brewery = "jvbbrewery"

local hosts = {}
for kind, name in pairs(gate.names) do hosts[name] = kind end
local find_row = new_table(rows, hosts, module.host, brewery)

-- Who sends, as the table names it; nil: nobody that it knows.
local function sender_of(session)
	if session.gate then return session.gate.role end
	local bare = session.username and session.username .. "@" .. session.host
	return bare == gate.focus_jid() and "focus" or bare == gate.bridge_jid() and "bridge" or nil
end

local function is_occupant(session, kind, node)
	local room = gate.live_room(kind, node)
	return room and room:get_occupant_jid(session.full_jid) ~= nil
end

-- A breakout counts for members of the main room that opened it.
local function is_own_breakout(session, node)
	local main = gate.live_room("conference", session.gate.room)
	local opened = main and (main._data.breakout_rooms or {})[jid.join(node, gate.names.breakout)]
	local affiliation = opened and main:get_affiliation(session.full_jid)
	return affiliation == "member" or affiliation == "owner"
end

-- Jitsi's clients take the beginning of their random user name: nobody poses as another, or as Jicofo. Asked
-- here and not in the room, since Prosody remembers for each session whom it sent presence to.
local function is_own_nick(session, nick)
	return #nick >= 8 and session.username:sub(1, #nick) == nick
end

-- The lookups ask about rooms that are the sender's own already: nobody learns of another's.
local function holds(row, session, stanza)
	local node, _, resource = jid.split(stanza.attr.to)
	if resource and stanza.name == "presence" and not is_own_nick(session, resource) then return false end
	if row.room == "breakout" then
		-- Who is in may leave, also when the meeting isn't theirs any more.
		if stanza.attr.type == "unavailable" then return is_occupant(session, "breakout", node) end
		if not is_own_breakout(session, node) then return false end
	end
	return not row.occupant or is_occupant(session, row.to == "domain" and "conference" or row.to, node or session.gate.room)
end

-- A room secret would pass Jitsi's lobby, so nobody may even offer one.
local function has_secret(stanza)
	local x = stanza:get_child("x", "http://jabber.org/protocol/muc")
	return x ~= nil and x:get_child("password") ~= nil
end

-- What others see of a presence: how media is sent, what a client can do, a raised hand. What they see of a message:
-- words and data. Nothing else of a person or a program: no mail address, picture, language, name of a browser, id
-- that outlives the session, no name but the one below. As lib-jitsi-meet and Jicofo read them (August 2026).
local presence_shows = {
	c = true, features = true, audiomuted = true, videomuted = true, videoType = true, SourceInfo = true,
	silent = true, startmuted = true, ["follow-me"] = true,
}
local message_shows = { body = true, ["json-message"] = true, subject = true, reactions = true, reply = true, thread = true }
local property, joining, nothing = "jitsi_participant_", { "http://jabber.org/protocol/muc x" }, {}
-- What people read in a message: refused where chat is off.
local words = { "body", "reactions" }
local chat = module:get_option_boolean("gate_chat", false)
-- Characters that turn the direction of writing, or have no width.
local turning = { "\216\156", "\226\128[\139-\143\168-\174]", "\226\129[\160-\175]", "\239\187\191" }

-- payload: what the row lets pass besides, as the table names it.
local function keep(stanza, names, payload)
	stanza:maptags(function (tag)
		if names[tag.name] or names == presence_shows and tag.name:sub(1, #property) == property then return tag end
		local name = (tag.attr.xmlns or "jabber:client") .. " " .. tag.name
		for _, wanted in ipairs(payload) do
			if name == wanted then return tag end
		end
		return nil
	end)
end

local function has_words(stanza)
	for _, name in ipairs(words) do
		if stanza:child_with_name(name) then return true end
	end
	return false
end

-- The mark stands first: clients cut a long name off at its end, and take its first letter's direction for all.
local function marked(shown)
	for _, form in ipairs(turning) do shown = shown:gsub(form, "") end
	-- 64 characters are enough for a name, and end where a character ends.
	return unverified .. shown:sub(1, (utf8.offset(shown, 65) or #shown + 1) - 1):gsub("%s+", " ")
end

local function name_person(session, stanza)
	local shown = stanza:get_child_text("nick", "http://jabber.org/protocol/nick")
	keep(stanza, presence_shows, joining)
	if stanza.attr.type then return end
	local name = session.gate.name or shown and marked(shown)
	if name then stanza:text_tag("nick", name, { xmlns = "http://jabber.org/protocol/nick" }) end
end

-- Conference requests of one address, so that one flood doesn't keep Jicofo from others.
local may_request = module:require "gate_buckets".new(limits.requests, limits.seconds)

local function refuse(event)
	-- Of what was asked, which kind of place, and the room's pseudonym: enough to see somebody try names.
	local node, host = jid.split(event.stanza.attr.to or module.host)
	return gate.refuse(event, { action = "stanza", kind = event.stanza.name, to = hosts[host] or "elsewhere", room = node })
end

module:hook("pre-stanza", function (event)
	local session, stanza = event.origin, event.stanza
	local sender = sender_of(session)
	local row = sender and find_row(stanza, sender, session.gate and session.gate.room)
	if not row or has_secret(stanza)
		or session.gate and not holds(row, session, stanza)
		or session.gate and not chat and stanza.name == "message" and has_words(stanza)
		or row.id == "conference-request" and not may_request(session.gate.address) then
		return refuse(event)
	end
	if not session.gate then return end
	stanza.attr["xml:lang"] = nil
	if stanza.name == "presence" then
		name_person(session, stanza)
	elseif stanza.name == "message" then
		-- An invitation stays one where the row is for it; in what is said to all, it would be the room's own word.
		keep(stanza, message_shows, row.payload or nothing)
	end
end, 1000)
