-- Logins for TURN (XEP-0215), to who is in the meeting: the table of stanzas has seen to that. The user name
-- is the end of the login and a pseudonym that is random for each session: coturn counts by it, and
-- nobody who sees it learns who it was.

local st = require "prosody.util.stanza"
local base64 = require "prosody.util.encodings".base64.encode
local hmac_sha1 = require "prosody.util.hashes".hmac_sha1
local random = require "prosody.util.random"
local hex = require "prosody.util.hex"
local json = require "prosody.util.json"
local gate = module:depends("gate")
local files = module:require "gate_files"

local services = module:get_option("gate_turn")
local path = module:get_option_string("gate_folder") .. "/turn.secret"
local xmlns = "urn:xmpp:extdisco:2"

local secret
local function load_secret()
	secret = files.secret(path)
	if not secret then module:log("error", "gate/turn.secret can't be read: nobody gets a login for TURN") end
end
load_secret()
module:hook_global("config-reloaded", load_secret)

-- coturn's REST scheme: draft-uberti-behave-turn-rest-00.
local function login_of(session)
	session.gate.relay = session.gate.relay or hex.encode(random.bytes(8))
	local user = ("%d:%s"):format(session.gate.expires, session.gate.relay)
	return user, base64(hmac_sha1(secret, user))
end

-- This session's login, or nil when it has none.
local function current_login(session)
	if not secret or session.gate.expires <= os.time() then return nil end
	return login_of(session)
end

local function answer(name)
	return function (event)
		local session, stanza = event.origin, event.stanza
		local user, password = current_login(session)
		if not user then
			session.send(st.error_reply(stanza, "cancel", "service-unavailable"))
			return true
		end
		local reply = st.reply(stanza):tag(name, { xmlns = xmlns })
		for _, service in ipairs(services) do
			reply:tag("service", {
				type = service.type, host = service.host, port = ("%d"):format(service.port), transport = service.transport,
				username = user, password = password, restricted = "1",
				expires = os.date("!%Y-%m-%dT%H:%M:%SZ", session.gate.expires),
			}):up()
		end
		session.send(reply)
		gate.security({ action = "relay login", result = "given" }, session)
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

-- Jitsi's client asks once, as soon as it is logged in: before it is in a meeting, so in vain. It takes logins from a
-- room's metadata as well, from whom the domain names for that, and keeps them for its connection. These come to who
-- has got in for the first time: the log says of each that they joined.
module:add_identity("component", "room_metadata", module.host)
module:context(gate.names.conference):hook("muc-occupant-joined", function (event)
	local session = event.origin
	if #services == 0 or not session.gate or session.gate.has_relays then return end
	local user, password = current_login(session)
	if not user then return end
	session.gate.has_relays = true
	local told = metadata:gsub("@%l+@", { ["@user@"] = user, ["@password@"] = password })
	session.send(st.message({ from = module.host, to = session.full_jid })
		:tag("json-message", { xmlns = "http://jitsi.org/jitmeet" }):text(told):up())
end, -1000)
