-- Each stanza of a session is held against the table of stanzas.yaml, before Prosody or any
-- module looks at it. What isn't allowed gets one answer for its kind, whether its room lives, has
-- ended, is still to come or was never issued.

local jid = require "prosody.util.jid"
local gate = module:depends("gate")
local rows = module:require "gate_stanzas"
local new_table = module:require "gate_table"

local limits = module:get_option("gate_limits")
-- Nobody vouches for a guest's name. A moderator reads it in the lobby to decide by it, where there is room for the word.
-- In the meeting it stands in small pictures, of which the word would take the whole line.
local marks = setmetatable({ lobby = "(unverified) " }, { __index = function () return "(?) " end })
local brewery = "jvbbrewery"

local hosts = {}
for kind, name in pairs(gate.names) do hosts[name] = kind end
local find_row = new_table(rows, hosts, module.host, brewery)

-- Who sends, as the table names it; nil: nobody that it knows.
local function sender_of(session)
	if session.gate then return session.gate.role end
	local bare = session.username and session.username .. "@" .. session.host
	return bare == gate.focus_jid() and "focus" or gate.is_bridge(bare) and "bridge" or nil
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

-- In the lobby Jitsi's clients show themselves under eight characters of their own making, new ones each time that they
-- come. A session has had so many, and each stays its own.
local most_lobby_nicks = 20
local function is_own_lobby_nick(session, nick)
	if is_own_nick(session, nick) then return true end
	local pinned = session.gate
	local own = pinned.lobby_nicks or { count = 0 }
	if own[nick] then return true end
	if own.count >= most_lobby_nicks or not nick:find("^%x%x%x%x%x%x%x%x$") then return false end
	own[nick], own.count, pinned.lobby_nicks = true, own.count + 1, own
	return true
end

-- The lookups ask about rooms that are the sender's own already: nobody learns of another's.
local function holds(row, session, stanza)
	local node, _, resource = jid.split(stanza.attr.to)
	local is_own = row.to == "lobby" and is_own_lobby_nick or is_own_nick
	if resource and stanza.name == "presence" and not is_own(session, resource) then return false end
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

-- What is kept of what people send. A participant's answer to an iq goes to another, too.
local rebuild = module:require "gate_rebuild"(module:require "gate_contents", module:get_option_boolean("gate_chat", false))
-- Attributes of a stanza itself. An id goes to others, too; those of answers are Prosody's, in base64.
local addressed = { to = true, from = true, type = true, id = true, xmlns = true }
local id_forms = { iq = "^[%w+/=:_.-]+$", message = "^[%w:_-]+$", presence = "^[%w:_-]+$" }
local most_of_id = { iq = 1024, message = 64, presence = 64 }
-- Characters that turn the direction of writing, or have no width.
local turning = { "\216\156", "\226\128[\139-\143\168-\174]", "\226\129[\160-\175]", "\239\187\191" }

local function has_fitting_id(stanza)
	local id = stanza.attr.id
	return id == nil or #id <= most_of_id[stanza.name] and id:find(id_forms[stanza.name]) ~= nil
end

-- The mark stands first: clients cut a long name off at its end.
local function marked(mark, shown)
	for _, form in ipairs(turning) do shown = shown:gsub(form, "") end
	-- 64 characters are enough for a name, and end where a character ends.
	return mark .. shown:sub(1, (utf8.offset(shown, 65) or #shown + 1) - 1):gsub("%s+", " ")
end

local function shown_name(session, stanza, kind)
	local shown = stanza:get_child_text("nick", "http://jabber.org/protocol/nick")
	return session.gate.name or shown and marked(marks[kind], shown)
end

-- Conference requests of one address, so that one flood doesn't keep Jicofo from others.
local may_request = module:require "gate_buckets".new(limits.requests, limits.seconds)

-- Refused like all else, with the same answer, but without a line: at each login the library of Jicofo and the bridges
-- (Smack) asks for a roster and says that it is there, and Jitsi's client asks for relay logins before it is in a meeting and
-- where lobbies are. None of it names a room, so a line for each would only hide the refusals that mean something.
local function is_of_each_login(session, stanza)
	local to = stanza.attr.to
	if not session.gate then
		return to == nil and (stanza.name == "presence" or stanza:get_child("query", "jabber:iq:roster") ~= nil)
	end
	if stanza.name ~= "iq" or stanza.attr.type ~= "get" then return false end
	if to == gate.names.lobby then
		local query = stanza:get_child("query", "http://jabber.org/protocol/disco#info")
		return query ~= nil and query.attr.node == "lobbyrooms"
	end
	return to == module.host
		and (stanza:get_child("services", "urn:xmpp:extdisco:2") or stanza:get_child("services", "urn:xmpp:extdisco:1")) ~= nil
end

local function refuse(event)
	local session, stanza = event.origin, event.stanza
	if is_of_each_login(session, stanza) then
		-- Nobody waits for an answer to the presence of an account.
		return not session.gate and stanza.name == "presence" or gate.refuse(event)
	end
	-- Of what was asked, which kind of place, and the room's pseudonym: enough to see somebody try names.
	local node, host = jid.split(stanza.attr.to or module.host)
	return gate.refuse(event, { action = "stanza", kind = stanza.name, to = hosts[host] or "elsewhere", room = node })
end

module:hook("pre-stanza", function (event)
	local session, stanza = event.origin, event.stanza
	local sender = sender_of(session)
	local row = sender and find_row(stanza, sender, session.gate and session.gate.room, session.username)
	if not row or has_secret(stanza)
		or session.gate and not holds(row, session, stanza)
		or session.gate and stanza.name == "iq" and not has_fitting_id(stanza)
		or row.id == "conference-request" and not may_request(session.gate.address) then
		return refuse(event)
	end
	if not session.gate then return end
	local attr = stanza.attr
	local is_presence, is_leave = stanza.name == "presence", attr.type ~= nil
	for name in pairs(attr) do
		if not addressed[name] then attr[name] = nil end
	end
	if not has_fitting_id(stanza) then attr.id = nil end
	local name = is_presence and not is_leave and shown_name(session, stanza, row.to)
	rebuild(stanza, is_presence and is_leave and "nothing" or row.content, jid.resource(attr.to))
	if name then stanza:text_tag("nick", name, { xmlns = "http://jabber.org/protocol/nick" }) end
	-- Nothing is left of a message or a question: who did hears so, and no handler gets a question without one.
	local is_asked = stanza.name == "message" or attr.type == "get" or attr.type == "set"
	if is_asked and #stanza.tags == 0 then return refuse(event) end
end, 1000)
