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

-- Each relay with this session's login, or nil when it has none.
local function logins(session)
	if not secret or session.gate.expires <= os.time() then return nil end
	local user, password = login_of(session)
	local found = {}
	for i, service in ipairs(services) do
		found[i] = {
			type = service.type, host = service.host, port = ("%d"):format(service.port), transport = service.transport,
			username = user, password = password,
		}
	end
	return found
end

local function answer(name)
	return function (event)
		local session, stanza = event.origin, event.stanza
		local found = logins(session)
		if not found then
			session.send(st.error_reply(stanza, "cancel", "service-unavailable"))
			return true
		end
		local reply = st.reply(stanza):tag(name, { xmlns = xmlns })
		for _, service in ipairs(found) do
			service.restricted, service.expires = "1", os.date("!%Y-%m-%dT%H:%M:%SZ", session.gate.expires)
			reply:tag("service", service):up()
		end
		session.send(reply)
		gate.security({ action = "relay login", result = "given" }, session)
		return true
	end
end
module:hook("iq-get/host/" .. xmlns .. ":services", answer("services"), 1000)
module:hook("iq-get/host/" .. xmlns .. ":credentials", answer("credentials"), 1000)

-- Jitsi's client asks once, as soon as it is logged in: before it is in a meeting, so in vain. It takes logins from a
-- room's metadata as well, from whom the domain names for that, and these come to who has just got in: the log says
-- of each that they joined.
module:add_identity("component", "room_metadata", module.host)
module:context(gate.names.conference):hook("muc-occupant-joined", function (event)
	local session = event.origin
	local found = session.gate and #services > 0 and logins(session)
	if not found then return end
	local metadata = json.encode { type = "room_metadata", metadata = { services = found } }
	session.send(st.message({ from = module.host, to = session.full_jid })
		:tag("json-message", { xmlns = "http://jitsi.org/jitmeet" }):text(metadata):up())
end, -1000)
