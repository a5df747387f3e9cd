-- Logins for TURN (XEP-0215), to who is in the meeting: the table of stanzas has seen to that. The user name is the
-- end of the login and a pseudonym of a place in the session's link: coturn counts by it, and nobody who sees it
-- learns who it was. A login is short and comes anew before its end, as long as its session may be in the meeting:
-- coturn asks nobody whether it still counts.

local st = require "prosody.util.stanza"
local base64 = require "prosody.util.encodings".base64.encode
local hashes = require "prosody.util.hashes"
local hex = require "prosody.util.hex"
local json = require "prosody.util.json"
local gate = module:depends("gate")
local files = module:require "gate_files"

local services = module:get_option("gate_turn")
local life = module:get_option("gate_limits").login
local path = module:get_option_string("gate_folder") .. "/turn.secret"
local xmlns = "urn:xmpp:extdisco:2"

local secret
local function load_secret()
	secret = files.secret(path)
	if not secret then module:log("error", "gate/turn.secret can't be read: nobody gets a login for TURN") end
end
load_secret()
module:hook_global("config-reloaded", load_secret)

-- By which secret logins are made, when root on this host asks by a signal: `polder probe turn` sees whether coturn
-- takes them. A digest tells which one it is of those that the vault has, and not what it is.
module:hook_global("signal/SIGUSR1", function ()
	local key = secret and hex.encode(hashes.hmac_sha256(secret, "polder relay key 1")):sub(1, 16) or "none"
	gate.security({ action = "relay key", result = "done", key = key })
end)

-- Places of each link that are taken, by number. The lowest free one is given: who comes by new sessions again and
-- again has the same few names, and with them the same few relays.
local taken = {}
local function place_of(session)
	local pinned = session.gate
	if not pinned.place then
		local places, free = taken[pinned.id] or {}, 1
		while places[free] do free = free + 1 end
		taken[pinned.id], places[free], pinned.place = places, session, free
	end
	return pinned.place
end
module:hook("resource-unbind", function (event)
	local pinned = event.session.gate
	local places = pinned and pinned.place and taken[pinned.id]
	if not places then return end
	places[pinned.place] = nil
	if not next(places) then taken[pinned.id] = nil end
end)

local function name_of(session)
	local place = place_of(session)
	local digest = hashes.hmac_sha256(secret, ("polder relay 1\0%s\0%d"):format(session.gate.id, place))
	return hex.encode(digest:sub(1, 8))
end

-- This session's login, or nil when it has none. One is used until half of its time is over.
local function current_login(session)
	local pinned, now = session.gate, os.time()
	if not secret or pinned.expires <= now then return nil end
	local login = pinned.login
	if not login or login.secret ~= secret or login.made > now or login.made + life / 2 <= now then
		-- Once a session: a line for each that is asked for would be as many as somebody likes.
		if not login then gate.security({ action = "relay login", result = "given" }, session) end
		local expires = math.min(now + life, pinned.expires)
		-- coturn's REST scheme: draft-uberti-behave-turn-rest-00.
		local user = ("%d:%s"):format(expires, name_of(session))
		login = { user = user, password = base64(hashes.hmac_sha1(secret, user)), expires = expires, made = now, secret = secret }
		pinned.login = login
	end
	return login
end

local function answer(name)
	return function (event)
		local session, stanza = event.origin, event.stanza
		local login = current_login(session)
		if not login then
			session.send(st.error_reply(stanza, "cancel", "service-unavailable"))
			return true
		end
		local reply = st.reply(stanza):tag(name, { xmlns = xmlns })
		for _, service in ipairs(services) do
			reply:tag("service", {
				type = service.type, host = service.host, port = ("%d"):format(service.port), transport = service.transport,
				username = login.user, password = login.password, restricted = "1",
				expires = os.date("!%Y-%m-%dT%H:%M:%SZ", login.expires),
			}):up()
		end
		session.send(reply)
		return true
	end
end
module:hook("iq-get/host/" .. xmlns .. ":services", answer("services"), 1000)
module:hook("iq-get/host/" .. xmlns .. ":credentials", answer("credentials"), 1000)

-- What is the same for every session, put into JSON once.
local offered = {}
for i, service in ipairs(services) do
	offered[i] = {
		type = service.type, host = service.host, port = ("%d"):format(service.port), transport = service.transport,
		username = "@user@", password = "@password@",
	}
end
local metadata = json.encode { type = "room_metadata", metadata = { services = offered } }

-- Whether a login was sent to it.
local function tell(session)
	local login = current_login(session)
	if not login then return false end
	local filled = metadata:gsub("@%l+@", { ["@user@"] = login.user, ["@password@"] = login.password })
	session.send(st.message({ from = module.host, to = session.full_jid })
		:tag("json-message", { xmlns = "http://jitsi.org/jitmeet" }):text(filled):up())
	return true
end

-- Whether it may be in the meeting: so may who is in a breakout of it, and who was put out may not.
local function is_let_in(session)
	local room = gate.live_room("conference", session.gate.room)
	local affiliation = room and room:get_affiliation(session.full_jid)
	return affiliation == "member" or affiliation == "owner"
end

-- Jitsi's client asks once, as soon as it is logged in: before it is in a meeting, so in vain. It takes logins from a
-- room's metadata as well, from whom the domain names for that, each time that others come, and keeps the last ones
-- for the next connection that it makes. These come to who gets in, and anew before their end.
module:add_identity("component", "room_metadata", module.host)
module:context(gate.names.conference):hook("muc-occupant-joined", function (event)
	local session = event.origin
	local pinned = session.gate
	if #services == 0 or not pinned or pinned.has_login or not tell(session) then return end
	pinned.has_login = true
	module:add_timer(life / 2, function ()
		if not session.destroyed and is_let_in(session) and tell(session) then return life / 2 end
		pinned.has_login = nil
	end)
end, -1000)
