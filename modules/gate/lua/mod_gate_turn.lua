-- Logins for TURN (XEP-0215), to who is in the meeting: the table of stanzas has seen to that. The user name
-- is the end of the login and a pseudonym that is random for each session: coturn counts by it, and
-- nobody who sees it learns who it was.

local st = require "prosody.util.stanza"
local base64 = require "prosody.util.encodings".base64.encode
local hmac_sha1 = require "prosody.util.hashes".hmac_sha1
local random = require "prosody.util.random"
local hex = require "prosody.util.hex"
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

local function answer(name)
	return function (event)
		local session, stanza = event.origin, event.stanza
		if not secret or session.gate.expires <= os.time() then
			session.send(st.error_reply(stanza, "cancel", "service-unavailable"))
			return true
		end
		local user, password = login_of(session)
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
